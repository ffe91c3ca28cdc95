//! Locks that were made at one line, as one: the shards of a table, say. Each of them may cost next to nothing, and all together
//! much.

use model::collect::grouped;

use crate::histogram::Histogram;
use crate::recording::{BlockedPair, Held, Keys, Length, Lock, Queue, Use, Value};

/// Locks with those of the same kind, type and name that were made at the same line.
pub(crate) fn by_line(locks: &[Lock]) -> Vec<Vec<&Lock>> {
    let alike = locks.iter().map(|lock| {
        let value = &lock.value.type_name;
        (
            (lock.made_at, lock.library, lock.kind, &lock.name, value),
            lock,
        )
    });
    let groups = grouped(alike).into_iter();
    groups.map(|(_, locks)| locks).collect()
}

/// Some locks, one at least, as one.
pub(crate) fn together(locks: &[&Lock]) -> Lock {
    let first = locks[0];
    if locks.len() == 1 {
        return first.clone();
    }
    let sum = |field: fn(&Lock) -> u64| sum(locks.iter().map(|lock| field(lock)));
    let uses = locks.iter().flat_map(|lock| &lock.uses);
    let uses = grouped(uses.map(|usage| ((usage.site, usage.mode), usage))).into_iter();
    let pairs = locks.iter().flat_map(|lock| &lock.blocked);
    let pairs = grouped(pairs.map(|pair| ((pair.waiting, pair.holding), pair))).into_iter();
    let lengths = locks.iter().filter_map(|lock| lock.value.length);
    let queues = locks[1..].iter().map(|lock| lock.queue);
    let keys = locks.iter().filter_map(|lock| lock.keys.clone());
    Lock {
        instances: sum(|lock| lock.instances),
        alive: sum(|lock| lock.alive),
        value: Value {
            length: lengths.reduce(|a, b| Length {
                samples: a.samples.saturating_add(b.samples),
                mean: mean([(a.samples, a.mean), (b.samples, b.mean)]),
                max: a.max.max(b.max),
            }),
            ..first.value.clone()
        },
        poisoned: sum(|lock| lock.poisoned),
        uses: uses.map(|(_, uses)| one_use(&uses)).collect(),
        blocked: pairs.map(|(_, pairs)| one_pair(&pairs)).collect(),
        queue: queues.fold(first.queue, |a, b| Queue {
            samples: a.samples.saturating_add(b.samples),
            mean: mean([(a.samples, a.mean), (b.samples, b.mean)]),
            max: a.max.max(b.max),
        }),
        // Which bursts of different locks fall together is not known.
        arrivals: Vec::new(),
        keys: keys.reduce(|a, b| both_keys(&a, &b)),
        ..first.clone()
    }
}

fn sum(counts: impl Iterator<Item = u64>) -> u64 {
    counts.fold(0, u64::saturating_add)
}

/// The mean of two samples, each given by its size and mean.
fn mean(samples: [(u64, f64); 2]) -> f64 {
    let samples = samples.map(|(count, mean)| (count as f64, count as f64 * mean));
    let [(a, sum_a), (b, sum_b)] = samples;
    (sum_a + sum_b) / (a + b).max(1.0)
}

/// What is done at one call site.
fn one_use(uses: &[&Use]) -> Use {
    let sum = |field: fn(&Use) -> u64| sum(uses.iter().map(|usage| field(usage)));
    let threads = uses.iter().map(|usage| usage.threads);
    let holds = uses.iter().map(|usage| &usage.held.histogram);
    Use {
        site: uses[0].site,
        mode: uses[0].mode,
        // They may be the same.
        threads: threads.max().unwrap_or(0),
        acquired: sum(|usage| usage.acquired),
        failed_tries: sum(|usage| usage.failed_tries),
        contended: sum(|usage| usage.contended),
        waiting_ns: sum(|usage| usage.waiting_ns),
        wait: Histogram::merged(uses.iter().map(|usage| &usage.wait)),
        held: Held {
            timed: sum(|usage| usage.held.timed),
            samples: sum(|usage| usage.held.samples),
            squares: sum(|usage| usage.held.squares),
            sum_ns: sum(|usage| usage.held.sum_ns),
            histogram: Histogram::merged(holds),
        },
        across_await: sum(|usage| usage.across_await),
    }
}

fn one_pair(pairs: &[&BlockedPair]) -> BlockedPair {
    BlockedPair {
        times: sum(pairs.iter().map(|pair| pair.times)),
        ns: sum(pairs.iter().map(|pair| pair.ns)),
        ..*pairs[0]
    }
}

/// Each key is in one of the maps.
fn both_keys(a: &Keys, b: &Keys) -> Keys {
    let all = (a.lookups as f64 + b.lookups as f64).max(1.0);
    let shares = [a, b].map(|keys| {
        let part = keys.lookups as f64 / all;
        keys.top.iter().map(move |share| share * part)
    });
    let mut top: Vec<f64> = shares.into_iter().flatten().collect();
    top.sort_by(|a, b| b.total_cmp(a));
    Keys {
        lookups: a.lookups.saturating_add(b.lookups),
        hits: a.hits.saturating_add(b.hits),
        inserts: a.inserts.saturating_add(b.inserts),
        removes: a.removes.saturating_add(b.removes),
        distinct: a.distinct.saturating_add(b.distinct),
        top,
    }
}
