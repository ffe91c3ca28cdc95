//! The common harness: it verifies, measures and reports every strategy in the registry.

pub mod analysis;
pub mod clock;
pub mod controls;
pub mod environment;
pub mod error;
pub mod registry;
pub mod results;
pub mod sample;
pub mod scenario;
pub mod statistics;
