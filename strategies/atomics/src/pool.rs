//! The buffers of a generation: the words of all its records, densely packed.

use std::marker::PhantomData;

use contract::Words;

use crate::stamp::Buffer;
use crate::sync::AtomicU64;

const CACHE_LINE_BYTES: usize = 64;

/// The memory of the buffers.
#[derive(Debug)]
pub(crate) struct Pool<W> {
    words: Box<[AtomicU64]>,
    /// Words skipped so that buffer 0 begins on a cache line: a record of 64 bytes is then one line.
    skipped: usize,
    count: usize,
    _record: PhantomData<fn() -> W>,
}

impl<W: Words> Pool<W> {
    /// `count` buffers.
    pub(crate) fn with_buffers(count: usize) -> Self {
        // A checker's atomics may be larger than a line.
        let margin = (CACHE_LINE_BYTES / size_of::<AtomicU64>()).saturating_sub(1);
        let words: Box<[AtomicU64]> = (0..count * W::LEN + margin)
            .map(|_| AtomicU64::new(0))
            .collect();
        // Only speed depends on the alignment; an offset out of range just means "start at 0".
        let offset = words.as_ptr().align_offset(CACHE_LINE_BYTES);
        let skipped = if offset <= margin { offset } else { 0 };
        Self {
            words,
            skipped,
            count,
            _record: PhantomData,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn buffers(&self) -> Buffers<'_, W> {
        Buffers {
            words: &self.words[self.skipped..][..self.count * W::LEN],
            _record: PhantomData,
        }
    }
}

/// The buffers, by number.
#[derive(Clone, Copy, Debug)]
pub struct Buffers<'t, W: Words> {
    words: &'t [AtomicU64],
    _record: PhantomData<fn() -> W>,
}

impl<'t, W: Words> Buffers<'t, W> {
    /// The words of a buffer; `None` if the number is no buffer's.
    #[inline(always)]
    pub(crate) fn get(self, buffer: Buffer) -> Option<&'t [AtomicU64]> {
        let start = buffer.index() * W::LEN;
        self.words.get(start..start + W::LEN)
    }
}
