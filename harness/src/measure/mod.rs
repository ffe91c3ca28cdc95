//! Measuring: from scenarios to sample lines. Knows no statistics and no report.
//!
//! Data flows one way: a scenario becomes a [`Field`](field::Field) (identifiers and tapes), a
//! strategy set up on it becomes a [`Contestant`](contest::Contestant), which is asked for slices in
//! the order that [`order`] draws; a child process ([`worker`]) does this for one scenario at a time
//! and writes lines, which the [`session`] of the parent process checks and keeps.

mod accounting;
pub mod contest;
pub mod field;
pub mod order;
mod places;
pub mod probe;
pub mod roster;
mod script;
mod section;
pub mod session;
pub mod threads;
mod weather;
pub mod worker;
mod zipf;
