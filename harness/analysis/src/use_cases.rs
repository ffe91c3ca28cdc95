//! Use cases, answered: the strategy that gains most, and what it costs. A workload of the user's own is answered by
//! the same rule.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use contract::ScanConsistency;
use model::controls;
use model::sample::Card;
use results::{
    Answer, Cell, Choice, Decision, Gain, Judged, Loss, Machine, Ratio, Scope, TOLERATED, UseCase,
    decide, is_worse, may_qualify,
};
use serde::Deserialize;
use stats::{Estimate, estimate};

use crate::runs::{Between, between};
use crate::series::{ByProcess, Series, groups};

/// The file that says what readers come with.
const FILE: &str = include_str!("../../../benches/use_cases.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    use_case: Vec<Asked>,
}

/// A use case as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    id: String,
    title: String,
    decided_by: Vec<Judged>,
    #[serde(default)]
    holds_along: Option<String>,
    #[serde(default)]
    needs: Vec<Need>,
}

/// What a strategy has to offer to be an answer.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Need {
    AtomicScans,
    AnyRecord,
}

fn asked() -> Vec<Asked> {
    let file: File = toml::from_str(FILE).expect("use_cases.toml is part of the program");
    file.use_case
}

/// The scenarios that decide a use case.
pub fn deciding_scenarios() -> Vec<String> {
    let rows = asked().into_iter().flat_map(|asked| asked.decided_by);
    rows.map(|row| row.scenario).collect()
}

/// The answers to all use cases whose rows were measured.
pub(super) fn answered(results: &Machine, series: &Series<'_>, runs: &[u32]) -> Vec<UseCase> {
    let asked = asked().into_iter();
    let asked = asked.filter(|asked| {
        let mut rows = asked.decided_by.iter();
        rows.all(|row| {
            let cell = results.cell(&row.scenario, &results.baseline, row.metric);
            cell.is_some()
        })
    });
    asked
        .map(|asked| answer(results, series, runs, asked))
        .collect()
}

fn answer(results: &Machine, series: &Series<'_>, runs: &[u32], asked: Asked) -> UseCase {
    let cards = results.contenders();
    let cards = cards.filter(|card| card.name != results.baseline && results.is_ranked(&card.name));
    let cards = cards.filter(|card| asked.needs.iter().all(|need| need.is_met(card)));
    let cards = cards.map(|card| (card, worst_loss(results, &card.name)));
    let candidates = Candidate::all(results, series, runs, &asked.decided_by, cards);
    let ceiling = mean_log_ratios(series, &asked.decided_by, controls::UNSYNCHRONISED);
    let ceiling = estimate(&groups(ceiling)).map(|ceiling| ceiling.median.exp());
    UseCase {
        ceiling: ceiling.filter(|times| times.is_finite() && *times > 0.0),
        gains: candidates.iter().map(Candidate::gain).collect(),
        of_all: choose(results, &candidates, |_| true),
        of_published: choose(results, &candidates, |card| !card.is_own()),
        id: asked.id,
        title: asked.title,
        decided_by: asked.decided_by,
        holds_along: asked.holds_along,
    }
}

impl Need {
    fn is_met(self, card: &Card) -> bool {
        match self {
            Self::AtomicScans => card.claims.scan_consistency == ScanConsistency::Snapshot,
            Self::AnyRecord => !card.claims.plain_data_only,
        }
    }
}

/// A strategy that was measured in all rows that decide.
#[derive(Clone, Debug)]
pub struct Candidate<'c> {
    /// The strategy.
    pub card: &'c Card,
    /// What its ratios in these rows decide.
    pub decision: Decision,
    /// Whether their intervals leave it possible that it qualifies, whatever the decision is.
    pub may_qualify: bool,
    /// The mean over the rows of log ratios, by process.
    log_ratios: ByProcess,
    estimate: Estimate,
    /// Where it loses most, if anywhere.
    loss: Option<Loss>,
    /// The row that decides in which it is worst, if it is worse as measured: that alone keeps it from being adopted.
    deciding_loss: Option<Loss>,
}

impl<'c> Candidate<'c> {
    /// Those of the strategies, each with what it loses elsewhere, that were measured in all of these `rows`. `runs` are the
    /// first processes of the runs, where several are pooled.
    pub fn all(
        results: &Machine,
        series: &Series<'_>,
        runs: &[u32],
        rows: &[Judged],
        cards: impl IntoIterator<Item = (&'c Card, Option<Loss>)>,
    ) -> Vec<Self> {
        let others = results.strategies.iter();
        let others = others.filter(|card| card.name != results.baseline);
        let of_all = others.map(|card| mean_log_ratios(series, rows, &card.name));
        let between = between(runs, of_all);
        let cards = cards.into_iter();
        let candidates = cards.filter_map(|(card, loss)| {
            let log_ratios = mean_log_ratios(series, rows, &card.name);
            Self::new(results, between, rows, card, loss, log_ratios)
        });
        candidates.collect()
    }

    fn new(
        results: &Machine,
        between: Between,
        rows: &[Judged],
        card: &'c Card,
        loss: Option<Loss>,
        log_ratios: ByProcess,
    ) -> Option<Self> {
        let cells = rows.iter();
        let cells = cells.map(|row| results.cell(&row.scenario, &card.name, row.metric));
        let cells: Vec<&Cell> = cells.collect::<Option<_>>()?;
        let ratios = cells.iter().map(|cell| cell.ratio.as_ref());
        let ratios: Vec<&Ratio> = ratios.collect::<Option<_>>()?;
        Some(Self {
            card,
            decision: if results.decides() {
                decide(&ratios, results.margin, Scope::Workload)
            } else {
                Decision::TooFew
            },
            may_qualify: may_qualify(&ratios, results.margin),
            estimate: between.widen(estimate(&groups(log_ratios.clone()))?),
            log_ratios,
            loss,
            deciding_loss: worst_of(cells.into_iter(), |ratio| is_worse(ratio.median)),
        })
    }

    /// How many times better than the baseline, over the rows that decide: a geometric mean.
    pub fn times(&self) -> f64 {
        self.estimate.median.exp()
    }

    fn gain(&self) -> Gain {
        Gain {
            strategy: self.card.name.clone(),
            times: self.times(),
        }
    }

    fn choice(&self, level: f64, loss: Option<&Loss>) -> Choice {
        let interval = self.estimate.interval(level);
        Choice {
            strategy: self.card.name.clone(),
            library: self.card.library.clone(),
            times: self.times(),
            low: interval.low.exp(),
            high: interval.high.exp(),
            processes: self.estimate.groups(),
            loss: loss.cloned(),
        }
    }

    /// How many times better another one is, as measured process by process. `None` if they were never measured side by side.
    fn behind(&self, best: &Candidate<'_>) -> Option<f64> {
        let behind = best.log_ratios.iter().filter_map(|(process, log)| {
            let behind = log.first()? - self.log_ratios.get(process)?.first()?;
            // Of two that finished nothing neither is behind.
            Some(if behind.is_nan() { 0.0 } else { behind })
        });
        stats::median(&mut behind.collect::<Vec<_>>()).map(f64::exp)
    }

    /// What it costs, the least first: how many times its speed is halved where it loses most, to the nearest whole number, since
    /// what is between is another one in each run; how many guarantees it gives up; whether nobody else maintains it; and its place
    /// in the registry.
    fn price(&self, results: &Machine) -> (i64, usize, bool, Option<usize>) {
        let loss = self.loss.as_ref().map_or(1.0, |loss| loss.times);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a loss of nothing at all is the greatest"
        )]
        let halvings = -loss.log2().round() as i64;
        let weaker = results.weaker_claims(&self.card.name).len();
        let mut cards = results.strategies.iter();
        let place = cards.position(|card| card.name == self.card.name);
        (halvings, weaker, self.card.is_own(), place)
    }

    /// The greater gain is the greater, and of equals the first in the registry's order, for `max_by`.
    fn by_gain(&self, other: &Self) -> Ordering {
        let by_gain = self.estimate.median.total_cmp(&other.estimate.median);
        by_gain.then(Ordering::Greater)
    }
}

/// The answer among those that are wanted.
fn choose(results: &Machine, all: &[Candidate<'_>], is_wanted: impl Fn(&Card) -> bool) -> Answer {
    let wanted = all.iter().filter(|candidate| is_wanted(candidate.card));
    let wanted: Vec<&Candidate<'_>> = wanted.collect();
    let mut qualified = wanted.clone();
    qualified.retain(|candidate| candidate.decision == Decision::Adopt);
    let level = results.protocol.level;
    let Some((chosen, tied)) = best(results, &qualified) else {
        let is_undecided = |candidate: &&Candidate<'_>| {
            matches!(candidate.decision, Decision::Undecided | Decision::TooFew)
        };
        let margin = results.margin.ln();
        let nearest = wanted.iter().copied();
        let nearest = nearest
            .filter(|candidate| candidate.may_qualify || candidate.estimate.median > margin)
            .max_by(|a, b| {
                let by_chance = a.may_qualify.cmp(&b.may_qualify);
                by_chance.then_with(|| a.by_gain(b))
            });
        return Answer {
            is_open: wanted.iter().any(is_undecided),
            nearest: nearest
                .map(|candidate| candidate.choice(level, candidate.deciding_loss.as_ref())),
            ..Answer::default()
        };
    };
    Answer {
        choice: Some(chosen.choice(level, chosen.loss.as_ref())),
        nearest: None,
        is_open: false,
        tied: tied
            .iter()
            .map(|candidate| candidate.card.name.clone())
            .collect(),
    }
}

/// The answer among those that qualify, and those that are as good: not behind the one that gains most by more than the margin,
/// since that is what it takes to adopt one in another's place. Of those that are not even behind by what is tolerated it is the one
/// that costs least: that loses least elsewhere, then gives up the fewest guarantees, then has a library that others maintain, then
/// is registered first. `None` if none qualifies.
pub fn best<'a, 'c>(
    results: &Machine,
    qualified: &[&'a Candidate<'c>],
) -> Option<(&'a Candidate<'c>, Vec<&'a Candidate<'c>>)> {
    let most = qualified.iter().copied().max_by(|a, b| a.by_gain(b))?;
    let is_within = |candidate: &Candidate<'_>, times: f64| {
        candidate.behind(most).is_some_and(|behind| behind <= times)
    };
    let mut tied = qualified.to_vec();
    tied.retain(|candidate| is_within(candidate, results.margin));
    let equals = tied.iter().copied();
    let equals = equals.filter(|candidate| is_within(candidate, TOLERATED));
    let chosen = equals.min_by_key(|candidate| candidate.price(results))?;
    tied.retain(|candidate| !std::ptr::eq(*candidate, chosen));
    Some((chosen, tied))
}

/// The row outside of sweeps in which a strategy is worst, if it is worse there for certain.
fn worst_loss(results: &Machine, strategy: &str) -> Option<Loss> {
    let is_point = |scenario: &str| {
        let mut rows = results.scenarios.iter();
        rows.any(|row| row.name == scenario && row.point.is_some())
    };
    let cells = results.cells.iter();
    let cells = cells.filter(|cell| cell.strategy == strategy && cell.metric.is_timed());
    worst_of(cells.filter(|cell| !is_point(&cell.scenario)), Ratio::loses)
}

/// Of the cells in which a strategy is worse, the one in which it is worst.
fn worst_of<'c>(
    cells: impl Iterator<Item = &'c Cell>,
    is_worse: impl Fn(&Ratio) -> bool,
) -> Option<Loss> {
    let losses = cells.filter_map(|cell| {
        let ratio = cell.ratio.as_ref().filter(|ratio| is_worse(ratio))?;
        Some(Loss {
            scenario: cell.scenario.clone(),
            metric: cell.metric,
            times: ratio.median,
        })
    });
    losses.min_by(|a, b| a.times.total_cmp(&b.times))
}

/// The mean of a strategy's log ratios over rows, by process: of each row the median of the process's slices.
fn mean_log_ratios(series: &Series<'_>, rows: &[Judged], strategy: &str) -> ByProcess {
    let log_ratios = |row: &Judged| series.log_ratios(&row.scenario, strategy, row.metric);
    let of_rows: Vec<_> = rows.iter().map(log_ratios).collect();
    let Some(first) = of_rows.first() else {
        return ByProcess::new();
    };
    let means = first.keys().filter_map(|process| {
        let of_process = of_rows.iter().map(|row| row.get(process));
        let medians = of_process.map(|values| stats::median(&mut values?.clone()));
        let medians: Vec<f64> = medians.collect::<Option<_>>()?;
        let mean = medians.iter().sum::<f64>() / medians.len() as f64;
        Some((*process, vec![mean]))
    });
    means.collect()
}
