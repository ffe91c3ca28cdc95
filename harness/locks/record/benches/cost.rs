//! What recording costs: each lock bare and recorded, in turns, in one process.
//!
//! `cargo bench -p lockrecord --features parking_lot --bench cost -- [ROUNDS] [NAME]`: as many rounds, and what has the name in
//! its own.
//! A round measures both, in an order that alternates. Printed are the medians over the rounds of both, of their
//! difference or ratio, and the 95 % interval of the latter's median from its order statistics.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
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

/// A row of a table: the same use of a lock as it is and of a recorded one, each measured by a function.
macro_rules! row {
    ($table:ident, $part:expr, $measure:ident, $library:ident::$type:ident: |$lock:ident| $does:expr) => {{
        let bare = bare::$library::$type::new(0_u64);
        let recorded = lockrecord::$library::$type::new(0_u64);
        $table.row(
            &format!("{} {}{}", stringify!($library), stringify!($type), $part),
            || $measure(|| drop_of(black_box(&bare), |$lock| $does)),
            || $measure(|| drop_of(black_box(&recorded), |$lock| $does)),
        );
    }};
}

#[inline(always)]
fn drop_of<L, T>(lock: &L, does: impl Fn(&L) -> T) {
    drop(does(lock));
}

fn main() {
    // SAFETY: no other thread has begun.
    unsafe { std::env::set_var("LOCKRECORD_FILE", "") };
    // Cargo passes `--bench`.
    let rounds = std::env::args().find_map(|argument| argument.parse().ok());
    let rounds = rounds.unwrap_or(400);
    let title = format!("alone, ns per acquisition ({rounds} rounds of {BLOCK})");
    let table = Table::new(&title, rounds, false);
    row!(table, "", alone, std::Mutex: |lock| *lock.lock().unwrap() += 1);
    row!(table, " write", alone, std::RwLock: |lock| *lock.write().unwrap() += 1);
    row!(table, " read", alone, std::RwLock: |lock| black_box(*lock.read().unwrap()));
    #[cfg(feature = "parking_lot")]
    row!(table, "", alone, parking_lot::Mutex: |lock| *lock.lock() += 1);
    #[cfg(feature = "parking_lot")]
    row!(table, " read", alone, parking_lot::RwLock: |lock| black_box(*lock.read()));
    let rounds = (rounds / 4).max(1);
    let title = "two threads, ns per acquisition of a thread";
    let title = format!("\n{title} ({rounds} rounds of {CONTENDED:?} each)");
    let table = Table::new(&title, rounds, false);
    row!(table, " read", together, std::RwLock: |lock| black_box(*lock.read().unwrap()));
    #[cfg(feature = "parking_lot")]
    row!(table, " read", together, parking_lot::RwLock: |lock| black_box(*lock.read()));
    let title = "two threads contend: throughput";
    let title = format!("\n{title}, {rounds} rounds of {CONTENDED:?} each");
    let table = Table::new(&title, rounds, true);
    for (part, inside, outside) in [
        (", short section", 0, 0),
        (", 100 in, 100 out", 100, 100),
        (", 500 in, 500 out", 500, 500),
    ] {
        row!(table, part, together, std::Mutex: |lock| {
            spend(&mut lock.lock().unwrap(), inside);
            spend(&mut 0, outside);
        });
        #[cfg(feature = "parking_lot")]
        row!(table, part, together, parking_lot::Mutex: |lock| {
            spend(&mut lock.lock(), inside);
            spend(&mut 0, outside);
        });
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

/// Nanoseconds of an operation.
#[inline(never)]
fn alone(operation: impl Fn()) -> f64 {
    let start = Instant::now();
    for _ in 0..BLOCK {
        operation();
    }
    start.elapsed().as_nanos() as f64 / f64::from(BLOCK)
}

/// Nanoseconds of a thread for each operation, of two threads that run for a time.
fn together(operation: impl Fn() + Sync) -> f64 {
    let (start, is_over) = (Barrier::new(3), AtomicBool::new(false));
    let run = || {
        start.wait();
        let mut operations = 0_u32;
        while !is_over.load(Ordering::Relaxed) {
            for _ in 0..64 {
                operation();
            }
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
        let operations = threads.map(|thread| thread.join().unwrap());
        2.0 * begin.elapsed().as_nanos() as f64 / f64::from(operations[0] + operations[1])
    })
}

/// Rows of so many rounds: nanoseconds and their difference, or operations in a microsecond and their ratio.
struct Table {
    rounds: usize,
    is_ratio: bool,
}

impl Table {
    fn new(title: &str, rounds: usize, is_ratio: bool) -> Self {
        let last = if is_ratio { "ratio" } else { "+ ns" };
        println!("{title}");
        println!(
            "{:<36}{:>9}{:>10}{last:>9}   95 % interval",
            "", "bare", "recorded"
        );
        Self { rounds, is_ratio }
    }

    fn row(&self, name: &str, bare: impl Fn() -> f64, recorded: impl Fn() -> f64) {
        let mut names = std::env::args().skip(1);
        let is_name =
            |argument: &String| !argument.starts_with('-') && argument.parse::<u32>().is_err();
        if names
            .find(is_name)
            .is_some_and(|part| !name.contains(&part))
        {
            return;
        }
        let &Self { rounds, is_ratio } = self;
        let mut columns = [const { Vec::new() }; 3];
        for round in 0..rounds + 4 {
            let mut figures = [0.0; 2];
            for which in [round % 2, 1 - round % 2] {
                let ns = if which == 0 { bare() } else { recorded() };
                figures[which] = if is_ratio { 1e3 / ns } else { ns };
            }
            let [bare, recorded] = figures;
            let compared = if is_ratio {
                recorded / bare
            } else {
                recorded - bare
            };
            // The first ones warm up.
            if round < 4 {
                continue;
            }
            for (column, figure) in columns.iter_mut().zip([bare, recorded, compared]) {
                column.push(figure);
            }
        }
        for column in &mut columns {
            column.sort_by(f64::total_cmp);
        }
        // The ranks between which the median lies with 95 %: binomial, by the normal approximation.
        let half = 0.98 * (rounds as f64).sqrt();
        let rank = |offset: f64| {
            let rank = (rounds as f64 / 2.0 + offset).round().max(0.0) as usize;
            columns[2][rank.min(rounds - 1)]
        };
        let [bare, recorded, compared] = columns.each_ref().map(|column| column[rounds / 2]);
        println!(
            "{name:<36}{bare:>9.2}{recorded:>10.2}{compared:>9.3}   {:.3} to {:.3}",
            rank(-half),
            rank(half),
        );
    }
}
