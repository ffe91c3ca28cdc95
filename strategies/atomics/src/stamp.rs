//! The word that says what a slot holds, and which version of it.

/// The stamp of a slot: three flags and a version.
///
/// | bits | meaning |
/// |---|---|
/// | 0 | `LOCKED`: a writer is storing the words of the next version |
/// | 1 | `LIVE`: the slot holds a record |
/// | 2 | `MOVED`: frozen; the slot's successor is in the next generation of the table |
/// | 3.. | version, with whatever the payload keeps in its low bits; never the same twice |
///
/// | state | `LOCKED` | `LIVE` | `MOVED` | left by |
/// |---|---|---|---|---|
/// | empty | 0 | 0 | 0 | insert, freeze |
/// | live | 0 | 1 | 0 | replace, remove, freeze |
/// | being replaced | 1 | 1 | 0 | the replacing writer only |
/// | frozen | 0 | 0 or 1 | 1 | nothing: final |
///
/// Invariant: words, key and liveness of a slot change only together with its stamp, so a reader
/// that finds the same unlocked stamp before and after has read one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(pub(crate) u64);

pub(crate) const LOCKED: u64 = 1;
pub(crate) const LIVE: u64 = 1 << 1;
pub(crate) const MOVED: u64 = 1 << 2;

/// The bits above the flags belong to the payload.
pub(crate) const FLAG_BITS: u32 = 3;

impl Stamp {
    #[inline]
    pub(crate) fn is_locked(self) -> bool {
        self.0 & LOCKED != 0
    }

    #[inline]
    pub(crate) fn is_live(self) -> bool {
        self.0 & LIVE != 0
    }

    #[inline]
    pub(crate) fn is_moved(self) -> bool {
        self.0 & MOVED != 0
    }

    /// Whether there is a record, and nobody is changing or moving it.
    #[inline]
    pub(crate) fn is_plainly_live(self) -> bool {
        self.0 & (LOCKED | LIVE | MOVED) == LIVE
    }

    /// Whether there is no record, nor will be one under this stamp.
    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self.0 & (LIVE | MOVED) == 0
    }

    /// What the payload keeps above the flags.
    #[inline]
    pub(crate) fn upper(self) -> u64 {
        self.0 >> FLAG_BITS
    }

    /// A live stamp with these upper bits.
    #[inline]
    pub(crate) fn live(upper: u64) -> Self {
        Self(upper << FLAG_BITS | LIVE)
    }

    /// An empty stamp with these upper bits.
    #[inline]
    pub(crate) fn empty(upper: u64) -> Self {
        Self(upper << FLAG_BITS)
    }
}
