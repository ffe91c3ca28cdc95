//! What probes are made of: the table and its tapes, time, threads that work in phases, and schedules.

pub(super) mod clock;
pub(super) mod fixture;
pub(super) mod open_loop;
pub(super) mod phases;
