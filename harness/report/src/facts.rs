//! What the sections ask of the results: which rows, which cell, which words for it.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::scenario::{Origin, Scenario};

use results::{Card, Cell, Decision, Judged, Machine, Metric, Overall, Ratio, Results};

use super::collect::{grouped, unique};
use super::format;

/// The family that the report compared with the mutex.
pub(super) const CHANNEL: &str = "channel";
/// All decisions, the most welcome first.
pub(super) const BEST_FIRST: [Decision; 7] = [
    Decision::Adopt,
    Decision::AdoptForSome,
    Decision::MachinesDiffer,
    Decision::Undecided,
    Decision::TooFew,
    Decision::StayWithBaseline,
    Decision::Disqualified,
];

/// A scenario together with one of the metrics it measures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'r> {
    pub(super) scenario: &'r Scenario,
    pub(super) metric: Metric,
}

impl PartialEq for Row<'_> {
    fn eq(&self, other: &Self) -> bool {
        (&self.scenario.name, self.metric) == (&other.scenario.name, other.metric)
    }
}

/// The rows of the report's table, as far as they are among the run's scenarios.
pub(super) fn report_rows(machine: &Machine) -> Vec<Row<'_>> {
    let scenarios = machine.scenarios.iter();
    scenarios
        .filter(|scenario| scenario.origin == Origin::Report && scenario.operations.is_none())
        .filter_map(main_row)
        .collect()
}

/// The scenarios that time a given number of operations.
pub(super) fn totals(machine: &Machine) -> Vec<Row<'_>> {
    let scenarios = machine.scenarios.iter();
    let timed = scenarios.filter(|scenario| scenario.operations.is_some());
    timed.filter_map(main_row).collect()
}

/// What a scenario is about; `None` for one without any thread.
fn main_row(scenario: &Scenario) -> Option<Row<'_>> {
    scenario.groups.first()?;
    let metric = scenario.metric();
    Some(Row { scenario, metric })
}

/// All that a scenario times, what it is about first.
pub(super) fn timed_rows<'r>(machine: &'r Machine, scenario: &'r Scenario) -> Vec<Row<'r>> {
    let cells = machine.cells.iter();
    let of_it = cells.filter(|cell| cell.scenario == scenario.name && cell.metric.is_timed());
    let measured: BTreeSet<Metric> = of_it.map(|cell| cell.metric).collect();
    let main = main_row(scenario).filter(|row| measured.contains(&row.metric));
    let all = measured.iter().map(|&metric| Row { scenario, metric });
    unique(main.into_iter().chain(all))
}

/// Every row that times something, over all scenarios.
pub(super) fn all_rows(machine: &Machine) -> Vec<Row<'_>> {
    let scenarios = machine.scenarios.iter();
    scenarios
        .flat_map(|scenario| timed_rows(machine, scenario))
        .collect()
}

/// The report's rows, or all where the run has none of those.
pub(super) fn main_rows(machine: &Machine) -> Vec<Row<'_>> {
    let rows = report_rows(machine);
    if rows.is_empty() {
        all_rows(machine)
    } else {
        rows
    }
}

impl<'r> Row<'r> {
    pub(super) fn cell(&self, machine: &'r Machine, strategy: &str) -> Option<&'r Cell> {
        machine.cell(&self.scenario.name, strategy, self.metric)
    }

    pub(super) fn ratio(&self, machine: &'r Machine, strategy: &str) -> Option<&'r Ratio> {
        self.cell(machine, strategy)?.ratio.as_ref()
    }

    /// The scenario's name, with the metric where the name alone would not say which. Names and not
    /// titles, because titles have commas and prose lists them.
    pub(super) fn label(&self, machine: &Machine) -> String {
        self.qualified(machine, &self.scenario.name)
    }

    /// The same with the scenario's title.
    pub(super) fn title(&self, machine: &Machine) -> String {
        self.qualified(machine, &self.scenario.title)
    }

    fn qualified(&self, machine: &Machine, text: &str) -> String {
        if timed_rows(machine, self.scenario).len() > 1 {
            format!("{text} ({})", format::operation(self.metric))
        } else {
            text.to_owned()
        }
    }
}

/// A row of a machine.
pub(super) fn row<'r>(machine: &'r Machine, scenario: &str, metric: Metric) -> Option<Row<'r>> {
    let mut scenarios = machine.scenarios.iter();
    let scenario = scenarios.find(|candidate| candidate.name == scenario)?;
    Some(Row { scenario, metric })
}

/// A row by its label, as on the first machine that has its scenario.
pub(super) fn label(machines: &[Machine], scenario: &str, metric: Metric) -> String {
    let mut machines = machines.iter();
    let label = |machine| Some(row(machine, scenario, metric)?.label(machine));
    let label = machines.find_map(label);
    label.unwrap_or_else(|| scenario.to_owned())
}

/// Judged rows by their labels.
pub(super) fn labels(machines: &[Machine], judged: &[Judged]) -> Vec<String> {
    let judged = judged.iter();
    judged
        .map(|row| label(machines, &row.scenario, row.metric))
        .collect()
}

/// `crate` of `crate/variant`.
pub(super) fn family(strategy: &str) -> &str {
    strategy.split('/').next().unwrap_or(strategy)
}

/// The cards by family, in the order of the registry.
pub(super) fn by_family<'r>(
    cards: impl IntoIterator<Item = &'r Card>,
) -> Vec<(&'r str, Vec<&'r Card>)> {
    let cards = cards.into_iter();
    grouped(cards.map(|card| (family(&card.name), card)))
}

/// The strategies that compete on any machine, in the registry's order.
pub(super) fn contenders(results: &Results) -> Vec<&Card> {
    let cards = results.machines.iter().flat_map(Machine::contenders);
    let cards = grouped(cards.map(|card| (&card.name, card)));
    cards.into_iter().map(|(_, same)| same[0]).collect()
}

/// The names of the contenders that no check disqualifies.
pub(super) fn ranked(machine: &Machine) -> impl Iterator<Item = &str> {
    let names = machine.contenders().map(|card| card.name.as_str());
    names.filter(|name| machine.is_ranked(name))
}

/// What a check has disqualified.
pub(super) fn broken(machine: &Machine) -> Vec<&str> {
    let all = machine.recommendations.iter();
    let broken = all.filter(|recommendation| recommendation.decision == Decision::Disqualified);
    broken
        .map(|recommendation| recommendation.strategy.as_str())
        .collect()
}

/// How many controls came out, and those that did not as expected, each with its scenarios.
pub(super) fn controls(machine: &Machine) -> Value {
    let failed = machine.controls.iter().filter(|control| !control.passed);
    let failed = failed.map(|control| (control.control.as_str(), control.scenario.as_str()));
    let failed: Vec<(&str, &str)> = unique(failed);
    let number = failed.len();
    let failed = grouped(failed).into_iter();
    let failed =
        failed.map(|(control, scenarios)| context! { control, scenarios => Serde(scenarios) });
    context! {
        all => machine.controls.len(),
        number,
        failed => failed.collect::<Vec<_>>(),
    }
}

/// Whether what a report calls machines are builds of the program on one.
pub(super) fn are_builds(results: &Results) -> bool {
    let machines = results.machines.iter();
    let hardware = unique(machines.map(|machine| machine.environment.machine()));
    results.machines.len() > 1 && hardware.len() == 1
}

/// The rows of all machines, each once.
pub(super) fn united<'r>(
    results: &'r Results,
    rows: impl Fn(&'r Machine) -> Vec<Row<'r>>,
) -> Vec<Row<'r>> {
    unique(results.machines.iter().flat_map(rows))
}

/// What follows for a strategy; nothing for the baseline and controls.
pub(super) fn overall<'r>(results: &'r Results, strategy: &str) -> Option<&'r Overall> {
    let mut all = results.overall.iter();
    all.find(|overall| overall.strategy == strategy)
}

/// The strategies with a decision, strongest first: by the number of the report's rows in which they improve by more
/// than the margin on every machine, then by the lowest bound that they reach anywhere.
pub(super) fn strongest_first(
    results: &Results,
    wanted: impl Fn(Decision) -> bool,
) -> Vec<&Overall> {
    let rows = united(results, main_rows);
    let all = results.overall.iter();
    let wanted = all.filter(|overall| wanted(overall.decision));
    let mut ranked: Vec<_> = wanted
        .map(|overall| (overall, strength(results, &rows, &overall.strategy)))
        .collect();
    ranked.sort_by(|(_, a), (_, b)| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
    ranked.into_iter().map(|(overall, _)| overall).collect()
}

fn strength(results: &Results, rows: &[Row<'_>], strategy: &str) -> (usize, f64) {
    let low = |row: &Row<'_>| {
        let each = results.machines.iter();
        let lows = each.map(|machine| Some(row.ratio(machine, strategy)?.ci_low));
        let lows = lows.collect::<Option<Vec<f64>>>()?;
        lows.into_iter().reduce(f64::min)
    };
    let lows: Vec<f64> = rows.iter().filter_map(low).collect();
    let held = lows.iter().filter(|&&low| low > results.margin).count();
    (held, lows.into_iter().reduce(f64::min).unwrap_or(0.0))
}

/// The strongest of those with the best decision.
pub(super) fn strongest(
    results: &Results,
    is_meant: impl Fn(&Overall) -> bool,
) -> Option<&Overall> {
    BEST_FIRST.into_iter().find_map(|wanted| {
        let ranked = strongest_first(results, |decision| decision == wanted);
        ranked.into_iter().find(|overall| is_meant(overall))
    })
}

/// The mean of the logarithms of those ratios that there are.
pub(super) fn mean_ln(ratios: &[Option<&Ratio>]) -> f64 {
    let logs: Vec<f64> = ratios
        .iter()
        .flatten()
        .map(|ratio| ratio.median.ln())
        .collect();
    logs.iter().sum::<f64>() / logs.len().max(1) as f64
}

/// Every figure of a strategy that is no time of a row: by its situation or scenario, and by its metric.
pub(super) fn counts<'r>(
    machine: &'r Machine,
    strategy: &str,
) -> BTreeMap<&'r str, BTreeMap<&'static str, f64>> {
    let mut counts: BTreeMap<&str, BTreeMap<&str, f64>> = BTreeMap::new();
    let cells = machine.cells.iter();
    for cell in cells.filter(|cell| cell.strategy == strategy && !cell.metric.is_timed()) {
        let scenario = counts.entry(&cell.scenario).or_default();
        scenario.insert(cell.metric.name(), cell.median);
    }
    counts
}

/// A strategy's figures in rows; `sections/figures.md.j2` words them.
pub(super) fn figures(machine: &Machine, rows: &[Row<'_>], strategy: &str) -> Vec<Value> {
    let figure = |row: &Row<'_>| figure(machine, *row, strategy);
    rows.iter().map(figure).collect()
}

/// What is known of a strategy in a row, and of the strategy; without a cell, why it has none.
pub(super) fn figure(machine: &Machine, row: Row<'_>, strategy: &str) -> Value {
    let mut exclusions = machine.exclusions.iter();
    let excluded = exclusions.find(|exclusion| {
        exclusion.scenario == row.scenario.name && exclusion.strategy == strategy
    });
    let ratio = row.ratio(machine, strategy);
    context! {
        cell => Serde(row.cell(machine, strategy)),
        ratio => Serde(ratio),
        loses => ratio.is_some_and(Ratio::loses),
        excluded => excluded.map(|exclusion| &exclusion.reason),
        is_baseline => strategy == machine.baseline,
        is_ranked => machine.is_ranked(strategy),
        is_control => machine.card(strategy).is_some_and(|card| card.control),
    }
}
