//! From a recording to figures and verdicts.

use model::collect::unique;
use serde::{Serialize, Serializer};
use stats::student;

use crate::bound::{GAIN_LEAST, Load, WAIT_P99_LEAST_NS};
use crate::group;
use crate::histogram::Histogram;
use crate::recording::{
    Held, Keys, Kind, Library, Lock, Mode, Place, Recording, Sampled, Threads, Value, Written, sum,
};
use crate::verdict::{Reason, Symptoms, Verdict};

/// What the locks of a program come to: those that matter first, then by what a free lock would gain.
#[derive(Clone, Debug, Serialize)]
pub struct Analysis {
    /// The name of the executable.
    pub program: String,
    /// The length of the recording.
    pub elapsed_ns: u64,
    /// Why the recording was written.
    pub written: Written,
    /// Processors of the machine.
    pub processors: u32,
    /// The threads that took a recorded lock.
    pub threads: Threads,
    /// The bounds from which on a lock matters.
    pub matters_from: MattersFrom,
    /// The locks.
    pub locks: Vec<Analysed>,
    /// What a reader must know of the recording.
    pub cautions: Vec<Caution>,
}

/// The bounds from which on a lock matters, as `bound` argues them.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MattersFrom {
    /// Of the gain of throughput, as a share.
    pub gain: f64,
    /// Of the 99th percentile of the wait.
    pub wait_p99_ns: f64,
}

/// A lock, its figures and what to do about it.
#[derive(Clone, Debug, Serialize)]
pub struct Analysed {
    /// Its number in the recording; of several locks that of the first one.
    pub id: u64,
    /// The name that the program gave it.
    pub name: Option<String>,
    /// Where it was made.
    pub made_at: Place,
    /// Where its type is from.
    pub library: Library,
    /// What it is.
    pub kind: Kind,
    /// How many locks this is about.
    pub instances: u64,
    /// What it guards.
    pub value: Value,
    /// How often it was found poisoned.
    pub poisoned: u64,
    /// What to do about it.
    pub verdict: Verdict,
    /// Why it matters, if it does.
    pub reason: Option<Reason>,
    /// What a free lock would gain of throughput at most, as a share; infinite if the threads do nothing but wait.
    pub gain: f64,
    /// What a shorter section would gain of it at most: the same if only the waiting vanishes.
    pub waiting_gain: f64,
    /// What locking and unlocking takes at most in an acquisition.
    #[serde(skip)]
    pub locking_ns: f64,
    /// The time of its threads that the bound is a share of, in nanoseconds.
    pub spent_ns: f64,
    /// How many threads use it, as far as is known: there may be more.
    #[serde(skip)]
    pub users: u64,
    /// Its figures, over all uses.
    pub totals: Totals,
    /// The call site that the others waited for most; if none waited, the one that held the lock longest altogether.
    pub longest_holder: Option<Place>,
    /// The share of the blocked time in which a site that only reads waited for another one.
    pub readers_share: f64,
    /// How many waited.
    pub queue: Sampled,
    /// How acquisitions were spread over time.
    pub arrivals: Vec<Arrivals>,
    /// Accesses to the guarded map.
    pub keys: Option<Keys>,
    /// Its uses, by call site and mode: the longest waited for first, then by the time they hold the lock.
    pub uses: Vec<AnalysedUse>,
    /// Who waited for whom, the longest first.
    pub blocked: Vec<Blocked>,
}

/// The figures of a lock.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Totals {
    /// Acquisitions.
    pub acquired: u64,
    /// Acquisitions in a second.
    pub per_second: f64,
    /// Acquisitions that waited.
    pub contended: u64,
    /// The time that threads, or tasks, waited for it.
    pub waiting_ns: u64,
    /// The mean wait of all acquisitions.
    pub wait_mean_ns: f64,
    /// The 99th percentile of the wait of all acquisitions.
    pub wait_p99_ns: f64,
    /// The time for which it was held.
    pub held_ns: Estimate,
    /// The time waiting as a share of the threads' time. Of tasks it can be more than 1.
    pub waiting_share: f64,
    /// The time inside as a share of the threads' time.
    pub held_share: f64,
    /// Guards that were held across `.await`.
    pub across_await: u64,
}

/// A figure that is known from a sample, with its interval at 99 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The best guess.
    pub value: f64,
    /// The bounds; the value itself if all was timed, nothing if those that were are worth fewer than two.
    pub interval: Option<[f64; 2]>,
}

/// How acquisitions were spread over windows.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Arrivals {
    /// The length of a window.
    pub window_ns: u64,
    /// How many there were.
    pub windows: u64,
    /// The variance of acquisitions in a window, divided by their mean: 0 is a steady beat, 1 are independent arrivals, more are
    /// bursts. Nothing without two windows and an acquisition.
    pub dispersion: Option<f64>,
}

/// A call site in a mode.
#[derive(Clone, Debug, Serialize)]
pub struct AnalysedUse {
    /// The call site.
    pub site: Place,
    /// How the guards were used.
    pub mode: Mode,
    /// Threads that took the lock here.
    pub threads: u64,
    /// Acquisitions.
    pub acquired: u64,
    /// Acquisitions in a second.
    pub per_second: f64,
    /// Acquisitions that waited.
    pub contended: u64,
    /// Tries that failed.
    pub failed_tries: u64,
    /// The time waited.
    pub waiting_ns: u64,
    /// The waits of those that waited.
    #[serde(rename = "wait", serialize_with = "quantiles")]
    pub waits: Histogram,
    /// The mean hold.
    pub held_mean_ns: Option<Estimate>,
    /// The holds that were timed.
    #[serde(rename = "held", serialize_with = "quantiles")]
    pub holds: Histogram,
    /// The time that others waited while this site held the lock.
    pub blocks_ns: u64,
    /// The same as a share of all blocked time.
    pub blocks_share: f64,
    /// Guards that were held across `.await`.
    pub across_await: u64,
}

/// Quantiles in nanoseconds; nothing of no times.
fn quantiles<S: Serializer>(times: &Histogram, to: S) -> Result<S::Ok, S::Error> {
    let shares = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)];
    to.collect_map(shares.map(|(name, share)| (name, times.quantile(share))))
}

/// A call site that waited while another one held the lock.
#[derive(Clone, Debug, Serialize)]
pub struct Blocked {
    /// The site that waited.
    pub waiting: Place,
    /// The site that held the lock when the waiting began.
    pub holding: Place,
    /// How often.
    pub times: u64,
    /// How long.
    pub ns: u64,
    /// The same as a share of all blocked time of the lock.
    pub share: f64,
}

/// What a reader must know of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Caution {
    /// The program had not ended.
    NotWhole,
    /// It covers less than a second.
    Short,
    /// The clock went backwards: as many readings were left out.
    ClockSteps {
        /// How many.
        steps: u64,
    },
    /// Locks were counted with others of the same place.
    MergedLocks {
        /// How many.
        locks: u64,
    },
    /// Call sites were counted as one.
    MergedSites {
        /// How many acquisitions they had.
        acquired: u64,
    },
    /// It is of a fork.
    Forked,
}

const SECOND_NS: f64 = 1e9;

/// Analyses a recording.
pub fn analyse(recording: &Recording) -> Analysis {
    let lines = group::by_line(&recording.locks).into_iter();
    let mut locks: Vec<Analysed> = lines.flat_map(|locks| of_line(recording, locks)).collect();
    let spent = |lock: &Analysed| lock.totals.waiting_ns as f64 + lock.totals.held_ns.value;
    locks.sort_by(|a, b| {
        let by_gain = || b.gain.total_cmp(&a.gain);
        let by_time = || spent(b).total_cmp(&spent(a));
        let by_verdict = b.matters().cmp(&a.matters());
        by_verdict.then_with(by_gain).then_with(by_time)
    });
    Analysis {
        program: recording.program.clone(),
        elapsed_ns: recording.elapsed_ns,
        written: recording.written,
        processors: recording.processors,
        threads: recording.threads,
        matters_from: MattersFrom {
            gain: GAIN_LEAST,
            wait_p99_ns: WAIT_P99_LEAST_NS,
        },
        locks,
        cautions: cautions(recording),
    }
}

impl Analysis {
    /// The lock that matters most, if any does.
    pub fn first(&self) -> Option<&Analysed> {
        self.locks.first().filter(|lock| lock.matters())
    }

    /// The share of the threads' time that they wait for any lock.
    pub fn waiting_share(&self) -> f64 {
        let shares = self.locks.iter().map(|lock| lock.totals.waiting_share);
        shares.sum()
    }
}

impl Analysed {
    /// Whether a change of it can gain anything that shows.
    pub fn matters(&self) -> bool {
        self.verdict != Verdict::Leave
    }
}

fn cautions(recording: &Recording) -> Vec<Caution> {
    let lost = recording.lost;
    let (steps, locks, acquired) = (recording.clock.steps, lost.merged_locks, lost.merged_sites);
    let all = [
        (recording.written != Written::Exit, Caution::NotWhole),
        ((recording.elapsed_ns as f64) < SECOND_NS, Caution::Short),
        (steps > 0, Caution::ClockSteps { steps }),
        (locks > 0, Caution::MergedLocks { locks }),
        (acquired > 0, Caution::MergedSites { acquired }),
        (lost.forked, Caution::Forked),
    ];
    let holding = all.into_iter().filter(|(holds, _)| *holds);
    holding.map(|(_, caution)| caution).collect()
}

/// The locks of a line that threads share as one, but for those that cost more alone: others have other threads.
fn of_line(recording: &Recording, locks: Vec<&Lock>) -> Vec<Analysed> {
    let analysed = |lock: &Lock| analysed(recording, lock);
    let all = analysed(&group::together(&locks));
    let is_apart = |lock: &&Lock| {
        let alone = analysed(lock);
        let costs_more = !all.matters() || alone.gain > all.gain;
        alone.users < 2 || alone.matters() && costs_more
    };
    let (apart, rest): (Vec<&Lock>, Vec<&Lock>) = locks.into_iter().partition(is_apart);
    let rest = (!rest.is_empty()).then(|| group::together(&rest));
    let apart = apart.into_iter().map(analysed);
    apart.chain(rest.iter().map(analysed)).collect()
}

fn analysed(recording: &Recording, lock: &Lock) -> Analysed {
    let place = |site: usize| recording.sites[site].clone();
    let blocked_ns: f64 = lock.blocked.iter().map(|pair| pair.ns as f64).sum();
    let share = |ns: u64| share(ns as f64, blocked_ns);
    let elapsed_ns = recording.elapsed_ns as f64;
    let uses = lock.uses.iter().map(|usage| {
        // A site that reads and writes is to blame as a whole.
        let held_up = lock
            .blocked
            .iter()
            .filter(|pair| pair.holding == usage.site);
        let blocks_ns = sum(held_up.map(|pair| pair.ns));
        AnalysedUse {
            site: place(usage.site),
            mode: usage.mode,
            threads: usage.threads,
            acquired: usage.acquired,
            per_second: usage.acquired as f64 / elapsed_ns * SECOND_NS,
            contended: usage.contended,
            failed_tries: usage.failed_tries,
            waiting_ns: usage.waiting_ns,
            waits: usage.wait.clone(),
            held_mean_ns: mean(&usage.held, usage.acquired),
            holds: usage.held.histogram.clone(),
            blocks_ns,
            blocks_share: share(blocks_ns),
            across_await: usage.across_await,
        }
    });
    let mut uses: Vec<AnalysedUse> = uses.collect();
    let totals = totals(recording, lock, &uses);
    let held = |usage: &AnalysedUse| {
        let mean = usage.held_mean_ns.map_or(0.0, |mean| mean.value);
        usage.acquired as f64 * mean
    };
    uses.sort_by(|a, b| {
        let by_blame = b.blocks_ns.cmp(&a.blocks_ns);
        by_blame.then(held(b).total_cmp(&held(a)))
    });
    let load = load(recording, lock, &totals);
    let gain = load.gain();
    let worst = uses.first();
    let symptoms = Symptoms {
        gain,
        waiting_gain: load.waiting_gain(),
        wait_p99_ns: totals.wait_p99_ns,
        contended: totals.contended,
        blame: worst.and_then(|worst| Some((worst.blocks_share, hold_met(&uses, &worst.site)?))),
        readers_share: readers_share(lock, blocked_ns),
    };
    let blocked = lock.blocked.iter().map(|pair| Blocked {
        waiting: place(pair.waiting),
        holding: place(pair.holding),
        times: pair.times,
        ns: pair.ns,
        share: share(pair.ns),
    });
    let mut blocked: Vec<Blocked> = blocked.collect();
    blocked.sort_by_key(|pair| std::cmp::Reverse(pair.ns));
    let arrivals = lock.arrivals.iter().map(|windows| Arrivals {
        window_ns: windows.window_ns,
        windows: windows.windows,
        dispersion: (windows.windows > 1 && windows.mean > 0.0)
            .then(|| windows.variance / windows.mean),
    });
    Analysed {
        id: lock.id,
        name: lock.name.clone(),
        made_at: place(lock.made_at),
        library: lock.library,
        kind: lock.kind,
        instances: lock.instances,
        value: lock.value.clone(),
        poisoned: lock.poisoned,
        verdict: symptoms.verdict(),
        reason: symptoms.reason(),
        gain,
        waiting_gain: symptoms.waiting_gain,
        locking_ns: load.own_ns() / load.acquired.max(1.0),
        spent_ns: load.spent_ns(),
        users: users(lock),
        totals,
        longest_holder: worst.map(|worst| worst.site.clone()),
        readers_share: symptoms.readers_share,
        queue: lock.queue,
        arrivals: arrivals.collect(),
        keys: lock.keys.clone(),
        uses,
        blocked,
    }
}

/// The mean hold of a call site, in both modes, as those meet it who wait: each hold counts by its length, since it is met so
/// often.
fn hold_met(uses: &[AnalysedUse], site: &Place) -> Option<f64> {
    let uses = uses.iter().filter(|usage| usage.site == *site);
    let (held, squares) = uses.fold((0.0, 0.0), |(held, squares), usage| {
        let weight = usage.acquired as f64 / usage.holds.count().max(1) as f64;
        let of_use = (usage.holds.sum(), usage.holds.squares(0.0));
        (held + weight * of_use.0, squares + weight * of_use.1)
    });
    (held > 0.0).then(|| squares / held)
}

/// The share of the blocked time in which a site that only reads waits for another one that does.
fn readers_share(lock: &Lock, blocked_ns: f64) -> f64 {
    let reads = |site| {
        let uses = lock.uses.iter().filter(|usage| usage.site == site);
        unique(uses.map(|usage| usage.mode)) == [Mode::Read]
    };
    let pairs = lock.blocked.iter();
    let among = pairs.filter(|pair| reads(pair.waiting) && reads(pair.holding));
    share(among.map(|pair| pair.ns as f64).sum(), blocked_ns)
}

fn share(part: f64, whole: f64) -> f64 {
    // The sum of no times is -0.
    if whole > 0.0 { part / whole + 0.0 } else { 0.0 }
}

fn totals(recording: &Recording, lock: &Lock, uses: &[AnalysedUse]) -> Totals {
    let (acquired, contended) = (lock.acquired(), lock.contended());
    let waiting_ns = lock.waiting_ns();
    let time_ns = (recording.threads.time_ns as f64).max(1.0);
    let held_ns = held(uses);
    Totals {
        acquired,
        per_second: acquired as f64 / recording.elapsed_ns as f64 * SECOND_NS,
        contended,
        waiting_ns,
        wait_mean_ns: waiting_ns as f64 / (acquired as f64).max(1.0),
        wait_p99_ns: wait_quantile(lock, 0.99),
        held_ns,
        waiting_share: waiting_ns as f64 / time_ns,
        held_share: held_ns.value / time_ns,
        across_await: sum(uses.iter().map(|usage| usage.across_await)),
    }
}

/// How many threads use a lock at least: those of a call site, and those that were seen to wait at once. Who waits, waits for
/// another thread; a task does so without a thread.
fn users(lock: &Lock) -> u64 {
    let waits = lock.library != Library::Tokio && lock.contended() > 0;
    let together = if waits { lock.queue.max.max(2) } else { 0 };
    let threads = lock.uses.iter().map(|usage| usage.threads);
    threads.fold(together, u64::max)
}

fn load(recording: &Recording, lock: &Lock, totals: &Totals) -> Load {
    let together = sum(lock.uses.iter().map(|usage| usage.threads));
    Load {
        time_ns: recording.threads.time_ns as f64,
        elapsed_ns: recording.elapsed_ns as f64,
        users_ns: users(lock) as f64 * recording.elapsed_ns as f64,
        waiting_ns: totals.waiting_ns as f64,
        held_ns: totals.held_ns.value,
        acquired: totals.acquired as f64,
        is_shared: recording.threads.seen > 1 && together > 1,
    }
}

/// A quantile of the waits of all acquisitions: those that did not wait count as 0.
fn wait_quantile(lock: &Lock, share: f64) -> f64 {
    let waits = Histogram::merged(lock.uses.iter().map(|usage| &usage.wait));
    let waited = waits.count() as f64;
    let all = (lock.acquired() as f64).max(waited);
    let rank = share * all - (all - waited);
    let quantile = waits.quantile(rank / waited);
    quantile.filter(|_| rank > 0.0).unwrap_or(0.0)
}

/// What an interval misses with this probability.
const LEVEL: f64 = 0.01;

/// Rare long holds are missing from a sample more often than they are there too often, and then its spread is too small as
/// well. So the upper bound counts this many more holds like the longest one: half the square of the normal quantile, as
/// Agresti and Coull (1998) do for shares.
const UNSEEN: f64 = 3.3;

/// The mean hold of a use and its interval: Student's t of as many timed acquisitions as the weighted ones are worth, for the
/// share of all that they are. Exact if all were timed. A hold that is longer than all that were timed is in no interval.
pub(crate) fn mean(held: &Held, acquired: u64) -> Option<Estimate> {
    let value = held.mean()?;
    if held.timed >= acquired {
        let interval = Some([value; 2]);
        return Some(Estimate { value, interval });
    }
    let timed = held.effective();
    let untimed = 1.0 - timed / acquired as f64;
    let squares = |mean| held.histogram.squares(mean) * timed / held.samples as f64;
    let interval = (timed >= 2.0).then(|| {
        let errors = student::critical(LEVEL, timed - 1.0);
        let half =
            |count: f64, squares: f64| errors * (squares / (count - 1.0) / count * untimed).sqrt();
        let low = value - half(timed, squares(value));
        let unseen = UNSEEN * untimed;
        let longest = (held.histogram.max() as f64).max(value);
        let count = timed + unseen;
        let center = (timed * value + unseen * longest) / count;
        let squares = squares(center) + unseen * (longest - center).powi(2);
        [low.max(0.0), center + half(count, squares)]
    });
    Some(Estimate { value, interval })
}

/// The time for which a lock was held, over all its uses; their errors are independent.
fn held(uses: &[AnalysedUse]) -> Estimate {
    let uses = uses.iter();
    let means = uses.filter_map(|usage| Some((usage.acquired as f64, usage.held_mean_ns?)));
    let means: Vec<(f64, Estimate)> = means.collect();
    let value: f64 = means.iter().map(|(count, mean)| count * mean.value).sum();
    let distance = |end: usize| {
        let squares = means
            .iter()
            .map(|(count, mean)| Some((count * (mean.interval?[end] - mean.value)).powi(2)));
        squares.sum::<Option<f64>>().map(f64::sqrt)
    };
    let ends = distance(0).zip(distance(1));
    let interval = ends.map(|(below, above)| [(value - below).max(0.0), value + above]);
    Estimate { value, interval }
}
