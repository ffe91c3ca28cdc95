//! What is tried on a strategy besides timing it, each in a process of its own that may hang or end: the
//! conformance checks, faults, and probes. Below them stands the record on which threads can be held up.

pub mod checks;
pub mod faults;
pub mod instrumented_record;
pub mod probes;
