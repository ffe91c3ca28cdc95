//! The common harness: it verifies, measures and reports every strategy in the registry.

pub mod registry;
