//! Records that are plain data: a fixed number of 64-bit words.

use std::fmt::Debug;

use bytemuck::Pod;

use crate::Record;

/// A [`Record`] that can be stored word by word.
///
/// What a sequence lock or an array of atomics needs: it copies the words with atomic accesses,
/// finds out *afterwards* whether they belong together, and only then builds the record. So
/// [`from_words`](PlainRecord::from_words) never sees a torn mixture.
pub trait PlainRecord: Record + Copy {
    /// The stored form.
    type Words: Words;

    /// The record as words.
    fn to_words(&self) -> Self::Words;

    /// The record whose words are `words`, which [`to_words`](PlainRecord::to_words) returned.
    fn from_words(words: Self::Words) -> Self;
}

/// A fixed-size array of 64-bit words. Implemented for `[u64; N]`.
///
/// [`Pod`] says the same to libraries: they may take it apart and put it together byte by byte.
pub trait Words: Pod + AsRef<[u64]> + AsMut<[u64]> + Debug + Send + Sync {
    /// The number of words.
    const LEN: usize;
}

impl<const N: usize> Words for [u64; N] {
    const LEN: usize = N;
}
