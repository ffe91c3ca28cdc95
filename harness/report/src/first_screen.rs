//! The first screen: a reviewer's questions with their answers, the original table, and a verdict per pivot.

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::controls;
use model::scenario::Published;
use serde::Serialize;

use results::{Contradiction, Decision, Flip, Machine, Overall, Ratio, Results, Verdict};

use super::draft::Draft;
use super::facts::{self, Row};
use super::losses::Losses;
use super::view::{self, Cell, Column, Group, Section, Table};
use super::{flips, format, method, pivots, published};

pub(super) fn section(results: &Results) -> Section {
    let chosen = chosen(results);
    let subject = chosen.or_else(|| closest(results));
    let any_record = chosen.and_then(|chosen| any_record(results, chosen));
    let rows = facts::united(results, facts::report_rows);
    let runs = results.machines.iter().flat_map(|machine| &machine.runs);
    let agreeing = results.overall.iter().filter(|found| found.agree);
    Draft::new("first", results)
        .fact(
            "is_compared",
            results
                .overall
                .iter()
                .any(|found| is_compared(results, found)),
        )
        .fact("is_for_decisions", is_for_decisions(results))
        .fact("adopt", under(results, Decision::Adopt))
        .fact("some", under(results, Decision::AdoptForSome))
        .fact("differ", under(results, Decision::MachinesDiffer))
        .fact("undecided", under(results, Decision::Undecided))
        .fact("too_few", under(results, Decision::TooFew))
        .fact("stay", under(results, Decision::StayWithBaseline))
        .fact("chosen", chosen.map(|found| &found.strategy))
        .fact("subject", subject.map(|found| &found.strategy))
        .fact("any_record", any_record)
        .fact(
            "gains",
            chosen.map(|found| facts::labels(results, &found.gains)),
        )
        .fact("decided", results.overall.len())
        .fact("agreeing", agreeing.count())
        .fact("disagreeing", disagreeing(results))
        .fact("opposites", opposites(results))
        .fact("runs", runs.collect::<Vec<_>>())
        .fact("version", env!("CARGO_PKG_VERSION"))
        .of_each(method::environment_of)
        .of_each(|machine| {
            let found = subject.map(|found| found.strategy.as_str());
            let own = chosen.and_then(|found| machine.recommendation(&found.strategy));
            let labels = |judged| facts::labels_on(machine, judged);
            let figures = |name| figures(machine, name);
            context! {
                rows => found.map(figures),
                any_record_rows => any_record.map(figures),
                sure => Value::from(Serde(Sure::of(machine))),
                lost => Value::from(Serde(found.map(|found| Losses::of(machine, found)))),
                flips => flips_of(machine, chosen),
                is_swept => !flips::sweeps(machine).is_empty(),
                gains => own.map(|own| labels(&own.gains)),
                losses => own.map(|own| labels(&own.losses)),
                open => own.map(|own| labels(&own.open)),
                channel => Value::from(Serde(channel(machine))),
                broken => Value::from(Serde(broken(machine))),
            }
        })
        .table("rows", |machine| report_rows(machine, &rows))
        .table_over_all(
            "verdicts",
            |machine| verdicts(results, machine, &rows),
            |row| row_over_all(results, row),
        )
        .shared_table("decisions", by_decision(results))
        .section()
}

/// The strategies under a decision over all machines, strongest first.
fn under(results: &Results, wanted: Decision) -> Vec<&str> {
    let found = facts::strongest_first(results, |decision| decision == wanted).into_iter();
    found.map(|found| found.strategy.as_str()).collect()
}

/// The strategy that the answers are about: the strongest of those that gain on every machine.
pub(super) fn chosen(results: &Results) -> Option<&Overall> {
    strongest(results, &[Decision::Adopt, Decision::AdoptForSome])
}

/// The one that comes closest to a gain, where none is sure of one.
fn closest(results: &Results) -> Option<&Overall> {
    use Decision::{MachinesDiffer, StayWithBaseline, TooFew, Undecided};
    strongest(
        results,
        &[MachinesDiffer, Undecided, TooFew, StayWithBaseline],
    )
}

fn strongest<'r>(results: &'r Results, decisions: &[Decision]) -> Option<&'r Overall> {
    decisions.iter().find_map(|&wanted| {
        let found = facts::strongest_first(results, |decision| decision == wanted);
        found.first().copied()
    })
}

/// The strongest with the same decision that holds more than plain data, if the strongest of all does not.
fn any_record<'r>(results: &'r Results, chosen: &Overall) -> Option<&'r str> {
    let contenders = facts::contenders(results);
    let is_plain = |name: &str| {
        let mut cards = contenders.iter();
        cards.any(|card| card.name == name && card.claims.plain_data_only)
    };
    let others = under(results, chosen.decision).into_iter();
    others
        .filter(|_| is_plain(&chosen.strategy))
        .find(|name| !is_plain(name))
}

/// Whether anything but the points of sweeps was asked: those show where an answer changes, and count
/// in no recommendation.
fn is_for_decisions(results: &Results) -> bool {
    let mut scenarios = results
        .machines
        .iter()
        .flat_map(|machine| &machine.scenarios);
    scenarios.any(|scenario| scenario.point.is_none())
}

fn is_compared(results: &Results, found: &Overall) -> bool {
    results.machines.iter().any(|machine| {
        let rows = facts::all_rows(machine);
        rows.iter()
            .any(|row| row.ratio(machine, &found.strategy).is_some())
    })
}

/// A strategy in the report's rows, each with its interval; in all rows, if it was not compared in those.
pub(super) fn figures(machine: &Machine, strategy: &str) -> Vec<String> {
    let told = |rows: Vec<Row<'_>>| -> Vec<String> {
        let told = rows.into_iter().filter_map(|row| {
            let ratio = row.ratio(machine, strategy)?;
            Some(format!("{} {}", row.label(machine), format::ratio(ratio)))
        });
        told.collect()
    };
    let main = told(facts::main_rows(machine));
    if main.is_empty() {
        told(facts::all_rows(machine))
    } else {
        main
    }
}

/// How the verdicts came out in the report's rows, and how far apart the baseline is from itself there.
#[derive(Serialize)]
struct Sure {
    verdicts: usize,
    holds: usize,
    rejected: usize,
    inconclusive: usize,
    withheld: usize,
    /// Rows in which the baseline was compared with itself, in enough processes.
    same: usize,
    /// Those of them whose interval contains 1.00.
    equal: usize,
    /// The factor that the widest of these intervals spans.
    widest: f64,
    oversubscribed: Vec<String>,
}

impl Sure {
    fn of(machine: &Machine) -> Self {
        let rows = facts::main_rows(machine);
        let ranked = machine
            .contenders()
            .filter(|card| machine.is_ranked(&card.name));
        let verdicts = ranked.flat_map(|card| {
            let ratios = rows.iter().filter_map(|row| row.ratio(machine, &card.name));
            ratios.map(|ratio| ratio.verdict)
        });
        let verdicts: Vec<Verdict> = verdicts.collect();
        let of = |wanted| {
            verdicts
                .iter()
                .filter(|&&verdict| verdict == wanted)
                .count()
        };
        let same = rows
            .iter()
            .filter_map(|row| row.ratio(machine, controls::SAME));
        let same: Vec<&Ratio> = same.filter(|ratio| ratio.has_judged_interval()).collect();
        let spans = same
            .iter()
            .map(|ratio| ratio.judged_high / ratio.judged_low);
        let oversubscribed = rows
            .iter()
            .filter(|row| facts::is_oversubscribed(machine, row));
        Self {
            verdicts: verdicts.len(),
            holds: of(Verdict::Holds),
            rejected: of(Verdict::Rejected),
            inconclusive: of(Verdict::Inconclusive),
            withheld: of(Verdict::Withheld),
            same: same.len(),
            equal: same.iter().filter(|ratio| ratio.may_be_equal()).count(),
            widest: spans.fold(1.0, f64::max),
            oversubscribed: oversubscribed.map(|row| row.label(machine)).collect(),
        }
    }
}

/// Where the answer about a strategy changes along what was swept.
fn flips_of(machine: &Machine, chosen: Option<&Overall>) -> Vec<Value> {
    let is_telling = |flip: &&Flip| {
        let concerns = chosen.is_some_and(|found| found.strategy == flip.strategy);
        concerns && flip.at.is_some()
    };
    machine
        .flips
        .iter()
        .filter(is_telling)
        .map(flips::crossing)
        .collect()
}

/// What became of the report's own proposal.
#[derive(Serialize)]
struct Channel<'r> {
    strategy: &'r str,
    row: String,
    ratio: &'r Ratio,
}

/// The row in which even the better of its variants is slowest, if all of them are refused.
fn channel(machine: &Machine) -> Option<Channel<'_>> {
    let is_refused = |name: &str| {
        let found = machine.recommendation(name);
        found.is_some_and(|found| found.decision == Decision::StayWithBaseline)
    };
    let is_channel = |name: &str| facts::family(name) == facts::CHANNEL;
    let mut variants = machine.contenders().filter(|card| is_channel(&card.name));
    if !variants.all(|card| is_refused(&card.name)) {
        return None;
    }
    let rows = facts::report_rows(machine).into_iter();
    let best = rows.filter_map(|row| Some((row, best_of(machine, &row, is_channel)?)));
    let worst = best
        .filter(|(_, (_, ratio))| ratio.loses())
        .min_by(|(_, (_, a)), (_, (_, b))| a.median.total_cmp(&b.median));
    worst.map(|(row, (strategy, ratio))| Channel {
        strategy,
        row: row.label(machine),
        ratio,
    })
}

/// What a check has disqualified.
fn broken(machine: &Machine) -> Vec<&str> {
    let all = machine.recommendations.iter();
    let broken = all.filter(|found| found.decision == Decision::Disqualified);
    broken.map(|found| found.strategy.as_str()).collect()
}

/// The strategies that machines decide differently about, together where they do so alike.
#[derive(Serialize)]
struct Disagreement<'r> {
    strategies: Vec<&'r str>,
    decisions: String,
}

fn disagreeing(results: &Results) -> Vec<Disagreement<'_>> {
    let mut groups: Vec<Disagreement<'_>> = Vec::new();
    let found = facts::strongest_first(results, |_| true).into_iter();
    for found in found.filter(|found| !found.agree) {
        let decisions = decisions(results, found);
        match groups.iter_mut().find(|known| known.decisions == decisions) {
            Some(known) => known.strategies.push(&found.strategy),
            None => groups.push(Disagreement {
                strategies: vec![&found.strategy],
                decisions,
            }),
        }
    }
    groups
}

/// What each machine decides: `adopt on epyc-2cpu, undecided on xeon-2cpu`.
pub(super) fn decisions(results: &Results, found: &Overall) -> String {
    let each = found.decisions.iter().map(|there| {
        let words = |decision| format::decision(decision, &results.baseline);
        let decision = there.decision.map_or_else(|| "not compared".into(), words);
        format!("{decision} on {}", there.machine)
    });
    each.collect::<Vec<_>>().join(", ")
}

/// The rows in which verdicts are opposite, those first that are widest apart.
fn opposites(results: &Results) -> Vec<String> {
    let apart = |one: &Contradiction| {
        let medians = || one.ratios.iter().map(|there| there.ratio.median);
        medians().fold(0.0, f64::max) / medians().fold(f64::INFINITY, f64::min)
    };
    let mut all: Vec<&Contradiction> = results.differences.iter().collect();
    all.sort_by(|a, b| apart(b).total_cmp(&apart(a)));
    let told = all.into_iter().map(|one| {
        let ratios = one.ratios.iter();
        let ratios =
            ratios.map(|there| format!("{} on {}", format::ratio(&there.ratio), there.machine));
        let ratios = format::list(&ratios.collect::<Vec<_>>());
        let row = facts::labels(results, &[one.row()]).concat();
        format!("`{}` in {row} {ratios}", one.strategy)
    });
    told.collect()
}

/// The original table, a line for each of its rows: what it said, what came out here, who is best.
fn report_rows(machine: &Machine, rows: &[Row<'_>]) -> Table {
    let lines = rows.iter().map(|row| view::Row {
        note: facts::threads_note(row.scenario, machine.environment.cpus),
        ..view::Row::new(&row.scenario.title, line(machine, row))
    });
    Table::of([Group::new("", lines)])
}

/// What was published of a row, and what the machine says to it.
fn line(machine: &Machine, row: &Row<'_>) -> Vec<Cell> {
    let figures = row.scenario.published.as_ref();
    let said = |cell: &dyn Fn(&Published) -> Cell| {
        figures.map_or_else(|| Cell::absent("not published"), cell)
    };
    let measured = |cell: Option<Cell>| cell.unwrap_or_else(|| Cell::absent("not measured"));
    let here = row.cell(machine, &machine.baseline);
    let channel = best_of(machine, row, |name| facts::family(name) == facts::CHANNEL);
    let strongest = best_of(machine, row, |_| true);
    vec![
        said(&|figures| {
            let [mutex, channel] = [figures.mutex, figures.channel].map(published::figure);
            Cell::figure(format!("{mutex} ns; {channel} ns"))
        }),
        said(&|figures| Cell::figure(published::slower_by(figures))),
        measured(here.map(|cell| Cell::figure(format::measured(cell)))),
        measured(channel.map(|(name, ratio)| Cell::figure(format::slower_by(ratio)).detail(name))),
        measured(strongest.map(|(name, ratio)| {
            Cell::figure(format::ratio(ratio))
                .detail(name)
                .judged(facts::verdict(ratio), format::verdict_tone(ratio.verdict))
        })),
    ]
}

/// The strategy with the highest ratio in a row, of those that are ranked.
fn best_of<'r>(
    machine: &'r Machine,
    row: &Row<'r>,
    wanted: impl Fn(&str) -> bool,
) -> Option<(&'r str, &'r Ratio)> {
    machine
        .contenders()
        .filter(|card| machine.is_ranked(&card.name) && wanted(&card.name))
        .filter_map(|card| Some((card.name.as_str(), row.ratio(machine, &card.name)?)))
        .max_by(|a, b| a.1.median.total_cmp(&b.1.median))
}

/// Every pivot by its variant that is strongest over all machines.
fn verdicts(results: &Results, machine: &Machine, rows: &[Row<'_>]) -> Table {
    let families = facts::by_family(facts::contenders(results)).into_iter();
    let lines = families.filter_map(|(family, _)| {
        let found = facts::strongest_of(results, family)?;
        let name = &found.strategy;
        let decision = Cell {
            lead: name.clone(),
            ..facts::decision(machine, name)
        };
        let lost = Cell::text(Losses::of(machine, name).in_short(machine));
        let ratios = rows
            .iter()
            .map(|row| facts::ratio_cell(machine, *row, name));
        let cells = [decision, lost].into_iter().chain(ratios).collect();
        Some(view::Row::new(pivots::title(family), cells))
    });
    let columns = rows.iter();
    let columns =
        columns.map(|row| Column::new(facts::row_label(results, row), "times better [95 %]"));
    Table::of([Group::new("", lines)]).columns(columns)
}

/// What follows over all machines for the variant in a pivot's row.
fn row_over_all(results: &Results, row: &view::Row) -> Cell {
    // Behind the machine.
    let name = row.cells.get(1).map_or("", |cell| &cell.lead);
    let named = view::Row::named(name, Vec::new());
    facts::over_all(results, &named)
}

/// Who falls under which decision over all machines.
pub(super) fn by_decision(results: &Results) -> Table {
    let mut table = Table::new(["Decision", "Strategies, strongest first"]);
    for decision in facts::BEST_FIRST
        .into_iter()
        .filter(|_| is_for_decisions(results))
    {
        let names = under(results, decision).into_iter();
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        if !names.is_empty() {
            let words = format::decision(decision, &results.baseline);
            table.row([format!("{words} ({})", names.len()), names.join(", ")]);
        }
    }
    table
}
