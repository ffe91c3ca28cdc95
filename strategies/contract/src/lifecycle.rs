//! The process lifecycle as a pure state machine.
//!
//! ```text
//!             start             exit(0)
//!  Pending ----------> Running ---------> Succeeded
//!                      |  ^ ^ \  exit(n)      |
//!            heartbeat +--' |  `--------> Failed
//!                           |  `  stop        |
//!                           |   `-------> Stopped
//!                           |                 |
//!                           `---- restart ----'   (from each of the three final states)
//! ```
//!
//! Every other pair of state and event is rejected and changes nothing.

use std::fmt;

/// Where a process is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// Registered, not started yet.
    Pending = 0,
    /// Started and not ended.
    Running = 1,
    /// Ended because it was told to.
    Stopped = 2,
    /// Ended by itself with a code other than 0.
    Failed = 3,
    /// Ended by itself with code 0.
    Succeeded = 4,
}

impl State {
    /// All states, in declaration order.
    pub const ALL: [State; 5] = [
        State::Pending,
        State::Running,
        State::Stopped,
        State::Failed,
        State::Succeeded,
    ];

    /// Whether the process has ended.
    pub const fn is_final(self) -> bool {
        matches!(self, State::Stopped | State::Failed | State::Succeeded)
    }

    /// The state with this discriminant. Only the low three bits are looked at; the three unused
    /// values map to [`State::Pending`], so that decoding stored words cannot fail.
    #[inline]
    pub(crate) const fn from_bits(bits: u64) -> State {
        match bits & 7 {
            1 => State::Running,
            2 => State::Stopped,
            3 => State::Failed,
            4 => State::Succeeded,
            _ => State::Pending,
        }
    }

    /// The state after `change`.
    ///
    /// # Errors
    ///
    /// [`Rejected`] when the lifecycle has no such transition.
    #[inline]
    pub const fn after(self, change: Change) -> Result<State, Rejected> {
        match (self, change) {
            (State::Pending, Change::Start)
            | (State::Running, Change::Heartbeat { .. } | Change::Work { .. })
            | (State::Stopped | State::Failed | State::Succeeded, Change::Restart) => {
                Ok(State::Running)
            }
            (State::Running, Change::Stop) => Ok(State::Stopped),
            (State::Running, Change::Exit { code: 0 }) => Ok(State::Succeeded),
            (State::Running, Change::Exit { .. }) => Ok(State::Failed),
            _ => Err(Rejected {
                state: self,
                change,
            }),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Pending => "pending",
            State::Running => "running",
            State::Stopped => "stopped",
            State::Failed => "failed",
            State::Succeeded => "succeeded",
        })
    }
}

/// Something that happened to a process, and when.
///
/// The time is part of the event: [`Record::apply`](crate::Record::apply) is pure and reads no clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it happened, in nanoseconds of the caller's clock.
    pub at_ns: u64,
    /// What happened.
    pub change: Change,
}

impl Event {
    /// `change`, at `at_ns` nanoseconds of the caller's clock.
    pub const fn at(at_ns: u64, change: Change) -> Self {
        Self { at_ns, change }
    }

    /// A heartbeat that differs from that of every other step.
    #[inline]
    pub const fn heartbeat(step: u64) -> Self {
        let change = Change::Heartbeat {
            cpu_ns: step,
            rss_bytes: step << 12,
        };
        Self::at(step, change)
    }
}

/// What happened to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// A pending process was started.
    Start,
    /// A running process reported what it uses.
    Heartbeat {
        /// Processor time used so far, in nanoseconds.
        cpu_ns: u64,
        /// Resident memory, in bytes.
        rss_bytes: u64,
    },
    /// As a heartbeat that reports nothing new, and takes a while to apply: so that it can be said how long a write
    /// holds what a strategy holds meanwhile. A strategy that retries or repeats a write repeats the work, too.
    Work {
        /// Links of the chain of dependent operations, [`work`](crate::work()).
        links: u64,
    },
    /// A running process was told to stop, and did.
    Stop,
    /// A running process ended by itself.
    Exit {
        /// Its exit code; 0 is success.
        code: i32,
    },
    /// An ended process was started again.
    Restart,
}

impl Change {
    /// One example of each change that the lifecycle tells apart; it takes work for a heartbeat.
    pub const EXAMPLES: [Change; 6] = [
        Change::Start,
        Change::Heartbeat {
            cpu_ns: 1_000,
            rss_bytes: 4_096,
        },
        Change::Stop,
        Change::Exit { code: 0 },
        Change::Exit { code: -9 },
        Change::Restart,
    ];
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Start => f.write_str("start"),
            Change::Heartbeat { .. } => f.write_str("heartbeat"),
            Change::Work { .. } => f.write_str("heartbeat with work"),
            Change::Stop => f.write_str("stop"),
            Change::Exit { code } => write!(f, "exit({code})"),
            Change::Restart => f.write_str("restart"),
        }
    }
}

/// An event that the lifecycle does not allow in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The state the process is in, and stays in.
    pub state: State,
    /// What was asked for.
    pub change: Change,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} does not apply to a {} process",
            self.change, self.state
        )
    }
}

impl std::error::Error for Rejected {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The transition table, written out once more by hand: rows are states, columns
    /// [`Change::EXAMPLES`].
    #[test]
    fn transitions_are_those_of_the_table() {
        use State::{Failed, Pending, Running, Stopped, Succeeded};
        let expected: [(State, [Option<State>; 6]); 5] = [
            (Pending, [Some(Running), None, None, None, None, None]),
            (
                Running,
                [
                    None,
                    Some(Running),
                    Some(Stopped),
                    Some(Succeeded),
                    Some(Failed),
                    None,
                ],
            ),
            (Stopped, [None, None, None, None, None, Some(Running)]),
            (Failed, [None, None, None, None, None, Some(Running)]),
            (Succeeded, [None, None, None, None, None, Some(Running)]),
        ];
        for (state, row) in expected {
            for (change, next) in Change::EXAMPLES.into_iter().zip(row) {
                assert_eq!(state.after(change).ok(), next, "{state} after {change}");
            }
        }
    }

    #[test]
    fn work_is_allowed_where_a_heartbeat_is() {
        let heartbeat = Event::heartbeat(1).change;
        for state in State::ALL {
            let works = state.after(Change::Work { links: 5 });
            assert_eq!(works.ok(), state.after(heartbeat).ok(), "{state}");
        }
    }

    #[test]
    fn state_survives_its_bits() {
        for state in State::ALL {
            assert_eq!(State::from_bits(state as u64), state);
        }
    }
}
