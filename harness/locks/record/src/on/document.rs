//! The recording as a document: `lockrecord/2`, as FORMAT.md describes it.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::mem;
use std::sync::atomic::Ordering;

use crate::arrivals::{Series, WINDOW};
use crate::block::{Blocked, Entry, Site, Summary};
use crate::clock;
use crate::histogram::Histogram;
use crate::keys::Sample;
use crate::record::{REGISTRY, Record};
use crate::sync::lock;
use crate::threads;

/// Why a document is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reason {
    Exit,
    Interval,
    Request,
}

/// Call sites, each once, whatever the number of its addresses: generic code has one for each of its types. None stands for
/// those without room.
#[derive(Default)]
struct Sites {
    indices: BTreeMap<Option<Site>, usize>,
    list: Vec<String>,
    /// Acquisitions at those without room.
    merged: u64,
}

impl Sites {
    fn index(&mut self, site: Option<Site>) -> usize {
        *self.indices.entry(site).or_insert_with(|| {
            let (file, line, column) = site.map_or(("(other)", 0, 0), |site| {
                (site.file(), site.line(), site.column())
            });
            self.list.push(object([
                ("file", &text(file)),
                ("line", &line),
                ("column", &column),
            ]));
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

    /// The acquisitions of each mode: of the one that all are known to have, or by the share that it has in the samples. At least
    /// those that were seen singly, as the last ones may not be counted yet.
    fn acquired_by_mode(&self, mode: Option<usize>) -> [u64; 2] {
        let [reads, writes] = &self.modes;
        let samples = (reads.samples + writes.samples).max(1);
        let share = reads.samples as f64 / samples as f64;
        let share = mode.map_or(share, |mode| [1.0, 0.0][mode]);
        let acquired = self.acquired.max(reads.at_least() + writes.at_least());
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
    let records = lock(&REGISTRY).records.clone();
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
        ("sites", &list(sites.list)),
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
    let family = record.family;
    // Where several locks have one record, its blocks have reads and writes; else a reader's block has reads.
    let has_modes = family.is_rwlock && !record.is_merged;
    let exclusive = [(&record.exclusive, has_modes.then_some(1))].into_iter();
    let of_threads = record.of_threads().into_iter();
    let of_threads = of_threads.map(|block| (block, has_modes.then_some(0)));

    let mut tallies: BTreeMap<(Option<Site>, Option<usize>), Box<Entry>> = BTreeMap::new();
    let mut blocked = Blocked::new();
    let mut queue = Summary::default();
    for (block, mode) in exclusive.chain(of_threads) {
        let figures = block.figures();
        for mut entry in figures.entries.into_iter().flatten() {
            if let Some(mode) = mode {
                // What is in the other half, nothing usually, belongs here, too.
                let other = mem::take(&mut entry.modes[1 - mode]);
                entry.modes[mode].merge(&other);
            }
            let tally = tallies.entry((entry.site, mode));
            tally
                .and_modify(|tally| tally.merge(&entry))
                .or_insert(entry);
        }
        for (pair, (times, ns)) in figures.blocked {
            let sum = blocked.entry(pair).or_default();
            *sum = (sum.0 + times, sum.1 + ns);
        }
        queue.merge(figures.queue);
    }
    let other = tallies.iter().filter(|((site, _), _)| site.is_none());
    sites.merged += other.map(|(_, tally)| tally.acquired).sum::<u64>();
    let uses = tallies
        .iter()
        .flat_map(|((site, mode), tally)| uses(sites.index(*site), *mode, tally));
    let uses = list(uses);
    let blocked = blocked.iter().map(|((waiting, holding), (times, ns))| {
        object([
            ("waiting", &sites.index(*waiting)),
            ("holding", &sites.index(Some(holding))),
            ("times", times),
            ("ns", ns),
        ])
    });
    let blocked = list(blocked);

    let dropped = record.dropped.load(Ordering::Relaxed);
    let alive = record.alive.load(Ordering::Relaxed);
    let is_over = alive == 0 && dropped != 0;
    let end = if is_over { dropped } else { now };
    let shared = lock(record.exclusive.shared).clone();
    let (short, long) = shared.arrivals.until(end);
    let length = Some(shared.lengths).filter(|lengths| lengths.samples > 0);
    let value = object([
        ("type", &text((record.value.type_name)())),
        ("bytes", &record.value.bytes),
        ("length", &or_null(length.map(summary))),
    ]);
    let kind = if family.is_rwlock { "rwlock" } else { "mutex" };
    let keys = record.keys.get().map(|keys| keys_of(&keys.so_far()));
    object([
        ("id", &id),
        ("library", &text(family.library)),
        ("kind", &text(kind)),
        ("made_at", &sites.index(Some(record.made_at))),
        ("name", &or_null(lock(&record.name).as_deref().map(text))),
        ("instances", &record.instances.load(Ordering::Relaxed)),
        ("alive", &alive),
        ("value", &value),
        ("poisoned", &record.poisoned.load(Ordering::Relaxed)),
        ("uses", &uses),
        ("blocked", &blocked),
        ("queue", &summary(queue)),
        ("arrivals", &list([windows(short, 1), windows(long, 100)])),
        ("keys", &or_null(keys)),
    ])
}

/// What is said of a call site: once, or by mode where it has reads and writes.
fn uses(site: usize, mode: Option<usize>, tally: &Entry) -> Vec<String> {
    let threads: u32 = tally.threads.iter().map(|bits| bits.count_ones()).sum();
    let acquired = tally.acquired_by_mode(mode);
    // What failed did not read or write: it is said where the most is.
    let main = mode.unwrap_or(usize::from(acquired[1] >= acquired[0]));
    let use_of = |mode: usize| {
        let (acquired, figures) = (acquired[mode], &tally.modes[mode]);
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
    let [misses, hits, inserts, removes] = keys.operations;
    object([
        ("lookups", &(misses + hits)),
        ("hits", &hits),
        ("inserts", &inserts),
        ("removes", &removes),
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
