//! Steps of known code, on the processor it runs on.
#![cfg(all(target_os = "linux", target_arch = "x86_64", not(pivot_elsewhere)))]
#![expect(clippy::print_stderr, reason = "a test that cannot run says so")]

use std::arch::asm;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use trap::{Progress, Recording, Trap, Unavailable, progress, stop_at};

const STEPS_MAX: usize = 5_000;

/// There is one buffer: one test at a time. Where nothing can be stepped, nothing is tested.
fn trap() -> Option<(Trap, MutexGuard<'static, ()>)> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    match Trap::install(STEPS_MAX) {
        Ok(trap) => Some((trap, turn)),
        Err(why @ (Unavailable::Traced(_) | Unavailable::NoEffect)) => {
            eprintln!("skipped: {why}");
            None
        }
        Err(why) => panic!("{why}"),
    }
}

fn record(trap: Trap, work: impl FnOnce()) -> Recording {
    trap.on_this_thread(|stepper| stepper.run(true, work).1)
        .unwrap()
        .expect("it was armed")
}

/// Counts down from `rounds`: two instructions a round, and one before.
fn count_down(rounds: u64) {
    // SAFETY: changes one register, which it says.
    unsafe {
        asm!("mov {n}, {rounds}", "2:", "dec {n}", "jnz 2b",
             n = out(reg) _, rounds = in(reg) rounds, options(nomem, nostack));
    }
}

#[test]
fn each_instruction_is_recorded_once() {
    let Some((trap, _turn)) = trap() else { return };
    let count = |rounds| record(trap, || count_down(rounds)).steps.len();
    assert_eq!(count(100) - count(1), 2 * 99);
    assert_eq!(count(1_001) - count(1_000), 2);
}

#[test]
fn what_is_not_armed_is_not_recorded() {
    let Some((trap, _turn)) = trap() else { return };
    let recording = trap.on_this_thread(|stepper| stepper.run(false, || count_down(3)).1);
    assert!(recording.unwrap().is_none());
    assert_eq!(progress(), Progress::Idle);
}

#[test]
fn a_full_buffer_ends_the_recording_and_not_the_work() {
    let Some((trap, _turn)) = trap() else { return };
    let mut is_done = false;
    let recording = record(trap, || {
        count_down(1 << 20);
        is_done = true;
    });
    assert!(is_done && recording.is_cut_short);
    assert_eq!(recording.steps.len(), STEPS_MAX);
    // And the next one is whole.
    assert!(!record(trap, || count_down(3)).is_cut_short);
}

#[test]
fn registers_are_those_before_the_instruction() {
    let Some((trap, _turn)) = trap() else { return };
    let recording = record(trap, || count_down(5));
    let counted: Vec<u64> = recording
        .steps
        .windows(2)
        .filter(|two| two[1].address < two[0].address)
        .map(|two| {
            let changed = (0..16).find(|&n| two[0].registers[n] != two[1].registers[n]);
            assert_eq!(changed, None, "a jump changes no register");
            two[0].stack_pointer()
        })
        .collect();
    assert_eq!(counted.len(), 4, "four jumps back");
    assert!(
        counted
            .iter()
            .all(|pointer| recording.stack.contains(pointer))
    );
}

#[test]
fn a_thread_stops_where_it_is_told() {
    let Some((trap, _turn)) = trap() else { return };
    stop_at(Some(50));
    let stepped = std::thread::spawn(move || record(trap, || count_down(100)));
    while progress() != Progress::Stopped {
        std::thread::sleep(Duration::from_micros(50));
    }
    assert!(!stepped.is_finished());
    trap::go_on();
    let recording = stepped.join().unwrap();
    stop_at(None);
    assert_eq!(recording.steps.len(), 50);
}
