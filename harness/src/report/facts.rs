//! What the sections ask of the results: which rows, which cell, which words for it.

use basis::sample::Card;
use basis::scenario::{Origin, Scenario};

use crate::results::{
    Cell, Decision, Flag, Judged, Metric, Ratio, Recommendation, Results, Verdict,
};

use super::{format, view};

/// The family that the report compared with the mutex.
pub(super) const CHANNEL: &str = "channel";
/// Marks such a read in tables.
pub(super) const HARNESS_BOUND_MARK: &str = "†";
/// What the mark means.
pub(super) const HARNESS_BOUND_NOTE: &str = "† within 30 % of the no-op control: as fast as the \
    harness can see, so the true ratio may be higher.";

/// Marks a figure that rests on few operations.
const FEW_OPERATIONS_MARK: &str = "§";
/// What the mark means.
pub(super) const FEW_OPERATIONS_NOTE: &str =
    "§ fewer than 10 operations of a thread in half of its windows.";

/// Marks a figure that drifted within its windows.
const UNSTEADY_MARK: &str = "‡";
/// What the mark means.
pub(super) const UNSTEADY_NOTE: &str = "‡ not in a steady state: the last third of its windows differs \
    from the first by more than 5 %.";

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

/// The rows of the report's table, as far as they are among the run's scenarios.
pub(super) fn report_rows(results: &Results) -> Vec<Row<'_>> {
    results
        .scenarios
        .iter()
        .filter(|scenario| scenario.origin == Origin::Report && scenario.operations.is_none())
        .filter_map(main_row)
        .collect()
}

/// The scenarios that time a given number of operations.
pub(super) fn totals(results: &Results) -> Vec<Row<'_>> {
    results
        .scenarios
        .iter()
        .filter(|scenario| scenario.operations.is_some())
        .filter_map(main_row)
        .collect()
}

/// What a scenario is about; `None` for one without any thread.
fn main_row(scenario: &Scenario) -> Option<Row<'_>> {
    scenario.groups.first()?;
    let metric = scenario.metric();
    Some(Row { scenario, metric })
}

/// All that a scenario times, what it is about first.
pub(super) fn timed_rows<'r>(results: &'r Results, scenario: &'r Scenario) -> Vec<Row<'r>> {
    let main = main_row(scenario);
    let others = [
        Metric::ReadNs,
        Metric::WriteNs,
        Metric::ScanNs,
        Metric::OperationNs,
        Metric::ElapsedMs,
    ]
    .into_iter()
    .filter(|&metric| main.is_none_or(|main| main.metric != metric))
    .map(|metric| Row { scenario, metric });
    main.into_iter()
        .chain(others)
        .filter(|row| {
            results
                .cells
                .iter()
                .any(|cell| cell.scenario == scenario.name && cell.metric == row.metric)
        })
        .collect()
}

/// Every row that times something, over all scenarios.
pub(super) fn all_rows(results: &Results) -> Vec<Row<'_>> {
    results
        .scenarios
        .iter()
        .flat_map(|scenario| timed_rows(results, scenario))
        .collect()
}

/// The report's rows, or all where the run has none of those.
pub(super) fn main_rows(results: &Results) -> Vec<Row<'_>> {
    let rows = report_rows(results);
    if rows.is_empty() {
        all_rows(results)
    } else {
        rows
    }
}

impl<'r> Row<'r> {
    pub(super) fn cell(&self, results: &'r Results, strategy: &str) -> Option<&'r Cell> {
        results.cell(&self.scenario.name, strategy, self.metric)
    }

    pub(super) fn ratio(&self, results: &'r Results, strategy: &str) -> Option<&'r Ratio> {
        self.cell(results, strategy)?.ratio.as_ref()
    }

    /// The scenario's name, with the metric where the name alone would not say which. Names and not
    /// titles, because titles have commas and prose lists them.
    pub(super) fn label(&self, results: &Results) -> String {
        self.qualified(results, &self.scenario.name)
    }

    /// The same with the scenario's title.
    pub(super) fn title(&self, results: &Results) -> String {
        self.qualified(results, &self.scenario.title)
    }

    fn qualified(&self, results: &Results, text: &str) -> String {
        if timed_rows(results, self.scenario).len() > 1 {
            format!("{text} ({})", format::operation(self.metric))
        } else {
            text.to_owned()
        }
    }
}

/// `10 threads on 2 processors: oversubscribed`.
pub(super) fn threads_note(scenario: &Scenario, cpus: usize) -> String {
    let threads = format::counted(scenario.threads(), "thread", "threads");
    let processors = format::counted(cpus, "processor", "processors");
    match cpus {
        0 => threads,
        _ if scenario.threads() > cpus => format!("{threads} on {processors}: oversubscribed"),
        _ => format!("{threads} on {processors}"),
    }
}

/// The row that was judged.
pub(super) fn row<'r>(results: &'r Results, judged: &Judged) -> Option<Row<'r>> {
    let mut scenarios = results.scenarios.iter();
    let scenario = scenarios.find(|scenario| scenario.name == judged.scenario)?;
    let metric = judged.metric;
    Some(Row { scenario, metric })
}

/// Judged rows by their labels.
pub(super) fn labels(results: &Results, judged: &[Judged]) -> String {
    let label = |judged: &Judged| {
        row(results, judged).map_or_else(|| judged.scenario.clone(), |row| row.label(results))
    };
    let labels: Vec<String> = judged.iter().map(label).collect();
    format::list(&labels)
}

/// `crate` of `crate/variant`.
pub(super) fn family(strategy: &str) -> &str {
    strategy
        .split_once('/')
        .map_or(strategy, |(family, _)| family)
}

/// The cards by family, in the order of the registry.
pub(super) fn by_family<'r>(
    cards: impl IntoIterator<Item = &'r Card>,
) -> Vec<(&'r str, Vec<&'r Card>)> {
    let mut families: Vec<(&str, Vec<&Card>)> = Vec::new();
    for card in cards {
        let name = family(&card.name);
        match families.iter_mut().find(|(family, _)| *family == name) {
            Some((_, cards)) => cards.push(card),
            None => families.push((name, vec![card])),
        }
    }
    families
}

/// The decision about a strategy; none about the baseline and controls.
pub(super) fn recommendation<'r>(
    results: &'r Results,
    strategy: &str,
) -> Option<&'r Recommendation> {
    results
        .recommendations
        .iter()
        .find(|recommendation| recommendation.strategy == strategy)
}

/// The strategies with a decision, strongest first: by the number of the report's rows in which it
/// improves by more than the margin, then by the lowest bound it reaches over them.
pub(super) fn strongest_first(
    results: &Results,
    wanted: impl Fn(Decision) -> bool,
) -> Vec<&Recommendation> {
    let mut found: Vec<&Recommendation> = results
        .recommendations
        .iter()
        .filter(|recommendation| wanted(recommendation.decision))
        .collect();
    found.sort_by(|a, b| {
        let (a, b) = (
            strength(results, &a.strategy),
            strength(results, &b.strategy),
        );
        b.0.cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
    found
}

fn strength(results: &Results, strategy: &str) -> (usize, f64) {
    let rows = main_rows(results);
    let lows: Vec<f64> = rows
        .iter()
        .filter_map(|row| Some(row.ratio(results, strategy)?.ci_low))
        .collect();
    let held = lows.iter().filter(|&&low| low > results.margin).count();
    (held, lows.into_iter().reduce(f64::min).unwrap_or(0.0))
}

/// Whether the harness hides how fast it is.
pub(super) fn is_harness_bound(cell: &Cell) -> bool {
    cell.flags.contains(&Flag::HarnessBound)
}

/// What follows the figure of a cell, as marks.
fn marks(cell: &Cell) -> String {
    let mark = |flag| match flag {
        Flag::HarnessBound => HARNESS_BOUND_MARK,
        Flag::FewOperations => FEW_OPERATIONS_MARK,
        Flag::Unsteady => UNSTEADY_MARK,
        Flag::Oversubscribed | Flag::Starved => "",
    };
    cell.flags.iter().map(|&flag| mark(flag)).collect()
}

/// So many times as many slices are more than anyone measures: the ratio is as good as on the margin.
const TOO_CLOSE: usize = 10;

/// A verdict in words, with what would settle an open one.
pub(super) fn verdict(ratio: &Ratio) -> String {
    match (ratio.verdict, ratio.needed) {
        (Verdict::Inconclusive, Some(needed)) if needed > ratio.n.saturating_mul(TOO_CLOSE) => {
            "INCONCLUSIVE: too close to the margin".into()
        }
        (Verdict::Inconclusive, Some(needed)) if needed > ratio.n => {
            let more = needed - ratio.n;
            let more = format::counted(more, "more slice", "more slices");
            format!("INCONCLUSIVE: {more}")
        }
        (verdict, _) => verdict.to_string(),
    }
}

/// What stands where a strategy has no row of some kind: there is none, or it was not measured at all.
pub(super) fn none_of(results: &Results, strategy: &str) -> &'static str {
    let is_compared = |row: &Row<'_>| row.ratio(results, strategy).is_some();
    if all_rows(results).iter().any(is_compared) {
        "none"
    } else {
        "not measured"
    }
}

/// Why a strategy has no figure in a scenario.
pub(super) fn absence(results: &Results, scenario: &str, strategy: &str) -> String {
    results
        .exclusions
        .iter()
        .find(|exclusion| exclusion.scenario == scenario && exclusion.strategy == strategy)
        .map_or_else(
            || "not measured".into(),
            |exclusion| format!("n/a: {}", exclusion.reason),
        )
}

/// A strategy's figure in a row: ratio first, then what it rests on, then the verdict.
pub(super) fn timing(results: &Results, row: Row<'_>, strategy: &str) -> view::Cell {
    let Some(cell) = row.cell(results, strategy) else {
        return view::Cell::absent(absence(results, &row.scenario.name, strategy));
    };
    let mark = marks(cell);
    if strategy == results.baseline {
        return view::Cell::figure(format!("1.00x{mark}"))
            .detail(format::measured(cell))
            .judged("baseline", view::Tone::Figure);
    }
    let Some(ratio) = &cell.ratio else {
        return view::Cell::figure("no ratio").detail(format::measured(cell));
    };
    let lead = if cell.flags.contains(&Flag::Starved) {
        "starved".into()
    } else {
        format!("{}{mark}", format::ratio(ratio))
    };
    let figure = view::Cell::figure(lead).detail(format::measured(cell));
    if !results.is_ranked(strategy) {
        figure.judged("not ranked", view::Tone::Absent)
    } else if is_control(results, strategy) {
        figure
    } else {
        figure.judged(verdict(ratio), format::verdict_tone(ratio.verdict))
    }
}

/// Whether it is a yardstick and no choice.
pub(super) fn is_control(results: &Results, strategy: &str) -> bool {
    results
        .strategies
        .iter()
        .any(|card| card.name == strategy && card.control)
}
