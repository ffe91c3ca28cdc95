//! What moved between two recordings of a program.
//!
//! A lock is the same if it was made in the same file and has the same name; lines move when a program is changed. Among locks
//! that share both, those of an equal line and an equal type are paired first, then those of an equal type, then those of an
//! equal line, then the others in the order of their lines. Its library and its kind may differ: that is a change that somebody made.

use serde::Serialize;

use crate::analysis::{Analysed, Analysis};
use crate::recording::Place;

/// What moved.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// The program recorded first.
    pub before: String,
    /// The program recorded afterwards.
    pub after: String,
    /// Whether waiting fell, over all locks.
    pub trend: Trend,
    /// The share of the threads' time that they waited for any lock, before and after.
    pub waiting_share: [f64; 2],
    /// The locks that are in both.
    pub pairs: Vec<Pair>,
    /// Locks of the first recording alone.
    pub gone: Vec<Single>,
    /// Locks of the second recording alone.
    pub new: Vec<Single>,
}

/// A lock that is in one recording alone.
#[derive(Clone, Debug, Serialize)]
pub struct Single {
    /// Its number there.
    pub id: u64,
    /// Its name.
    pub name: Option<String>,
    /// Where it was made.
    pub made_at: Place,
}

/// A lock in both recordings.
#[derive(Clone, Debug, Serialize)]
pub struct Pair {
    /// Its number in the first one.
    pub before_id: u64,
    /// Its number in the second one.
    pub after_id: u64,
    /// Whether waiting for it fell.
    pub trend: Trend,
    /// Its figures.
    pub figures: Vec<Figure>,
}

/// A figure before and after.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Figure {
    /// What it counts.
    pub quantity: Quantity,
    /// Before.
    pub before: f64,
    /// After.
    pub after: f64,
    /// After divided by before; nothing if that was 0.
    pub ratio: Option<f64>,
    /// Whether it moved by more than [`NOTABLE`].
    pub trend: Trend,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// The time waiting, as a share of the threads' time.
    WaitingShare,
    /// The mean wait of an acquisition, in nanoseconds.
    WaitMean,
    /// The 99th percentile of the wait, in nanoseconds.
    WaitP99,
    /// Acquisitions that waited, as a share.
    ContendedShare,
    /// Acquisitions in a second.
    PerSecond,
    /// The mean hold, in nanoseconds.
    HeldMean,
    /// The time inside, as a share of the threads' time.
    HeldShare,
}

/// Where a figure went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trend {
    /// It is less.
    Fell,
    /// It is more.
    Rose,
    /// It is about the same.
    Same,
}

/// Two figures differ notably if one is this many times the other: what this workspace calls a gain. One recording of each
/// program does not tell how far two recordings of the same program would be apart.
pub const NOTABLE: f64 = 1.2;

/// Shares of the threads' time, of acquisitions and times below these are nothing, however many times less they are than others.
const SHARE_NOTABLE: f64 = 0.001;
const NS_NOTABLE: f64 = 100.0;

fn trend(floor: f64, before: f64, after: f64) -> Trend {
    match after.max(floor) / before.max(floor) {
        ratio if ratio > NOTABLE => Trend::Rose,
        ratio if ratio < 1.0 / NOTABLE => Trend::Fell,
        _ => Trend::Same,
    }
}

/// Compares two recordings.
pub fn compare(before: &Analysis, after: &Analysis) -> Change {
    let matched = matched(&before.locks, &after.locks);
    let (from, to): (Vec<u64>, Vec<u64>) = matched.iter().map(|(a, b)| (a.id, b.id)).unzip();
    let alone = |locks: &[Analysed], matched: &[u64]| {
        let alone = locks.iter().filter(|lock| !matched.contains(&lock.id));
        let single = |lock: &Analysed| Single {
            id: lock.id,
            name: lock.name.clone(),
            made_at: lock.made_at.clone(),
        };
        alone.map(single).collect()
    };
    let waiting_share = [before, after].map(Analysis::waiting_share);
    Change {
        before: before.program.clone(),
        after: after.program.clone(),
        trend: trend(SHARE_NOTABLE, waiting_share[0], waiting_share[1]),
        waiting_share,
        pairs: matched.into_iter().map(pair).collect(),
        gone: alone(&before.locks, &from),
        new: alone(&after.locks, &to),
    }
}

/// What two locks must share to be the same, from strict to loose: the line, and the type.
const ALIKE: [[bool; 2]; 4] = [[true, true], [false, true], [true, false], [false, false]];

fn matched<'a>(before: &'a [Analysed], after: &'a [Analysed]) -> Vec<(&'a Analysed, &'a Analysed)> {
    let [mut left, mut right] = [before, after].map(|locks| {
        let mut locks: Vec<&Analysed> = locks.iter().collect();
        locks.sort_by(|a, b| a.made_at.cmp(&b.made_at));
        locks
    });
    let mut pairs = Vec::new();
    for [by_line, by_type] in ALIKE {
        left.retain(|a| {
            let is_same = |b: &&Analysed| {
                (&a.made_at.file, &a.name) == (&b.made_at.file, &b.name)
                    && (!by_line || a.made_at.line == b.made_at.line)
                    && (!by_type || a.value.type_name == b.value.type_name)
            };
            let index = right.iter().position(is_same);
            pairs.extend(index.map(|at| (*a, right.remove(at))));
            index.is_none()
        });
    }
    // As they stand in the first recording: those that matter first.
    let rank = |id: u64| before.iter().position(|lock| lock.id == id);
    pairs.sort_by_key(|(a, _)| rank(a.id));
    pairs
}

fn pair((a, b): (&Analysed, &Analysed)) -> Pair {
    let figures = figures(a).into_iter().zip(figures(b));
    let figures = figures.map(|((quantity, floor, before), (.., after))| Figure {
        quantity,
        before,
        after,
        ratio: (before > 0.0).then(|| after / before),
        trend: trend(floor, before, after),
    });
    let figures: Vec<Figure> = figures.collect();
    Pair {
        before_id: a.id,
        after_id: b.id,
        // The first one is the time waiting.
        trend: figures[0].trend,
        figures,
    }
}

/// The figures that are compared, each with what is nothing: a rate may be low.
fn figures(lock: &Analysed) -> [(Quantity, f64, f64); 7] {
    let totals = &lock.totals;
    let acquired = (totals.acquired as f64).max(1.0);
    let contended_share = totals.contended as f64 / acquired;
    [
        (Quantity::WaitingShare, SHARE_NOTABLE, totals.waiting_share),
        (Quantity::WaitMean, NS_NOTABLE, totals.wait_mean_ns),
        (Quantity::WaitP99, NS_NOTABLE, totals.wait_p99_ns),
        (Quantity::ContendedShare, SHARE_NOTABLE, contended_share),
        (Quantity::PerSecond, 0.0, totals.per_second),
        (
            Quantity::HeldMean,
            NS_NOTABLE,
            totals.held_ns.value / acquired,
        ),
        (Quantity::HeldShare, SHARE_NOTABLE, totals.held_share),
    ]
}
