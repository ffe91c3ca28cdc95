//! Drawing the median over groups of the medians of samples drawn from them, often.

use std::collections::BTreeMap;

use basis::random::{below, uniform};
use rand_core::Rng;

use super::middle::MiddleOfDraws;
use super::network::{LANES, Network, Row};

/// The groups of an estimate, each as what the median of a bootstrap sample of it may be.
///
/// Where in a group's cumulative probabilities a uniform number lies is looked up in a guide table (Chen
/// and Asau, On Generating Random Variates from an Empirical Distribution, AIIE Transactions 6, 1974),
/// which begins the search one or two steps from its end: bisection guesses wrong at every other step.
#[derive(Debug)]
pub(super) struct Urns {
    /// All groups' possible medians, group by group.
    medians: Vec<Possible>,
    /// For each group and each of [`Urns::slots`] equal parts of [0, 1), where to begin.
    guide: Vec<u32>,
    slots: usize,
    /// Each group's sum of probabilities.
    totals: Vec<f64>,
    /// What stands behind the ranks.
    values: Vec<f64>,
}

/// What the median of a bootstrap sample of a group may be.
#[derive(Clone, Copy, Debug)]
struct Possible {
    /// The probability of everything up to here; infinite in a group's last.
    cumulative: f64,
    /// The place of the median among those of all groups.
    rank: f32,
}

/// Parts of [0, 1) for each possible median of the largest group, so that few parts have a bound within.
const SLOTS_EACH: usize = 4;
/// Up to so many: the tables are to stay in the nearest cache.
const SLOTS_MAX: usize = 512;

impl Urns {
    /// Of the groups that are not empty; `None` if all are.
    pub(super) fn of(groups: &[Vec<f64>]) -> Option<Self> {
        let groups = || groups.iter().filter(|group| !group.is_empty());
        let mut middles: BTreeMap<usize, MiddleOfDraws> = BTreeMap::new();
        for group in groups() {
            let of_length = middles.entry(group.len());
            of_length.or_insert_with(|| MiddleOfDraws::of(group.len()));
        }
        let most = middles.values().map(|middle| middle.cumulative().len());
        let slots = most.max()? * SLOTS_EACH;
        let mut urns = Self {
            medians: Vec::new(),
            guide: Vec::new(),
            // A power of two, so that the part of a number is found exactly.
            slots: slots.next_power_of_two().min(SLOTS_MAX),
            totals: Vec::new(),
            values: Vec::new(),
        };
        for group in groups() {
            urns.add(group, &middles[&group.len()]);
        }
        urns.rank();
        Some(urns)
    }

    fn add(&mut self, group: &[f64], middle: &MiddleOfDraws) {
        let mut sorted = group.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let begin = self.medians.len();
        for &(cumulative, lower, upper) in middle.cumulative() {
            let median = f64::midpoint(sorted[lower as usize], sorted[upper as usize]);
            self.values.push(median);
            self.medians.push(Possible {
                cumulative,
                rank: 0.0,
            });
        }
        let last = self.medians.last_mut().expect("every group has a median");
        let total = last.cumulative;
        last.cumulative = f64::INFINITY;
        let own = &self.medians[begin..];
        self.guide.extend((0..self.slots).map(|slot| {
            let bound = slot as f64 / self.slots as f64 * total;
            let behind = own.partition_point(|possible| possible.cumulative <= bound);
            (begin + behind) as u32
        }));
        self.totals.push(total);
    }

    /// Gives every possible median its rank, which so far stand in the same order as the values.
    fn rank(&mut self) {
        let mut order: Vec<usize> = (0..self.values.len()).collect();
        order.sort_unstable_by(|&a, &b| self.values[a].total_cmp(&self.values[b]));
        for (rank, &place) in (0_u32..).zip(&order) {
            self.medians[place].rank = rank as f32;
        }
        self.values = order.iter().map(|&place| self.values[place]).collect();
    }

    /// Draws a group, and the median of a bootstrap sample of it; the rank.
    #[inline]
    fn draw(&self, random: &mut impl Rng) -> f32 {
        let group = below(random, self.totals.len());
        let uniform = uniform(random);
        let wanted = uniform * self.totals[group];
        #[expect(clippy::cast_sign_loss, reason = "no uniform number is negative")]
        let slot = (uniform * self.slots as f64) as usize;
        let mut at = self.guide[group * self.slots + slot] as usize;
        while self.medians[at].cumulative <= wanted {
            at += 1;
        }
        self.medians[at].rank
    }

    /// Draws as many medians as there are groups, and takes the median of these; so many times.
    pub(super) fn resampled(&self, random: &mut impl Rng, resamples: usize) -> Vec<f64> {
        let network = Network::of(self.totals.len());
        let mut rows: Vec<Row> = vec![[0.0; LANES]; self.totals.len()];
        let mut medians = Vec::with_capacity(resamples.next_multiple_of(LANES));
        while medians.len() < resamples {
            for lane in 0..LANES {
                for row in &mut rows {
                    row[lane] = self.draw(random);
                }
            }
            let (lower, upper) = network.middle(&mut rows);
            medians.extend(lower.iter().zip(upper).map(|(&lower, upper)| {
                let [lower, upper] = [lower, upper].map(|rank| self.value(rank));
                f64::midpoint(lower, upper)
            }));
        }
        medians.truncate(resamples);
        medians
    }

    fn value(&self, rank: f32) -> f64 {
        #[expect(clippy::cast_sign_loss, reason = "no rank is negative")]
        let place = rank as usize;
        self.values[place]
    }
}
