//! The common harness: it runs, judges and reports what is measured of every strategy in the registry.

pub mod advice;
pub mod analysis;
#[cfg(test)]
mod damage;
pub mod diff;
pub mod history;
pub mod recorded;
pub mod replay;
pub mod report;
pub mod results;
pub mod run;
pub mod selftest;
