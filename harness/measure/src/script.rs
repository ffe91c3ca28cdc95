//! A tape of operations: what a thread of a mix does at each step, and to which process.
//!
//! Kinds are not drawn one by one but dealt: a tape has exactly the share of each that the scenario
//! asks for, in random order, so every lap of it does. Insertions and removals take turns and work on
//! identifiers of the thread's own, so the table keeps its size and a tape may be followed round and
//! round.

use std::collections::VecDeque;
use std::sync::Arc;

use contract::{Handle, ProcessId, Specimen};
use model::random::shuffle;
use model::sample::Kinds;
use model::scenario::{Group, Shares};
use rand_core::Rng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::field::{CHURN_WINDOW, Keyring, TAPE_LENGTH, passes};
use crate::keys::Keys;
use crate::pace::exponential;
use crate::section::{Extra, Section};

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Look a record up.
    Read,
    /// Apply a heartbeat.
    Write,
    /// Look a record up and apply a heartbeat to it.
    ReadModifyWrite,
    /// Insert a process of the thread's own.
    Insert,
    /// Remove the oldest of them.
    Remove,
    /// Visit every record.
    Scan,
}

impl Step {
    /// Whether it changes the table.
    #[inline]
    pub(crate) const fn writes(self) -> bool {
        !matches!(self, Step::Read | Step::Scan)
    }
}

/// A thread's tape of operations. Steps and identifiers lie apart: together they would take twice
/// the cache.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) steps: Vec<Step>,
    pub(crate) ids: Vec<ProcessId>,
    /// The time inside each step; empty where all reads take the same and writes none.
    sections: Vec<Section>,
    /// The times after the steps, gone through round and round; empty where there are none.
    pub(crate) pauses: Vec<Section>,
    /// The keys of the user and the entry of each step among them, where they cost something.
    hashed: Option<(Arc<Keys>, Vec<u32>)>,
    /// Which entries ask for a process that never was.
    absent: Vec<bool>,
    /// The identifiers that come and go, in this order.
    churned: Vec<ProcessId>,
}

impl Script {
    /// Deals and draws a tape.
    pub(crate) fn new(
        group: &Group,
        keys: &Keyring<'_>,
        hashed: Option<&Arc<Keys>>,
        random: &mut Xoshiro256PlusPlus,
    ) -> Self {
        let mut steps = deal(group.shares(), random);
        let insertions = steps.iter_mut().filter(|step| **step == Step::Insert);
        for step in insertions.skip(1).step_by(2) {
            *step = Step::Remove;
        }
        let comings = steps.iter().filter(|&&step| step == Step::Insert).count();
        let churned: Vec<ProcessId> = (0..comings).map(|_| ProcessId(random.next_u64())).collect();
        let mut script = Self {
            sections: sections(group, &steps, random),
            pauses: Vec::new(),
            hashed: None,
            absent: vec![false; steps.len()],
            ids: Vec::with_capacity(steps.len()),
            steps,
            churned,
        };
        script.draw(keys, random);
        let pauses = group.pause_ns.into_iter().flat_map(|mean_ns| {
            let pauses = exponential(random).into_iter();
            pauses.map(move |pause| Section::lasting(pause * mean_ns))
        });
        script.pauses = pauses.collect();
        script.hashed = hashed.map(|keys| (Arc::clone(keys), keys.entries(&script.ids)));
        script
    }

    /// What a step spends beyond what it does to the table, where reads that are not dealt a time of their own spend
    /// `section`.
    #[inline]
    pub(crate) fn extra(&self, step: Step, at: usize, section: Section) -> Extra<'_> {
        Extra {
            section: match self.sections.get(at) {
                Some(&dealt) => dealt,
                None if step == Step::Write => Section::default(),
                None => section,
            },
            key: self
                .hashed
                .as_ref()
                .map(|(keys, entries)| (&**keys, entries[at])),
        }
    }

    /// Gives every step its process.
    fn draw(&mut self, keys: &Keyring<'_>, random: &mut Xoshiro256PlusPlus) {
        let asks = |step| matches!(step, Step::Read | Step::Write | Step::ReadModifyWrite);
        let places = 0..self.steps.len();
        let asking: Vec<usize> = places.filter(|&at| asks(self.steps[at])).collect();
        let misses = keys.misses(asking.len(), random);
        for (&at, &is_absent) in asking.iter().zip(&misses) {
            self.absent[at] = is_absent;
        }
        // Youngest first.
        let mut present: VecDeque<ProcessId> = self.present_at(0).rev().collect();
        let mut coming = self.churned.iter();
        for (&step, &is_absent) in self.steps.iter().zip(&self.absent) {
            let id = match step {
                _ if is_absent => keys.absent(random),
                Step::Read => keys.draw_read(&present, random),
                Step::Write | Step::ReadModifyWrite => keys.draw(random),
                Step::Insert => {
                    let id = *coming.next().expect("one for each insertion");
                    present.push_front(id);
                    id
                }
                Step::Remove => present.pop_back().expect("something came before it"),
                Step::Scan => ProcessId(0),
            };
            self.ids.push(id);
        }
    }

    /// The thread's own processes that are in the table before the step after `total` others, oldest
    /// first.
    pub(crate) fn present_at(&self, total: u64) -> impl DoubleEndedIterator<Item = ProcessId> {
        let lap = &self.steps[..(total % self.steps.len() as u64) as usize];
        let count = |kind| lap.iter().filter(|&&step| step == kind).count();
        let comings = self.churned.len();
        let window = CHURN_WINDOW.min(comings.saturating_sub(1));
        // Counted from the beginning of the lap before: those of its end are still there.
        let (oldest, youngest) = (
            comings + count(Step::Remove) - window,
            comings + count(Step::Insert),
        );
        (oldest..youngest).map(move |number| self.churned[number % comings])
    }

    /// Of which kind the first `total` operations were.
    pub(crate) fn kinds(&self, total: u64) -> Kinds {
        let mut kinds = Kinds::default();
        for (entry, times) in passes(self.steps.len(), 0, total) {
            *match self.steps[entry] {
                Step::Read => &mut kinds.reads,
                Step::Write => &mut kinds.writes,
                Step::ReadModifyWrite => &mut kinds.read_modify_writes,
                Step::Insert => &mut kinds.inserts,
                Step::Remove => &mut kinds.removes,
                Step::Scan => &mut kinds.scans,
            } += times;
            kinds.absent += times * u64::from(self.absent[entry]);
        }
        kinds
    }

    /// Puts the thread's own processes into the table that the tape expects there at its beginning.
    pub(crate) fn enter<R: Specimen>(&self, handle: &mut impl Handle<R>) {
        for id in self.present_at(0) {
            handle.insert(id, R::pending(id));
        }
        handle.publish();
    }

    /// Takes out what is left of them after so many operations.
    pub(crate) fn leave<R: Specimen>(&self, handle: &mut impl Handle<R>, total: u64) {
        for id in self.present_at(total) {
            handle.remove(id);
        }
    }
}

/// The times inside the steps, dealt as the steps are; none if no step has one of its own.
fn sections(group: &Group, steps: &[Step], random: &mut Xoshiro256PlusPlus) -> Vec<Section> {
    if group.sections.is_empty() && group.write_sections.is_empty() {
        return Vec::new();
    }
    let always = |ns: f64| model::scenario::Section { ns, share: 1.0 };
    let constant: Vec<_> = group.section_ns.map(always).into_iter().collect();
    let constant = Some(&constant).filter(|times| !times.is_empty());
    let reads = constant.unwrap_or(&group.sections);
    let mut dealt = vec![Section::default(); steps.len()];
    for (step, times) in [(Step::Read, reads), (Step::Write, &group.write_sections)] {
        let mut places: Vec<usize> = (0..steps.len()).filter(|&at| steps[at] == step).collect();
        shuffle(&mut places, random);
        let count = places.len() as f64;
        let (mut share, mut done) = (0.0, 0);
        for time in times {
            share += time.share;
            #[expect(clippy::cast_sign_loss, reason = "a share is not negative")]
            let end = ((share * count).round() as usize).min(places.len());
            let section = Section::lasting(time.ns);
            places[done..end].iter().for_each(|&at| dealt[at] = section);
            done = end;
        }
    }
    dealt
}

/// The steps in random order; insertions stand for themselves and for removals.
fn deal(shares: Shares, random: &mut Xoshiro256PlusPlus) -> Vec<Step> {
    #[expect(clippy::cast_sign_loss, reason = "a share is not negative")]
    let quota = |share: f64| (share * TAPE_LENGTH as f64).round() as usize;
    let mut steps = Vec::with_capacity(TAPE_LENGTH);
    for (step, count) in [
        // In pairs: who comes must go.
        (Step::Insert, quota(shares.inserts) * 2),
        (Step::Write, quota(shares.writes)),
        (Step::ReadModifyWrite, quota(shares.read_modify_writes)),
        (Step::Scan, quota(shares.scans)),
    ] {
        steps.extend(std::iter::repeat_n(step, count));
    }
    // Shares that add up to 1 may round to one step more or less.
    let rest = if shares.reads() > 0.0 || steps.is_empty() {
        Step::Read
    } else {
        steps[steps.len() - 1]
    };
    steps.resize(TAPE_LENGTH, rest);
    shuffle(&mut steps, random);
    steps
}
