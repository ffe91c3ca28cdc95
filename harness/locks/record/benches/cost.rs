//! What recording costs: each lock bare and recorded, in turns, in one process.
//!
//! `cargo bench -p lockrecord --features parking_lot --bench cost -- [ROUNDS] [NAME]`: as many rounds, and what has the name in
//! its own.
//! A round measures both, in an order that alternates. Printed are the medians over the rounds of both, of their
//! difference or ratio, and the 95 % interval of the latter's median from its order statistics.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::cast_sign_loss,
    reason = "a program that takes time and prints it"
)]

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Operations of a block without contention.
const BLOCK: u32 = 20_000;

/// How long two threads contend in a block.
const CONTENDED: Duration = Duration::from_millis(10);

/// The libraries' own locks, by the names of the modules that stand for them.
mod bare {
    #[cfg(feature = "parking_lot")]
    pub(crate) use ::parking_lot;
    pub(crate) use ::std::sync as std;
}

/// Has a function compare the same use of a lock as it is and of a recorded one.
macro_rules! compare {
    ($how:ident($($given:expr),*), $library:ident::$type:ident: |$lock:ident| $does:expr) => {
        $how(
            $($given,)*
            &bare::$library::$type::new(0_u64),
            |$lock| $does,
            &lockrecord::$library::$type::new(0_u64),
            |$lock| $does,
        )
    };
}

fn main() {
    // SAFETY: no other thread has begun.
    unsafe { std::env::set_var("LOCKRECORD_FILE", "") };
    // Cargo passes `--bench`.
    let rounds = std::env::args().find_map(|argument| argument.parse().ok());
    let rounds = rounds.unwrap_or(400);
    println!("alone, ns per acquisition ({rounds} rounds of {BLOCK})");
    header("+ ns");
    compare! { alone("std Mutex", rounds), std::Mutex: |lock| *lock.lock().unwrap() += 1 }
    compare! { alone("std RwLock write", rounds), std::RwLock: |lock| *lock.write().unwrap() += 1 }
    compare! { alone("std RwLock read", rounds), std::RwLock: |lock| black_box(*lock.read().unwrap()) }
    #[cfg(feature = "parking_lot")]
    {
        compare! { alone("parking_lot Mutex", rounds), parking_lot::Mutex: |lock| *lock.lock() += 1 }
        compare! {
            alone("parking_lot RwLock read", rounds),
            parking_lot::RwLock: |lock| black_box(*lock.read())
        }
    }
    let rounds = rounds / 4;
    println!(
        "\ntwo threads, ns per acquisition of a thread ({rounds} rounds of {CONTENDED:?} each)"
    );
    header("+ ns");
    compare! {
        together("std RwLock read", rounds, Show::Difference),
        std::RwLock: |lock| black_box(*lock.read().unwrap())
    }
    #[cfg(feature = "parking_lot")]
    compare! {
        together("parking_lot RwLock read", rounds, Show::Difference),
        parking_lot::RwLock: |lock| black_box(*lock.read())
    }
    println!("\ntwo threads contend: throughput, {rounds} rounds of {CONTENDED:?} each");
    header("ratio");
    for (name, inside, outside) in [
        ("short section", 0, 0),
        ("100 in, 100 out", 100, 100),
        ("500 in, 500 out", 500, 500),
    ] {
        compare! {
            together(&format!("std Mutex, {name}"), rounds, Show::Ratio),
            std::Mutex: |lock| {
                spend(&mut lock.lock().unwrap(), inside);
                spend(&mut 0, outside);
            }
        }
        #[cfg(feature = "parking_lot")]
        compare! {
            together(&format!("parking_lot Mutex, {name}"), rounds, Show::Ratio),
            parking_lot::Mutex: |lock| {
                spend(&mut lock.lock(), inside);
                spend(&mut 0, outside);
            }
        }
    }
}

/// Work of so many steps, which the compiler cannot shorten: about a nanosecond each.
#[inline(always)]
fn spend(value: &mut u64, steps: u32) {
    *value += 1;
    for _ in 0..steps {
        *value = black_box(value.wrapping_mul(5));
    }
}

/// A part of a block of two threads.
#[inline(always)]
fn repeat(operation: impl Fn()) {
    for _ in 0..64 {
        operation();
    }
}

#[derive(Clone, Copy)]
enum Show {
    Difference,
    Ratio,
}

fn header(last: &str) {
    println!(
        "{:<36}{:>9}{:>10}{:>9}   95 % interval",
        "", "bare", "recorded", last
    );
}

fn alone<B, R, T>(
    name: &str,
    rounds: usize,
    bare: &B,
    use_bare: impl Fn(&B) -> T,
    recorded: &R,
    use_recorded: impl Fn(&R) -> T,
) {
    pairs(
        name,
        rounds,
        || block(|| drop(use_bare(black_box(bare)))),
        || block(|| drop(use_recorded(black_box(recorded)))),
        Show::Difference,
    );
}

/// On two threads at once.
fn together<B: Sync, R: Sync, T>(
    name: &str,
    rounds: usize,
    show: Show,
    bare: &B,
    use_bare: impl Fn(&B) -> T + Sync,
    recorded: &R,
    use_recorded: impl Fn(&R) -> T + Sync,
) {
    let shown = |ns: f64| match show {
        Show::Difference => ns,
        Show::Ratio => 1e3 / ns,
    };
    pairs(
        name,
        rounds,
        || shown(two_threads(&|| repeat(|| drop(use_bare(bare))))),
        || shown(two_threads(&|| repeat(|| drop(use_recorded(recorded))))),
        show,
    );
}

#[inline(never)]
fn block(operation: impl Fn()) -> f64 {
    let start = Instant::now();
    for _ in 0..BLOCK {
        operation();
    }
    start.elapsed().as_nanos() as f64 / f64::from(BLOCK)
}

/// Nanoseconds of a thread for each operation, of two threads that run for a time.
fn two_threads(repeat: &(dyn Fn() + Sync)) -> f64 {
    let (start, is_over) = (Barrier::new(3), AtomicBool::new(false));
    let run = || {
        start.wait();
        let mut operations = 0;
        while !is_over.load(Ordering::Relaxed) {
            repeat();
            operations += 64;
        }
        operations
    };
    thread::scope(|scope| {
        let threads = [scope.spawn(run), scope.spawn(run)];
        start.wait();
        let begin = Instant::now();
        thread::sleep(CONTENDED);
        is_over.store(true, Ordering::Relaxed);
        let operations: u64 = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum();
        2.0 * begin.elapsed().as_nanos() as f64 / operations as f64
    })
}

fn pairs(
    name: &str,
    rounds: usize,
    bare: impl Fn() -> f64,
    recorded: impl Fn() -> f64,
    show: Show,
) {
    let mut names = std::env::args().skip(1);
    let is_name =
        |argument: &String| !argument.starts_with('-') && argument.parse::<u32>().is_err();
    if names
        .find(is_name)
        .is_some_and(|part| !name.contains(&part))
    {
        return;
    }
    let mut columns = [const { Vec::new() }; 3];
    for round in 0..rounds + 4 {
        let (bare_time, recorded_time);
        if round % 2 == 0 {
            bare_time = bare();
            recorded_time = recorded();
        } else {
            recorded_time = recorded();
            bare_time = bare();
        }
        // The first ones warm up.
        if round >= 4 {
            columns[0].push(bare_time);
            columns[1].push(recorded_time);
            columns[2].push(match show {
                Show::Difference => recorded_time - bare_time,
                Show::Ratio => recorded_time / bare_time,
            });
        }
    }
    for column in &mut columns {
        column.sort_by(f64::total_cmp);
    }
    let [bare, recorded, compared] = &columns;
    // The ranks between which the median lies with 95 %: binomial, by the normal approximation.
    let half = 0.98 * (rounds as f64).sqrt();
    let rank = |offset: f64| {
        let rank = (rounds as f64 / 2.0 + offset).round().max(0.0) as usize;
        compared[rank.min(rounds - 1)]
    };
    println!(
        "{name:<36}{:>9.2}{:>10.2}{:>9.3}   {:.3} to {:.3}",
        bare[rounds / 2],
        recorded[rounds / 2],
        compared[rounds / 2],
        rank(-half),
        rank(half),
    );
}
