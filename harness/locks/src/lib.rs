//! What the locks of a running program do, and whether they matter.
//!
//! The crate `lockrecord` writes a [`Recording`]; [`read`] refuses what is none. [`analyse`] bounds what a lock costs the
//! program before it says anything else, because most locks of most programs cost nothing that anybody would notice:
//!
//! 1. **The bound.** A free lock, one that takes no time and makes no thread wait, would gain at most so much of the
//!    throughput and so much of the 99th percentile of the wait ([`bound`]). No other lock and no shorter section gains more.
//! 2. **The section.** If a lock matters, is one section so long that the others wait for it? Moving work out of that section
//!    beats any other lock ([`verdict`]).
//! 3. **Another lock**, only then.
//!
//! Locks that threads share and that were made at one line are judged together, unless one costs more alone.
//!
//! [`compare`] matches the locks of two recordings and says what moved between them.
//!
//! Nothing here knows a strategy or a clock: a recording in, an analysis out.

mod analysis;
pub mod bound;
mod change;
mod group;
mod histogram;
mod recording;
#[cfg(test)]
mod tests;
mod validation;
pub mod verdict;

pub use analysis::{
    Analysed, AnalysedUse, Analysis, Arrivals, Blocked, Caution, Estimate, MattersFrom, Totals,
    analyse,
};
pub use change::{Change, Figure, NOTABLE, Pair, Quantity, Single, Trend, compare};
pub use histogram::Histogram;
pub use recording::{
    BlockedPair, Clock, FORMAT, Held, Keys, Kind, Library, Lock, Lost, Mode, Place, Recording,
    Sampled, Threads, Use, Value, Windows, Written, read, sum,
};
