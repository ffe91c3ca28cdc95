//! Somebody else who writes meanwhile.

use std::hint;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use contract::{Handle, ProcessStatus, Strategy};
use model::clock;

use crate::workload::{Workload, heartbeat};

/// Runs `foreground` while a thread of its own applies a heartbeat every `period`.
///
/// The thread has a handle before `foreground` begins and is gone when this returns, also by a panic.
pub(crate) fn writing<S: Strategy<ProcessStatus>>(
    table: &S,
    workload: &Workload,
    period: Duration,
    foreground: impl FnOnce(),
) {
    let stop = AtomicBool::new(false);
    let ready = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut handle = table.handle();
            ready.wait();
            let mut ids = workload.passes().flatten().enumerate();
            let mut due = clock::now();
            while !stop.load(Ordering::Relaxed) {
                let now = clock::now();
                if now < due {
                    // A timer of the system would come some fifty microseconds late.
                    hint::spin_loop();
                } else if let Some((step, &id)) = ids.next() {
                    handle.apply(id, heartbeat(step));
                    // A beat that was missed is not made up for.
                    due = (due + period).max(now);
                }
            }
        });
        ready.wait();
        let _stop = SetOnDrop(&stop);
        foreground();
    });
}

/// Sets the flag when the foreground ends, however it ends: the scope waits for the writer.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
