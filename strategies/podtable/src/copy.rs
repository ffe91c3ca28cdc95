//! Copying a value into and out of atomic words.
//!
//! A loop of relaxed loads says all that the sequence lock needs, and compilers turn it into one
//! 8-byte load a word. How many lookups a processor overlaps is limited by the loads it can have
//! under way, so on x86-64 with SSE2 a line of eight words is moved by four 16-byte instructions instead: a
//! read of 64 bytes then takes a third less time. Rust has no name for such an access on stable,
//! other than assembly.
//!
//! Each of those instructions is two relaxed atomic accesses. Processors with AVX guarantee that much
//! and more (the 16 bytes at once, where aligned), older ones do it for each aligned half. Nothing
//! rests on it, though: a word that is torn, like a value that is torn, was being stored while it
//! was loaded, and then the stamp has changed.
//!
//! A value whose size is no multiple of a word leaves the last bytes of its last word zero.

use crate::plain::{Value, WORD};
use crate::sync::{AtomicU64, Ordering};

/// Words to a cache line of 64 bytes.
const LINE: usize = 8;
const LINE_BYTES: usize = LINE * WORD;

/// Loads a value, each word relaxed.
#[inline(always)]
pub(crate) fn load<T: Value>(words: &[AtomicU64]) -> T {
    let mut value = T::zeroed();
    let bytes = bytemuck::bytes_of_mut(&mut value);
    let (to_lines, to_rest) = bytes.split_at_mut(lines_of::<T>() * LINE_BYTES);
    let (from_lines, from_rest) = words.split_at(lines_of::<T>() * LINE);
    let lines = to_lines.chunks_exact_mut(LINE_BYTES);
    for (to, from) in lines.zip(from_lines.chunks_exact(LINE)) {
        to.copy_from_slice(&line::load(as_line(from)));
    }
    load_words(to_rest, from_rest, Ordering::Relaxed);
    value
}

/// Stores a value, each word relaxed.
#[inline(always)]
pub(crate) fn store<T: Value>(words: &[AtomicU64], value: &T) {
    let bytes = bytemuck::bytes_of(value);
    let (from_lines, from_rest) = bytes.split_at(lines_of::<T>() * LINE_BYTES);
    let (to_lines, to_rest) = words.split_at(lines_of::<T>() * LINE);
    let lines = from_lines.chunks_exact(LINE_BYTES);
    for (from, to) in lines.zip(to_lines.chunks_exact(LINE)) {
        line::store(as_line(to), from.first_chunk().expect("a line"));
    }
    for (from, to) in from_rest.chunks(WORD).zip(to_rest) {
        to.store(to_word(from), Ordering::Relaxed);
    }
}

/// Loads a value word by word.
#[inline(always)]
pub(crate) fn load_each<T: Value>(words: &[AtomicU64], order: Ordering) -> T {
    let mut value = T::zeroed();
    load_words(bytemuck::bytes_of_mut(&mut value), words, order);
    value
}

/// The words of a value as it is stored.
pub(crate) fn to_words<T: Value>(value: &T) -> impl Iterator<Item = u64> + '_ {
    bytemuck::bytes_of(value).chunks(WORD).map(to_word)
}

#[inline(always)]
fn load_words(to: &mut [u8], words: &[AtomicU64], order: Ordering) {
    for (to, from) in to.chunks_mut(WORD).zip(words) {
        to.copy_from_slice(&from.load(order).to_ne_bytes()[..to.len()]);
    }
}

#[inline(always)]
fn to_word(bytes: &[u8]) -> u64 {
    let mut word = [0; WORD];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_ne_bytes(word)
}

/// The whole lines of a `T`.
const fn lines_of<T>() -> usize {
    size_of::<T>() / LINE_BYTES
}

#[inline(always)]
fn as_line(words: &[AtomicU64]) -> &[AtomicU64; LINE] {
    words.first_chunk().expect("a line")
}

// A target without floating-point registers has no SSE2. With 32-bit pointers the upper half of the address
// would be undefined.
#[cfg(all(
    target_arch = "x86_64",
    target_feature = "sse2",
    target_pointer_width = "64",
    not(any(pivot_loom, pivot_shuttle, miri))
))]
mod line {
    use core::arch::{asm, x86_64::__m128i};
    use core::mem::transmute;

    use super::{AtomicU64, LINE, LINE_BYTES};

    #[inline(always)]
    pub(super) fn load(from: &[AtomicU64; LINE]) -> [u8; LINE_BYTES] {
        let (a, b, c, d): (__m128i, __m128i, __m128i, __m128i);
        // SAFETY: the block reads the 64 bytes behind a reference that is valid for as long, and
        // nothing else. Others may store there meanwhile, through atomics: these are relaxed loads of
        // the same words (see above), so there is no data race. The target has SSE2.
        unsafe {
            asm!(
                "movdqu {a}, [{from}]",
                "movdqu {b}, [{from} + 16]",
                "movdqu {c}, [{from} + 32]",
                "movdqu {d}, [{from} + 48]",
                from = in(reg) from,
                a = lateout(xmm_reg) a,
                b = lateout(xmm_reg) b,
                c = lateout(xmm_reg) c,
                d = lateout(xmm_reg) d,
                options(nostack, preserves_flags, readonly),
            );
        }
        // SAFETY: both are 64 bytes, of which every pattern is a value.
        unsafe { transmute([a, b, c, d]) }
    }

    #[inline(always)]
    pub(super) fn store(to: &[AtomicU64; LINE], from: &[u8; LINE_BYTES]) {
        // SAFETY: both are 64 bytes, of which every pattern is a value.
        let [a, b, c, d]: [__m128i; 4] = unsafe { transmute(*from) };
        // SAFETY: the block writes the 64 bytes behind a reference that is valid for as long, and
        // nothing else. They are atomics, which may be written through a shared reference, and others
        // may access them meanwhile: these are relaxed stores of the same words (see above).
        unsafe {
            asm!(
                "movdqu [{to}], {a}",
                "movdqu [{to} + 16], {b}",
                "movdqu [{to} + 32], {c}",
                "movdqu [{to} + 48], {d}",
                to = in(reg) to,
                a = in(xmm_reg) a,
                b = in(xmm_reg) b,
                c = in(xmm_reg) c,
                d = in(xmm_reg) d,
                options(nostack, preserves_flags),
            );
        }
    }
}

#[cfg(not(all(
    target_arch = "x86_64",
    target_feature = "sse2",
    target_pointer_width = "64",
    not(any(pivot_loom, pivot_shuttle, miri))
)))]
mod line {
    use super::{AtomicU64, LINE, LINE_BYTES, Ordering, WORD, load_words, to_word};

    #[inline(always)]
    pub(super) fn load(from: &[AtomicU64; LINE]) -> [u8; LINE_BYTES] {
        let mut bytes = [0; LINE_BYTES];
        load_words(&mut bytes, from, Ordering::Relaxed);
        bytes
    }

    #[inline(always)]
    pub(super) fn store(to: &[AtomicU64; LINE], from: &[u8; LINE_BYTES]) {
        for (from, to) in from.chunks_exact(WORD).zip(to) {
            to.store(to_word(from), Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, not(pivot_loom), not(pivot_shuttle)))]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::plain::words_of;

    /// A value of `N` bytes comes back as it was, and nothing is stored behind its words.
    fn comes_back<const N: usize>()
    where
        [u8; N]: Value,
    {
        const BEHIND: u64 = 0x5555_5555_5555_5555;
        let value: [u8; N] = core::array::from_fn(|i| i as u8 ^ 0xa5);
        let words: Vec<AtomicU64> = (0..=words_of::<[u8; N]>())
            .map(|_| AtomicU64::new(BEHIND))
            .collect();
        let (behind, words) = words.split_last().expect("one more word");
        store(words, &value);
        assert_eq!(load::<[u8; N]>(words), value, "{N} bytes");
        assert_eq!(load_each::<[u8; N]>(words, Ordering::Relaxed), value);
        assert_eq!(behind.load(Ordering::Relaxed), BEHIND, "{N} bytes");
        let stored = words.iter().map(|word| word.load(Ordering::Relaxed));
        assert!(stored.eq(to_words(&value)));
    }

    #[test]
    fn values_of_each_shape_come_back() {
        comes_back::<0>();
        comes_back::<1>();
        comes_back::<8>();
        comes_back::<12>();
        comes_back::<16>();
        comes_back::<63>();
        comes_back::<64>();
        comes_back::<65>();
        comes_back::<72>();
        comes_back::<96>();
        comes_back::<100>();
        comes_back::<128>();
        comes_back::<4096>();
    }
}
