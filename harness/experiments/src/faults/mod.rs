//! Faults: what others can still do when a thread stalls, dies, panics or finds no memory; what is
//! lost, and what is kept.
//!
//! Each [`Fault`] is one experiment on one strategy in a process of its own, because what it does may
//! not be undone: a thread that hangs cannot be stopped, and a table in which one hangs cannot be
//! dropped. So nothing here is joined and nothing freed; the process ends when all has been seen.
//!
//! No outcome depends on how fast something is, with one exception: what does not come to an end within
//! the patience given counts as held up. Whether it was waiting for the fault shows when that is over;
//! whoever wants to be surer asks again with more patience.

mod inside;
mod memory;
mod overlap;
mod scene;
mod stalls;
mod standstill;

use std::time::Duration;

use model::fault::{Fault, FaultSeen};
use serde::{Deserialize, Serialize};

use self::scene::Scene;

/// One strategy under one fault.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FaultTask {
    /// The strategy.
    pub strategy: String,
    /// The fault.
    pub fault: Fault,
    /// The seed of where threads are stopped.
    pub seed: u64,
    /// How often a thread is stopped where nothing is ever held up.
    pub stops: u32,
    /// What does not end within so many milliseconds is held up.
    pub patience_ms: u64,
}

/// Injects the fault, in a process that is for nothing else.
///
/// # Panics
///
/// When the task names no strategy of the registry.
pub fn inject(task: &FaultTask) -> FaultSeen {
    use Fault as F;
    // Nothing is printed about panics: they are what this process is for.
    std::panic::set_hook(Box::new(|_| {}));
    let make = crate::instrumented_record::strategy(&task.strategy)
        .expect("the parent names strategies of the registry only");
    let scene = || Scene::new(make, Duration::from_millis(task.patience_ms));
    let mut observed = FaultSeen::new(&task.strategy, task.fault);
    let out = &mut observed;
    match task.fault {
        F::ReaderGone | F::WriterGone => standstill::observe(scene(), out),
        F::ReaderStalls | F::UpdaterStalls | F::ResizerStalls => {
            stalls::observe(scene(), task, out);
        }
        F::PanicInUpdate | F::PanicInRead | F::PanicInScan => {
            standstill::observe_panic(scene(), out);
        }
        F::InsideRead | F::InsideScan => inside::observe(scene, out),
        F::OverlappingReaders => overlap::observe(scene(), out),
        F::NoMemoryToRead | F::NoMemoryToUpdate | F::NoMemoryToInsert => {
            memory::observe(scene(), out);
        }
    }
    observed
}
