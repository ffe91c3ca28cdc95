//! Measuring: from scenarios to slices. Knows no statistics and no report.
//!
//! Data flows one way: a scenario becomes a field (identifiers and tapes), a strategy set up on it
//! is prepared and asked for slices in the order that `worker` draws; a child process
//! ([`worker`]) does this for one scenario at a time and says to its parent what it finds.

mod affinity;
mod batch;
pub mod calibration;
mod field;
mod keys;
mod pace;
mod prepared_strategy;
mod progress;
mod replay;
mod replay_loop;
mod script;
mod section;
mod threads;
pub mod worker;
mod zipf;
