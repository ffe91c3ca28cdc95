//! What is counted, and how. The models are made of this alone.

pub(crate) mod arrivals;
pub(crate) mod beside;
pub(crate) mod block;
pub(crate) mod clock;
pub(crate) mod histogram;
pub(crate) mod sync;
