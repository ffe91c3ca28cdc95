//! The list of checks.

use std::fmt;

/// A check: one group of promises, and one way to catch a strategy that breaks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// Random operations on one thread, compared with a plain map.
    Sequential,
    /// Every change in every state of the process lifecycle.
    Lifecycle,
    /// Many threads change the same few records.
    Updates,
    /// Records come and go at the hands of one owner while others watch.
    Lifetimes,
    /// Many threads insert, change and remove under the same few identifiers.
    Exchanges,
    /// Recorded histories of random operations, judged by whether one thread could have done it.
    Histories,
    /// Scans while records change, come and go.
    Scans,
    /// Ever new identifiers in a table that stays small.
    Churn,
    /// Many more records than the table was made for.
    Growth,
    /// What a write takes from the heap, and how soon it gives it back; whether a read takes anything.
    Costs,
    /// A million operations that must all return.
    Deadlock,
    /// Tables that are dropped full.
    Shutdown,
}

impl Check {
    /// Every check, the cheapest diagnosis first.
    pub const ALL: &'static [Check] = &[
        Check::Sequential,
        Check::Lifecycle,
        Check::Updates,
        Check::Lifetimes,
        Check::Exchanges,
        Check::Histories,
        Check::Scans,
        Check::Churn,
        Check::Growth,
        Check::Costs,
        Check::Deadlock,
        Check::Shutdown,
    ];

    /// For records that are wide enough to be torn, and to be missed where they are copied.
    pub const WIDE: &'static [Check] = &[Check::Updates, Check::Costs];

    /// The checks whose answer may depend on what the table holds: all but the deadlock
    /// check, and that of histories, which looks at revisions.
    pub const PER_RECORD: &'static [Check] = &[
        Check::Sequential,
        Check::Lifecycle,
        Check::Updates,
        Check::Lifetimes,
        Check::Exchanges,
        Check::Scans,
        Check::Churn,
        Check::Growth,
        Check::Costs,
        Check::Shutdown,
    ];

    /// Whether it means nothing without several threads.
    pub(crate) const fn needs_threads(self) -> bool {
        matches!(
            self,
            Check::Updates
                | Check::Lifetimes
                | Check::Exchanges
                | Check::Histories
                | Check::Scans
                | Check::Deadlock
        )
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Check::Sequential => "sequential",
            Check::Lifecycle => "lifecycle",
            Check::Updates => "updates",
            Check::Lifetimes => "lifetimes",
            Check::Exchanges => "exchanges",
            Check::Histories => "histories",
            Check::Scans => "scans",
            Check::Churn => "churn",
            Check::Growth => "growth",
            Check::Costs => "costs",
            Check::Deadlock => "deadlock",
            Check::Shutdown => "shutdown",
        })
    }
}
