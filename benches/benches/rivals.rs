//! The tables of `podtable` beside two published maps that a reader would weigh it against: seqmap, which has a sequence lock
//! for each slot, too, and papaya.
//!
//! `cargo bench -p pivot-benches --bench rivals [-- ROUNDS]`, and with `--profile stock` as cargo builds a program by default.
//! In a round each does the same for 5 ms, in an order that rotates. Printed are the nanoseconds of an operation of
//! a thread, the median over the rounds, and how many times as long each takes as a `SeqTable` with a handle in the same
//! round: the median with its 95 % interval.
//!
//! All hash by Fx and hold 1,024 records of 64 bytes. seqmap gets four times the room, since it probes slot by slot; it has no
//! read-modify-write, so its update is a look-up and an insertion, between which another one can be lost. A guard of papaya
//! that lives on, as a handle does, keeps what is replaced meanwhile; the other line makes one for each operation.

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

use podtable::{CasTable, SeqTable};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rustc_hash::{FxBuildHasher, FxHasher};

const RECORDS: usize = 1_024;
const ROUNDS: usize = 200;
const BLOCK: Duration = Duration::from_millis(5);
/// Operations between two looks at the end.
const PASS: usize = 64;

type Value = [u64; 8];

/// What a thread does with a table of its own view.
type Thread<'t> = Box<dyn FnMut(&[(u64, bool)]) + 't>;

/// Something to compare: its name, and what makes a thread's work on it.
type Contender<'t> = (&'static str, Box<dyn Fn() -> Thread<'t> + Sync + 't>);

/// A contender: what each thread begins with, how it looks a key up and how it adds one to its value.
macro_rules! contender {
    ($name:literal, { $($begin:stmt)? }, |$key:ident| $read:expr, $update:expr) => {
        ($name, Box::new(|| {
            $($begin)?
            work(move |$key, is_update| if is_update {
                $update
            } else {
                $read.map(|value| value[0])
            })
        }))
    };
}

fn main() {
    let rounds = std::env::args().find_map(|argument| argument.parse().ok());
    let rounds = rounds.unwrap_or(ROUNDS);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    let keys: Vec<u64> = (0..RECORDS).map(|_| random.next_u64()).collect();
    println!(
        "{rounds} rounds; ns per operation, and times as long as SeqTable with a handle [95 % interval]"
    );
    for (threads, updates) in [(1, 0), (2, 0), (2, 5), (2, 50)] {
        let mut operation = || {
            let key = keys[random.next_u64() as usize % RECORDS];
            (key, random.next_u64() % 100 < updates)
        };
        let tape: Vec<(u64, bool)> = (0..64 * PASS).map(|_| operation()).collect();
        println!("\n{threads} threads, {updates} % updates");
        compare(rounds, threads, &tape, &keys);
    }
}

fn compare(rounds: usize, threads: usize, tape: &[(u64, bool)], keys: &[u64]) {
    let value = [1; 8];
    let seq =
        SeqTable::<u64, Value, FxBuildHasher>::with_capacity_and_hasher(RECORDS, FxBuildHasher);
    let cas =
        CasTable::<u64, Value, FxBuildHasher>::with_capacity_and_hasher(RECORDS, FxBuildHasher);
    let seqmap = seqmap::SeqMap::<u64, Value, FxHasher>::with_capacity(4 * RECORDS);
    let papaya = papaya::HashMap::with_capacity_and_hasher(RECORDS, FxBuildHasher);
    for &key in keys {
        seq.insert(key, value).expect("it has room");
        cas.insert(key, value).expect("it has room");
        seqmap.insert(key, value);
        papaya.pin().insert(key, value);
    }
    // Shared by all threads; what a thread has of its own is made where its work is.
    let (seq, cas, seqmap, papaya) = (&seq, &cas, &seqmap, &papaya);
    let contenders: [Contender<'_>; 7] = [
        contender!("SeqTable, handle", { let mut table = seq.handle() }, |key| table.get(&key), table.update(&key, bump)),
        contender!("SeqTable", {}, |key| seq.get(&key), seq.update(&key, bump)),
        contender!("CasTable, handle", { let mut table = cas.handle() }, |key| table.get(&key), table.update(&key, bump)),
        contender!("CasTable", {}, |key| cas.get(&key), cas.update(&key, bump)),
        contender!("seqmap", {}, |key| seqmap.get(key), {
            let mut value = seqmap.get(key)?;
            let bumped = bump(&mut value);
            seqmap.insert(key, value);
            Some(bumped)
        }),
        contender!("papaya, one pin", { let map = papaya.pin() }, |key| map.get(&key), map.update(key, bumped).map(|value| value[0])),
        contender!(
            "papaya",
            {},
            |key| papaya.pin().get(&key),
            papaya.pin().update(key, bumped).map(|value| value[0])
        ),
    ];
    let mut times = vec![Vec::with_capacity(rounds); contenders.len()];
    for round in 0..rounds + 4 {
        for turn in 0..contenders.len() {
            let number = (round + turn) % contenders.len();
            let ns = block(threads, tape, &*contenders[number].1);
            // The first ones warm up.
            if round >= 4 {
                times[number].push(ns);
            }
        }
    }
    for ((name, _), of_it) in contenders.iter().zip(&times) {
        let ratios = of_it
            .iter()
            .zip(&times[0])
            .map(|(ns, of_first)| ns / of_first);
        let (ratio, [low, high]) = median(ratios.collect());
        let (ns, _) = median(of_it.clone());
        println!("  {name:<18}{ns:>9.1} ns{ratio:>9.2}x [{low:.2}, {high:.2}]");
    }
}

fn bump(value: &mut Value) -> u64 {
    value[0] += 1;
    value[0]
}

fn bumped(value: &Value) -> Value {
    let mut value = *value;
    bump(&mut value);
    value
}

/// A thread that does an operation with each key of a part of the tape, and finds it.
fn work<'t>(mut operation: impl FnMut(u64, bool) -> Option<u64> + 't) -> Thread<'t> {
    Box::new(move |tape| {
        for &(key, is_update) in tape {
            black_box(operation(key, is_update).expect("each key is there"));
        }
    })
}

/// Nanoseconds of a thread for an operation, of threads that work for a time.
fn block<'t>(threads: usize, tape: &[(u64, bool)], start: &(dyn Fn() -> Thread<'t> + Sync)) -> f64 {
    let (barrier, is_over) = (Barrier::new(threads + 1), AtomicBool::new(false));
    let run = |number: usize| {
        let work = start();
        barrier.wait();
        let passes = tape
            .chunks(PASS)
            .cycle()
            .skip(number * tape.len() / PASS / 2);
        let passes = passes.take_while(|_| !is_over.load(Ordering::Relaxed));
        passes.map(work).count() * PASS
    };
    thread::scope(|scope| {
        let working: Vec<_> = (0..threads)
            .map(|number| scope.spawn(move || run(number)))
            .collect();
        barrier.wait();
        let began = Instant::now();
        thread::sleep(BLOCK);
        is_over.store(true, Ordering::Relaxed);
        let operations = working
            .into_iter()
            .map(|thread| thread.join().expect("it works"));
        let operations: usize = operations.sum();
        threads as f64 * began.elapsed().as_nanos() as f64 / operations as f64
    })
}

/// The median, and the ranks between which it lies with 95 %: binomial, by the normal approximation.
fn median(mut values: Vec<f64>) -> (f64, [f64; 2]) {
    values.sort_by(f64::total_cmp);
    let (middle, half) = (
        values.len() as f64 / 2.0,
        0.98 * (values.len() as f64).sqrt(),
    );
    let at = |rank: f64| values[(rank.max(0.0) as usize).min(values.len() - 1)];
    (at(middle), [at(middle - half), at(middle + half)])
}
