//! Binding the words of a record to each other and to their owner.
//!
//! The seal is a linear form over the words, modulo 2^64: `seal = C0 * id + sum(C[i] * word[i])` with
//! odd coefficients without small relations between them. Linear, because then an event changes the
//! seal by the form of the *difference*, and [`Record::apply`](crate::Record::apply) needs neither
//! the identifier nor a second pass; odd and unrelated, because then replacing any proper subset of
//! the words by those of another revision (whose differences are small numbers) changes the sum.

use crate::ProcessId;

/// The coefficient of word `index`: SplitMix64's output function (Steele, Lea, Flood; OOPSLA 2014)
/// of the index, made odd.
const fn coefficient(index: u64) -> u64 {
    let mut z = (index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) | 1
}

/// What the owner contributes.
pub(crate) const fn of_owner(id: ProcessId) -> u64 {
    id.0.wrapping_mul(coefficient(u64::MAX - 1))
}

/// What the words contribute.
#[inline]
pub(crate) fn of_words<const N: usize>(words: &[u64; N]) -> u64 {
    let mut sum = 0u64;
    let mut index = 0;
    while index < N {
        sum = sum.wrapping_add(words[index].wrapping_mul(coefficient(index as u64)));
        index += 1;
    }
    sum
}

/// What word `INDEX` contributes; of a difference, by how much the form moves.
#[inline]
pub(crate) const fn of_word<const INDEX: usize>(word: u64) -> u64 {
    word.wrapping_mul(const { coefficient(INDEX as u64) })
}
