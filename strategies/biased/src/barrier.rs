//! Two fences of which one side pays for both: the frequent side only keeps the compiler from reordering, and the
//! rare side has the kernel issue a fence on every processor that runs a thread of this program.
//!
//! These are the light and the heavy fence of Goldblatt, "Asymmetric fences" (C++ paper P1202), and the idea is that
//! of Dice, Huang and Yang, "Asymmetric Dekker synchronization" (2001). What one side does before its light fence
//! and what it does after it cannot both be on the far side of a heavy fence: either the other side sees the
//! first, or it has been seen itself by the second. A thread that does not run has passed a fence when it was
//! stopped. Rust's memory model has no such fence; this relies on the kernel's promise, `membarrier(2)`.
//!
//! Loom and shuttle replace this file by `model/barrier.rs`.

pub(crate) use kernel::{heavy, is_available, prepare};

use std::sync::atomic::{Ordering, compiler_fence};

/// The frequent side's fence.
#[inline]
pub(crate) fn light() {
    compiler_fence(Ordering::SeqCst);
}

#[cfg(all(feature = "membarrier", target_os = "linux", not(miri)))]
mod kernel {
    use std::io::Write as _;
    use std::sync::atomic::{AtomicU8, Ordering};

    use libc::{
        MEMBARRIER_CMD_PRIVATE_EXPEDITED, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, SYS_membarrier,
    };

    const UNKNOWN: u8 = 0;
    const MISSING: u8 = 1;
    const AVAILABLE: u8 = 2;

    static STATE: AtomicU8 = AtomicU8::new(UNKNOWN);

    fn membarrier(command: i32) -> bool {
        let (flags, processor): (u32, i32) = (0, 0);
        // SAFETY: reads and writes no memory of the program.
        unsafe { libc::syscall(SYS_membarrier, command, flags, processor) == 0 }
    }

    fn register() -> bool {
        membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)
    }

    /// Asks the kernel for the means, once in a program.
    pub(crate) fn prepare() {
        // Relaxed: who asks twice gets the same answer.
        if STATE.load(Ordering::Relaxed) == UNKNOWN {
            let state = if register() { AVAILABLE } else { MISSING };
            STATE.store(state, Ordering::Relaxed);
        }
    }

    /// Whether [`heavy`] may be called.
    pub(crate) fn is_available() -> bool {
        STATE.load(Ordering::Relaxed) == AVAILABLE
    }

    /// The rare side's fence.
    pub(crate) fn heavy() {
        let issue = || membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
        // Registered again in case that a program that was forked or moved has lost it.
        let is_issued = issue() || register() && issue();
        if !is_issued {
            // Readers have relied on it and are inside, perhaps: there is no way on.
            let last_words =
                "biased-rwlock: the kernel refuses membarrier, which it has allowed before";
            let _ = writeln!(std::io::stderr(), "{last_words}");
            std::process::abort();
        }
    }
}

#[cfg(not(all(feature = "membarrier", target_os = "linux", not(miri))))]
mod kernel {
    /// Nothing to ask for.
    pub(crate) fn prepare() {}

    /// Whether [`heavy`] may be called: there is none here.
    pub(crate) fn is_available() -> bool {
        false
    }

    /// Not called: no lock becomes light.
    pub(crate) fn heavy() {
        unreachable!("no lock is light");
    }
}
