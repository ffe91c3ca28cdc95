//! The common harness: it verifies, measures and reports every strategy in the registry.

pub mod analysis;
pub mod clock;
pub mod controls;
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
pub mod statistics;
pub mod verify;
