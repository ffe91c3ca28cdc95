//! Plain records of any size: the axis "how large is the value?".

use std::fmt;
use std::hint::black_box;

use crate::lifecycle::{Change, Event, Rejected, State};
use crate::plain::PlainRecord;
use crate::record::{Flaw, Record, Specimen};
use crate::{ProcessId, seal, work};

/// A plain record of `WORDS` 64-bit words, from 2 (16 bytes) to 512 (4 KiB) and beyond.
///
/// Word 0 holds the revision (bits 3..64) and the state (bits 0..3). The last word is the seal.
/// Each word between them is a function of the first and of its own index, so that a record
/// in which any word stems from another revision is detected.
///
/// It goes through the same lifecycle as [`ProcessStatus`](crate::ProcessStatus) but keeps only the
/// state and the revision; the rest is ballast.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Padded<const WORDS: usize> {
    words: [u64; WORDS],
}

const STATE_BITS: u32 = 3;

impl<const WORDS: usize> Padded<WORDS> {
    const LAST: usize = {
        assert!(
            WORDS >= 2,
            "a padded record needs a word of content and a seal"
        );
        WORDS - 1
    };

    /// The record of `owner_seal`'s process in this state at this revision.
    #[inline]
    fn compose(owner_seal: u64, state: State, revision: u64) -> Self {
        let head = revision << STATE_BITS | state as u64;
        let mut words = [0; WORDS];
        for (index, word) in words.iter_mut().enumerate() {
            *word = Self::content(head, index);
        }
        words[Self::LAST] = owner_seal.wrapping_add(seal::of_words(&[head]));
        Self { words }
    }

    /// What word `index` holds when word 0 holds `head`.
    #[inline]
    const fn content(head: u64, index: usize) -> u64 {
        head.wrapping_add((index as u64) << 32)
    }

    /// What the seal binds beside the content: the owner.
    #[inline]
    fn owner_seal(&self) -> u64 {
        self.words[Self::LAST].wrapping_sub(seal::of_words(&[self.words[0]]))
    }
}

impl<const WORDS: usize> Record for Padded<WORDS> {
    type Event = Event;
    type Rejected = Rejected;

    #[inline]
    fn apply(&self, event: &Event) -> Result<Self, Rejected> {
        let next_state = self.state().after(event.change)?;
        if let Change::Work { links } = event.change {
            black_box(work(event.at_ns, links));
        }
        Ok(Self::compose(
            self.owner_seal(),
            next_state,
            self.revision() + 1,
        ))
    }

    #[inline]
    fn revision(&self) -> u64 {
        self.words[0] >> STATE_BITS
    }
}

impl<const WORDS: usize> PlainRecord for Padded<WORDS> {
    type Words = [u64; WORDS];

    #[inline]
    fn to_words(&self) -> [u64; WORDS] {
        self.words
    }

    #[inline]
    fn from_words(words: [u64; WORDS]) -> Self {
        Self { words }
    }
}

impl<const WORDS: usize> Specimen for Padded<WORDS> {
    const NAME: &'static str = match WORDS {
        2 => "padded-16B",
        8 => "padded-64B",
        32 => "padded-256B",
        128 => "padded-1KiB",
        512 => "padded-4KiB",
        _ => "padded",
    };

    fn pending(id: ProcessId) -> Self {
        Self::compose(seal::of_owner(id), State::Pending, 0)
    }

    #[inline]
    fn state(&self) -> State {
        State::from_bits(self.words[0])
    }

    fn examine(&self, id: ProcessId) -> Result<(), Flaw> {
        let whole = (0..Self::LAST).all(|i| self.words[i] == Self::content(self.words[0], i));
        if whole && self.owner_seal() == seal::of_owner(id) {
            Ok(())
        } else {
            Err(Flaw::TornOrForeign)
        }
    }

    #[inline]
    fn touch(&self) -> u64 {
        self.words
            .iter()
            .fold(0, |sum, &word| sum.wrapping_add(word))
    }
}

impl<const WORDS: usize> fmt::Debug for Padded<WORDS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Padded")
            .field("words", &WORDS)
            .field("state", &self.state())
            .field("revision", &self.revision())
            .finish_non_exhaustive()
    }
}
