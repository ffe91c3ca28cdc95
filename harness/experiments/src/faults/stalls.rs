//! A thread that is stopped by a signal wherever it happens to be, while others try to go on.
//!
//! A gate stops a thread where the strategy calls the record, which is not the worst place: a sequence
//! lock computes the new record first and locks readers out only while it copies. A signal finds every
//! place, given enough of them.
//!
//! One place is spared: the system's allocator, whose lock the strategy does not own.

use std::ffi::c_int;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;

use crate::instrumented_record::{InstrumentedRecord, TableHandle};
use conformance::{inside_allocator, mark_allocator};
use contract::{Event, Handle, ProcessId};
use model::clock;
use model::fault::{Action, Fate, Fault, FaultSeen, Tally};
use nix::sys::pthread::{Pthread, pthread_kill, pthread_self};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use crate::faults::FaultTask;
use crate::faults::scene::{CATCHING, Scene, Witnesses, guest, resident};

/// What the stopped thread and the coordinator tell each other.
static STATE: AtomicU32 = AtomicU32::new(RUNNING);
const RUNNING: u32 = 0;
const STOPPED: u32 = 1;
const SPARED: u32 = 2;

/// What the thread that is stopped has done.
static STEPS: AtomicU64 = AtomicU64::new(0);

const SIGNAL: Signal = Signal::SIGUSR1;

/// Few, so that whoever is stopped is stopped in what the others want.
const TARGETS: &[ProcessId] = &[resident(0), resident(1), resident(2), resident(3)];
const ACTIONS: &[Action] = &[
    Action::Read,
    Action::Scan,
    Action::Update,
    Action::Insert,
    Action::Remove,
];
/// Where the comings and goings of the stopped thread begin: not those of the witnesses.
const COMINGS: u64 = 1_000;
/// How many of them are in the table at a time.
const WINDOW: u64 = 8;
/// The longest time between two stops, in spins.
const SPINS_MAX: u64 = 4_096;

pub(crate) fn observe(scene: Scene, task: &FaultTask, observed: &mut FaultSeen) {
    let mut random = SplitMix64::seed_from_u64(task.seed);
    let witnesses = Witnesses::assemble(scene, ACTIONS, TARGETS);
    mark_allocator();
    install();
    // Starts the thread that will be stopped.
    let (sender, receiver) = sync_channel(1);
    let fault = task.fault;
    scene.spawn(move |handle| {
        let _ = sender.send(pthread_self());
        for step in 0.. {
            work(handle, fault, step);
            STEPS.store(step, Ordering::Relaxed);
        }
    });
    let thread = receiver.recv().expect("a new thread says who it is");
    let (mut stopped, mut spared) = (0, 0);
    let mut open: Vec<Action> = ACTIONS.to_vec();
    while stopped < task.stops && spared < task.stops && !open.is_empty() {
        match stop(thread, random.next_u64() % SPINS_MAX) {
            Some(STOPPED) => stopped += 1,
            Some(_) => {
                spared += 1;
                STATE.store(RUNNING, Ordering::SeqCst);
                continue;
            }
            // It is gone.
            None => break,
        }
        witnesses.ask(&open, observed);
        STATE.store(RUNNING, Ordering::SeqCst);
        witnesses.settle(observed);
        open.retain(|action| observed.meanwhile[action].fate != Fate::HeldUp);
        if !observed.never.is_empty() || !witnesses.tidy() {
            break;
        }
    }
    observed.tallies.insert(Tally::Stops, stopped.into());
    let what = Tally::SparedInAllocator;
    observed.tallies.insert(what, spared.into());
}

fn work(handle: &mut TableHandle<'_>, fault: Fault, step: u64) {
    let target = TARGETS[step as usize % TARGETS.len()];
    match fault {
        Fault::ReaderStalls if step.is_multiple_of(8) => handle.scan(|_, record| {
            std::hint::black_box(record.touch());
        }),
        Fault::ReaderStalls => {
            std::hint::black_box(handle.read(target, InstrumentedRecord::touch));
        }
        Fault::ResizerStalls => {
            let id = guest(COMINGS + step);
            handle.insert(id, InstrumentedRecord::running(id));
            if step >= WINDOW {
                handle.remove(guest(COMINGS + step - WINDOW));
            }
        }
        _ => drop(handle.apply(target, Event::heartbeat(step))),
    }
}

/// Stops the thread after some work and some spins; says where it stands, or nothing if it is gone.
fn stop(thread: Pthread, spins: u64) -> Option<u32> {
    let begun = clock::now();
    // A signal that comes before it has left the last one would stop it at the same place again.
    let steps = STEPS.load(Ordering::Relaxed);
    while STEPS.load(Ordering::Relaxed) == steps {
        if begun.elapsed() > CATCHING {
            return None;
        }
        std::hint::spin_loop();
    }
    (0..spins).for_each(|_| std::hint::spin_loop());
    pthread_kill(thread, SIGNAL).ok()?;
    loop {
        match STATE.load(Ordering::SeqCst) {
            RUNNING if begun.elapsed() > CATCHING => return None,
            RUNNING => std::hint::spin_loop(),
            state => return Some(state),
        }
    }
}

/// Stops whoever gets the signal until the state is [`RUNNING`] again.
extern "C" fn stop_here(_: c_int) {
    if inside_allocator() {
        STATE.store(SPARED, Ordering::SeqCst);
        return;
    }
    STATE.store(STOPPED, Ordering::SeqCst);
    let pause = libc::timespec {
        tv_sec: 0,
        tv_nsec: 20_000,
    };
    while STATE.load(Ordering::SeqCst) == STOPPED {
        // SAFETY: `nanosleep` reads the first and ignores the second; it may be called from a signal
        // handler (POSIX), and this one lets no other signal of this kind in.
        unsafe { libc::nanosleep(&raw const pause, std::ptr::null_mut()) };
    }
}

fn install() {
    let action = SigAction::new(
        SigHandler::Handler(stop_here),
        SaFlags::SA_RESTART,
        SigSet::empty(),
    );
    // SAFETY: `stop_here` does what a handler may: it uses atomics, a plain byte of its thread, and
    // `nanosleep`. Nobody else of this process uses this signal.
    unsafe { sigaction(SIGNAL, &action) }.expect("SIGUSR1 can be handled");
}
