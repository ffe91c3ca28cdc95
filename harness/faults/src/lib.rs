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
mod panics;
mod scene;
#[cfg(unix)]
mod stalls;
mod standstill;
mod witness;

use std::io::{self, Write};
use std::time::Duration;

use basis::fault::{Fault, FaultSeen};
use basis::message::{Message, say};
use basis::sample::Line;
use serde::{Deserialize, Serialize};

use self::panics::Victim;
use self::scene::Seen;

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

/// Injects the fault, and says what it sees.
///
/// # Errors
///
/// When the parent is gone.
///
/// # Panics
///
/// When the task names no strategy of the registry.
pub fn inject(task: &FaultTask, out: &mut impl Write) -> io::Result<()> {
    let what = format!("{}: {}", task.strategy, task.fault);
    say(out, &Message::Begin { what, slice: None })?;
    panics::be_quiet();
    let Seen {
        meanwhile,
        never,
        tallies,
    } = see(task);
    let line = Line::Fault(FaultSeen {
        strategy: task.strategy.clone(),
        fault: task.fault,
        meanwhile,
        never,
        tallies,
        died: None,
    });
    say(out, &Message::Found { line })
}

fn see(task: &FaultTask) -> Seen {
    let make = subject::strategy(&task.strategy)
        .expect("the parent names strategies of the registry only");
    let scene = || scene::Scene::new(make, Duration::from_millis(task.patience_ms));
    match task.fault {
        Fault::ReaderGone => standstill::reader(scene()),
        Fault::WriterGone => standstill::writer(scene()),
        #[cfg(unix)]
        Fault::ReaderStalls | Fault::UpdaterStalls | Fault::ResizerStalls => {
            stalls::see(scene(), task)
        }
        // Threads are stopped by signals.
        #[cfg(not(unix))]
        Fault::ReaderStalls | Fault::UpdaterStalls | Fault::ResizerStalls => Seen::default(),
        Fault::PanicInUpdate => panics::see(scene(), Victim::Updater),
        Fault::PanicInRead => panics::see(scene(), Victim::Reader),
        Fault::PanicInScan => panics::see(scene(), Victim::Scanner),
        Fault::InsideRead => inside::see(scene, inside::Around::Read),
        Fault::InsideScan => inside::see(scene, inside::Around::Scan),
        Fault::OverlappingReaders => overlap::see(scene()),
        Fault::NoMemoryToRead => memory::see(scene(), memory::Wish::Read),
        Fault::NoMemoryToUpdate => memory::see(scene(), memory::Wish::Update),
        Fault::NoMemoryToInsert => memory::see(scene(), memory::Wish::Insert),
    }
}
