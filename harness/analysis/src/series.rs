//! The slices of a run as series of numbers: values and log ratios, by measuring process. And where the hypervisor had put
//! the processors meanwhile: to cores that share a cache, or to cores that do not. Nothing else that disturbs a block keeps it
//! from counting: it is noise, in every strategy alike, and the tests have it in their error.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::sample::{Line, Slice};
use model::scenario::{Activity, Scenario};
use strum::VariantArray;

use results::{MARGIN, Metric, is_worse};
use stats::estimate;

/// All slices, findable by where they stood.
#[derive(Debug)]
pub struct Series<'a> {
    /// The strategy that each block begins with: what all others are compared with.
    baseline: Option<&'a str>,
    by_position: HashMap<(BlockKey<'a>, u32), &'a Slice>,
    by_strategy: HashMap<(&'a str, &'a str), Vec<&'a Slice>>,
    /// The blocks in which the processors were not where they usually are.
    elsewhere: HashSet<BlockKey<'a>>,
}

impl<'a> Series<'a> {
    /// Collects the slices of all blocks; those of processors that were moved, apart. Without those that are lost, unless a
    /// strategy has no others.
    pub fn of_lines(lines: &'a [Line]) -> Self {
        let mut by_strategy: HashMap<_, Vec<&Slice>> = HashMap::new();
        let mut slices = lines.iter().filter_map(Line::try_as_slice_ref);
        let first = slices.clone().find(|slice| slice.key.position == 0);
        for slice in &mut slices {
            let names = (slice.key.scenario.as_str(), slice.key.strategy.as_str());
            by_strategy.entry(names).or_default().push(slice);
        }
        for slices in by_strategy.values_mut() {
            if !slices.iter().all(|slice| slice.is_lost()) {
                slices.retain(|slice| !slice.is_lost());
            }
        }
        let slices = by_strategy.values().flatten();
        let by_position = slices.map(|&slice| ((block(slice), slice.key.position), slice));
        Self {
            baseline: first.map(|first| first.key.strategy.as_str()),
            by_position: by_position.collect(),
            by_strategy,
            elsewhere: moved(lines),
        }
    }

    fn slices<'s>(&'s self, scenario: &'s str, strategy: &'s str) -> &'s [&'a Slice] {
        let slices = self.by_strategy.get(&(scenario, strategy));
        slices.map_or(&[], Vec::as_slice)
    }

    /// The logarithms of a timed metric, by process; infinite where no operation was finished. Of the usual place, if there
    /// are any.
    pub fn log_values(&self, scenario: &str, strategy: &str, metric: Metric) -> ByProcess {
        let log = |slice: &Slice| value(slice, metric).map(f64::ln);
        let [usual, elsewhere] = self.by_place(self.slices(scenario, strategy), log);
        if usual.is_empty() { elsewhere } else { usual }
    }

    /// How many times better each slice is than the baseline was before and after it, as a logarithm, by process. Against
    /// the geometric mean of the nearest slices of the baseline, each by how near it is, so that a drift of the machine that
    /// is linear in time cancels. A slice without a finished operation is infinitely worse, whatever the baseline is.
    ///
    /// Where the processors were usually and elsewhere the ratios can differ. Those of both places count if both say the
    /// same: worse, similar or better. Else those of the place with more processes.
    pub fn log_ratios(&self, scenario: &str, strategy: &str, metric: Metric) -> ByProcess {
        let log = |slice: &Slice| self.log_ratio(slice, metric);
        let [mut usual, elsewhere] = self.by_place(self.slices(scenario, strategy), log);
        let says = |place: &ByProcess| {
            let ratio = estimate(&groups(place.clone()))?.median.exp();
            Some((is_worse(ratio), ratio > MARGIN))
        };
        let both = says(&usual).zip(says(&elsewhere));
        if both.is_none_or(|(here, there)| here == there) {
            for (process, ratios) in elsewhere {
                usual.entry(process).or_default().extend(ratios);
            }
        } else if elsewhere.len() > usual.len() {
            usual = elsewhere;
        }
        usual
    }

    /// Logarithms of the slices in which the processors were at their usual place and elsewhere, by measuring process.
    fn by_place(&self, slices: &[&Slice], log: impl Fn(&Slice) -> Option<f64>) -> [ByProcess; 2] {
        let mut places = [ByProcess::new(), ByProcess::new()];
        for slice in slices {
            let place = usize::from(self.elsewhere.contains(&block(slice)));
            let logs = places[place].entry(slice.key.process).or_default();
            logs.extend(log(slice));
        }
        places
    }

    /// The baseline against itself: every slice of it against the next ones before and after it, as
    /// [`log_ratios`](Series::log_ratios), by process and block. What a strategy's would be that is the baseline.
    pub fn baseline_log_ratios(&self, row: &str, baseline: &str, metric: Metric) -> Vec<Blocks> {
        let mut processes: BTreeMap<u32, BTreeMap<u32, Vec<f64>>> = BTreeMap::new();
        for slice in self.slices(row, baseline) {
            let blocks = processes.entry(slice.key.process).or_default();
            let ratios = blocks.entry(slice.key.block).or_default();
            ratios.extend(self.log_ratio(slice, metric));
        }
        let blocks = processes.into_values().map(BTreeMap::into_values);
        blocks.map(Iterator::collect).collect()
    }

    fn log_ratio(&self, slice: &Slice, metric: Metric) -> Option<f64> {
        let position = slice.key.position;
        let (before, steps_before) =
            self.baseline_near(slice, metric, |steps| position.checked_sub(steps))?;
        let (after, steps_after) =
            self.baseline_near(slice, metric, |steps| Some(position + steps))?;
        let value = value(slice, metric)?;
        let here = (before * steps_after + after * steps_before) / (steps_before + steps_after);
        Some(if value.is_infinite() {
            f64::NEG_INFINITY
        } else {
            here - value.ln()
        })
    }

    /// The logarithm of the baseline's value in its slice nearest to another one in a direction, and how many steps away.
    fn baseline_near(
        &self,
        slice: &Slice,
        metric: Metric,
        position: impl Fn(u32) -> Option<u32>,
    ) -> Option<(f64, f64)> {
        let at = |steps| {
            let other = self.by_position.get(&(block(slice), position(steps)?))?;
            (Some(other.key.strategy.as_str()) == self.baseline)
                .then_some((other, f64::from(steps)))
        };
        let (other, steps) = (1..=STEPS_MAX).find_map(at)?;
        // A process that was started anew has other heaps and tables.
        let value = value(other, metric).filter(|_| other.restarts == slice.restarts)?;
        Some((value.ln(), steps))
    }

    /// How many operations a thread did in each slice, on average; of several activities, in the rarest.
    pub fn thread_operations(&self, scenario: &str, strategy: &str, metric: Metric) -> Vec<f64> {
        let slices = self.slices(scenario, strategy).iter();
        let each = |slice: &&Slice| {
            let each = activities(metric).filter_map(|does| slice.operations_of_a_thread(does));
            each.reduce(f64::min)
        };
        slices.filter_map(each).collect()
    }

    /// How much faster the slices were in their last third than in their first, as logarithms.
    pub fn drifts(&self, scenario: &str, strategy: &str, metric: Metric) -> Vec<f64> {
        let slices = self.slices(scenario, strategy).iter();
        let groups = slices.flat_map(|slice| &slice.groups);
        let timed = groups.filter(|group| !group.paced && group.does.metric() == metric);
        timed.filter_map(|group| group.drift).collect()
    }
}

/// A slice of the baseline further away is not compared with: some between are lost.
const STEPS_MAX: u32 = 3;

/// The block that a slice stands in.
fn block(slice: &Slice) -> BlockKey<'_> {
    let key = &slice.key;
    (&key.scenario, key.process, key.block)
}

/// What there is to compare: every metric that a scenario times.
pub fn rows(scenarios: &[Scenario]) -> impl Iterator<Item = (&Scenario, Metric)> {
    scenarios.iter().flat_map(|scenario| {
        let metrics = scenario.timed_metrics().into_iter();
        metrics.map(move |metric| (scenario, metric))
    })
}

/// What is done while a metric is timed.
fn activities(metric: Metric) -> impl Iterator<Item = Activity> {
    let all = Activity::VARIANTS.iter().copied();
    all.filter(move |does| does.metric() == metric)
}

/// A slice's value of a timed metric: of several activities, the time for an operation of any of them.
fn value(slice: &Slice, metric: Metric) -> Option<f64> {
    if metric == Metric::ElapsedMs {
        return Some(slice.window_ns as f64 / 1e6);
    }
    let each = activities(metric).filter_map(|does| slice.ns_per_operation(does));
    each.reduce(|a, b| 1.0 / (1.0 / a + 1.0 / b))
}

/// Figures of slices, by block.
pub type Blocks = Vec<Vec<f64>>;

/// Figures of slices, by measuring process.
pub type ByProcess = BTreeMap<u32, Vec<f64>>;

/// The same without the processes' numbers, as statistics take them.
pub fn groups(by_process: ByProcess) -> Vec<Vec<f64>> {
    by_process.into_values().collect()
}

/// Handing a line over costs more or less than it usually does in the run by this factor. On the same two processors it
/// varies by tenths; cores of one cache and of two are several times apart, two threads of one core half of that.
const HAND_OFF_APART_MAX: f64 = 1.5;

/// A block: scenario, process and number.
type BlockKey<'a> = (&'a str, u32, u32);

/// The blocks during which the processors were not where they usually are: handing a line over cost other than usual, before
/// the block or after it.
pub(super) fn moved(lines: &[Line]) -> HashSet<BlockKey<'_>> {
    let all = || lines.iter().filter_map(Line::try_as_interference_ref);
    let readings = all().flat_map(|block| block.hand_off_ns.into_iter().flatten());
    let usual = usual_hand_off(&readings.collect::<Vec<_>>());
    let moved = all().filter(|block| {
        let mut readings = block.hand_off_ns.into_iter().flatten();
        readings.any(|reading| usual.is_some_and(|usual| is_apart(reading, usual)))
    });
    let keys = moved.map(|block| (&*block.scenario, block.process, block.block));
    keys.collect()
}

/// The hand-off that most of the others are near: processors stay where they are for seconds, so there are a few values and
/// not all between. Nothing where less than a third are near any.
pub fn usual_hand_off(readings: &[f64]) -> Option<f64> {
    let mut ordered = readings.to_vec();
    ordered.sort_by(f64::total_cmp);
    let below = |end: f64| ordered.partition_point(|&reading| reading < end);
    let near = |usual: f64| below(usual * HAND_OFF_APART_MAX) - below(usual / HAND_OFF_APART_MAX);
    // From the most distant: of as many, the nearest is taken.
    let usual = ordered.iter().rev().copied();
    let usual = usual.max_by_key(|&reading| near(reading))?;
    (3 * near(usual) >= readings.len()).then_some(usual)
}

/// Whether two hand-offs were not between the same places.
pub fn is_apart(hand_off: f64, other: f64) -> bool {
    hand_off >= other * HAND_OFF_APART_MAX || hand_off < other / HAND_OFF_APART_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::Samples;
    use fixtures::{contended, invented};
    use model::sample::{GroupCount, Interference};

    /// The processes whose log ratios count, and the median ratio: 16 processes, `moved` of them measured elsewhere, where
    /// the contender, at the usual place ten times as fast as the baseline, is `slower` times slower.
    fn ratios(moved: u32, slower: u64) -> (usize, f64) {
        const SCENARIO: &str = "contention-saturating";
        const CONTENDER: &str = "atomics/cas";
        let mut lines = contended([invented(CONTENDER, 10.0, 10.0, 10.0)], 16, 1);
        for line in &mut lines {
            if let Line::Slice(slice) = line
                && slice.key.strategy == CONTENDER
                && slice.key.process < moved
            {
                let groups = slice.groups.iter_mut();
                groups
                    .flat_map(|group| &mut group.operations)
                    .for_each(|operations| *operations /= slower);
            }
        }
        lines.extend((0..16).map(|process| {
            Line::Interference(Interference {
                scenario: SCENARIO.into(),
                process,
                block: 0,
                slices: 10,
                took_ns: 100_000_000,
                stolen_ns: 0,
                hand_off_ns: Some([if process < moved { 100.0 } else { 31.0 }; 2]),
            })
        }));
        let samples = Samples::from_lines(lines).unwrap();
        let series = Series::of_lines(&samples.lines);
        let ratios = groups(series.log_ratios(SCENARIO, CONTENDER, Metric::ReadNs));
        (ratios.len(), estimate(&ratios).unwrap().median.exp())
    }

    #[test]
    fn a_drift_cancels_wherever_a_slice_stands_between_two_of_the_baseline() {
        let lines = contended([], 1, 1);
        let mut slices = lines.iter().filter_map(Line::try_as_slice_ref);
        let baseline = slices.next().expect("the baseline takes part");
        let name = baseline.key.strategy.as_str();
        let mut block = Vec::new();
        for (position, strategy) in (0..).zip([name, "a/a", "a/b", name, "a/c", name, "a/d"]) {
            let slower = if strategy == name { 1.0 } else { 2.0 };
            let window_ns = 1e9 * slower * 1.1_f64.powf(position.into());
            #[expect(clippy::cast_sign_loss, reason = "it is positive")]
            let window_ns = window_ns as u64;
            let mut slice = baseline.clone();
            slice.key.position = position;
            slice.window_ns = window_ns;
            slice.key.strategy = strategy.to_owned();
            block.push(Line::Slice(slice));
        }
        let series = Series::of_lines(&block);
        let ratios = |strategy| {
            let ratios = series.log_ratios(&baseline.key.scenario, strategy, Metric::ReadNs);
            groups(ratios).concat()
        };
        for strategy in ["a/a", "a/b", "a/c"] {
            let [ratio] = ratios(strategy)[..] else {
                panic!("{strategy}: {:?}", ratios(strategy));
            };
            assert!(
                (ratio.exp() - 0.5).abs() < 1e-6,
                "{strategy}: {}",
                ratio.exp()
            );
        }
        assert!(ratios("a/d").is_empty(), "no baseline stands behind it");
        assert_eq!(ratios(name).len(), 1, "one stands between two others");
        assert!(
            ratios(name).iter().all(|ratio| ratio.abs() < 1e-6),
            "{:?}",
            ratios(name)
        );
    }

    #[test]
    fn two_places_count_together_if_they_say_the_same() {
        let is_near = |ratio: f64, expected: f64| (ratio / expected - 1.0).abs() < 0.2;
        let (processes, usual) = ratios(0, 1);
        assert!(processes == 16 && is_near(usual, 10.0), "{usual}");
        // Half as fast elsewhere, and still better.
        let (processes, ratio) = ratios(6, 2);
        assert!(processes == 16 && is_near(ratio, 10.0), "{ratio}");
        // Worse elsewhere: the place with more processes tells.
        let (processes, ratio) = ratios(6, 100);
        assert!(processes == 10 && is_near(ratio, 10.0), "{ratio}");
        let (processes, ratio) = ratios(9, 100);
        assert!(processes == 9 && is_near(ratio, 0.1), "{ratio}");
    }

    #[test]
    fn who_is_alone_and_finishes_nothing_was_not_measured() {
        const CONTENDER: &str = "atomics/cas";
        let values = |threads: usize, finish_nothing: std::ops::Range<u32>| {
            let mut lines = contended([invented(CONTENDER, 10.0, 10.0, 10.0)], 16, 1);
            for slice in lines.iter_mut().filter_map(Line::try_as_slice_mut) {
                slice.groups.truncate(threads);
                let (key, groups) = (&slice.key, slice.groups.iter_mut());
                if key.strategy == CONTENDER && finish_nothing.contains(&key.process) {
                    groups.for_each(|group| group.operations.fill(0));
                }
            }
            let series = Series::of_lines(&lines);
            let values = series.log_values("contention-saturating", CONTENDER, Metric::ReadNs);
            let (infinite, finite): (Vec<f64>, Vec<f64>) = groups(values)
                .into_iter()
                .flatten()
                .partition(|value| value.is_infinite());
            (infinite.len(), finite.len())
        };
        let (none, all) = values(1, 0..0);
        assert!(none == 0 && all >= 16, "{all}");
        let each = all / 16;
        assert_eq!(values(1, 3..4), (0, all - each));
        // Another thread may have kept it from that, or it never does anything.
        assert_eq!(values(2, 3..4), (each, all - each));
        assert_eq!(values(1, 0..16), (all, 0));
    }

    #[test]
    fn a_metric_is_of_all_threads_that_it_times() {
        let lines = contended([], 1, 1);
        let mut slices = lines.iter().filter_map(Line::try_as_slice_ref);
        let slice = slices.next().expect("the baseline takes part");
        let writers = |operations: [u64; 2]| {
            let mut slice = slice.clone();
            slice.window_ns = 6_000;
            let (group, does) = (&slice.groups[0], [Activity::Update, Activity::Churn]);
            let groups = does.into_iter().zip(operations);
            let groups = groups.map(|(does, operations)| GroupCount {
                does,
                paced: false,
                operations: vec![operations],
                spans_ns: Vec::new(),
                ..group.clone()
            });
            slice.groups = groups.collect();
            slice
        };
        let value = |operations| value(&writers(operations), Metric::WriteNs).unwrap();
        assert!((value([20, 40]) - 100.0).abs() < 1e-9);
        assert!((value([20, 0]) - 300.0).abs() < 1e-9);
        assert!(value([0, 0]).is_infinite());
        // The thread that did fewest says how much that rests on.
        let slice = writers([40, 5]);
        let (scenario, strategy) = (slice.key.scenario.clone(), slice.key.strategy.clone());
        let lines = [Line::Slice(slice)];
        let operations =
            Series::of_lines(&lines).thread_operations(&scenario, &strategy, Metric::WriteNs);
        assert_eq!(operations, [5.0]);
    }

    #[test]
    fn a_block_is_moved_if_it_began_or_ended_elsewhere() {
        let block = |(block, hand_off_ns): (u32, Option<[f64; 2]>)| {
            Line::Interference(Interference {
                scenario: "s".into(),
                process: 0,
                block,
                slices: 10,
                took_ns: 100_000_000,
                stolen_ns: 50_000_000,
                hand_off_ns,
            })
        };
        let here = Some([32.0, 35.0]);
        let readings = [here, here, Some([32.0, 180.0]), Some([14.0, 33.0]), None];
        let lines: Vec<Line> = (0..).zip(readings).map(block).collect();
        assert_eq!(moved(&lines), HashSet::from([("s", 0, 2), ("s", 0, 3)]));
        assert!(moved(&lines[4..]).is_empty());
    }

    #[test]
    fn the_usual_hand_off_is_one_that_was_measured() {
        let usual = |readings: &[f64]| usual_hand_off(readings);
        assert_eq!(usual(&[]), None);
        assert_eq!(usual(&[32.0, 31.0, 180.0]).map(f64::round), Some(31.0));
        // As many there as here: neither is halfway, and the nearer is taken.
        assert!(usual(&[32.0, 180.0, 32.0, 180.0]).is_some_and(|ns| ns < 40.0));
        assert!(usual(&[180.0, 181.0, 32.0]).is_some_and(|ns| ns > 100.0));
        // No value is usual.
        assert_eq!(usual(&[10.0, 20.0, 40.0, 80.0]), None);
    }
}
