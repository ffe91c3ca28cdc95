//! Stage 2: the buffers that packed words name: the words of all values of a table, without gaps.

use core::fmt;
use core::marker::PhantomData;

use crate::memory::Memory;
use crate::plain::words_of;
use crate::stamp::Buffer;
use crate::sync::AtomicU64;

/// The memory of the buffers.
#[derive(Debug)]
pub(crate) struct Pool<V> {
    memory: Memory,
    count: usize,
    _value: PhantomData<fn() -> V>,
}

/// The buffers, by number.
pub struct Buffers<'t, V> {
    words: &'t [AtomicU64],
    _value: PhantomData<fn() -> V>,
}

impl<V> Pool<V> {
    /// Words to a buffer: at least one, so that what is no buffer's number is out of range.
    pub(crate) const LEN: usize = if words_of::<V>() == 0 {
        1
    } else {
        words_of::<V>()
    };

    /// `count` buffers.
    pub(crate) fn with_buffers(count: usize) -> Self {
        Self {
            memory: Memory::of_words(count * Self::LEN),
            count,
            _value: PhantomData,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn buffers(&self) -> Buffers<'_, V> {
        Buffers {
            words: self.memory.words(),
            _value: PhantomData,
        }
    }
}

impl<'t, V> Buffers<'t, V> {
    /// The words of a buffer; `None` if the number is no buffer's.
    #[inline(always)]
    pub(crate) fn get(self, buffer: Buffer) -> Option<&'t [AtomicU64]> {
        let start: usize = first_word(buffer, Pool::<V>::LEN)?;
        self.words.get(start..start.checked_add(Pool::<V>::LEN)?)
    }
}

// Derived, they would ask the same of `V`.
impl<V> Clone for Buffers<'_, V> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Buffers<'_, V> {}

impl<V> fmt::Debug for Buffers<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.words.len() / Pool::<V>::LEN;
        f.debug_struct("Buffers").field("count", &count).finish()
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

#[cfg(all(test, not(any(pivot_loom, pivot_shuttle))))]
mod tests {
    use super::*;
    use crate::stamp::Stamp;

    /// Words of values: the smallest, and those whose flags leave 32 bits, one flag after the other.
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

    #[test]
    fn values_without_bytes_have_buffers_too() {
        let pool = Pool::<()>::with_buffers(3);
        let live = Stamp::VACANT.next_in(Buffer::new(2));
        assert!(pool.buffers().get(live.buffer_if_plain()).is_some());
        for stamp in [live.locked(), live.moved(), live.next_empty()] {
            assert!(pool.buffers().get(stamp.buffer_if_plain()).is_none());
        }
    }
}
