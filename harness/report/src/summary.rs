//! One strategy for everything: a reviewer's questions with their answers, the original table, and a verdict per pivot.

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::controls;
use model::scenario::Published;

use results::{Decision, Flip, Machine, Overall, Ratio, Results, Verdict};

use super::collect::grouped;
use super::draft::Draft;
use super::facts::{self, Row};
use super::losses::Losses;
use super::view::{self, Cell, Column, Group, Section, Table};
use super::{differences, flips, format, pivots, published};

pub(super) fn section(results: &Results) -> Section {
    let chosen = chosen(results);
    // Where none is sure of a gain, the one that comes closest to it.
    let subject = facts::strongest(results, |one| one.decision != Decision::Disqualified);
    let subject = subject.map(|subject| subject.strategy.as_str());
    let any_record = chosen.and_then(|chosen| any_record(results, chosen));
    let rows = facts::united(results, facts::report_rows);
    let agreeing = results.overall.iter().filter(|overall| overall.agree);
    Draft::new("summary", results)
        .fact("is_compared", is_compared(results))
        .fact("is_for_decisions", is_for_decisions(results))
        .fact("under", decided(results))
        .fact("chosen", chosen.map(|chosen| &chosen.strategy))
        .fact("subject", subject)
        .fact("any_record", any_record)
        .fact(
            "gains",
            chosen.map(|chosen| facts::labels(&results.machines, &chosen.gains)),
        )
        .fact("decided", results.overall.len())
        .fact("agreeing", agreeing.count())
        .fact("disagreeing", disagreeing(results))
        .fact("differences", differences::rows(results))
        .fact("version", env!("CARGO_PKG_VERSION"))
        .of_each(|machine| {
            let known = chosen.and_then(|chosen| machine.recommendation(&chosen.strategy));
            let labels = |judged| facts::labels_on(machine, judged);
            let figures = |name| figures(machine, name);
            context! {
                rows => subject.map(figures),
                any_record_rows => any_record.map(figures),
                sure => confidence(machine),
                lost => Serde(subject.map(|name| Losses::of(machine, name))),
                flips => flips_of(machine, chosen),
                is_swept => !flips::sweeps(machine).is_empty(),
                gains => known.map(|known| labels(&known.gains)),
                losses => known.map(|known| labels(&known.losses)),
                open => known.map(|known| labels(&known.open)),
                channel => channel(machine),
                broken => Serde(broken(machine)),
            }
        })
        .table("rows", |machine| report_rows(machine, &rows))
        .table_over_all("verdicts", |machine| verdicts(results, machine, &rows))
        .section()
}

/// Whether a machine has compared anything with the baseline.
pub(super) fn is_compared(results: &Results) -> bool {
    results.machines.iter().any(|machine| {
        let mut cells = machine.cells.iter();
        cells.any(|cell| {
            cell.ratio.is_some()
                && machine.recommendation(&cell.strategy).is_some()
                && cell.metric.is_timed()
        })
    })
}

/// The strategies under a decision over all machines, strongest first.
fn under(results: &Results, wanted: Decision) -> Vec<&str> {
    let ranked = facts::strongest_first(results, |decision| decision == wanted).into_iter();
    ranked.map(|overall| overall.strategy.as_str()).collect()
}

/// The strategy that the answers are about: the strongest of those that gain on every machine.
pub(super) fn chosen(results: &Results) -> Option<&Overall> {
    let gains = [Decision::Adopt, Decision::AdoptForSome];
    facts::strongest(results, |overall| gains.contains(&overall.decision))
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
pub(super) fn is_for_decisions(results: &Results) -> bool {
    let mut scenarios = results
        .machines
        .iter()
        .flat_map(|machine| &machine.scenarios);
    scenarios.any(|scenario| scenario.point.is_none())
}

/// A strategy in the report's rows, each with its interval; in all rows, if it was not compared in those.
fn figures(machine: &Machine, strategy: &str) -> Vec<String> {
    let figure = |row: &Row<'_>| {
        let ratio = row.ratio(machine, strategy)?;
        Some(format!("{} {}", row.label(machine), format::ratio(ratio)))
    };
    let figures = |rows: Vec<Row<'_>>| rows.iter().filter_map(figure).collect::<Vec<_>>();
    match figures(facts::main_rows(machine)) {
        main if main.is_empty() => figures(facts::all_rows(machine)),
        main => main,
    }
}

/// How the verdicts came out in the report's rows, and how far apart the baseline is from itself there.
pub(super) fn confidence(machine: &Machine) -> Value {
    let rows = facts::main_rows(machine);
    let ratios = |name: &str| -> Vec<&Ratio> {
        let ratios = rows.iter().filter_map(|row| row.ratio(machine, name));
        ratios.collect()
    };
    let verdicts = facts::ranked(machine).flat_map(ratios);
    let verdicts: Vec<Verdict> = verdicts.map(|ratio| ratio.verdict).collect();
    let mut same = ratios(controls::SAME);
    same.retain(|ratio| ratio.has_judged_interval());
    let spans = same.iter().map(|ratio| ratio.ci_high / ratio.ci_low);
    let crowded = rows
        .iter()
        .filter(|row| facts::is_oversubscribed(machine, row));
    context! {
        verdicts => Serde(verdicts),
        // Rows in which the baseline was compared with itself, in enough processes.
        same => same.len(),
        equal => same.iter().filter(|ratio| ratio.may_be_equal()).count(),
        // The factor that the widest of these intervals spans.
        widest => spans.fold(1.0, f64::max),
        oversubscribed => crowded.map(|row| row.label(machine)).collect::<Vec<_>>(),
    }
}

/// Where the answer about a strategy changes along what was swept.
fn flips_of(machine: &Machine, chosen: Option<&Overall>) -> Vec<Value> {
    let is_about = |flip: &&Flip| {
        flip.at.is_some() && chosen.is_some_and(|chosen| chosen.strategy == flip.strategy)
    };
    let flips = machine.flips.iter().filter(is_about);
    flips.map(flips::crossing).collect()
}

/// What became of the report's own proposal: the row in which even the better of its variants is slowest, if all of them are
/// refused.
pub(super) fn channel(machine: &Machine) -> Option<Value> {
    let is_channel = |name: &str| facts::family(name) == facts::CHANNEL;
    let mut variants = machine.contenders().filter(|card| is_channel(&card.name));
    let is_refused = variants.all(|card| {
        let known = machine.recommendation(&card.name);
        known.is_some_and(|known| known.decision == Decision::StayWithBaseline)
    });
    let rows = facts::report_rows(machine)
        .into_iter()
        .filter(|_| is_refused);
    let best = rows.filter_map(|row| Some((row, best_of(machine, &row, is_channel)?)));
    let (row, (strategy, ratio)) = best
        .filter(|(_, (_, ratio))| ratio.loses())
        .min_by(|(_, (_, a)), (_, (_, b))| a.median.total_cmp(&b.median))?;
    Some(context! { strategy => strategy, row => row.label(machine), ratio => Serde(ratio) })
}

/// What a check has disqualified.
pub(super) fn broken(machine: &Machine) -> Vec<&str> {
    let all = machine.recommendations.iter();
    let broken = all.filter(|known| known.decision == Decision::Disqualified);
    broken.map(|known| known.strategy.as_str()).collect()
}

/// The strategies that machines decide differently about, together where they do so alike.
fn disagreeing(results: &Results) -> Vec<Value> {
    let ranked = facts::strongest_first(results, |_| true).into_iter();
    let apart = ranked.filter(|overall| !overall.agree);
    let groups = grouped(apart.map(|one| (decisions(results, one), one.strategy.as_str())));
    let groups = groups.into_iter();
    groups
        .map(|(decisions, strategies)| {
            context! { decisions => decisions, strategies => Serde(strategies) }
        })
        .collect()
}

/// What each machine decides: `adopt on epyc-2cpu, undecided on xeon-2cpu`.
pub(super) fn decisions(results: &Results, overall: &Overall) -> String {
    let each = overall.decisions.iter().map(|there| {
        let words = |decision| format::decision(decision, &results.baseline);
        let decision = there.decision.map_or_else(|| "not compared".into(), words);
        format!("{decision} on {}", there.machine)
    });
    each.collect::<Vec<_>>().join(", ")
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
    let published = |cell: fn(&Published) -> String| {
        figures.map_or_else(
            || Cell::absent("not published"),
            |figures| Cell::text(cell(figures)),
        )
    };
    let measured = |cell: Option<Cell>| cell.unwrap_or_else(|| Cell::absent("not measured"));
    let here = row.cell(machine, &machine.baseline);
    let channel = best_of(machine, row, |name| facts::family(name) == facts::CHANNEL);
    let strongest = best_of(machine, row, |_| true);
    vec![
        published(|figures| {
            let [mutex, channel] = [figures.mutex, figures.channel].map(published::figure);
            format!("{mutex} ns; {channel} ns")
        }),
        published(published::slower_by),
        measured(here.map(|cell| Cell::text(format::measured(cell)))),
        measured(channel.map(|(name, ratio)| Cell::text(format::slower_by(ratio)).detail(name))),
        measured(strongest.map(|(name, ratio)| {
            Cell::text(format::ratio(ratio)).detail(name).judged(
                format::verdict(ratio.verdict),
                format::verdict_tone(ratio.verdict),
            )
        })),
    ]
}

/// The strategy with the highest ratio in a row, of those that are ranked.
fn best_of<'r>(
    machine: &'r Machine,
    row: &Row<'r>,
    wanted: impl Fn(&str) -> bool,
) -> Option<(&'r str, &'r Ratio)> {
    facts::ranked(machine)
        .filter(|name| wanted(name))
        .filter_map(|name| Some((name, row.ratio(machine, name)?)))
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
    let columns = columns.map(|row| Column::new(facts::row_label(results, row), "times better"));
    Table::of([Group::new("", lines)]).columns(columns)
}

/// Which strategies fall under which decision over all machines, strongest first.
pub(super) fn decided(results: &Results) -> Vec<Value> {
    let decided = facts::BEST_FIRST.map(|decision| {
        context! {
            decision => Serde(decision),
            words => format::decision(decision, &results.baseline),
            names => Serde(under(results, decision)),
        }
    });
    decided.to_vec()
}
