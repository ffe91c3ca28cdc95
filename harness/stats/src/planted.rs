//! Planted figures of measuring processes, whose true median is 0: what a test is tried on.

use model::random::{normal, uniform};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use strum::{Display, VariantArray};

use crate::{Difference, estimate};

/// How the figures of processes are distributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// Normal.
    Normal,
    /// Student's t with two degrees of freedom: no variance.
    T2,
    /// One long tail.
    Exponential,
    /// Two modes, half of the processes in each, twenty spreads to either side of the median.
    #[strum(serialize = "two modes")]
    TwoModes,
    /// Two modes, one process in ten in the other.
    #[strum(serialize = "a rare second mode")]
    RareMode,
}

impl Kind {
    /// All of them.
    pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;

    fn draw(self, random: &mut Xoshiro256PlusPlus) -> f64 {
        /// Of the modes.
        const SPREAD: f64 = 0.05;
        match self {
            Self::Normal => normal(random),
            Self::T2 => {
                let squares = normal(random).powi(2) + normal(random).powi(2);
                normal(random) / (squares / 2.0).sqrt()
            }
            Self::Exponential => -(1.0 - uniform(random)).ln() - 2_f64.ln(),
            Self::TwoModes => {
                let mode = if uniform(random) < 0.5 { -1.0 } else { 1.0 };
                mode + SPREAD * normal(random)
            }
            Self::RareMode => {
                // 5/9 of the normal distribution lie below: half of all, with nine tenths there.
                const MEDIAN: f64 = 0.139_710_299;
                let mode = if uniform(random) < 0.9 { 0.0 } else { 1.0 };
                mode + SPREAD * (normal(random) - MEDIAN)
            }
        }
    }
}

/// How often, of `runs` runs of so many processes without any difference, [`Difference`] finds one at
/// each level. Equal seeds give equal counts.
pub fn false_alarms(kind: Kind, processes: u32, levels: &[f64], runs: u32, seed: u64) -> Vec<u32> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut alarms = vec![0; levels.len()];
    for _ in 0..runs {
        let drawn = (0..processes).map(|_| vec![kind.draw(&mut random)]);
        let groups: Vec<Vec<f64>> = drawn.collect();
        let p = estimate(&groups).map_or(1.0, |planted| Difference::between(&planted, 0.0).p);
        for (alarms, &level) in alarms.iter_mut().zip(levels) {
            *alarms += u32::from(p <= level);
        }
    }
    alarms
}

/// The most that a rate of `level` explains: four standard errors above it, and one more for what is
/// expected less than once.
pub fn most_by_chance(level: f64, runs: u32) -> f64 {
    let expected = level * f64::from(runs);
    expected + 4.0 * expected.sqrt() + 1.0
}
