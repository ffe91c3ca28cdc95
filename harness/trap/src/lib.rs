//! One thread, one instruction at a time: what it executes is recorded, and it can be stopped before
//! any of its instructions.
//!
//! # How it works
//!
//! With the trap flag set, an x86-64 processor raises a trap after each instruction, which the kernel
//! turns into `SIGTRAP` (Intel SDM vol. 3, 19.3 "single-step trap"; `signal(7)`). The thread sets its
//! own flag and does the work. The handler runs without the flag and stores the instruction pointer and
//! the sixteen general registers into a buffer that exists already; all that is to be known about an
//! instruction follows from them later. When the stack pointer says that the work has been left, the
//! handler clears the flag.
//!
//! # What it never does
//!
//! - It allocates nothing while a thread is stepped: the allocator is part of what is looked at.
//! - It leaves no thread stuck. When the buffer is full the handler clears the flag, and the thread
//!   goes on at full speed; so does a thread that inherits the flag. A panic ends the stepping. Who is
//!   stopped sleeps until [`go_on`]: whoever says [`stop_at`] sees to that, and steps nothing that forks.
//! - It counts nothing twice: an instruction that repeats itself (`rep movsb`) traps once for each
//!   round, at one address.
//!
//! # What it cannot see
//!
//! The kernel resumes after a system call without a trap, so exactly one instruction after each
//! `syscall` is missing. Other threads run at full speed meanwhile.
//!
//! What blocks signals cannot be stepped: the kernel ends a process by `SIGTRAP` if a thread traps that
//! blocks it. `pthread_create` of glibc, from 2.32 on, blocks all signals for a while: work that starts a
//! thread ends its process.
//!
//! Only `x86_64` Linux has all this. Elsewhere [`Trap::install`] says so.

// `--cfg pivot_elsewhere` makes any machine one that has no single steps.
#[cfg_attr(
    not(all(target_os = "linux", target_arch = "x86_64", not(pivot_elsewhere))),
    path = "elsewhere.rs"
)]
mod linux;

use std::ops::Range;

pub use linux::Trap;
#[cfg(all(target_os = "linux", target_arch = "x86_64", not(pivot_elsewhere)))]
pub use linux::{Stepper, advance_to, go_on, is_at, rest, step_on, stop_at};

/// What is recorded of what a thread executes, at most; more is cut short.
pub const STEPS_MAX: usize = 1 << 16;

/// Why no thread can be stepped here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// Another processor or another kernel.
    #[error("single steps need x86_64 Linux; this is {0}")]
    Platform(String),
    /// A debugger receives the signals first.
    #[error("process {0} traces this one, and single steps are its business; run without it")]
    Traced(u32),
    /// The flag was set and nothing happened: an emulator, or a sandbox.
    #[error("the trap flag has no effect here: an emulator or a sandbox hides it; run natively")]
    NoEffect,
    /// The system refused what stepping needs.
    #[error("cannot {what}: {why}")]
    Refused {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        why: String,
    },
}

/// The result of what needs single steps.
pub type Result<T, E = Unavailable> = std::result::Result<T, E>;

/// The state of a thread before one of its instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The address of the instruction.
    pub address: u64,
    /// The general registers, by their numbers in the encoding: rax, rcx, rdx, rbx, rsp, rbp, rsi,
    /// rdi, r8 to r15.
    pub registers: [u64; 16],
}

impl Step {
    /// The stack pointer.
    pub const fn stack_pointer(&self) -> u64 {
        self.registers[4]
    }
}

/// A place in what a thread executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The address of an instruction.
    pub address: u64,
    /// How often it is come by before; from 0.
    pub nth: usize,
}

/// What a thread executed.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Its instructions, each before it was executed. After a `syscall` one is missing.
    pub steps: Vec<Step>,
    /// The base of the FS segment: where thread-local variables are.
    pub fs_base: u64,
    /// Where the thread's own frames are, this side of [`Trap::on_this_thread`].
    pub stack: Range<u64>,
    /// Whether the buffer was full, so that what followed is missing.
    pub is_cut_short: bool,
}

/// How far the thread that is stepped has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Progress {
    /// It was not stepped yet, or is done.
    Idle,
    /// It is being stepped.
    Stepping,
    /// It stands before the instruction it was to stop at.
    Stopped,
    /// The buffer is full: it runs at full speed.
    Released,
}
