//! Steps of known code, on the processor it runs on.
#![cfg(all(target_os = "linux", target_arch = "x86_64", not(pivot_elsewhere)))]
#![expect(clippy::print_stderr, reason = "a test that cannot run says so")]

use std::arch::asm;
use std::mem::MaybeUninit;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use trap::{Place, Progress, Recording, STEPS_MAX, Step, Trap, Unavailable, is_at, stop_at};

/// There is one buffer: one test at a time. Where nothing can be stepped, nothing is tested.
fn trap() -> Option<(Trap, MutexGuard<'static, ()>)> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    match Trap::install() {
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
    // And one before, and the return.
    assert!((4..20).contains(&count(1)), "{}", count(1));
}

#[test]
fn what_is_not_armed_is_not_recorded() {
    let Some((trap, _turn)) = trap() else { return };
    let recording = trap.on_this_thread(|stepper| stepper.run(false, || count_down(3)).1);
    assert!(recording.unwrap().is_none());
    assert!(is_at(Progress::Idle));
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

/// The work that is stopped, whole.
fn counted(trap: Trap) -> Recording {
    record(trap, || count_down(100))
}

/// Where its instruction number `step` is.
fn place(whole: &Recording, step: usize) -> Place {
    let address = whole.steps[step].address;
    let before = &whole.steps[..step];
    let nth = before.iter().filter(|step| step.address == address).count();
    Place { address, nth }
}

/// Steps a thread up to its instruction number 50, and does something while it stands there.
fn stop_at_50(trap: Trap, meanwhile: impl FnOnce(&str)) -> Recording {
    stop_at(Some(place(&counted(trap), 50)));
    let (sender, receiver) = std::sync::mpsc::channel();
    let stepped = std::thread::spawn(move || {
        let link = std::fs::read_link("/proc/thread-self").unwrap();
        sender.send(link.to_str().unwrap().to_owned()).unwrap();
        counted(trap)
    });
    wait_until_stopped();
    meanwhile(&receiver.recv().unwrap());
    assert!(!stepped.is_finished());
    trap::go_on();
    let recording = stepped.join().unwrap();
    stop_at(None);
    recording
}

fn wait_until_stopped() {
    while !is_at(Progress::Stopped) {
        std::thread::yield_now();
    }
}

#[test]
fn a_thread_stops_where_it_is_told() {
    let Some((trap, _turn)) = trap() else { return };
    let recording = stop_at_50(trap, |_| assert!(is_at(Progress::Stopped)));
    assert_eq!(recording.steps.len(), 50);
    assert!(recording.is_cut_short);
}

#[test]
fn a_thread_goes_on_from_stop_to_stop() {
    let Some((trap, _turn)) = trap() else { return };
    let whole = counted(trap);
    stop_at(Some(place(&whole, 20)));
    let stepped = std::thread::spawn(move || counted(trap));
    // The next instruction, the same one in the next round, and one before it in the round after.
    for stop in [21, 23, 24] {
        wait_until_stopped();
        trap::advance_to(place(&whole, stop));
    }
    wait_until_stopped();
    trap::go_on();
    let recording = stepped.join().unwrap();
    stop_at(None);
    let addresses = |steps: &[Step]| steps.iter().map(|step| step.address).collect::<Vec<_>>();
    assert_eq!(addresses(&recording.steps), addresses(&whole.steps[..24]));
}

#[test]
fn who_is_stopped_sleeps_until_told_otherwise() {
    let Some((trap, _turn)) = trap() else { return };
    stop_at_50(trap, |thread| {
        let path = format!("/proc/{thread}/status");
        let field = |name: &str| {
            let status = std::fs::read_to_string(&path).unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().trim().to_owned()
        };
        while !field("State:").starts_with('S') {
            std::thread::yield_now();
        }
        let switches = || field("voluntary_ctxt_switches:");
        // The kernel says that it sleeps shortly before it does. Who looks now and then never stays asleep.
        let sleeps_on = || {
            let before = switches();
            std::thread::sleep(Duration::from_millis(5));
            switches() == before
        };
        assert!((0..100).any(|_| sleeps_on()), "it looks in between");
    });
}

/// Whether the calling thread is being stepped.
fn is_flag_set() -> bool {
    let flags: u64;
    // SAFETY: reads the flags; the stack is as it was.
    unsafe { asm!("pushfq", "pop {}", out(reg) flags) };
    flags & 0x100 != 0
}

#[test]
fn a_panic_ends_the_stepping_and_nothing_else() {
    let Some((trap, _turn)) = trap() else { return };
    let caught = trap.on_this_thread(|stepper| {
        // Without the hook, which is long.
        let panic = || stepper.run(true, || std::panic::resume_unwind(Box::new("on purpose")));
        let caught = std::panic::catch_unwind(AssertUnwindSafe(panic));
        assert!(!is_flag_set());
        caught.is_err()
    });
    assert!(caught.unwrap());
    assert!(is_at(Progress::Idle));
    assert!(!record(trap, || count_down(3)).is_cut_short);
}

#[test]
fn a_thread_that_blocks_the_signal_is_stepped_all_the_same() {
    let Some((trap, _turn)) = trap() else { return };
    let stepped = std::thread::spawn(move || {
        // SAFETY: a set of all signals, of which this thread is to get none.
        unsafe {
            let mut all = MaybeUninit::uninit();
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), std::ptr::null_mut());
        }
        record(trap, || count_down(3))
    });
    assert!(!stepped.join().unwrap().is_cut_short);
}
