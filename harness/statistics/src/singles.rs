//! Draws from a few groups of one sample each, of which a report has thousands.

use std::collections::BTreeMap;
use std::iter::repeat_n;
use std::sync::{Arc, Mutex, PoisonError};

use basis::random::{below, uniform};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::median;

/// Up to so many groups; of more, there are about as many selections as resamples.
const FEW: usize = 6;

/// The numbers of the groups that a resample drew, ascending, and how many resamples drew these.
type Selections = BTreeMap<Vec<usize>, usize>;

/// What [`super::draws`] gives, sorted; `None` if the groups are not few or have more than one sample.
///
/// Which groups are drawn depends on their number and the seed, and not on the samples: it is drawn once for
/// all estimates that follow each other, and leaves a few medians to take for each.
pub(super) fn sorted_draws(groups: &[Vec<f64>], seed: u64, resamples: usize) -> Option<Vec<f64>> {
    let single = |group: &Vec<f64>| match group[..] {
        [one] => Some(one),
        _ => None,
    };
    let groups = groups.iter().filter(|group| !group.is_empty());
    let samples: Vec<f64> = groups.map(single).collect::<Option<_>>()?;
    if !(1..=FEW).contains(&samples.len()) {
        return None;
    }
    let selections = selections(samples.len(), seed, resamples);
    let mut medians: Vec<(f64, usize)> = selections
        .iter()
        .filter_map(|(chosen, times)| {
            let mut chosen: Vec<f64> = chosen.iter().map(|&group| samples[group]).collect();
            Some((median(&mut chosen)?, *times))
        })
        .collect();
    medians.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let draws = medians.into_iter();
    Some(
        draws
            .flat_map(|(median, times)| repeat_n(median, times))
            .collect(),
    )
}

/// What was drawn last from so many groups: the seed, the number of resamples, and which groups.
type Last = BTreeMap<usize, (u64, usize, Arc<Selections>)>;

fn selections(groups: usize, seed: u64, resamples: usize) -> Arc<Selections> {
    static LAST: Mutex<Last> = Mutex::new(BTreeMap::new());
    // What is in it is whole at any time.
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match last.get(&groups) {
        Some((of_seed, of_resamples, known)) if (*of_seed, *of_resamples) == (seed, resamples) => {
            Arc::clone(known)
        }
        _ => {
            let drawn = Arc::new(drawn(groups, seed, resamples));
            last.insert(groups, (seed, resamples, Arc::clone(&drawn)));
            drawn
        }
    }
}

fn drawn(groups: usize, seed: u64, resamples: usize) -> Selections {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut selections = Selections::new();
    for _ in 0..resamples {
        let draw = |_| {
            let group = below(&mut random, groups);
            // For the sample, which is the only one.
            uniform(&mut random);
            group
        };
        let mut chosen: Vec<usize> = (0..groups).map(draw).collect();
        chosen.sort_unstable();
        *selections.entry(chosen).or_default() += 1;
    }
    selections
}

#[cfg(test)]
mod tests {
    use super::super::draws;
    use super::*;

    #[test]
    fn they_are_what_is_drawn_one_by_one() {
        for (count, seed) in [(1, 7), (2, 7), (3, 7), (3, 8), (3, 7), (6, 7)] {
            let group = |number: u32| vec![f64::from(number * 37 % 5) - 2.0];
            let mut groups: Vec<Vec<f64>> = (0..count).map(group).collect();
            groups.insert(1, Vec::new());
            let mut expected = draws(&groups, seed, 1_000);
            expected.sort_unstable_by(f64::total_cmp);
            assert_eq!(
                sorted_draws(&groups, seed, 1_000),
                Some(expected),
                "{count}"
            );
        }
    }

    #[test]
    fn others_are_left_to_be_drawn() {
        for groups in [vec![], vec![vec![1.0], vec![1.0, 2.0]], vec![vec![1.0]; 7]] {
            assert_eq!(sorted_draws(&groups, 1, 10), None, "{groups:?}");
        }
    }
}
