//! Watches the processes of this machine, and says what became of them, as a
//! [process trace](model::workload).
//!
//! A [`Machine`] looks at `/proc`, process by process; a [`Watch`] holds what it sees against what it
//! saw before and keeps the differences. What lives and dies between two looks is not seen: the trace is
//! what a status collector that polls this often would have known.

mod machine;
mod stat;
mod watch;

pub use machine::Machine;
pub use watch::{Names, Watch};

use model::workload::{Process, ProcessState};

/// A process, as one look sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Which one; its start in ticks of the kernel's clock since the machine came up.
    pub process: Process,
    /// What it is called: at most 15 bytes of a program's name, or what the program made of it.
    pub name: String,
    /// Whether it lives.
    pub life: Life,
    /// Processor time so far, in nanoseconds.
    pub cpu_ns: u64,
    /// Resident memory, in bytes.
    pub rss_bytes: u64,
}

/// Whether a process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It does, and the scheduler sees it so.
    Alive(ProcessState),
    /// It has exited, and nobody has asked for its code yet.
    Over {
        /// Its exit code, or the negated signal that ended it; 0 also where the kernel does not tell.
        code: i32,
    },
}
