//! Whether the figures of a recording can be true together.
//!
//! The recorder writes while threads take locks. Each thread can be in the middle of one count, so counts that belong together
//! may differ by as many as there are threads.

use crate::histogram::Histogram;
use crate::recording::{Library, Lock, Recording, Use};

/// A contradiction, and where it is, as in `locks[0].uses[1]`.
type Checked = Result<(), String>;

fn must(is_so: bool, path: &str, reason: impl FnOnce() -> String) -> Checked {
    let fault = || format!("{path}: {}", reason());
    is_so.then_some(()).ok_or_else(fault)
}

/// Checks a whole recording.
pub(crate) fn check(recording: &Recording) -> Checked {
    must(recording.elapsed_ns > 0, "elapsed_ns", || {
        "0, so nothing was recorded".into()
    })?;
    must(recording.processors > 0, "processors", || {
        "0, and every program runs on one".into()
    })?;
    check_times(recording)?;
    for (number, lock) in recording.locks.iter().enumerate() {
        let path = format!("locks[{number}]");
        let mut others = recording.locks[..number].iter();
        must(others.all(|other| other.id != lock.id), &path, || {
            format!("the id {} is of another lock, too", lock.id)
        })?;
        Checker { recording, lock }.check(&path)?;
    }
    Ok(())
}

/// How many times as long as they can be times may be: of frequent waits only a sample is timed, and threads go on while the
/// file is written.
const TIME_TOLERATED: f64 = 1.1;

/// No thread lives longer than the recording, and each waits for one lock at a time; only tasks wait without a thread.
fn check_times(recording: &Recording) -> Checked {
    let (seen, elapsed_ns) = (recording.threads.seen, recording.elapsed_ns);
    let most_ns = in_progress(recording) as f64 * elapsed_ns as f64 * TIME_TOLERATED;
    let fits = |ns: f64, path: &str, what: &str| {
        must(ns <= most_ns, path, || {
            format!("{what} {ns:.0} ns, and {seen} threads were recorded for {elapsed_ns} ns")
        })
    };
    let time_ns = recording.threads.time_ns as f64;
    fits(time_ns, "threads.time_ns", "the threads lived for")?;
    let locks = recording.locks.iter();
    let locks = locks.filter(|lock| lock.library != Library::Tokio);
    let waiting_ns: f64 = locks.map(|lock| lock.waiting_ns() as f64).sum();
    fits(waiting_ns, "locks", "the threads waited for")
}

/// How far counts that belong together may be apart.
fn in_progress(recording: &Recording) -> u64 {
    recording.threads.seen.saturating_add(1)
}

struct Checker<'r> {
    recording: &'r Recording,
    lock: &'r Lock,
}

impl Checker<'_> {
    fn check(&self, path: &str) -> Checked {
        let lock = self.lock;
        self.site(lock.made_at, &format!("{path}.made_at"))?;
        must(lock.alive <= lock.instances, path, || {
            format!("{} alive of {} instances", lock.alive, lock.instances)
        })?;
        for (number, usage) in lock.uses.iter().enumerate() {
            self.check_use(usage, &format!("{path}.uses[{number}]"))?;
        }
        for (number, pair) in lock.blocked.iter().enumerate() {
            let path = format!("{path}.blocked[{number}]");
            self.site(pair.waiting, &path)?;
            self.site(pair.holding, &path)?;
        }
        for (number, windows) in lock.arrivals.iter().enumerate() {
            let is_possible =
                windows.window_ns > 0 && windows.mean >= 0.0 && windows.variance >= 0.0;
            must(is_possible, &format!("{path}.arrivals[{number}]"), || {
                "a window has a length, and no mean and no variance is negative".into()
            })?;
        }
        let Some(keys) = &lock.keys else {
            return Ok(());
        };
        let path = format!("{path}.keys");
        let most = keys.lookups.saturating_add(in_progress(self.recording));
        must(keys.hits <= most, &path, || {
            format!("{} hits of {} lookups", keys.hits, keys.lookups)
        })?;
        let are_shares = keys.top.iter().all(|share| (0.0..=1.0).contains(share));
        must(are_shares, &path, || {
            "a share in `top` is from 0 to 1".into()
        })
    }

    fn site(&self, site: usize, path: &str) -> Checked {
        let sites = self.recording.sites.len();
        must(site < sites, path, || {
            format!("the site {site} is not among the {sites} sites")
        })
    }

    fn check_use(&self, usage: &Use, path: &str) -> Checked {
        self.site(usage.site, path)?;
        let most_threads = self.recording.threads.seen.max(1);
        must(usage.threads <= most_threads, path, || {
            format!(
                "{} threads of {most_threads} that were recorded",
                usage.threads
            )
        })?;
        let apart = in_progress(self.recording);
        // A task can give up waiting: then its wait was one, and no acquisition follows.
        let can_give_up = self.lock.library == Library::Tokio;
        let most = usage.acquired.saturating_add(apart);
        must(can_give_up || usage.contended <= most, path, || {
            format!(
                "{} contended of {} acquired",
                usage.contended, usage.acquired
            )
        })?;
        let held = &usage.held;
        must(held.timed <= most, path, || {
            format!("{} timed of {} acquired", held.timed, usage.acquired)
        })?;
        // Of all weights with one sum, equal ones have the least squares.
        let least = (held.samples as f64).powi(2) / (held.timed as f64).max(1.0);
        let is_possible = held.squares as f64 >= least * (1.0 - 1e-9);
        must(is_possible, path, || {
            let (timed, samples, squares) = (held.timed, held.samples, held.squares);
            format!("{timed} timed stand for {samples}, with squares of {squares}")
        })?;
        let wait_path = format!("{path}.wait");
        self.histogram(&usage.wait, usage.contended, usage.waiting_ns, &wait_path)?;
        let held_path = format!("{path}.held");
        self.histogram(&held.histogram, held.samples, held.sum_ns, &held_path)
    }

    /// A histogram has as many times as were counted, and they add up.
    fn histogram(&self, times: &Histogram, count: u64, sum_ns: u64, path: &str) -> Checked {
        let is_filled = |&[lower, upper, count]: &[u64; 3]| lower <= upper && count > 0;
        let ascends = |pair: &[[u64; 3]]| pair[0][1] <= pair[1][0] && pair[0][0] < pair[1][0];
        let is_sound = times.0.iter().all(is_filled) && times.0.windows(2).all(ascends);
        must(is_sound, path, || {
            "buckets are [lower, upper, count], ascending, and none is empty".into()
        })?;
        let (apart, times_there) = (in_progress(self.recording), times.count());
        must(times_there.abs_diff(count) <= apart, path, || {
            format!("{times_there} times in its histogram, and {count} counted")
        })?;
        let [least, most] = times.sum_bounds();
        let sum = sum_ns as f64;
        // Of what is in progress the time is in one of the two and not in the other.
        let less = apart as f64 * times.max() as f64;
        let more = apart as f64 * self.recording.elapsed_ns as f64;
        must(sum + less >= least && sum <= most + more, path, || {
            format!("{sum_ns} ns together, and its histogram has {least:.0} to {most:.0}")
        })
    }
}
