//! What a planted program knows of its own locks: it takes the time of every acquisition itself, whatever the recorder does.
#![expect(
    clippy::disallowed_methods,
    reason = "the truth has a clock of its own, apart from the recorder's"
)]

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lockrecord::std::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::{Value, json};

/// How long a program runs: some windows of 100 ms, and half of one, so that the last whole one is beyond doubt.
const RUN: Duration = Duration::from_millis(2_050);

/// Waits of 10 us and more: a shorter one is not long against what it takes to look at two clocks.
const WAIT_LEAST_NS: u64 = 10_000;

/// A running program.
pub struct Program {
    began: Instant,
    is_over: AtomicBool,
}

/// What a thread did.
pub struct Watch<'p> {
    program: &'p Program,
    random: Xoshiro256PlusPlus,
    events: Vec<Event>,
}

/// An acquisition, in nanoseconds since the program began.
pub struct Event {
    lock: &'static str,
    site: &'static Location<'static>,
    mode: &'static str,
    asked_ns: u64,
    got_ns: u64,
    gave_ns: u64,
}

/// A guard, and since when.
pub struct Timed<G> {
    pub guard: G,
    lock: &'static str,
    site: &'static Location<'static>,
    asked_ns: u64,
    got_ns: u64,
}

/// Works for so long, by the clock.
pub fn spin(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

impl Event {
    fn wait_ns(&self) -> u64 {
        self.got_ns - self.asked_ns
    }
}

impl Program {
    /// Begins now: its locks are made and named just before.
    pub fn begin() -> Self {
        Self {
            began: Instant::now(),
            is_over: AtomicBool::new(false),
        }
    }

    pub fn watch(&self, seed: u64) -> Watch<'_> {
        Watch {
            program: self,
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            events: Vec::with_capacity(1 << 19),
        }
    }

    fn now_ns(&self) -> u64 {
        self.began.elapsed().as_nanos() as u64
    }

    /// Sleeps until the run is over, and tells the threads.
    pub fn wait(&self) {
        std::thread::sleep(RUN.saturating_sub(self.began.elapsed()));
        // Relaxed: the threads learn nothing else by it, and are joined afterwards.
        self.is_over.store(true, Ordering::Relaxed);
    }

    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

impl Watch<'_> {
    /// A number from 0 to 1.
    pub fn part(&mut self) -> f64 {
        (self.random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A time evenly between half and one and a half times the mean.
    pub fn around(&mut self, mean_us: f64) -> Duration {
        Duration::from_nanos((mean_us * 1e3 * (0.5 + self.part())) as u64)
    }

    /// A time as between independent events.
    pub fn until_next(&mut self, mean_us: f64) -> Duration {
        Duration::from_nanos((-mean_us * 1e3 * (1.0 - self.part()).ln()) as u64)
    }

    pub fn is_running(&self) -> bool {
        !self.program.is_over()
    }

    #[track_caller]
    pub fn lock<'l, T>(&self, name: &'static str, lock: &'l Mutex<T>) -> Timed<MutexGuard<'l, T>> {
        let asked_ns = self.program.now_ns();
        let guard = lock.lock().unwrap();
        self.timed(guard, name, Location::caller(), asked_ns)
    }

    #[track_caller]
    pub fn read<'l, T>(
        &self,
        name: &'static str,
        lock: &'l RwLock<T>,
    ) -> Timed<RwLockReadGuard<'l, T>> {
        let asked_ns = self.program.now_ns();
        let guard = lock.read().unwrap();
        self.timed(guard, name, Location::caller(), asked_ns)
    }

    #[track_caller]
    pub fn write<'l, T>(
        &self,
        name: &'static str,
        lock: &'l RwLock<T>,
    ) -> Timed<RwLockWriteGuard<'l, T>> {
        let asked_ns = self.program.now_ns();
        let guard = lock.write().unwrap();
        self.timed(guard, name, Location::caller(), asked_ns)
    }

    fn timed<G>(
        &self,
        guard: G,
        lock: &'static str,
        site: &'static Location<'static>,
        asked_ns: u64,
    ) -> Timed<G> {
        let got_ns = self.program.now_ns();
        Timed {
            guard,
            lock,
            site,
            asked_ns,
            got_ns,
        }
    }

    /// Gives a lock back that was used to read or to write.
    pub fn give<G>(&mut self, timed: Timed<G>, mode: &'static str) {
        let gave_ns = self.program.now_ns();
        drop(timed.guard);
        self.events.push(Event {
            lock: timed.lock,
            site: timed.site,
            mode,
            asked_ns: timed.asked_ns,
            got_ns: timed.got_ns,
            gave_ns,
        });
    }

    pub fn events(self) -> Vec<Event> {
        self.events
    }
}

/// What is known of a run: `matters` is the lock that it was planted for. The locks are gone by now, so that no window after
/// their end counts.
pub fn truth(program: &Program, matters: Option<&str>, events: &[Event]) -> Value {
    let elapsed_ns = program.now_ns();
    let mut of_lock: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in events {
        of_lock.entry(event.lock).or_default().push(event);
    }
    let locks = of_lock.iter_mut().map(|(name, events)| {
        events.sort_by_key(|event| event.got_ns);
        lock(name, events, elapsed_ns)
    });
    json!({ "elapsed_ns": elapsed_ns, "matters": matters, "locks": locks.collect::<Vec<_>>() })
}

fn lock(name: &str, events: &[&Event], elapsed_ns: u64) -> Value {
    let waited = events
        .iter()
        .filter(|event| event.wait_ns() >= WAIT_LEAST_NS);
    let mut waits: Vec<u64> = waited.clone().map(|event| event.wait_ns()).collect();
    let mut blocked: BTreeMap<u32, u64> = BTreeMap::new();
    for event in waited {
        // The last that got the lock before this one asked for it holds it, unless it has given it back.
        let before = events.partition_point(|other| other.got_ns <= event.asked_ns);
        let holder = before.checked_sub(1).map(|last| events[last]);
        if let Some(holder) = holder.filter(|holder| holder.gave_ns > event.asked_ns) {
            *blocked.entry(holder.site.line()).or_default() += event.wait_ns();
        }
    }
    let longest = blocked.iter().max_by_key(|(_, ns)| **ns);
    let holder = longest.map(|(line, _)| line);
    let mut uses: BTreeMap<(u32, &str), Vec<u64>> = BTreeMap::new();
    for event in events {
        let holds = uses.entry((event.site.line(), event.mode)).or_default();
        holds.push(event.gave_ns - event.got_ns);
    }
    let uses = uses.iter_mut().map(|((line, mode), holds)| {
        json!({
            "line": line, "mode": mode, "acquired": holds.len(),
            "held_p50_ns": quantile(holds, 0.5), "held_p90_ns": quantile(holds, 0.9),
        })
    });
    let windows = [1_000_000, 100_000_000];
    let dispersions = windows.map(|window| dispersion(events, window, elapsed_ns));
    json!({
        "name": name,
        "acquired": events.len(),
        "waits": waits.len(),
        "waiting_ns": waits.iter().sum::<u64>(),
        "wait_p50_ns": quantile(&mut waits, 0.5),
        "wait_p90_ns": quantile(&mut waits, 0.9),
        "longest_holder": holder,
        "dispersion": dispersions,
        "uses": uses.collect::<Vec<_>>(),
    })
}

fn quantile(times: &mut [u64], share: f64) -> Option<u64> {
    times.sort_unstable();
    let rank = (share * times.len() as f64).ceil() as usize;
    times.get(rank.saturating_sub(1)).copied()
}

/// The variance of acquisitions in whole windows, divided by their mean.
fn dispersion(events: &[&Event], window_ns: u64, elapsed_ns: u64) -> f64 {
    let mut counts = vec![0.0; (elapsed_ns / window_ns) as usize];
    for event in events {
        if let Some(count) = counts.get_mut((event.got_ns / window_ns) as usize) {
            *count += 1.0;
        }
    }
    let windows = counts.len() as f64;
    let mean = counts.iter().sum::<f64>() / windows;
    let squares: f64 = counts
        .iter()
        .map(|count| (count - mean) * (count - mean))
        .sum();
    squares / (windows - 1.0) / mean
}
