//! Several threads at work on one table, and the end of all of them as soon as one finds a breach.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crate::panics::caught;
use crate::verdict::Breach;
use crate::watchdog::Progress;
use crate::yielding_record::{give_way, hurry};

/// Rounds between two steps of progress: rare enough that the shared counter disturbs nobody.
const ROUNDS_PER_TICK: u64 = 64;

/// Rounds after which a member lets others run. Without it, on a machine with fewer cores than the
/// crew has members, the leaders are done before the followers have begun.
const ROUNDS_PER_YIELD: u64 = 16;

/// A meeting is wanted in one of so many rounds.
const ROUNDS_PER_MEETING: u64 = 4;
/// How many times as many rounds to do, at most, for want of meetings.
const EXTENSION_MAX: u64 = 8;

/// How threads get in each other's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// More threads than a small machine has cores, of which each now and then lets others run:
    /// between two operations, and by way of the [`YieldingRecord`](crate::YieldingRecord) in the middle of one.
    Crowd,
    /// Two threads at full speed, on a core each: they meet between two instructions.
    Duel,
}

impl Pace {
    pub(crate) const BOTH: [Pace; 2] = [Pace::Crowd, Pace::Duel];

    /// So many of `crowd`, or one.
    pub(crate) fn members(self, crowd: usize) -> usize {
        match self {
            Pace::Crowd => crowd,
            Pace::Duel => 1,
        }
    }
}

/// What the members of a crew share.
struct Crew<'p> {
    pace: Pace,
    progress: &'p Progress,
    /// A member found a breach: the others stop at their next round.
    called_off: AtomicBool,
    /// Leaders that are still at work.
    leading: AtomicUsize,
    leaders: usize,
    /// Rounds of each member.
    turns: Vec<Turns>,
}

/// Rounds that one member has done, on a cache line (and its neighbour, which is fetched along) of
/// their own.
#[derive(Default)]
#[repr(align(128))]
struct Turns(AtomicU64);

/// One thread of a crew.
pub(crate) struct Member<'c> {
    /// Its number; leaders come first.
    pub(crate) index: usize,
    crew: &'c Crew<'c>,
}

impl Member<'_> {
    /// Whether it is a leader: it has a fixed amount of work.
    pub(crate) fn leads(&self) -> bool {
        self.index < self.crew.leaders
    }

    /// Numbers from 0: up to `limit`, and for a follower no further than the leaders work. Ends
    /// early when another member has found a breach. In a crowd, lets others run after every few.
    ///
    /// The limit holds for followers, too, because overlapping readers may starve a writer for ever
    /// where the lock prefers readers: that is a property to measure, and here it would be a hang.
    pub(crate) fn rounds(&self, limit: u64) -> impl Iterator<Item = u64> {
        (0..limit).take_while(|round| {
            let gives_way = self.crew.pace == Pace::Crowd && round % ROUNDS_PER_YIELD == 0;
            if gives_way || round % ROUNDS_PER_TICK == 0 {
                self.crew.progress.tick();
            }
            if gives_way {
                give_way();
            }
            // Relaxed, as all of these: they steer, and nothing is concluded from them.
            self.crew.turns[self.index]
                .0
                .store(*round, Ordering::Relaxed);
            let wanted = self.leads() || *round < ROUNDS_PER_TICK || self.is_led();
            wanted && !self.crew.called_off.load(Ordering::Relaxed)
        })
    }

    /// [`rounds`](Member::rounds) that go on beyond `limit` until this member has met others often
    /// enough: until others did a round between two of its own. On a machine that is busy with
    /// something else, the members of a crew take turns instead of running side by side, and a
    /// number of operations says little about how many of them overlapped.
    pub(crate) fn rounds_until_met(&self, limit: u64) -> impl Iterator<Item = u64> {
        let mut meetings = 0;
        let mut before = self.turns_of_others();
        self.rounds(limit * EXTENSION_MAX).take_while(move |round| {
            let now = self.turns_of_others();
            meetings += u64::from(now != before);
            before = now;
            *round < limit || meetings < limit / ROUNDS_PER_MEETING
        })
    }

    /// Waits until it is time, or no leader is at work any more. Ticks no progress: whoever is waited
    /// for has to, or it hangs.
    pub(crate) fn wait_until(&self, is_time: impl Fn() -> bool) {
        while !is_time() && self.is_led() && !self.crew.called_off.load(Ordering::Relaxed) {
            give_way();
        }
    }

    fn is_led(&self) -> bool {
        self.crew.leading.load(Ordering::Relaxed) > 0
    }

    fn turns_of_others(&self) -> u64 {
        let others = self.crew.turns.iter().enumerate();
        others
            .filter(|(index, _)| *index != self.index)
            .map(|(_, turns)| turns.0.load(Ordering::Relaxed))
            .fold(0, u64::wrapping_add)
    }
}

/// Lets `leaders` and `followers` do `work` on threads of their own, all at once, and returns what
/// they bring back, in order.
///
/// All start together and all leave together, so that per-thread state of a library is made for the
/// same number of threads in every run.
///
/// # Errors
///
/// The first breach that a member found; a panic is one.
pub(crate) fn crew<T: Send>(
    progress: &Progress,
    pace: Pace,
    leaders: usize,
    followers: usize,
    work: impl Fn(&Member<'_>) -> Result<T, Breach> + Sync,
) -> Result<Vec<T>, Breach> {
    let crew = Crew {
        pace,
        progress,
        called_off: AtomicBool::new(false),
        leading: AtomicUsize::new(leaders),
        leaders,
        turns: (0..leaders + followers).map(|_| Turns::default()).collect(),
    };
    let together = Barrier::new(leaders + followers);
    let run_member = |index| {
        let member = Member { index, crew: &crew };
        if pace == Pace::Duel {
            hurry();
        }
        together.wait();
        let outcome = caught(|| work(&member));
        if outcome.is_err() {
            crew.called_off.store(true, Ordering::Relaxed);
        }
        if member.leads() {
            crew.leading.fetch_sub(1, Ordering::Relaxed);
        }
        together.wait();
        outcome
    };
    let run_member = &run_member;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..leaders + followers)
            .map(|index| scope.spawn(move || run_member(index)))
            .collect();
        // Joined one by one: only then are the threads' destructors known to have run.
        let outcomes: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().expect("its panics are caught"))
            .collect();
        outcomes.into_iter().collect()
    })
}
