//! Scaling beyond this machine's processors, as bands, and how well such predictions did where the
//! truth is known.
//!
//! Three layers, each with its own strength of claim:
//!
//! 1. What several threads write is exact: `trace` counts it, and it is given here as a [`Demand`]; in
//!    which order and how it follows two operations, and [`path`] makes programs of that.
//! 2. `queue`: every such line is a serial station, and closed queueing networks bound what many
//!    processors can do (mean-value analysis: Reiser and Lavenberg, Journal of the ACM 27:2, 1980).
//! 3. `mesi`: a simulation of lines that move between caches, for what has no closed form: who keeps
//!    a line for how long, what readers fetch again after a write, what has to be tried again.
//!
//! [`scaling`] puts the three together: a simulation between bounds.
//!
//! Of published curves nobody knows the programs; their [`law`] has two shapes and is calibrated on one
//! point, and [`backtest`] says how far off it is on all others. A prediction comes with its [`Band`].
//!
//! Nothing here knows a strategy, a clock or this machine: numbers in, numbers out.

pub mod backtest;
mod band;
pub mod curve;
pub mod law;
pub mod machine;
mod mesi;
pub mod path;
mod queue;
pub mod scaling;

pub use band::Band;

pub use scaling::{Demand, forecast};
