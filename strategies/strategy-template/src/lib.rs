//! A hash map behind one lock: complete and correct, to start from.
//!
//! Change the code until it is the strategy that you want to compare, and this page with it. Its sections are
//! those that a reader finds in every strategy crate; `pivot explain` shows some of them.
//!
//! # How it works
//!
//! - **A reader** locks, looks at the record, and unlocks.
//! - **A writer** locks, changes the record in place, and unlocks.
//! - **When they meet**, one waits until the other has unlocked.
//! - **Orderings**: locking is an acquire, unlocking a release; whoever locks sees all that was done under the
//!   lock before.
//!
//! # Trade-offs
//!
//! - **Simplicity**: any update, and scans that are atomic snapshots.
//! - **Scalability**: none. Readers exclude each other.
//!
//! # When not to use it
//!
//! When several cores read the table all the time.
//!
//! # Example
//!
//! ```
//! use contract::{Change, Event, Handle, ProcessId, ProcessStatus, State, Strategy};
//!
//! let table = strategy_template::OneLockTable::<ProcessStatus>::with_capacity(16);
//! let mut handle = table.handle();
//! let id = ProcessId(7);
//! handle.insert(id, ProcessStatus::pending(id));
//! assert_eq!(handle.apply(id, Event::at(0, Change::Start)), Some(Ok(1)));
//! assert_eq!(handle.read(id, ProcessStatus::state), Some(State::Running));
//! ```
#![forbid(unsafe_code)]

mod one_lock_table;

pub use self::one_lock_table::OneLockTable;

use contract::{Family, Record, Visitor};

/// The variants of this crate.
#[derive(Debug)]
pub struct Variants;

impl Family for Variants {
    fn any<R: Record>(visitor: &mut impl Visitor<R>) {
        visitor.visit::<OneLockTable<R>>();
    }
}
