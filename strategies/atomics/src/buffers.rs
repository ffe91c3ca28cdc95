//! Stage 2: the buffers that packed words name: the words of all records of a table, without gaps.

use std::marker::PhantomData;

use contract::Words;

use crate::stamp::Buffer;
use support::sync::AtomicU64;

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
        let length = count
            .checked_mul(W::LEN)
            .and_then(|words| words.checked_add(margin))
            .expect("a table has room in memory");
        let words: Box<[AtomicU64]> = (0..length).map(|_| AtomicU64::new(0)).collect();
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
        let start: usize = first_word(buffer, W::LEN)?;
        self.words.get(start..start.checked_add(W::LEN)?)
    }
}

/// The first of the `len` words of a buffer, as a number of a machine whose addresses are an `A` wide;
/// `None` if that is too narrow, and then no pool there has this buffer.
///
/// A number with flags in it, which is no buffer's, must not become one's. So it is multiplied in 64
/// bits everywhere: in 32, the flags of a removed record times 64 words are gone.
#[inline(always)]
fn first_word<A: TryFrom<u64>>(buffer: Buffer, len: usize) -> Option<A> {
    A::try_from(buffer.index() as u64 * len as u64).ok()
}

#[cfg(all(test, not(pivot_loom)))]
mod tests {
    use super::*;
    use crate::stamp::Stamp;

    /// Words of records: the smallest, and those whose flags leave 32 bits, one flag after the other.
    const LENGTHS: [usize; 6] = [1, 8, 64, 128, 256, 512];

    #[test]
    fn flags_name_no_buffer_however_narrow_the_addresses_are() {
        let live = Stamp::VACANT.next_in(Buffer::new(0));
        assert_eq!(first_word::<u32>(live.buffer_if_plain(), 512), Some(0));
        for stamp in [live.locked(), live.moved(), live.next_empty()] {
            let flagged = stamp.buffer_if_plain();
            for len in LENGTHS {
                // Behind the last buffer that there could be, or nowhere at all.
                let end = (Buffer::COUNT_MAX * len) as u64;
                let narrow: Option<u32> = first_word(flagged, len);
                assert!(
                    narrow.is_none_or(|word| u64::from(word) >= end),
                    "{len} words"
                );
                let wide: Option<u64> = first_word(flagged, len);
                assert!(wide.is_some_and(|word| word >= end), "{len} words");
            }
        }
        for len in LENGTHS {
            let none: Option<u32> = first_word(Buffer::NONE, len);
            assert!(none != Some(0), "{len} words");
        }
    }
}
