//! What the sections ask of the results: which rows, which cell, which words for it.

use std::collections::{BTreeMap, BTreeSet};

pub(super) use minijinja::context;
pub(super) use minijinja::value::{Serde, Value};
use model::claims::Property;
pub(super) use model::collect::{grouped, unique};
use model::scenario::{Origin, Scenario};

use results::{
    Card, Cell, Decision, Exclusion, Judged, Machine, Metric, Overall, Ratio, Results, is_worse,
};

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
    rows_of(machine, |it| {
        it.origin == Origin::Report && it.operations.is_none()
    })
}

/// The scenarios that time a given number of operations.
pub(super) fn totals(machine: &Machine) -> Vec<Row<'_>> {
    rows_of(machine, |scenario| scenario.operations.is_some())
}

fn rows_of(machine: &Machine, is_meant: fn(&&Scenario) -> bool) -> Vec<Row<'_>> {
    let scenarios = machine.scenarios.iter().filter(is_meant);
    scenarios.filter_map(main_row).collect()
}

/// What a scenario is about; `None` for one without any thread.
fn main_row(scenario: &Scenario) -> Option<Row<'_>> {
    scenario.groups.first()?;
    let metric = scenario.metric();
    Some(Row { scenario, metric })
}

/// All that a scenario times, what it is about first.
pub(super) fn timed_rows<'r>(machine: &'r Machine, scenario: &'r Scenario) -> Vec<Row<'r>> {
    let is_of_it = |cell: &&Cell| cell.scenario == scenario.name && cell.metric.is_timed();
    let cells = machine.cells.iter().filter(is_of_it);
    let measured: BTreeSet<Metric> = cells.map(|cell| cell.metric).collect();
    let main = main_row(scenario).filter(|row| measured.contains(&row.metric));
    let all = measured.iter().map(|&metric| Row { scenario, metric });
    unique(main.into_iter().chain(all))
}

/// Every row that times something, over all scenarios.
pub(super) fn all_rows(machine: &Machine) -> Vec<Row<'_>> {
    let rows = |scenario| timed_rows(machine, scenario);
    machine.scenarios.iter().flat_map(rows).collect()
}

/// The report's rows, or all where the run has none of those.
pub(super) fn main_rows(machine: &Machine) -> Vec<Row<'_>> {
    match report_rows(machine) {
        rows if rows.is_empty() => all_rows(machine),
        rows => rows,
    }
}

impl<'r> Row<'r> {
    pub(super) fn cell(&self, machine: &'r Machine, strategy: &str) -> Option<&'r Cell> {
        machine.cell(&self.scenario.name, strategy, self.metric)
    }

    pub(super) fn ratio(&self, machine: &'r Machine, strategy: &str) -> Option<&'r Ratio> {
        self.cell(machine, strategy)?.ratio.as_ref()
    }

    /// What tables and sentences say of it; a scenario that only some machines have is called as there.
    pub(super) fn facts(&self, results: &Results) -> Value {
        context! {
            label => label(&results.machines, &self.scenario.name, self.metric),
            operation => format::operation(self.metric),
            threads => self.scenario.threads(),
            ..Value::from(Serde(self.scenario))
        }
    }

    /// The scenario's name, with the metric where the name alone would not say which. Names and not
    /// titles, because titles have commas and prose lists them.
    pub(super) fn label(&self, machine: &Machine) -> String {
        self.qualified(machine, &self.scenario.name)
    }

    /// A name of the scenario, with the metric where that alone would not say which.
    pub(super) fn qualified(&self, machine: &Machine, text: &str) -> String {
        if timed_rows(machine, self.scenario).len() > 1 {
            format!("{text} ({})", format::operation(self.metric))
        } else {
            text.to_owned()
        }
    }
}

/// Judged rows of a machine.
pub(super) fn judged<'r>(
    machine: &'r Machine,
    judged: impl IntoIterator<Item = &'r Judged>,
) -> impl Iterator<Item = Row<'r>> {
    let judged = judged.into_iter();
    judged.filter_map(|judged| row(machine, &judged.scenario, judged.metric))
}

fn row<'r>(machine: &'r Machine, scenario: &str, metric: Metric) -> Option<Row<'r>> {
    let scenario = machine.scenarios.iter().find(|it| it.name == scenario)?;
    Some(Row { scenario, metric })
}

/// A row by its label, as on the first machine that has its scenario.
pub(super) fn label(machines: &[Machine], scenario: &str, metric: Metric) -> String {
    let label = |machine| Some(row(machine, scenario, metric)?.label(machine));
    let label = machines.iter().find_map(label);
    label.unwrap_or_else(|| scenario.to_owned())
}

/// Judged rows by their labels.
pub(super) fn labels(machines: &[Machine], judged: &[Judged]) -> Vec<String> {
    let label = |row: &Judged| label(machines, &row.scenario, row.metric);
    judged.iter().map(label).collect()
}

/// `crate` of `crate/variant`.
pub(super) fn family(strategy: &str) -> &str {
    strategy.split('/').next().unwrap_or(strategy)
}

/// Facts of each item, as templates have them.
pub(super) fn list<T, V: Into<Value>>(
    items: impl IntoIterator<Item = T>,
    facts: impl FnMut(T) -> V,
) -> Value {
    items.into_iter().map(facts).collect()
}

/// The rows of a table of all machines.
pub(super) fn all<'r, T>(
    results: &'r Results,
    table: fn(&'r Machine) -> &'r Vec<T>,
) -> impl Iterator<Item = &'r T> {
    results.machines.iter().flat_map(table)
}

/// All cells of a strategy.
pub(super) fn cells<'r>(machine: &'r Machine, strategy: &str) -> impl Iterator<Item = &'r Cell> {
    let cells = machine.cells.iter();
    cells.filter(move |cell| cell.strategy == strategy)
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
    let broken = all.filter(|judged| judged.decision == Decision::Disqualified);
    broken.map(|judged| judged.strategy.as_str()).collect()
}

/// How many controls came out, and those that did not as expected, each with its scenarios.
pub(super) fn controls(machine: &Machine) -> Value {
    let failed = machine.controls.iter().filter(|control| !control.passed);
    let failed = failed.map(|control| (control.control.as_str(), control.scenario.as_str()));
    let failed = unique(failed);
    context! {
        all => machine.controls.len(),
        number => failed.len(),
        failed => list(grouped(failed), |(control, scenarios)| {
            context! { control, scenarios => Serde(scenarios) }
        }),
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
    results.overall.iter().find(|row| row.strategy == strategy)
}

/// The strategies with a decision, strongest first: by the number of the report's rows in which they improve by more
/// than the margin on every machine, then by the lowest bound that they reach anywhere.
pub(super) fn strongest_first(results: &Results) -> Vec<&Overall> {
    let rows = united(results, main_rows);
    let ranked = results.overall.iter();
    let ranked = ranked.map(|row| (strength(results, &rows, &row.strategy), row));
    let mut ranked: Vec<((usize, f64), &Overall)> = ranked.collect();
    ranked.sort_by(|(a, _), (b, _)| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
    ranked.into_iter().map(|(_, overall)| overall).collect()
}

fn strength(results: &Results, rows: &[Row<'_>], strategy: &str) -> (usize, f64) {
    let low = |row: &Row<'_>| {
        let low = |machine| Some(row.ratio(machine, strategy)?.ci_low);
        let lows: Option<Vec<f64>> = results.machines.iter().map(low).collect();
        lows?.into_iter().reduce(f64::min)
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
    let rank = |row: &&Overall| BEST_FIRST.iter().position(|rank| *rank == row.decision);
    let ranked = strongest_first(results).into_iter();
    ranked.filter(|row| is_meant(row)).min_by_key(rank)
}

/// The mean of the logarithms of those ratios that there are.
pub(super) fn mean_ln(ratios: &[Option<&Ratio>]) -> f64 {
    let logs = || ratios.iter().flatten().map(|ratio| ratio.median.ln());
    logs().sum::<f64>() / logs().count().max(1) as f64
}

/// Every figure of a strategy that is no time of a row: by its situation or scenario, and by its metric.
pub(super) fn counts<'r>(
    machine: &'r Machine,
    strategy: &str,
) -> BTreeMap<&'r str, BTreeMap<&'static str, f64>> {
    let mut counts: BTreeMap<&str, BTreeMap<&str, f64>> = BTreeMap::new();
    for cell in cells(machine, strategy).filter(|cell| !cell.metric.is_timed()) {
        let scenario = counts.entry(&cell.scenario).or_default();
        scenario.insert(cell.metric.name(), cell.median);
    }
    counts
}

/// A strategy's figures in rows; `sections/figures.md.j2` words them.
pub(super) fn figures(machine: &Machine, rows: &[Row<'_>], strategy: &str) -> Value {
    list(rows, |row| figure(machine, *row, strategy))
}

/// What is known of a strategy in a row, and of the strategy; without a cell, why it has none.
pub(super) fn figure(machine: &Machine, row: Row<'_>, strategy: &str) -> Value {
    let is_of_it = |it: &&Exclusion| it.scenario == row.scenario.name && it.strategy == strategy;
    let excluded = machine.exclusions.iter().find(is_of_it);
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

/// A property where its name stands alone, without what is claimed.
fn in_a_list(property: Property) -> String {
    match property {
        Property::WriteCost => "cost of a write".into(),
        Property::Records => "kinds of records".into(),
        other => other.to_string(),
    }
}

/// What a strategy costs on a machine: the rows in which it is worse, with how many times better it is there, the worst first;
/// promises that are not as good as the baseline's, and what these are about; how much more a record keeps alive, if it is more
/// than is tolerated, and whether that was compared.
pub(super) fn tradeoffs(machine: &Machine, strategy: &str) -> Value {
    let lost = machine.recommendation(strategy).into_iter();
    let lost = judged(machine, lost.flat_map(|lost| &lost.losses));
    let ratio = |row: Row<'_>| Some((row.label(machine), row.ratio(machine, strategy)?.median));
    let mut ratios: Vec<(String, f64)> = lost.filter_map(ratio).collect();
    ratios.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let weaker = machine.weaker_claims(strategy);
    // How many times as much a record keeps alive as in the baseline, in each table that was weighed.
    let weighed = cells(machine, strategy);
    let weighed = weighed.filter(|cell| cell.metric == Metric::LiveBytesPerRecord);
    let times = weighed.filter_map(|cell| Some(1.0 / cell.ratio.as_ref()?.median));
    let times: Vec<f64> = times.collect();
    let least = times.iter().copied().reduce(f64::min);
    let most = times.iter().copied().reduce(f64::max);
    let memory = least.zip(most).filter(|(_, most)| is_worse(1.0 / most));
    let memory = memory.map(|(least, most)| {
        let [low, high] = [least, most].map(format::times);
        let up_to = if low == high { "" } else { "up to " };
        format!("{up_to}{high} the memory per record")
    });
    context! {
        rows => list(ratios, |(label, ratio)| format!("{label} {}", format::times(ratio))),
        weaker => list(&weaker, |(property, claim, usual)| format!("{property}: {claim} instead of {usual}")),
        weaker_properties => list(&weaker, |(property, ..)| in_a_list(*property)),
        memory,
        is_weighed => !times.is_empty(),
    }
}
