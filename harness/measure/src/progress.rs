//! How far each thread has come: counts that the coordinator reads at any time, and the exact times of
//! the completions that it asks for.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;
use model::clock;

/// What the threads of a slice and their coordinator tell each other.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    line: Mutex<Line>,
    changed: Condvar,
    /// Set by the coordinator, and by a thread that fails.
    pub(crate) stop: AtomicBool,
    /// The completion that the coordinator has asked for last; 0: none yet. Relaxed throughout: a
    /// thread that sees it late notes a later completion, and nothing else depends on it.
    asked: AtomicU32,
    /// Operations of each thread so far, on a cache line of its own.
    done: Vec<CachePadded<AtomicU64>>,
    /// What each thread has noted. Locked a few times in a slice and never by two for long.
    noted: Vec<CachePadded<Mutex<Vec<Completion>>>>,
}

/// Where the threads wait for each other. They sleep: a thread that yields in a loop takes the processor from
/// those that are still to come.
#[derive(Debug, Default)]
struct Line {
    ready: usize,
    /// When the first operation is due, once everybody is ready.
    opens: Option<Instant>,
}

/// The end of an operation, as the thread itself has seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    /// The request that it answers, or [`BEGIN`] or [`END`].
    pub(crate) answers: u32,
    /// When it was.
    pub(crate) at: Instant,
    /// Operations of the thread up to it.
    pub(crate) total: u64,
}

/// No completion yet: the thread is about to start its first operation.
pub(crate) const BEGIN: u32 = 0;
/// The first completion after the window has begun.
pub(crate) const WINDOW_BEGINS: u32 = 1;
/// The first completion after the window has ended.
pub(crate) const WINDOW_ENDS: u32 = 2;
/// The thread's last completion.
pub(crate) const END: u32 = u32::MAX;

/// How often the coordinator looks whether a thread has failed before it stood ready.
const GLANCE: Duration = Duration::from_millis(10);

impl Shared {
    pub(crate) fn for_threads(threads: usize) -> Self {
        Self {
            done: (0..threads).map(|_| CachePadded::default()).collect(),
            noted: (0..threads).map(|_| CachePadded::default()).collect(),
            ..Self::default()
        }
    }

    /// Waits until all threads stand ready, and lets them start `later` than that, all at the same
    /// time: long enough, and waking up is over by then.
    pub(crate) fn start(&self, later: Duration) {
        let mut line = self.line();
        while line.ready < self.done.len() && !self.stopped() {
            let waited = self.changed.wait_timeout(line, GLANCE);
            (line, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        line.opens = Some(clock::now() + later);
        self.changed.notify_all();
    }

    /// For a thread that is its own coordinator.
    pub(crate) fn opened(threads: usize) -> Self {
        let shared = Self::for_threads(threads);
        shared.line().opens = Some(clock::now());
        shared
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Asks every thread for its next completion.
    pub(crate) fn ask(&self, request: u32) {
        self.asked.store(request, Ordering::Relaxed);
    }

    /// Operations of each thread so far.
    pub(crate) fn counts(&self) -> Vec<u64> {
        let count = |count: &CachePadded<AtomicU64>| count.load(Ordering::Relaxed);
        self.done.iter().map(count).collect()
    }

    fn note(&self, thread: usize, answers: u32, total: u64) {
        let at = clock::now();
        self.noted(thread).push(Completion { answers, at, total });
    }

    /// What a thread has noted so far.
    pub(crate) fn noted(&self, thread: usize) -> MutexGuard<'_, Vec<Completion>> {
        let noted = self.noted[thread].lock();
        noted.unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread's own side of it.
#[derive(Debug)]
pub(crate) struct Course<'s> {
    shared: &'s Shared,
    thread: usize,
    /// Operations so far.
    pub(crate) total: u64,
    answered: u32,
}

impl<'s> Course<'s> {
    /// Stands ready, waits for the coordinator, and begins.
    pub(crate) fn begin(shared: &'s Shared, thread: usize) -> Self {
        let mut line = shared.line();
        line.ready += 1;
        shared.changed.notify_all();
        let line = shared.changed.wait_while(line, |line| line.opens.is_none());
        let opens = line.unwrap_or_else(PoisonError::into_inner).opens;
        let opens = opens.expect("it is what was waited for");
        while clock::now() < opens {
            spin_loop();
        }
        shared.note(thread, BEGIN, 0);
        Self {
            shared,
            thread,
            total: 0,
            answered: BEGIN,
        }
    }

    /// Counts operations that have just been completed; whether to go on.
    #[inline]
    pub(crate) fn completed(&mut self, operations: u64) -> bool {
        self.total += operations;
        self.shared.done[self.thread].store(self.total, Ordering::Relaxed);
        let asked = self.shared.asked.load(Ordering::Relaxed);
        if asked != self.answered {
            self.answered = asked;
            self.shared.note(self.thread, asked, self.total);
        }
        !self.shared.stopped()
    }

    /// Nothing more will be counted. To be called before anything is cleared up; all operations.
    pub(crate) fn end(self) -> u64 {
        self.shared.note(self.thread, END, self.total);
        self.total
    }
}

/// The threads' counts at an instant.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) at: Instant,
    pub(crate) counts: Vec<u64>,
}

impl Look {
    pub(crate) fn at(shared: &Shared) -> Self {
        Self {
            at: clock::now(),
            counts: shared.counts(),
        }
    }

    pub(crate) fn operations_until(&self, later: &Self) -> Vec<u64> {
        let both = later.counts.iter().zip(&self.counts);
        both.map(|(after, before)| after - before).collect()
    }
}

/// The whole operations of a thread in a window, and the time that exactly they took: from the first
/// completion after the window's beginning to the first after its end.
///
/// A thread that was still at it when nobody waited for it any longer is counted up to then (`given_up`,
/// the time and its count): it has done at most so much in so much time. One that has completed
/// nothing since the window `began` has done nothing.
pub(crate) fn whole_operations(
    noted: &[Completion],
    began: Instant,
    given_up: (Instant, u64),
) -> (u64, Duration) {
    let (end, count) = given_up;
    let answer = |request| {
        let mut all = noted.iter();
        // Whatever comes later has been alone, since the others have stopped.
        all.find(|completion| completion.answers == request && completion.at <= end)
    };
    match (answer(WINDOW_BEGINS), answer(WINDOW_ENDS)) {
        (Some(first), Some(last)) => (last.total - first.total, last.at - first.at),
        (Some(first), None) => (count.saturating_sub(first.total), end - first.at),
        (None, _) => (0, end - began),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thread whose operations take `each`, the first of them completed at `phase`: what it notes
    /// when it is asked at `asked`.
    fn notes(
        origin: Instant,
        each: Duration,
        phase: Duration,
        asked: [Duration; 2],
    ) -> Vec<Completion> {
        [WINDOW_BEGINS, WINDOW_ENDS]
            .into_iter()
            .zip(asked)
            .map(|(answers, asked)| {
                let after = asked
                    .saturating_sub(phase)
                    .as_nanos()
                    .div_ceil(each.as_nanos());
                Completion {
                    answers,
                    at: origin + phase + each * after as u32,
                    total: 1 + after as u64,
                }
            })
            .collect()
    }

    /// A scan of some milliseconds in a window of two or forty: its time is right wherever the window
    /// begins.
    #[test]
    fn whole_operations_take_exactly_their_time() {
        let (origin, ms) = (clock::now(), Duration::from_millis(1));
        for each_us in [2_600, 5_900, 14_700] {
            let each = Duration::from_micros(each_us);
            for window in [2 * ms, 40 * ms, each * 20] {
                for phase in (0..20).map(|part| each / 20 * part) {
                    let begins = phase + ms;
                    let noted = notes(origin, each, phase, [begins, begins + window]);
                    let late = origin + begins + window + 2 * each;
                    let (operations, time) = whole_operations(&noted, origin + begins, (late, 99));
                    assert_eq!(time, each * operations as u32, "{each:?} in {window:?}");
                    assert!(operations > 0 || window < each);
                    let most = (window.as_nanos() / each.as_nanos()) as u64;
                    assert!((most..=most + 1).contains(&operations));
                }
            }
        }
    }

    #[test]
    fn a_thread_that_completes_nothing_has_done_nothing() {
        let began = clock::now();
        let end = began + Duration::from_millis(4);
        let nothing = (0, Duration::from_millis(4));
        assert_eq!(whole_operations(&[], began, (end, 7)), nothing);
        // It has missed the window's beginning altogether.
        let late = Completion {
            answers: WINDOW_ENDS,
            at: began + Duration::from_millis(3),
            total: 8,
        };
        assert_eq!(whole_operations(&[late], began, (end, 8)), nothing);
    }

    #[test]
    fn a_thread_that_nobody_waits_for_is_counted_until_then() {
        let began = clock::now();
        let ms = Duration::from_millis(1);
        let first = Completion {
            answers: WINDOW_BEGINS,
            at: began + ms,
            total: 5,
        };
        // Its last operation ends only because everybody else has stopped.
        let alone = Completion {
            answers: WINDOW_ENDS,
            at: began + 9 * ms,
            total: 8,
        };
        let counted = whole_operations(&[first, alone], began, (began + 6 * ms, 7));
        assert_eq!(counted, (2, 5 * ms));
        let starved = whole_operations(&[first, alone], began, (began + 6 * ms, 5));
        assert_eq!(starved, (0, 5 * ms));
    }

    #[test]
    fn a_thread_notes_where_it_begins_what_it_is_asked_for_and_where_it_ends() {
        let shared = Shared::opened(1);
        let mut course = Course::begin(&shared, 0);
        assert!(course.completed(3));
        shared.ask(WINDOW_BEGINS);
        assert!(course.completed(2) && course.completed(2));
        shared.ask(WINDOW_ENDS);
        assert!(course.completed(1));
        shared.stop.store(true, Ordering::Relaxed);
        assert!(!course.completed(4));
        assert_eq!(course.end(), 12);
        let totals: Vec<(u32, u64)> = shared
            .noted(0)
            .iter()
            .map(|completion| (completion.answers, completion.total))
            .collect();
        let expected = [(BEGIN, 0), (WINDOW_BEGINS, 5), (WINDOW_ENDS, 8), (END, 12)];
        assert_eq!(totals, expected);
    }
}
