//! Stage 2: the packed word. It says what a slot holds, where its words are, and which version of it.
//!
//! A sequence lock needs a version and a flag, which leave most of a 64-bit word unused. So the stamp
//! also says whether there is a record at all (stage 4), whether the slot has moved to a larger table
//! (stage 5), and which *buffer* holds the record's words ([`crate::buffers`]). One compare-and-swap
//! changes all of that at once, which is what makes a replacement without a lock possible
//! ([`crate::replace`]).
//!
//! | bits | meaning |
//! |---|---|
//! | 0..24 | buffer: which of the table's buffers holds the words |
//! | 24 | `LOCKED`: a writer is storing the words of the next version |
//! | 25 | `MOVED`: frozen; the slot's successor is in the next generation of the table |
//! | 26 | `EMPTY`: the slot holds no record |
//! | 27..64 | version: 37 bits, counting every change of the slot |
//!
//! | state | `EMPTY` | `MOVED` | `LOCKED` | left by |
//! |---|---|---|---|---|
//! | empty | 1 | 0 | 0 | insert, freeze |
//! | live | 0 | 0 | 0 | replace, remove, freeze |
//! | being replaced | 0 | 0 | 1 | the replacing writer only |
//! | frozen | 0 or 1 | 1 | 0 | nothing: final |
//!
//! Invariant: words, key and liveness of a slot change only together with its stamp, so a reader
//! that finds the same unlocked stamp before and after has read one version.
//!
//! The flags are the bits above the buffer's number: a number with a flag in it is too large to be a
//! buffer's. So the comparison that guards the access to the buffers refuses flagged stamps as well, at
//! no cost.
//!
//! A version repeats after 2^37 writes to one slot, 20 minutes of nothing else at 10 ns a write. To
//! be deceived, a reader must sleep through exactly that many, in the middle of a read.

/// The stamp of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(pub(crate) u64);

/// The number of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer(u32);

const BUFFER_BITS: u32 = 24;
const BUFFER: u64 = (1 << BUFFER_BITS) - 1;
const LOCKED: u64 = 1 << BUFFER_BITS;
const MOVED: u64 = 2 << BUFFER_BITS;
const EMPTY: u64 = 4 << BUFFER_BITS;
const ONE_VERSION: u64 = 8 << BUFFER_BITS;

impl Buffer {
    /// How many buffers there can be.
    pub(crate) const COUNT_MAX: usize = 1 << BUFFER_BITS;

    /// The number of no buffer.
    pub(crate) const NONE: Buffer = Buffer(1 << BUFFER_BITS);

    /// Buffer number `index`.
    pub(crate) fn new(index: usize) -> Self {
        debug_assert!(index < Self::COUNT_MAX, "no stamp can name buffer {index}");
        Self(index as u32)
    }

    #[inline]
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl Stamp {
    /// The first stamp of every slot.
    pub(crate) const VACANT: Stamp = Stamp(EMPTY);

    #[inline]
    pub(crate) fn is_locked(self) -> bool {
        self.0 & LOCKED != 0
    }

    #[inline]
    pub(crate) fn is_live(self) -> bool {
        self.0 & EMPTY == 0
    }

    /// Whether the words may be read: live and not locked.
    #[inline]
    pub(crate) fn is_readable(self) -> bool {
        self.0 & (LOCKED | EMPTY) == 0
    }

    #[inline]
    pub(crate) fn is_moved(self) -> bool {
        self.0 & MOVED != 0
    }

    /// The buffer of the words, whatever the flags say.
    #[inline]
    pub(crate) fn buffer(self) -> Buffer {
        Buffer((self.0 & BUFFER) as u32)
    }

    /// The buffer of the words if they are [readable](Stamp::is_readable). Otherwise a number that is no
    /// buffer's.
    #[inline]
    pub(crate) fn buffer_if_readable(self) -> Buffer {
        Buffer((self.0 & (BUFFER | LOCKED | EMPTY)) as u32)
    }

    /// The buffer of the words if they may be read and replaced: the slot is live, and neither locked nor
    /// moved. Otherwise a number that is no buffer's.
    #[inline]
    pub(crate) fn buffer_if_plain(self) -> Buffer {
        Buffer((self.0 & (BUFFER | LOCKED | MOVED | EMPTY)) as u32)
    }

    /// Being replaced.
    #[inline]
    pub(crate) fn locked(self) -> Self {
        Self(self.0 | LOCKED)
    }

    /// Being replaced, live: what a cell is that was empty and is being filled.
    pub(crate) fn locked_live(self) -> Self {
        Self(self.0 & !EMPTY | LOCKED)
    }

    /// Frozen.
    pub(crate) fn moved(self) -> Self {
        Self(self.0 | MOVED)
    }

    /// The next version, otherwise alike.
    #[inline]
    pub(crate) fn next(self) -> Self {
        Self(self.0.wrapping_add(ONE_VERSION))
    }

    /// The next version, live, with its words in `buffer`.
    #[inline]
    pub(crate) fn next_in(self, buffer: Buffer) -> Self {
        Self(self.0 & !(ONE_VERSION - 1) | u64::from(buffer.0)).next()
    }

    /// The next version, empty.
    pub(crate) fn next_empty(self) -> Self {
        Self(self.0 | EMPTY).next()
    }
}
