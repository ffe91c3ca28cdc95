//! What the sections ask of the results: which rows, which cell, which words for it.

use model::sample::Card;
use model::scenario::{Origin, Scenario};

use results::{Cell, Decision, Flag, Judged, Machine, Metric, Overall, Ratio, Results, Verdict};

use super::{format, view};

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

/// The rows of the report's table, as far as they are among the run's scenarios.
pub(super) fn report_rows(machine: &Machine) -> Vec<Row<'_>> {
    machine
        .scenarios
        .iter()
        .filter(|scenario| scenario.origin == Origin::Report && scenario.operations.is_none())
        .filter_map(main_row)
        .collect()
}

/// The scenarios that time a given number of operations.
pub(super) fn totals(machine: &Machine) -> Vec<Row<'_>> {
    machine
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
pub(super) fn timed_rows<'r>(machine: &'r Machine, scenario: &'r Scenario) -> Vec<Row<'r>> {
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
            machine
                .cells
                .iter()
                .any(|cell| cell.scenario == scenario.name && cell.metric == row.metric)
        })
        .collect()
}

/// Every row that times something, over all scenarios.
pub(super) fn all_rows(machine: &Machine) -> Vec<Row<'_>> {
    machine
        .scenarios
        .iter()
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

/// Whether a row's threads are more than the machine's processors, as far as these are known.
pub(super) fn is_oversubscribed(machine: &Machine, row: &Row<'_>) -> bool {
    let cpus = machine.environment.cpus;
    cpus > 0 && row.scenario.threads() > cpus
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
pub(super) fn row<'r>(machine: &'r Machine, judged: &Judged) -> Option<Row<'r>> {
    let mut scenarios = machine.scenarios.iter();
    let scenario = scenarios.find(|scenario| scenario.name == judged.scenario)?;
    let metric = judged.metric;
    Some(Row { scenario, metric })
}

/// Judged rows by their labels.
pub(super) fn labels_on(machine: &Machine, judged: &[Judged]) -> Vec<String> {
    let label = |judged: &Judged| {
        let found = row(machine, judged).map(|row| row.label(machine));
        found.unwrap_or_else(|| judged.scenario.clone())
    };
    judged.iter().map(label).collect()
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

/// The strategies that compete on any machine, in the registry's order.
pub(super) fn contenders(results: &Results) -> Vec<&Card> {
    let mut found: Vec<&Card> = Vec::new();
    for card in results.machines.iter().flat_map(Machine::contenders) {
        if !found.iter().any(|known| known.name == card.name) {
            found.push(card);
        }
    }
    found
}

/// The rows of all machines, each once.
pub(super) fn united<'r>(
    results: &'r Results,
    of: impl Fn(&'r Machine) -> Vec<Row<'r>>,
) -> Vec<Row<'r>> {
    let mut found: Vec<Row<'_>> = Vec::new();
    for row in results.machines.iter().flat_map(of) {
        let is_same = |known: &Row<'_>| {
            known.scenario.name == row.scenario.name && known.metric == row.metric
        };
        if !found.iter().any(is_same) {
            found.push(row);
        }
    }
    found
}

/// Judged rows by their labels, as on the first machine that has their scenario.
pub(super) fn labels(results: &Results, judged: &[Judged]) -> Vec<String> {
    let label = |judged: &Judged| {
        let mut machines = results.machines.iter();
        let found = machines.find_map(|machine| Some(row(machine, judged)?.label(machine)));
        found.unwrap_or_else(|| judged.scenario.clone())
    };
    judged.iter().map(label).collect()
}

/// A row by its label.
pub(super) fn row_label(results: &Results, row: &Row<'_>) -> String {
    let judged = Judged {
        scenario: row.scenario.name.clone(),
        metric: row.metric,
    };
    labels(results, &[judged]).concat()
}

/// What follows for a strategy; nothing for the baseline and controls.
pub(super) fn overall<'r>(results: &'r Results, strategy: &str) -> Option<&'r Overall> {
    let mut all = results.overall.iter();
    all.find(|found| found.strategy == strategy)
}

/// What follows for the strategy of a table's row, as a cell.
pub(super) fn over_all(results: &Results, row: &view::Row) -> view::Cell {
    let found = overall(results, row.head.trim_matches('`'));
    found.map_or_else(view::Cell::default, |found| {
        let words = format::decision(found.decision, &results.baseline);
        view::Cell::verdict(words, format::decision_tone(found.decision))
    })
}

/// A machine's own decision about a strategy, as a cell.
pub(super) fn decision(machine: &Machine, strategy: &str) -> view::Cell {
    match machine.recommendation(strategy) {
        Some(found) => view::Cell::verdict(
            format::decision(found.decision, &machine.baseline),
            format::decision_tone(found.decision),
        ),
        None if strategy == machine.baseline => view::Cell::text("baseline"),
        None => view::Cell::absent("not compared"),
    }
}

/// The strategies with a decision, strongest first: by the number of the report's rows in which they improve by more
/// than the margin on every machine, then by the lowest bound that they reach anywhere.
pub(super) fn strongest_first(
    results: &Results,
    wanted: impl Fn(Decision) -> bool,
) -> Vec<&Overall> {
    let rows = united(results, main_rows);
    let all = results.overall.iter();
    let mut found: Vec<(&Overall, (usize, f64))> = all
        .filter(|found| wanted(found.decision))
        .map(|found| (found, strength(results, &rows, &found.strategy)))
        .collect();
    found.sort_by(|(_, a), (_, b)| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
    found.into_iter().map(|(found, _)| found).collect()
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

/// The variant of a family with the best decision, and the strongest of those.
pub(super) fn strongest_of<'r>(results: &'r Results, family: &str) -> Option<&'r Overall> {
    BEST_FIRST.into_iter().find_map(|wanted| {
        let found = strongest_first(results, |decision| decision == wanted);
        found
            .into_iter()
            .find(|found| self::family(&found.strategy) == family)
    })
}

/// Whether the harness hides how fast it is.
pub(super) fn is_harness_bound(cell: &Cell) -> bool {
    cell.flags.contains(&Flag::HarnessBound)
}

/// What a cell's figure is followed by; `sections/marks.md.j2` explains it.
fn marks(cell: &Cell) -> String {
    let mark = |flag| match flag {
        Flag::HarnessBound => "†",
        Flag::FewOperations => "§",
        Flag::Unsteady => "‡",
        Flag::Oversubscribed | Flag::Starved => "",
    };
    cell.flags.iter().map(|&flag| mark(flag)).collect()
}

/// Whether a strategy's figure in one of the rows has a mark.
pub(super) fn is_marked(results: &Results, rows: &[Row<'_>], flag: Flag) -> bool {
    results.machines.iter().any(|machine| {
        machine.strategies.iter().any(|card| {
            let cells = rows.iter().filter_map(|row| row.cell(machine, &card.name));
            cells.into_iter().any(|cell| cell.flags.contains(&flag))
        })
    })
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
pub(super) fn none_of(machine: &Machine, strategy: &str) -> &'static str {
    let is_compared = |row: &Row<'_>| row.ratio(machine, strategy).is_some();
    if all_rows(machine).iter().any(is_compared) {
        "none"
    } else {
        "not measured"
    }
}

/// Why a strategy has no figure in a scenario.
pub(super) fn absence(machine: &Machine, scenario: &str, strategy: &str) -> String {
    machine
        .exclusions
        .iter()
        .find(|exclusion| exclusion.scenario == scenario && exclusion.strategy == strategy)
        .map_or_else(
            || "not measured".into(),
            |exclusion| format!("n/a: {}", exclusion.reason),
        )
}

/// A strategy's ratio in a row, with its verdict.
pub(super) fn ratio_cell(machine: &Machine, row: Row<'_>, strategy: &str) -> view::Cell {
    let Some(ratio) = row.ratio(machine, strategy) else {
        return view::Cell::absent(absence(machine, &row.scenario.name, strategy));
    };
    view::Cell::figure(format::times(ratio.median))
        .detail(format::ratio_interval(ratio))
        .judged(
            ratio.verdict.to_string(),
            format::verdict_tone(ratio.verdict),
        )
}

/// A strategy's figure in a row: ratio first, then what it rests on, then the verdict.
pub(super) fn timing(machine: &Machine, row: Row<'_>, strategy: &str) -> view::Cell {
    let Some(cell) = row.cell(machine, strategy) else {
        return view::Cell::absent(absence(machine, &row.scenario.name, strategy));
    };
    let mark = marks(cell);
    if strategy == machine.baseline {
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
    if !machine.is_ranked(strategy) {
        figure.judged("not ranked", view::Tone::Absent)
    } else if is_control(machine, strategy) {
        figure
    } else {
        figure.judged(verdict(ratio), format::verdict_tone(ratio.verdict))
    }
}

/// Whether it is a yardstick and no choice.
pub(super) fn is_control(machine: &Machine, strategy: &str) -> bool {
    machine
        .strategies
        .iter()
        .any(|card| card.name == strategy && card.control)
}
