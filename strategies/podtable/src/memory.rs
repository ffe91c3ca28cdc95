//! Atomic words that begin on a cache line.

use alloc::boxed::Box;

use crate::sync::AtomicU64;

const CACHE_LINE_BYTES: usize = 64;

/// A fixed number of words, zero at first.
#[derive(Debug)]
pub(crate) struct Memory {
    words: Box<[AtomicU64]>,
    /// Words skipped so that the first one begins a cache line: a record of 64 bytes is then one line, and a
    /// slot of 16 bytes is in one.
    skipped: usize,
    len: usize,
}

impl Memory {
    /// So many words.
    pub(crate) fn of_words(len: usize) -> Self {
        // A checker's atomics may be larger than a line.
        let margin = (CACHE_LINE_BYTES / size_of::<AtomicU64>()).saturating_sub(1);
        let words: Box<[AtomicU64]> = (0..len + margin).map(|_| AtomicU64::new(0)).collect();
        // Only speed depends on the alignment; an offset out of range just means "start at 0".
        let offset = words.as_ptr().align_offset(CACHE_LINE_BYTES);
        let skipped = if offset <= margin { offset } else { 0 };
        Self {
            words,
            skipped,
            len,
        }
    }

    pub(crate) fn words(&self) -> &[AtomicU64] {
        &self.words[self.skipped..][..self.len]
    }
}
