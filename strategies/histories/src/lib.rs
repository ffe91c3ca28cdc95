//! Was it as if one thread had done it? Checks recorded concurrent histories for linearizability.
//!
//! A history is linearizable (Herlihy and Wing, Linearizability: A Correctness Condition for
//! Concurrent Objects, ACM TOPLAS 12, 1990) if each operation can be given an instant between its
//! call and its return such that, taken one after the other at these instants, they return what
//! they returned. It is so for all keys if it is so for each (their theorem 1): split a history by
//! key and check the parts.
//!
//! - [`search`](search::search) decides it for any [`Model`], by looking for such an order.
//! - [`zones`] decides it for registers whose writes all write something else, without a search, a
//!   hundred times as fast; [`queues`] does so for queues of values that differ.
//! - [`explain`](explain::explain) makes a violation readable: the few operations that cannot be
//!   reconciled, on a time line.
//!
//! ```
//! use histories::models::{Register, RegisterAction::{Read, Write}};
//! use histories::{Operation, Verdict, search::{Limits, search}};
//!
//! let history = [
//!     Operation { process: 0, call: 1, ret: 2, action: Write(7) },
//!     // Called after the write has returned, and it does not see it.
//!     Operation { process: 1, call: 3, ret: 4, action: Read(None) },
//! ];
//! let verdict = search(&Register::default(), &[None], &history, &Limits::default());
//! assert_eq!(verdict, Verdict::Violated { at: 4 });
//! ```
//!
//! # Invariants
//!
//! - Nothing here knows a strategy, a clock or a file: histories in, verdicts out.
//! - Time stamps only order: equal ones, of a return and a call, count as overlapping.
//! - A process does one thing at a time.

pub mod explain;
mod lanes;
mod model;
pub mod models;
mod operation;
pub mod queues;
pub mod search;
pub mod zones;

pub use model::{Model, Step};
pub use operation::{Disorder, NEVER, Operation, Verdict, in_order};
