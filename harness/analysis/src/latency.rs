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
type Asked = (Distribution, Count, Count);
#[rustfmt::skip]
const OPERATIONS: [Asked; 2] = [
    (Distribution::Reads, Count::ReadsOffered, Count::ReadsUnfinished),
    (Distribution::Writes, Count::WritesOffered, Count::WritesUnfinished),
];

/// All latencies, by probe, operation and the header's order of strategies.
pub(super) fn all(samples: &Samples) -> Vec<Latency> {
    let header = &samples.header;
    let asked = Probe::LATENCIES.map(|probe| OPERATIONS.map(|asked| (probe, asked)));
    let latencies = parallel::map(asked.as_flattened(), |&(probe, asked)| {
        let (distribution, offered, _) = asked;
        let timed = |strategy: &str| Timed::from_samples(samples, probe, distribution, strategy);
        let beside = [&header.baseline, SAME].map(timed);
        // At a rate of its own a strategy is compared with nobody.
        let is_common = probe.load().is_some();
        let latencies = header.strategies.iter().filter_map(|card| {
            let timed = timed(&card.name);
            let operations = timed.histograms().map(SparseHistogram::len).sum();
            let kept = timed.is_kept().filter(|_| is_common);
            let are_enough = |share| (1.0 - share) * operations as f64 >= BEYOND_MIN;
            let mut quantiles = match kept {
                _ if !is_common => timed.quantiles_at_own_rate(),
                Some(true) => timed.quantiles(are_enough),
                _ => Vec::new(),
            };
            if is_common && card.name != header.baseline {
                for quantile in &mut quantiles {
                    timed.compare(quantile, &card.name, &beside);
                }
            }
            let rates = timed.probed.iter();
            let rates = rates.filter_map(|(probe, _)| probe.per_s(offered));
            (operations > 0).then(|| Latency {
                scenario: probe.name().into(),
                strategy: card.name.clone(),
                distribution,
                operations,
                per_s: median(rates).filter(|_| is_common),
                served: timed.served(asked).filter(|_| is_common),
                kept,
                quantiles,
            })
        });
        latencies.collect::<Vec<_>>()
    });
    latencies.concat()
}

/// The processes of a strategy in one probe, with what each timed of one kind of operation.
struct Timed<'s> {
    probed: Vec<(&'s ProbeSeen, &'s SparseHistogram)>,
}

impl<'s> Timed<'s> {
    fn from_samples(samples: &'s Samples, probe: Probe, of: Distribution, strategy: &str) -> Self {
        let probed = samples.all(Line::try_as_probe_ref);
        let probed = probed.filter(|seen| seen.probe == probe && seen.strategy == strategy);
        let probed = probed.filter_map(|seen| Some((seen, seen.histogram(of)?)));
        let probed = probed.collect();
        Self { probed }
    }

    /// Compares a quantile of the strategy with the baseline's; the latter's second name tells how sure that is.
    fn compare(&self, quantile: &mut Quantile, strategy: &str, beside: &[Timed<'_>; 2]) {
        let [baseline, same] = beside;
        let noise = baseline.noise(same, quantile.share);
        let is_kept = baseline.is_kept() == Some(true);
        let theirs = baseline.at(quantile.share).filter(|_| is_kept);
        quantile.times = match strategy {
            SAME => noise,
            _ => theirs.map(|theirs| theirs / quantile.ns),
        };
        quantile.rank = Some(match (quantile.times, noise) {
            (Some(times), Some(noise)) if noise <= NOISE_MAX && self.are_enough() => match times {
                _ if times.ln().abs() <= noise.ln() => Rank::Alike,
                _ if times > 1.0 => Rank::Better,
                _ => Rank::Worse,
            },
            _ => Rank::NotRanked,
        });
    }

    fn histograms(&self) -> impl Iterator<Item = &'s SparseHistogram> {
        self.probed.iter().map(|(_, histogram)| *histogram)
    }

    /// Whether so many processes timed it that it can be told from their luck.
    fn are_enough(&self) -> bool {
        self.probed.len() >= PROCESSES_LEAST
    }

    /// The share of the operations asked for that was begun in time.
    fn served(&self, (_, offered, unfinished): Asked) -> Option<f64> {
        let unfinished = |(probe, _): &(&ProbeSeen, _)| probe.share(unfinished, offered);
        let unfinished = self.probed.iter().filter_map(unfinished);
        median(unfinished.map(|share| 1.0 - share))
    }

    /// Whether the rate was kept, by the reads and by the writes: where writes are left over, reads met too few. `None` where
    /// that was not counted.
    fn is_kept(&self) -> Option<bool> {
        let [reads, writes] = OPERATIONS.map(|asked| self.served(asked));
        Some(reads?.min(writes?) >= KEPT)
    }

    /// A quantile: the median over the processes.
    fn at(&self, share: f64) -> Option<f64> {
        let quantile = |histogram: &SparseHistogram| histogram.quantile(share) as f64;
        median(self.histograms().map(quantile))
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
        let apart = |a: f64, b: f64| (a / b).ln().abs();
        let pairs = self.probed.iter().filter_map(|(probe, histogram)| {
            let mut others = same.probed.iter();
            let (_, other) = others.find(|(other, _)| other.process == probe.process)?;
            let [ours, theirs] = [histogram, other].map(|timed| timed.quantile(share) as f64);
            Some(apart(ours, theirs))
        });
        let pairs: Vec<f64> = pairs.collect();
        let are_enough = pairs.len() >= PROCESSES_LEAST;
        let of_pairs = median(pairs.into_iter()).filter(|_| are_enough)?;
        Some(apart(self.at(share)?, same.at(share)?).max(of_pairs).exp())
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    stats::median(&mut values.collect::<Vec<_>>())
}
