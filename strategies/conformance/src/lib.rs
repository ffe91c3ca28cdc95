//! The checks that every strategy passes before it is measured.
//!
//! A strategy is taken at its word, [`Profile`](contract::Profile), and the word is tested: each
//! [`Check`] is a module that says at its top which promise of the contract it tests, how a
//! strategy could break it, and what it cannot see. Each [`Promise`] is a sentence of the contract's
//! documentation.
//!
//! # Use
//!
//! The one test of a strategy crate:
//!
//! ```no_run
//! # mod example { #[derive(Debug)] pub struct Variants; impl contract::Family for Variants {
//! #     fn any<R: contract::Record>(_: &mut impl contract::Visitor<R>) {} } }
//! #[global_allocator]
//! static ALLOCATOR: conformance::CountingAllocator = conformance::CountingAllocator;
//!
//! conformance::assert_family::<example::Variants>();
//! ```
//!
//! The harness walks its registry with an [`Inspector`] instead and prints the [`Finding`]s.
//!
//! # How much a pass is worth
//!
//! The single-threaded checks are deterministic: a seed is a repetition. The concurrent ones try
//! many interleavings, of records that make threads meet in the middle of an operation
//! ([`YieldingRecord`]), and observe each exactly. So what they find is certain, and what they do not find
//! is likely absent, no more. That each check can fail is itself tested: `tests/planted` holds a
//! strategy for each way to be wrong, and the check that must reject it.
//!
//! # Invariants
//!
//! - No check knows a strategy; it sees [`Strategy`](contract::Strategy) and its profile.
//! - No verdict depends on how long something took. Only the watchdog waits, for a check that makes
//!   no progress at all.

mod accounting;
mod check;
mod churn;
mod costs;
mod crew;
mod deadlock;
mod effort;
mod exchanges;
mod growth;
mod inspector;
mod lifecycle;
mod lifetimes;
mod linearizable;
mod model;
mod panics;
mod recorder;
mod registry;
mod run;
mod scans;
mod sequential;
mod shutdown;
mod specimens;
mod trial;
mod updates;
mod verdict;
mod watchdog;
mod yielding_record;

pub use accounting::{
    Block, Counting, CountingAllocator, Refusing, Usage, allocator_is_installed, inside_allocator,
    mark_allocator, tell_no_more, tell_of_blocks,
};
pub use check::Check;
pub use effort::{Effort, Seed};
pub use inspector::{Finding, Inspector, assert_family};
pub use registry::{Known, Registry, RegistryAction, Seen};
pub use run::run;
pub use shutdown::{threads_after_join, threads_now};
pub use verdict::{Evidence, Promise, Violation};
pub use yielding_record::{Wide, YieldingRecord};
