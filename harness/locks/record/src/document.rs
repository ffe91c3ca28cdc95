//! The recording as a document: `lockrecord/1`, as FORMAT.md describes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use std::sync::atomic::Ordering;

use crate::arrivals::{Series, WINDOW};
use crate::block::{Block, Blocked, Entry, Figures, Mode, Queue, Site};
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

/// Acquisitions at a call site: those that can be told apart by the block they were counted in.
#[derive(Default)]
struct Tally {
    acquired: u64,
    failed_tries: u64,
    threads: [u64; 4],
    modes: [Mode; 2],
}

impl Tally {
    fn add(&mut self, entry: &Entry) {
        self.acquired += entry.acquired;
        self.failed_tries += entry.failed_tries;
        for (all, seen) in self.threads.iter_mut().zip(entry.threads()) {
            *all |= seen;
        }
        for (all, mode) in self.modes.iter_mut().zip(&entry.modes) {
            all.merge(mode);
        }
    }

    /// The acquisitions, in which the last ones may not be counted yet: at least those that were seen singly.
    fn acquired(&self) -> u64 {
        let seen = self.modes.iter().map(Mode::seen);
        self.acquired.max(seen.sum())
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
        let reading = estimate.clamp(reads.seen(), acquired - writes.seen());
        [reading, acquired - reading]
    }
}

/// The whole recording until now.
pub(crate) fn document(reason: Reason, is_forked: bool) -> String {
    let clock = clock::clock();
    let now = clock.now();
    let mut sites = Sites::default();
    let (mut locks, mut merged_locks, mut merged_sites) = (Vec::new(), 0, 0);
    for (id, record) in record::records().into_iter().enumerate() {
        if record.is_merged {
            merged_locks += record.instances.load(Ordering::Relaxed);
        }
        locks.push(document_of_lock(
            id,
            record,
            now,
            &mut sites,
            &mut merged_sites,
        ));
    }
    let written = match reason {
        Reason::Exit => "exit",
        Reason::Interval => "interval",
        Reason::Request => "request",
    };
    let (threads, thread_ticks) = threads::seen();
    let sites = sites.list.iter().map(|(file, line, column)| {
        format!(
            "\n  {{\"file\": {}, \"line\": {line}, \"column\": {column}}}",
            text(file)
        )
    });
    let sites = sites.collect::<Vec<_>>().join(",");
    format!(
        "{{\"format\": \"lockrecord/1\",\n \"program\": {}, \"pid\": {},\n \
         \"started_unix_ms\": {}, \"elapsed_ns\": {}, \"written\": \"{written}\",\n \
         \"processors\": {},\n \"threads\": {{\"seen\": {threads}, \"time_ns\": {}}},\n \
         \"clock\": {{\"ns_per_tick\": {}, \"steps\": {}, \"read_ns\": {}}},\n \
         \"sites\": [{sites}],\n \"locks\": [{}],\n \
         \"lost\": {{\"merged_locks\": {merged_locks}, \"merged_sites\": {merged_sites}, \
         \"forked\": {is_forked}}}\n}}\n",
        text(&program()),
        std::process::id(),
        clock.started_unix_ms(),
        clock.ns(now.saturating_sub(clock.start())),
        std::thread::available_parallelism().map_or(1, usize::from),
        clock.ns(thread_ticks),
        clock.ns_per_tick(),
        clock::steps(),
        clock.read_ns(),
        locks.join(","),
    )
}

fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn document_of_lock(
    id: usize,
    record: &'static Record,
    now: u64,
    sites: &mut Sites,
    merged_sites: &mut u64,
) -> String {
    // Where several locks have one record, its blocks have reads and writes; else a reader's block has reads.
    let Family { library, kind } = record.family;
    let has_modes = kind == Kind::Rwlock && !record.is_merged;
    let own = [(&record.own, has_modes.then_some(1))];
    let of_threads = record.of_threads().into_iter();
    let of_threads = of_threads.map(|block| (block, has_modes.then_some(0)));
    let blocks: Vec<(&Block, Option<usize>)> = own.into_iter().chain(of_threads).collect();

    let mut tallies: BTreeMap<(usize, Option<usize>), Tally> = BTreeMap::new();
    let mut blocked: BTreeMap<(usize, usize), (u64, u64)> = BTreeMap::new();
    let mut queue = Queue::default();
    for (block, mode) in blocks {
        let figures: Figures = block.figures();
        for entry in &figures.entries {
            if entry.site.is_none() {
                *merged_sites += entry.acquired;
            }
            let tally = tallies.entry((sites.index(entry.site), mode)).or_default();
            tally.add(entry);
        }
        for Blocked {
            waiting,
            holding,
            times,
            ns,
        } in figures.blocked
        {
            let pair = (sites.index(waiting), sites.index(Some(holding)));
            let sum = blocked.entry(pair).or_default();
            *sum = (sum.0 + times, sum.1 + ns);
        }
        queue.merge(figures.queue);
    }
    let uses: Vec<String> = tallies
        .iter()
        .flat_map(|(key, tally)| uses(*key, tally))
        .collect();
    let blocked = blocked.iter().map(|((waiting, holding), (times, ns))| {
        format!(
            "\n    {{\"waiting\": {waiting}, \"holding\": {holding}, \"times\": {times}, \"ns\": {ns}}}"
        )
    });
    let blocked = blocked.collect::<Vec<_>>().join(",");

    let dropped = record.dropped.load(Ordering::Relaxed);
    let alive = record.alive.load(Ordering::Relaxed);
    let end = if alive == 0 && dropped != 0 {
        dropped
    } else {
        now
    };
    let shared = lock(record.own.shared).clone();
    let (short, long) = shared.arrivals.until(end);
    let lengths = shared.lengths;
    let length = if lengths.samples == 0 {
        "null".to_owned()
    } else {
        let mean = mean(lengths.sum, lengths.samples);
        format!(
            "{{\"samples\": {}, \"mean\": {mean}, \"max\": {}}}",
            lengths.samples, lengths.max
        )
    };
    let keys = record.keys.get().map(|keys| keys.so_far());
    let name = lock(&record.name)
        .as_deref()
        .map_or("null".to_owned(), text);
    format!(
        "\n  {{\"id\": {id}, \"library\": \"{}\", \"kind\": \"{}\", \"made_at\": {}, \"name\": {name},\n   \
         \"instances\": {}, \"alive\": {alive},\n   \
         \"value\": {{\"type\": {}, \"bytes\": {}, \"length\": {length}}},\n   \"poisoned\": {},\n   \
         \"uses\": [{}],\n   \"blocked\": [{blocked}],\n   \
         \"queue\": {{\"samples\": {}, \"mean\": {}, \"max\": {}}},\n   \
         \"arrivals\": [{}, {}],\n   \"keys\": {}}}",
        match library {
            Library::Std => "std",
            #[cfg(feature = "parking_lot")]
            Library::ParkingLot => "parking_lot",
            #[cfg(feature = "tokio")]
            Library::Tokio => "tokio",
        },
        match kind {
            Kind::Mutex => "mutex",
            Kind::Rwlock => "rwlock",
        },
        sites.index(Some(record.made_at)),
        record.instances.load(Ordering::Relaxed),
        text((record.value.type_name)()),
        record.value.bytes,
        record.poisoned.load(Ordering::Relaxed),
        uses.join(","),
        queue.samples,
        mean(queue.sum, queue.samples),
        queue.max,
        windows(short, 1),
        windows(long, 100),
        keys.map_or("null".to_owned(), |keys| keys_of(&keys)),
    )
}

/// What is said of a call site: once, or by mode where it has reads and writes.
fn uses((site, mode): (usize, Option<usize>), tally: &Tally) -> Vec<String> {
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
        let mut text = format!(
            "\n    {{\"site\": {site}, \"mode\": \"{}\", \"threads\": {}, \"acquired\": {acquired}, \
             \"failed_tries\": {}, \"contended\": {}, \"waiting_ns\": {}, \"wait\": {}",
            ["read", "write"][mode],
            threads.max(1),
            if mode == main { tally.failed_tries } else { 0 },
            figures.contended,
            figures.waiting_ns,
            histogram(&figures.wait),
        );
        let _ = write!(
            text,
            ",\n     \"held\": {{\"samples\": {}, \"sum_ns\": {}, \"histogram\": {}}}, \"across_await\": {}}}",
            figures.samples,
            figures.held_ns,
            histogram(&figures.held),
            figures.across_await,
        );
        Some(text)
    };
    [0, 1].into_iter().filter_map(use_of).collect()
}

fn histogram(histogram: &Histogram) -> String {
    let buckets = histogram.buckets();
    let buckets = buckets.map(|(lower, upper, count)| format!("[{lower},{upper},{count}]"));
    format!("[{}]", buckets.collect::<Vec<_>>().join(","))
}

fn windows(series: Series, milliseconds: u128) -> String {
    format!(
        "{{\"window_ns\": {}, \"windows\": {}, \"mean\": {}, \"variance\": {}}}",
        WINDOW.as_nanos() * milliseconds,
        series.windows,
        series.mean(),
        series.variance(),
    )
}

fn keys_of(keys: &Sample) -> String {
    let top: Vec<String> = keys.top().iter().map(f64::to_string).collect();
    format!(
        "{{\"lookups\": {}, \"hits\": {}, \"inserts\": {}, \"removes\": {}, \"distinct\": {}, \"top\": [{}]}}",
        keys.lookups,
        keys.hits,
        keys.inserts,
        keys.removes,
        keys.distinct(),
        top.join(", "),
    )
}

fn mean(sum: u64, samples: u64) -> f64 {
    sum as f64 / samples.max(1) as f64
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
