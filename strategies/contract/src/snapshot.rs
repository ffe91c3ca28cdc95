//! The heap record: a status page's view of a process, with strings and optional ends.

use std::fmt::Write as _;
use std::hint::black_box;

use crate::lifecycle::{Change, Event, Rejected, State};
use crate::record::{Flaw, Record, Specimen};
use crate::{ProcessId, seal, work};

/// What a status page shows of a process: the heap form of the record.
///
/// Cloning it clones two strings. A strategy that copies on write pays for that on every write, a
/// strategy that changes the record in place does not; the accounting of allocations shows which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessSnapshot {
    name: String,
    script: String,
    end_time_ns: Option<u64>,
    exit_code: Option<i32>,
    state: State,
    revision: u64,
    /// Binds the other fields to each other and to the identifier.
    seal: u64,
}

impl ProcessSnapshot {
    /// A pending process, revision 0, with a name and a script made from `id`.
    pub fn pending(id: ProcessId) -> Self {
        let mut script = String::with_capacity(40);
        write!(script, "/srv/app/run --instance {}", id.0).expect("writing to a string");
        let mut snapshot = Self {
            name: format!("process-{}", id.0),
            script,
            end_time_ns: None,
            exit_code: None,
            state: State::Pending,
            revision: 0,
            seal: 0,
        };
        snapshot.seal = seal::of_owner(id).wrapping_add(snapshot.form());
        snapshot
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The command that it runs.
    pub fn script(&self) -> &str {
        &self.script
    }

    /// When it ended, in nanoseconds of the events' clock; none while it has not.
    pub fn end_time_ns(&self) -> Option<u64> {
        self.end_time_ns
    }

    /// The exit code, once the process has ended by itself.
    pub fn exit_code(&self) -> Option<i32> {
        self.exit_code
    }

    /// The linear form over everything that changes.
    fn form(&self) -> u64 {
        seal::of_words(&[
            self.state as u64,
            self.revision,
            self.end_time_ns.map_or(0, |at| at.wrapping_add(1)),
            self.exit_code
                .map_or(0, |code| u64::from(code.cast_unsigned()) + 1),
        ])
    }
}

impl Record for ProcessSnapshot {
    type Event = Event;
    type Rejected = Rejected;

    fn apply(&self, event: &Event) -> Result<Self, Rejected> {
        self.state.after(event.change)?;
        let mut next = self.clone();
        next.apply_in_place(event)?;
        Ok(next)
    }

    /// Changes the few fields that an event touches and leaves the strings where they are.
    fn apply_in_place(&mut self, event: &Event) -> Result<u64, Rejected> {
        let next_state = self.state.after(event.change)?;
        let before = self.form();
        self.state = next_state;
        self.revision += 1;
        match event.change {
            Change::Start | Change::Restart => {
                self.end_time_ns = None;
                self.exit_code = None;
            }
            Change::Heartbeat { .. } => {}
            Change::Work { links } => drop(black_box(work(event.at_ns, links))),
            Change::Stop => self.end_time_ns = Some(event.at_ns),
            Change::Exit { code } => {
                self.end_time_ns = Some(event.at_ns);
                self.exit_code = Some(code);
            }
        }
        self.seal = self.seal.wrapping_add(self.form().wrapping_sub(before));
        Ok(self.revision)
    }

    fn revision(&self) -> u64 {
        self.revision
    }
}

impl Specimen for ProcessSnapshot {
    const NAME: &'static str = "snapshot-heap";

    fn pending(id: ProcessId) -> Self {
        ProcessSnapshot::pending(id)
    }

    fn state(&self) -> State {
        self.state
    }

    fn examine(&self, id: ProcessId) -> Result<(), Flaw> {
        let expected = Self::pending(id);
        if self.name != expected.name || self.script != expected.script {
            return Err(Flaw::Foreign);
        }
        if self.seal.wrapping_sub(self.form()) != seal::of_owner(id) {
            return Err(Flaw::TornOrForeign);
        }
        Ok(())
    }

    /// Folds the numbers and the first and last byte of each string: the strings' memory is loaded,
    /// their length is not.
    fn touch(&self) -> u64 {
        let ends = |text: &str| {
            let bytes = text.as_bytes();
            u64::from(bytes.first().copied().unwrap_or(0))
                + u64::from(bytes.last().copied().unwrap_or(0))
        };
        ends(&self.name)
            .wrapping_add(ends(&self.script))
            .wrapping_add(self.form())
            .wrapping_add(self.seal)
    }
}
