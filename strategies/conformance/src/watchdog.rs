//! Ends the process when a check hangs.
//!
//! A hung thread cannot be killed, and a test that waits for it hangs as well. So every check runs
//! beside a thread that looks at a counter of work done; when it has stood still for the whole
//! patience, that thread says who hung and exits. It measures no time: it counts periods that it
//! slept through, so a machine that is suspended or overloaded delays the verdict instead of
//! forging it.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

/// How often the watchdog looks within its patience.
const PERIODS: u32 = 8;

/// Work done so far: a number that only matters by changing.
#[derive(Debug, Default)]
pub(crate) struct Progress(AtomicU64);

impl Progress {
    /// Something got done.
    pub(crate) fn tick(&self) {
        // Relaxed: nothing is published through it.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn ticks(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Does `work`, and exits the process with code 1 and a line about `what` on standard error when
/// `work` makes no progress for `patience`.
pub(crate) fn watch<T>(what: &str, patience: Duration, work: impl FnOnce(&Progress) -> T) -> T {
    let progress = Progress::default();
    // A rendezvous: nothing is ever sent, the sender going out of scope says that the work is done.
    let (working, done) = sync_channel::<()>(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let done = done;
            let (mut ticks_before, mut periods_idle) = (progress.ticks(), 0);
            while done.recv_timeout(patience / PERIODS) == Err(RecvTimeoutError::Timeout) {
                let ticks = progress.ticks();
                periods_idle = if ticks == ticks_before {
                    periods_idle + 1
                } else {
                    0
                };
                ticks_before = ticks;
                if periods_idle > PERIODS {
                    give_up(what, patience, ticks);
                }
            }
        });
        let _working = working;
        work(&progress)
    })
}

#[cold]
fn give_up(what: &str, patience: Duration, ticks: u64) -> ! {
    // Not `eprintln!`: a test's captured output would be lost with the process.
    let _ = writeln!(
        std::io::stderr(),
        "{what}: hung: nothing got done for {} s (after {ticks} steps of progress); \
         a hung thread cannot be stopped, so the process ends here",
        patience.as_secs_f32()
    );
    std::process::exit(1);
}
