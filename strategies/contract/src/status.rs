//! The plain-data record: one process's status in eight words, 64 bytes.

use std::fmt;

use crate::lifecycle::{Change, Event, Rejected, State};
use crate::plain::PlainRecord;
use crate::record::{Flaw, Record, Specimen};
use crate::{ProcessId, seal, work};

/// The status of a process as plain data: eight words, as much as a cache line holds.
///
/// | word | content |
/// |---|---|
/// | 0 | exit code (bits 32..64), whether there is one (bit 8), state (bits 0..3) |
/// | 1 | restarts (bits 32..64), operating-system pid (bits 0..32) |
/// | 2 | when it was last started, ns |
/// | 3 | when it last changed, ns; once it has ended, when it ended |
/// | 4 | processor time used, ns |
/// | 5 | resident memory, bytes |
/// | 6 | revision |
/// | 7 | seal: binds the other seven to each other and to the identifier |
///
/// Stored as words and decoded on access, so that word-by-word strategies pay nothing to convert.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ProcessStatus {
    words: [u64; 8],
}

const LIFE: usize = 0;
const COUNTERS: usize = 1;
const STARTED: usize = 2;
const CHANGED: usize = 3;
const CPU: usize = 4;
const RSS: usize = 5;
const REVISION: usize = 6;
const SEAL: usize = 7;

const HAS_EXIT_CODE: u64 = 1 << 8;

impl ProcessStatus {
    /// A pending process, revision 0. Its operating-system pid is the low half of `id`.
    pub fn pending(id: ProcessId) -> Self {
        let mut status = Self { words: [0; 8] };
        status.words[COUNTERS] = id.0 & u64::from(u32::MAX);
        status.words[SEAL] = seal::of_owner(id).wrapping_add(seal::of_words(status.content()));
        status
    }

    /// The lifecycle state.
    #[inline]
    pub fn state(&self) -> State {
        State::from_bits(self.words[LIFE])
    }

    /// The operating-system process id.
    #[inline]
    pub fn pid(&self) -> u32 {
        self.words[COUNTERS] as u32
    }

    /// The exit code, once the process has ended by itself.
    #[inline]
    pub fn exit_code(&self) -> Option<i32> {
        let life = self.words[LIFE];
        (life & HAS_EXIT_CODE != 0).then_some(((life >> 32) as u32).cast_signed())
    }

    /// How often it was restarted.
    #[inline]
    pub fn restarts(&self) -> u32 {
        (self.words[COUNTERS] >> 32) as u32
    }

    /// When it was last started, in nanoseconds of the events' clock; 0 before the first start.
    #[inline]
    pub fn started_at_ns(&self) -> u64 {
        self.words[STARTED]
    }

    /// When the last event was applied, in nanoseconds of the events' clock.
    #[inline]
    pub fn changed_at_ns(&self) -> u64 {
        self.words[CHANGED]
    }

    /// Processor time used, in nanoseconds, as of the last heartbeat.
    #[inline]
    pub fn cpu_ns(&self) -> u64 {
        self.words[CPU]
    }

    /// Resident memory, in bytes, as of the last heartbeat.
    #[inline]
    pub fn rss_bytes(&self) -> u64 {
        self.words[RSS]
    }

    /// How many events have been applied.
    #[inline]
    pub fn revision(&self) -> u64 {
        self.words[REVISION]
    }

    /// Changes a word of the content. The seal moves by the form of the difference, so what it binds (the
    /// owner) is kept.
    #[inline]
    fn set<const WORD: usize>(&mut self, value: u64) {
        let difference = value.wrapping_sub(self.words[WORD]);
        let moved = seal::of_word::<WORD>(difference);
        self.words[SEAL] = self.words[SEAL].wrapping_add(moved);
        self.words[WORD] = value;
    }

    /// What an event changes beside the time and the revision: all but the heartbeat of a running process.
    ///
    /// All by value: references would keep the record and the event of every caller in memory.
    #[cold]
    #[inline(never)]
    fn changed(mut self, event: Event) -> Result<Self, Rejected> {
        let next_state = self.state().after(event.change)?;
        match event.change {
            Change::Heartbeat { .. } => unreachable!("only a running process has heartbeats"),
            // What it reports is what came of the work: nobody may leave the chain out.
            Change::Work { links } => self.set::<CPU>(work(event.at_ns, links)),
            Change::Start => {
                self.set::<LIFE>(next_state as u64);
                self.set::<STARTED>(event.at_ns);
            }
            Change::Stop => self.set::<LIFE>(next_state as u64),
            Change::Exit { code } => self.set::<LIFE>(
                u64::from(code.cast_unsigned()) << 32 | HAS_EXIT_CODE | next_state as u64,
            ),
            Change::Restart => {
                self.set::<LIFE>(next_state as u64);
                self.set::<COUNTERS>(self.words[COUNTERS].wrapping_add(1 << 32));
                self.set::<STARTED>(event.at_ns);
                self.set::<CPU>(0);
                self.set::<RSS>(0);
            }
        }
        Ok(self)
    }

    /// The seven words that carry content.
    #[inline]
    fn content(&self) -> &[u64; 7] {
        self.words.first_chunk().expect("eight words")
    }
}

impl Record for ProcessStatus {
    type Event = Event;
    type Rejected = Rejected;

    #[inline(always)]
    fn apply(&self, event: &Event) -> Result<Self, Rejected> {
        let mut next = *self;
        next.apply_in_place(event)?;
        Ok(next)
    }

    /// Of a heartbeat, touches the words that it changes and no other. Small, since a loop of heartbeats is measured in
    /// nanoseconds: whether the compiler puts a larger function into a strategy's loop is a matter of luck.
    #[inline(always)]
    fn apply_in_place(&mut self, event: &Event) -> Result<u64, Rejected> {
        match (self.state(), event.change) {
            (State::Running, Change::Heartbeat { cpu_ns, rss_bytes }) => {
                self.set::<CPU>(cpu_ns);
                self.set::<RSS>(rss_bytes);
            }
            _ => *self = self.changed(*event)?,
        }
        self.set::<CHANGED>(event.at_ns);
        let revision = self.words[REVISION] + 1;
        self.set::<REVISION>(revision);
        Ok(revision)
    }

    #[inline]
    fn revision(&self) -> u64 {
        ProcessStatus::revision(self)
    }
}

impl PlainRecord for ProcessStatus {
    type Words = [u64; 8];

    #[inline]
    fn to_words(&self) -> [u64; 8] {
        self.words
    }

    #[inline]
    fn from_words(words: [u64; 8]) -> Self {
        Self { words }
    }
}

impl Specimen for ProcessStatus {
    const NAME: &'static str = "status-64B";

    fn pending(id: ProcessId) -> Self {
        ProcessStatus::pending(id)
    }

    #[inline]
    fn state(&self) -> State {
        ProcessStatus::state(self)
    }

    fn examine(&self, id: ProcessId) -> Result<(), Flaw> {
        if self.words[SEAL].wrapping_sub(seal::of_words(self.content())) == seal::of_owner(id) {
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

impl fmt::Debug for ProcessStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessStatus")
            .field("state", &self.state())
            .field("revision", &self.revision())
            .field("pid", &self.pid())
            .field("exit_code", &self.exit_code())
            .field("restarts", &self.restarts())
            .field("started_at_ns", &self.started_at_ns())
            .field("changed_at_ns", &self.changed_at_ns())
            .field("cpu_ns", &self.cpu_ns())
            .field("rss_bytes", &self.rss_bytes())
            .field("seal", &format_args!("{:#018x}", self.words[SEAL]))
            .finish()
    }
}
