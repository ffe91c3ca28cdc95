//! Locks that were made at one line, as one: the shards of a table, say. Each of them may cost next to nothing, and all together
//! much.

use model::collect::grouped;

use crate::histogram::Histogram;
use crate::recording::{BlockedPair, Keys, Lock, Sampled, Use};

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
    let mut all = locks[0].clone();
    if locks.len() == 1 {
        return all;
    }
    let uses = locks.iter().flat_map(|lock| &lock.uses);
    all.uses = merged(uses, |usage| (usage.site, usage.mode), merge_use);
    let pairs = locks.iter().flat_map(|lock| &lock.blocked);
    all.blocked = merged(pairs, |pair| (pair.waiting, pair.holding), merge_pair);
    // Which bursts of different locks fall together is not known.
    all.arrivals.clear();
    for lock in &locks[1..] {
        add([
            (&mut all.instances, lock.instances),
            (&mut all.alive, lock.alive),
            (&mut all.poisoned, lock.poisoned),
        ]);
        merge_sampled(&mut all.queue, &lock.queue);
        merge_known(
            &mut all.value.length,
            lock.value.length.as_ref(),
            merge_sampled,
        );
        merge_known(&mut all.keys, lock.keys.as_ref(), merge_keys);
    }
    all
}

/// Those with one key as one.
fn merged<'a, T: Clone + 'a, K: PartialEq>(
    items: impl Iterator<Item = &'a T>,
    key: impl Fn(&T) -> K,
    merge: impl Fn(&mut T, &T),
) -> Vec<T> {
    let groups = grouped(items.map(|item| (key(item), item)));
    let merged = |(_, items): (K, Vec<&T>)| {
        let mut all = items[0].clone();
        items[1..].iter().for_each(|item| merge(&mut all, item));
        all
    };
    groups.into_iter().map(merged).collect()
}

/// What is known of both, or of one of them.
fn merge_known<T: Clone>(all: &mut Option<T>, part: Option<&T>, merge: impl Fn(&mut T, &T)) {
    match (&mut *all, part) {
        (Some(all), Some(part)) => merge(all, part),
        (None, Some(part)) => *all = Some(part.clone()),
        (_, None) => {}
    }
}

fn add<const N: usize>(counts: [(&mut u64, u64); N]) {
    for (all, count) in counts {
        *all = all.saturating_add(count);
    }
}

fn merge_sampled(all: &mut Sampled, part: &Sampled) {
    let [a, b] = [&*all, part].map(|sampled| sampled.samples as f64);
    all.mean = (a * all.mean + b * part.mean) / (a + b).max(1.0);
    all.max = all.max.max(part.max);
    add([(&mut all.samples, part.samples)]);
}

fn merge_pair(all: &mut BlockedPair, part: &BlockedPair) {
    add([(&mut all.times, part.times), (&mut all.ns, part.ns)]);
}

fn merge_use(all: &mut Use, part: &Use) {
    // They may be the same.
    all.threads = all.threads.max(part.threads);
    add([
        (&mut all.acquired, part.acquired),
        (&mut all.failed_tries, part.failed_tries),
        (&mut all.contended, part.contended),
        (&mut all.waiting_ns, part.waiting_ns),
        (&mut all.held.timed, part.held.timed),
        (&mut all.held.samples, part.held.samples),
        (&mut all.held.squares, part.held.squares),
        (&mut all.held.sum_ns, part.held.sum_ns),
        (&mut all.across_await, part.across_await),
    ]);
    all.wait = Histogram::merged([&all.wait, &part.wait]);
    all.held.histogram = Histogram::merged([&all.held.histogram, &part.held.histogram]);
}

/// Each key is in one of the maps.
fn merge_keys(all: &mut Keys, part: &Keys) {
    let [a, b] = [&*all, part].map(|keys| keys.lookups as f64);
    let [a, b] = [a, b].map(|lookups| lookups / (a + b).max(1.0));
    all.top.iter_mut().for_each(|share| *share *= a);
    all.top.extend(part.top.iter().map(|share| share * b));
    all.top.sort_by(|a, b| b.total_cmp(a));
    add([
        (&mut all.lookups, part.lookups),
        (&mut all.hits, part.hits),
        (&mut all.inserts, part.inserts),
        (&mut all.removes, part.removes),
        (&mut all.distinct, part.distinct),
    ]);
}
