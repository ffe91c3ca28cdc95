//! The common harness: it verifies, measures and reports every strategy in the registry.

pub mod analysis;
pub mod assumption;
pub mod clock;
pub mod controls;
pub mod diff;
pub mod environment;
pub mod error;
pub mod measure;
pub mod preset;
pub mod probe;
pub mod registry;
pub mod report;
pub mod results;
pub mod run;
pub mod sample;
pub mod scenario;
pub mod selftest;
pub mod statistics;
pub mod verify;
