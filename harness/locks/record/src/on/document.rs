//! The recording as a document: `lockrecord/2`, as FORMAT.md describes it.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use std::sync::atomic::Ordering;

use crate::arrivals::{Series, WINDOW};
use crate::block::{Entry, Mode, Site, Summary};
use crate::clock;
use crate::histogram::Histogram;
use crate::keys::Sample;
use crate::record::{self, Family, Kind, Library, Record};
use crate::sync::lock;
use crate::threads;

/// Why a document is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reason {
    Exit,
    Interval,
    Request,
}

/// Call sites, each once, whatever the number of its addresses: generic code has one for each of its types.
#[derive(Default)]
struct Sites {
    indices: BTreeMap<(&'static str, u32, u32), usize>,
    list: Vec<(&'static str, u32, u32)>,
    /// Acquisitions at those without room.
    merged: u64,
}

impl Sites {
    fn index(&mut self, site: Option<Site>) -> usize {
        let at = site.map_or(("(other)", 0, 0), |site| {
            (site.file(), site.line(), site.column())
        });
        *self.indices.entry(at).or_insert_with(|| {
            self.list.push(at);
            self.list.len() - 1
        })
    }
}

impl Entry {
    /// Adds what another block counted at the same call site.
    fn merge(&mut self, other: &Self) {
        self.acquired += other.acquired;
        self.failed_tries += other.failed_tries;
        for (all, threads) in self.threads.iter_mut().zip(other.threads) {
            *all |= threads;
        }
        for (all, mode) in self.modes.iter_mut().zip(&other.modes) {
            all.merge(mode);
        }
    }

    /// The acquisitions, in which the last ones may not be counted yet: at least those that were seen singly.
    fn acquired(&self) -> u64 {
        let least = self.modes.iter().map(Mode::at_least);
        self.acquired.max(least.sum())
    }

    /// The acquisitions of each mode, by the share that it has in the samples, and at least those that were seen singly.
    fn acquired_by_mode(&self) -> [u64; 2] {
        let [reads, writes] = &self.modes;
        let samples = reads.samples + writes.samples;
        let share = if samples == 0 {
            0.0
        } else {
            reads.samples as f64 / samples as f64
        };
        let acquired = self.acquired();
        let estimate = (acquired as f64 * share).round() as u64;
        let reading = estimate.clamp(reads.at_least(), acquired - writes.at_least());
        [reading, acquired - reading]
    }
}

/// The whole recording until now.
pub(crate) fn document(reason: Reason, is_forked: bool) -> String {
    let clock = clock::clock();
    let now = clock.now();
    let mut sites = Sites::default();
    let (mut locks, mut merged_locks) = (Vec::new(), 0);
    let records = record::registry().records.clone();
    for (id, record) in records.into_iter().enumerate() {
        if record.is_merged {
            merged_locks += record.instances.load(Ordering::Relaxed);
        }
        locks.push(document_of_lock(id, record, now, &mut sites));
    }
    let written = match reason {
        Reason::Exit => "exit",
        Reason::Interval => "interval",
        Reason::Request => "request",
    };
    let (threads, thread_ticks) = threads::totals();
    let places = sites.list.iter().map(|(file, line, column)| {
        object([("file", &text(file)), ("line", line), ("column", column)])
    });
    let threads = object([("seen", &threads), ("time_ns", &clock.ns(thread_ticks))]);
    let of_clock = object([
        ("ns_per_tick", &clock.ns_per_tick),
        ("steps", &clock::steps()),
        ("read_ns", &clock.read_ns),
    ]);
    let lost = object([
        ("merged_locks", &merged_locks),
        ("merged_sites", &sites.merged),
        ("forked", &is_forked),
    ]);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let document = object([
        ("format", &text("lockrecord/2")),
        ("program", &text(&program())),
        ("pid", &std::process::id()),
        ("started_unix_ms", &clock.started_unix_ms),
        ("elapsed_ns", &clock.ns(now.saturating_sub(clock.start))),
        ("written", &text(written)),
        ("processors", &processors),
        ("threads", &threads),
        ("clock", &of_clock),
        ("sites", &list(places)),
        ("locks", &list(locks)),
        ("lost", &lost),
    ]);
    document.trim_start().to_owned() + "\n"
}

fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn document_of_lock(id: usize, record: &'static Record, now: u64, sites: &mut Sites) -> String {
    let Family { library, kind } = record.family;
    // Where several locks have one record, its blocks have reads and writes; else a reader's block has reads.
    let has_modes = kind == Kind::RwLock && !record.is_merged;
    let exclusive = [(&record.exclusive, has_modes.then_some(1))].into_iter();
    let of_threads = record.of_threads().into_iter();
    let of_threads = of_threads.map(|block| (block, has_modes.then_some(0)));

    let mut tallies: BTreeMap<(usize, Option<usize>), Entry> = BTreeMap::new();
    let mut blocked: BTreeMap<(usize, usize), (u64, u64)> = BTreeMap::new();
    let mut queue = Summary::default();
    for (block, mode) in exclusive.chain(of_threads) {
        let figures = block.figures();
        for entry in figures.entries {
            if entry.site.is_none() {
                sites.merged += entry.acquired;
            }
            let tally = tallies.entry((sites.index(entry.site), mode));
            tally
                .and_modify(|tally| tally.merge(&entry))
                .or_insert(entry);
        }
        for pair in figures.blocked {
            let key = (sites.index(pair.waiting), sites.index(Some(pair.holding)));
            let sum = blocked.entry(key).or_default();
            *sum = (sum.0 + pair.times, sum.1 + pair.ns);
        }
        queue.merge(figures.queue);
    }
    let uses = tallies.iter().flat_map(|(key, tally)| uses(*key, tally));
    let blocked = blocked.iter().map(|((waiting, holding), (times, ns))| {
        object([
            ("waiting", waiting),
            ("holding", holding),
            ("times", times),
            ("ns", ns),
        ])
    });

    let dropped = record.dropped.load(Ordering::Relaxed);
    let alive = record.alive.load(Ordering::Relaxed);
    let end = if alive == 0 && dropped != 0 {
        dropped
    } else {
        now
    };
    let shared = lock(record.exclusive.shared).clone();
    let (short, long) = shared.arrivals.until(end);
    let length = Some(shared.lengths).filter(|lengths| lengths.samples > 0);
    let value = object([
        ("type", &text((record.value.type_name)())),
        ("bytes", &record.value.bytes),
        ("length", &or_null(length.map(summary))),
    ]);
    let library = match library {
        Library::Std => "std",
        #[cfg(feature = "parking_lot")]
        Library::ParkingLot => "parking_lot",
        #[cfg(feature = "tokio")]
        Library::Tokio => "tokio",
    };
    let kind = match kind {
        Kind::Mutex => "mutex",
        Kind::RwLock => "rwlock",
    };
    let keys = record.keys.get().map(|keys| keys_of(&keys.so_far()));
    object([
        ("id", &id),
        ("library", &text(library)),
        ("kind", &text(kind)),
        ("made_at", &sites.index(Some(record.made_at))),
        ("name", &or_null(lock(&record.name).as_deref().map(text))),
        ("instances", &record.instances.load(Ordering::Relaxed)),
        ("alive", &alive),
        ("value", &value),
        ("poisoned", &record.poisoned.load(Ordering::Relaxed)),
        ("uses", &list(uses)),
        ("blocked", &list(blocked)),
        ("queue", &summary(queue)),
        ("arrivals", &list([windows(short, 1), windows(long, 100)])),
        ("keys", &or_null(keys)),
    ])
}

/// What is said of a call site: once, or by mode where it has reads and writes.
fn uses((site, mode): (usize, Option<usize>), tally: &Entry) -> Vec<String> {
    let threads: u32 = tally.threads.iter().map(|bits| bits.count_ones()).sum();
    let mut acquired = tally.acquired_by_mode();
    let mut modes = tally.modes.clone();
    if let Some(mode) = mode {
        // What is in the other half, nothing usually, belongs here, too.
        acquired = [0, 0];
        acquired[mode] = tally.acquired();
        let other = std::mem::take(&mut modes[1 - mode]);
        modes[mode].merge(&other);
    }
    // What failed did not read or write: it is said where the most is.
    let main = mode.unwrap_or(usize::from(acquired[1] >= acquired[0]));
    let use_of = |mode: usize| {
        let (acquired, figures) = (acquired[mode], &modes[mode]);
        if acquired == 0 && mode != main {
            return None;
        }
        let held = object([
            ("timed", &figures.timed),
            ("samples", &figures.samples),
            ("squares", &figures.squares),
            ("sum_ns", &figures.held_ns),
            ("histogram", &histogram(&figures.held)),
        ]);
        let failed_tries = if mode == main { tally.failed_tries } else { 0 };
        Some(object([
            ("site", &site),
            ("mode", &text(["read", "write"][mode])),
            ("threads", &threads.max(1)),
            ("acquired", &acquired),
            ("failed_tries", &failed_tries),
            ("contended", &figures.contended),
            ("waiting_ns", &figures.waiting_ns),
            ("wait", &histogram(&figures.wait)),
            ("held", &held),
            ("across_await", &figures.across_await),
        ]))
    };
    [0, 1].into_iter().filter_map(use_of).collect()
}

fn histogram(histogram: &Histogram) -> String {
    let buckets = histogram.buckets();
    list(buckets.map(|(lower, upper, count)| format!("[{lower},{upper},{count}]")))
}

fn windows(series: Series, milliseconds: u128) -> String {
    object([
        ("window_ns", &(WINDOW.as_nanos() * milliseconds)),
        ("windows", &series.windows),
        ("mean", &series.mean()),
        ("variance", &series.variance()),
    ])
}

fn keys_of(keys: &Sample) -> String {
    object([
        ("lookups", &keys.lookups),
        ("hits", &keys.hits),
        ("inserts", &keys.inserts),
        ("removes", &keys.removes),
        ("distinct", &keys.distinct()),
        ("top", &list(keys.top().iter().map(f64::to_string))),
    ])
}

fn summary(totals: Summary) -> String {
    let mean = totals.sum as f64 / totals.samples.max(1) as f64;
    object([
        ("samples", &totals.samples),
        ("mean", &mean),
        ("max", &totals.max),
    ])
}

/// An object, on a line of its own. The values are JSON already.
fn object<const FIELDS: usize>(fields: [(&str, &dyn Display); FIELDS]) -> String {
    let fields = fields.map(|(name, value)| format!("\"{name}\": {value}"));
    format!("\n{{{}}}", fields.join(", "))
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}

fn or_null(value: Option<String>) -> String {
    value.unwrap_or_else(|| "null".to_owned())
}

/// A text as JSON has it.
fn text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control < ' ' => {
                let _ = write!(quoted, "\\u{:04x}", control as u32);
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
