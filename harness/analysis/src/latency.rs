//! How long operations took at a rate that every strategy was asked for alike, and who was faster than the baseline.
//!
//! A quantile is given if [`BEYOND_MIN`] operations took longer. That many may still be few stalls: one of a millisecond
//! is charged to all that came meanwhile. So how sure a difference is does not follow from the number of operations,
//! but from the baseline under its second name, which met as many stalls: by how much the two differ is the noise of a
//! quantile. Above [`NOISE_MAX`] nobody is ranked by it, and a difference no larger than the noise is none.

#[cfg(test)]
mod tests;

use model::controls::SAME;
use model::parallel;
use model::probe::{Count, Distribution, KEPT, Probe, ProbeSeen, SparseHistogram};
use model::sample::Line;
use results::{Latency, PROCESSES_LEAST, Quantile, Rank};

use super::samples::Samples;

/// Operations of all processes that take longer than a quantile, at least.
const BEYOND_MIN: f64 = 1_000.0;
/// Where the baseline and its second name differ by more, nobody is ranked.
const NOISE_MAX: f64 = 1.5;
/// Shares of the operations.
const SHARES: [f64; 10] = [
    0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999,
];
/// What is timed, how often it was asked for, and how often that was not begun.
#[rustfmt::skip]
const OPERATIONS: [(Distribution, Count, Count); 2] = [
    (Distribution::Reads, Count::ReadsOffered, Count::ReadsUnfinished),
    (Distribution::Writes, Count::WritesOffered, Count::WritesUnfinished),
];

/// All latencies, by probe, operation and the header's order of strategies.
pub(super) fn all(samples: &Samples) -> Vec<Latency> {
    let probes = Probe::LATENCIES.into_iter();
    let asked = probes.flat_map(|probe| OPERATIONS.map(|(of, offered, _)| (probe, of, offered)));
    let asked: Vec<(Probe, Distribution, Count)> = asked.collect();
    let latencies = parallel::map(&asked, |&(probe, of, offered)| {
        let timed = |strategy: &str| Timed::from_samples(samples, probe, of, strategy);
        let [baseline, same] = [&samples.header.baseline, SAME].map(timed);
        let cards = samples.header.strategies.iter();
        let latencies = cards.filter_map(|card| {
            let timed = timed(&card.name);
            let mut latency = Latency {
                scenario: probe.name().into(),
                strategy: card.name.clone(),
                distribution: of,
                operations: timed.operations(),
                per_s: None,
                served: None,
                kept: None,
                quantiles: Vec::new(),
            };
            if probe.load().is_none() {
                latency.quantiles = timed.quantiles_at_own_rate();
                return (latency.operations > 0).then_some(latency);
            }
            latency.per_s = median(
                timed
                    .probed
                    .iter()
                    .filter_map(|process| process.per_s(offered)),
            );
            latency.served = timed.served(of);
            latency.kept = timed.is_kept();
            if latency.kept == Some(true) {
                let operations = latency.operations as f64;
                latency.quantiles =
                    timed.quantiles(|share| (1.0 - share) * operations >= BEYOND_MIN);
            }
            if card.name != samples.header.baseline {
                let quantiles = latency.quantiles.iter_mut();
                quantiles
                    .for_each(|quantile| compare(quantile, &timed, &card.name, &baseline, &same));
            }
            (latency.operations > 0).then_some(latency)
        });
        latencies.collect::<Vec<_>>()
    });
    latencies.concat()
}

/// Compares a quantile of a strategy with the baseline's.
fn compare(
    quantile: &mut Quantile,
    of: &Timed<'_>,
    strategy: &str,
    baseline: &Timed<'_>,
    same: &Timed<'_>,
) {
    let noise = baseline.noise(same, quantile.share);
    let is_kept = baseline.is_kept() == Some(true);
    let theirs = baseline.at(quantile.share).filter(|_| is_kept);
    quantile.times = match strategy {
        SAME => noise,
        _ => theirs.map(|theirs| theirs / quantile.ns),
    };
    quantile.rank = Some(match (quantile.times, noise) {
        (Some(times), Some(noise)) if noise <= NOISE_MAX && of.are_enough() => {
            if times.ln().abs() <= noise.ln() {
                Rank::Alike
            } else if times > 1.0 {
                Rank::Better
            } else {
                Rank::Worse
            }
        }
        _ => Rank::NotRanked,
    });
}

/// What the processes of a strategy timed in one probe, of one kind of operation.
struct Timed<'s> {
    of: Distribution,
    probed: Vec<&'s ProbeSeen>,
}

impl<'s> Timed<'s> {
    fn from_samples(samples: &'s Samples, probe: Probe, of: Distribution, strategy: &str) -> Self {
        let probed = samples.lines.iter().filter_map(Line::try_as_probe_ref);
        let probed =
            probed.filter(|process| process.probe == probe && process.strategy == strategy);
        let probed = probed.filter(|process| process.histogram(of).is_some());
        Self {
            of,
            probed: probed.collect(),
        }
    }

    fn histograms(&self) -> impl Iterator<Item = &'s SparseHistogram> {
        let probed = self.probed.iter();
        probed.filter_map(|probe| probe.histogram(self.of))
    }

    /// Whether so many processes timed it that it can be told from their luck.
    fn are_enough(&self) -> bool {
        self.probed.len() >= PROCESSES_LEAST
    }

    fn operations(&self) -> u64 {
        self.histograms().map(SparseHistogram::len).sum()
    }

    /// The share of the operations asked for that was begun in time.
    fn served(&self, of: Distribution) -> Option<f64> {
        let (_, offered, unfinished) = OPERATIONS
            .into_iter()
            .find(|(distribution, ..)| *distribution == of)?;
        let probed = self.probed.iter();
        median(probed.filter_map(|probe| Some(1.0 - probe.share(unfinished, offered)?)))
    }

    /// Whether the rate was kept, by the reads and by the writes: where writes are left over, reads met too few. `None` where
    /// that was not counted.
    fn is_kept(&self) -> Option<bool> {
        let [reads, writes] = OPERATIONS.map(|(of, ..)| self.served(of));
        Some(reads?.min(writes?) >= KEPT)
    }

    /// A quantile: the median over the processes.
    fn at(&self, share: f64) -> Option<f64> {
        median(
            self.histograms()
                .map(|histogram| histogram.quantile(share) as f64),
        )
    }

    /// The quantiles for which there are operations enough.
    fn quantiles(&self, are_enough: impl Fn(f64) -> bool) -> Vec<Quantile> {
        let shares = SHARES.into_iter().filter(|&share| are_enough(share));
        let quantiles = shares.map(|share| Quantile {
            share,
            ns: self.at(share).unwrap_or_default(),
            ..Quantile::default()
        });
        quantiles.collect()
    }

    /// At a rate that was no other strategy's, as recorded runs have them: as far as every process has operations to tell a
    /// quantile from its worst, and the worst of any.
    fn quantiles_at_own_rate(&self) -> Vec<Quantile> {
        let fewest = self.histograms().map(SparseHistogram::len).min();
        let fewest = fewest.unwrap_or_default() as f64;
        let mut quantiles = self.quantiles(|share| (1.0 - share) * fewest >= 1.0);
        let worst = self.histograms().map(SparseHistogram::max).max();
        quantiles.extend(worst.map(|worst| Quantile {
            share: 1.0,
            ns: worst as f64,
            ..Quantile::default()
        }));
        quantiles
    }

    /// By how many times two that are the same differ, either way: in the figures that are shown, or in most of the
    /// processes, which may differ more than their medians. None if either did not keep the rate, or there are so few
    /// processes that they may agree by chance.
    fn noise(&self, same: &Self, share: f64) -> Option<f64> {
        if [self, same].map(Self::is_kept) != [Some(true); 2] {
            return None;
        }
        let of_figures = (self.at(share)? / same.at(share)?).ln().abs();
        let pairs = self.probed.iter().filter_map(|probe| {
            let mut others = same.probed.iter();
            let other = others.find(|other| other.process == probe.process)?;
            let [this, other] = [probe, other].map(|probe| probe.histogram(self.of));
            let times = this?.quantile(share) as f64 / other?.quantile(share) as f64;
            Some(times.ln().abs())
        });
        let pairs: Vec<f64> = pairs.collect();
        let are_enough = pairs.len() >= PROCESSES_LEAST;
        let of_pairs = median(pairs.into_iter()).filter(|_| are_enough)?;
        Some(of_figures.max(of_pairs).exp())
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    stats::median(&mut values.collect::<Vec<_>>())
}
