//! Whether the figures of a recording can be true together.
//!
//! The recorder writes while threads take locks. Each thread can be in the middle of one count, so counts that belong together
//! may differ by as many as there are threads.

use std::ptr;

use crate::histogram::Histogram;
use crate::recording::{Library, Lock, Recording, Use};

/// A contradiction, and where it is, as in `locks[0].uses[1]`.
type Checked = Result<(), String>;

fn must(is_so: bool, path: &str, reason: impl FnOnce() -> String) -> Checked {
    let fault = || format!("{path}: {}", reason());
    is_so.then_some(()).ok_or_else(fault)
}

/// Checks the items of a list. A contradiction in one of them begins with the path from there.
fn each<T>(items: &[T], list: &str, check: impl Fn(&T) -> Checked) -> Checked {
    let mut items = items.iter().enumerate();
    items.try_for_each(|(number, item)| {
        check(item).map_err(|fault| format!("{list}[{number}]{fault}"))
    })
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
    each(&recording.locks, "locks", |lock| {
        let first = recording.locks.iter().find(|other| other.id == lock.id);
        must(first.is_some_and(|first| ptr::eq(first, lock)), "", || {
            format!("the id {} is of another lock, too", lock.id)
        })?;
        check_lock(recording, lock)
    })
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

fn check_lock(recording: &Recording, lock: &Lock) -> Checked {
    check_site(recording, lock.made_at, ".made_at")?;
    must(lock.alive <= lock.instances, "", || {
        format!("{} alive of {} instances", lock.alive, lock.instances)
    })?;
    // A task can give up waiting: then its wait was one, and no acquisition follows.
    let can_give_up = lock.library == Library::Tokio;
    each(&lock.uses, ".uses", |usage| {
        check_use(recording, usage, can_give_up)
    })?;
    each(&lock.blocked, ".blocked", |pair| {
        check_site(recording, pair.waiting, "")?;
        check_site(recording, pair.holding, "")
    })?;
    each(&lock.arrivals, ".arrivals", |windows| {
        let is_possible = windows.window_ns > 0 && windows.mean >= 0.0 && windows.variance >= 0.0;
        must(is_possible, "", || {
            "a window has a length, and no mean and no variance is negative".into()
        })
    })?;
    let Some(keys) = &lock.keys else {
        return Ok(());
    };
    let most = keys.lookups.saturating_add(in_progress(recording));
    must(keys.hits <= most, ".keys", || {
        format!("{} hits of {} lookups", keys.hits, keys.lookups)
    })?;
    let are_shares = keys.top.iter().all(|share| (0.0..=1.0).contains(share));
    must(are_shares, ".keys", || {
        "a share in `top` is from 0 to 1".into()
    })
}

fn check_site(recording: &Recording, site: usize, path: &str) -> Checked {
    let sites = recording.sites.len();
    must(site < sites, path, || {
        format!("the site {site} is not among the {sites} sites")
    })
}

fn check_use(recording: &Recording, usage: &Use, can_give_up: bool) -> Checked {
    let (threads, acquired, contended) = (usage.threads, usage.acquired, usage.contended);
    let held = &usage.held;
    let (timed, samples, squares) = (held.timed, held.samples, held.squares);
    check_site(recording, usage.site, "")?;
    let most_threads = recording.threads.seen.max(1);
    must(threads <= most_threads, "", || {
        format!("{threads} threads of {most_threads} that were recorded")
    })?;
    let most = acquired.saturating_add(in_progress(recording));
    must(can_give_up || contended <= most, "", || {
        format!("{contended} contended of {acquired} acquired")
    })?;
    must(timed <= most, "", || {
        format!("{timed} timed of {acquired} acquired")
    })?;
    // Of all weights with one sum, equal ones have the least squares.
    let least = (samples as f64).powi(2) / (timed as f64).max(1.0);
    must(squares as f64 >= least * (1.0 - 1e-9), "", || {
        format!("{timed} timed stand for {samples}, with squares of {squares}")
    })?;
    check_histogram(recording, ".wait", &usage.wait, contended, usage.waiting_ns)?;
    check_histogram(recording, ".held", &held.histogram, samples, held.sum_ns)
}

/// A histogram has as many times as were counted, and they add up.
fn check_histogram(
    recording: &Recording,
    path: &str,
    times: &Histogram,
    count: u64,
    sum_ns: u64,
) -> Checked {
    let is_filled = |&[lower, upper, count]: &[u64; 3]| lower <= upper && count > 0;
    let ascends = |pair: &[[u64; 3]]| pair[0][1] <= pair[1][0] && pair[0][0] < pair[1][0];
    let is_sound = times.0.iter().all(is_filled) && times.0.windows(2).all(ascends);
    must(is_sound, path, || {
        "buckets are [lower, upper, count], ascending, and none is empty".into()
    })?;
    let (apart, times_there) = (in_progress(recording), times.count());
    must(times_there.abs_diff(count) <= apart, path, || {
        format!("{times_there} times in its histogram, and {count} counted")
    })?;
    let [least, most] = times.sum_bounds();
    let sum = sum_ns as f64;
    // Of what is in progress the time is in one of the two and not in the other.
    let less = apart as f64 * times.max() as f64;
    let more = apart as f64 * recording.elapsed_ns as f64;
    must(sum + less >= least && sum <= most + more, path, || {
        format!("{sum_ns} ns together, and its histogram has {least:.0} to {most:.0}")
    })
}
