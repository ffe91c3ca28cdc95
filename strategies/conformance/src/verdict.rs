//! What a check says: the evidence it saw, or the promise that was broken and how.

use std::fmt;

use crate::check::Check;
use crate::effort::Seed;

/// What a check observed of a variant that passed, as one line with its counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The check ran and found nothing wrong.
    Observed(String),
    /// The check does not apply to this variant or this record, and why. Neither pass nor fail.
    NotApplicable(String),
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Evidence::Observed(line) => f.write_str(line),
            Evidence::NotApplicable(reason) => write!(f, "n/a: {reason}"),
        }
    }
}

/// A promise that the contract makes, one for each sentence of its documentation that a check can
/// contradict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Promise {
    /// [`Specimen::examine`](contract::Specimen::examine) accepts every record that is lent.
    Whole,
    /// A record does not change while it is lent to a closure.
    Steady,
    /// [`ReadConsistency`](contract::ReadConsistency): how old a record may be.
    Fresh,
    /// A reader never sees a record go back.
    Monotonic,
    /// A record that is in the table is found.
    Present,
    /// A record that was removed is not found, and does not come back.
    Absent,
    /// `read` does not call its closure when it returns `None`.
    NotCalled,
    /// `insert` returns the record it displaced.
    Displaces,
    /// `remove` returns the record it removed.
    Removes,
    /// `apply` is one atomic read-modify-write and returns the new revision.
    AppliesOnce,
    /// All operations together are as if one thread had done them, each between its call and its
    /// return.
    OneByOne,
    /// A rejected event says why and leaves the record unchanged.
    RejectsUnchanged,
    /// An operation on an unknown identifier returns `None`.
    Unknown,
    /// A scan visits each record once.
    VisitsOnce,
    /// A scan that claims an atomic snapshot shows one instant.
    ScansOneInstant,
    /// The capacity is a hint: the table grows.
    Grows,
    /// What is removed is freed: a table of bounded size takes bounded memory.
    Reclaims,
    /// [`WriteCost`](contract::WriteCost): what a write copies.
    CopiesNoMore,
    /// [`Reclamation`](contract::Reclamation): when what a write replaced is freed.
    FreesInTime,
    /// [`read_allocates`](contract::Profile::read_allocates): whether a read takes from the heap.
    ReadsTakeNothing,
    /// Dropping a table frees every byte.
    FreesAll,
    /// Dropping a table joins every thread it started.
    JoinsThreads,
    /// No operation panics.
    DoesNotPanic,
    /// Not the strategy's: the program must count allocations for the check to mean anything.
    AllocatorCounts,
}

impl Promise {
    /// The breach of this promise, told by `account`.
    pub(crate) fn broken(self, account: impl Into<String>) -> Breach {
        Breach {
            promise: self,
            account: account.into(),
        }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Promise::Whole => "a record is whole and belongs to its identifier",
            Promise::Steady => "a record does not change while it is lent",
            Promise::Fresh => "a read is as fresh as the profile claims",
            Promise::Monotonic => "a reader never sees a record go back",
            Promise::Present => "a record that is in the table is found",
            Promise::Absent => "a record that was removed is not found",
            Promise::NotCalled => "the closure is not called when there is no record",
            Promise::Displaces => "insert returns the record it displaced",
            Promise::Removes => "remove returns the record it removed",
            Promise::AppliesOnce => "apply is one atomic read-modify-write",
            Promise::OneByOne => "operations take effect one by one, between call and return",
            Promise::RejectsUnchanged => "a rejected event leaves the record unchanged",
            Promise::Unknown => "an unknown identifier gives None",
            Promise::VisitsOnce => "a scan visits each record once",
            Promise::ScansOneInstant => "the scan shows the table at one instant",
            Promise::Grows => "the table grows beyond its capacity",
            Promise::Reclaims => "what is removed is freed",
            Promise::CopiesNoMore => "a write copies no more than the profile claims",
            Promise::FreesInTime => "what a write replaced is freed when the profile claims",
            Promise::ReadsTakeNothing => "a read allocates only if the profile says so",
            Promise::FreesAll => "dropping the table frees every byte",
            Promise::JoinsThreads => "dropping the table joins every thread",
            Promise::DoesNotPanic => "no operation panics",
            Promise::AllocatorCounts => {
                "the program installs conformance::CountingAllocator as its global allocator"
            }
        })
    }
}

/// What a check found, before it is known of whom.
#[derive(Debug)]
pub(crate) struct Breach {
    pub(crate) promise: Promise,
    pub(crate) account: String,
}

/// A promise of the contract that a variant broke; its [`Display`](fmt::Display) is readable text
/// over several lines that tells how, and with which seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The variant, `crate/variant`.
    pub variant: &'static str,
    /// The kind of record it held.
    pub record: &'static str,
    /// The check that found it.
    pub check: Check,
    /// The seed of that check.
    pub seed: Seed,
    /// The promise that was broken.
    pub promise: Promise,
    /// What happened, over one or more lines; for the sequential check the shortest sequence of
    /// operations that shows it.
    pub account: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} with {}: {} check (seed {}): not kept: {}",
            self.variant, self.record, self.check, self.seed, self.promise
        )?;
        for line in self.account.lines() {
            write!(f, "\n    {line}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Violation {}
