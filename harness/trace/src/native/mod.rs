//! What needs single steps, the decoder and the symbols of the running program.

mod allocation_map;
mod comparison;
mod execution;
mod experiment;
mod fixture;
mod lines;
mod processes;
mod stall;
mod symbols;
mod threads;

pub(crate) use experiment::{rehearse, see};
pub(crate) use stall::see as see_stalls;
pub(crate) use threads::{TracedStrategy, named};
