//! The adoption rule, applied: what each strategy gains and loses, and the report's assumptions.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::{Serde, Value};

use results::{Judged, Machine, Results, Verdict};

use super::collect::{grouped, unique};
use super::draft::Draft;
use super::view::{Cell, Column, Section, Table, Tone};
use super::{facts, format, pivots};

pub(super) fn section(results: &Results) -> Section {
    Draft::new("decisions", results)
        .table_over_all("decisions", decisions)
        .table("matrix", matrix)
        .of_each(assumptions)
        .section()
}

fn decisions(machine: &Machine) -> Table {
    pivots::table(machine.contenders(), |card| {
        let known = machine.recommendation(&card.name)?;
        let words = |judged: &Vec<Judged>| match facts::labels_on(machine, judged) {
            labels if labels.is_empty() => Cell::absent(facts::none_of(machine, &card.name)),
            labels => Cell::text(format::list(&labels)),
        };
        let sides = [&known.gains, &known.losses, &known.open].map(words);
        let decision = facts::decision(machine, &card.name);
        Some([decision].into_iter().chain(sides).collect())
    })
}

/// Every strategy in every row: what the decisions rest on.
fn matrix(machine: &Machine) -> Table {
    let rows = facts::all_rows(machine);
    let titles = rows.iter().map(|row| row.label(machine));
    let table = pivots::table(machine.contenders(), |card| {
        machine.recommendation(&card.name)?;
        let rows = rows.iter();
        let cells = rows.map(|row| matrix_cell(machine, *row, &card.name));
        Some(cells.collect())
    });
    table.columns(Column::titled(titles))
}

fn matrix_cell(machine: &Machine, row: facts::Row<'_>, strategy: &str) -> Cell {
    let cell = facts::ratio_cell(machine, row, strategy);
    let Some(ratio) = row.ratio(machine, strategy) else {
        return cell;
    };
    let (sign, tone) = match ratio.verdict {
        _ if ratio.loses() => ("-", Tone::Bad),
        Verdict::Holds => ("+", Tone::Good),
        Verdict::Rejected => ("", Tone::Figure),
        Verdict::Inconclusive => ("~", Tone::Open),
    };
    cell.judged(sign, tone)
}

/// Strategies by assumptions, in the order in which the results judge them: every verdict.
fn assumptions(machine: &Machine) -> Value {
    let ids = unique(machine.assumptions.iter().map(|judged| judged.id.as_str()));
    let cards = pivots::titled(machine.contenders()).into_iter();
    let strategies = cards.map(|(pivot, card)| {
        let judged = machine.assumptions.iter();
        let judged = judged.filter(|judged| judged.strategy == card.name);
        let verdicts = grouped(judged.map(|judged| (&judged.id, judged.verdict)));
        let verdicts = BTreeMap::from_iter(verdicts);
        context! { pivot => pivot, name => card.name.as_str(), verdicts => Serde(verdicts) }
    });
    context! { ids => Serde(ids), strategies => strategies.collect::<Vec<_>>() }
}
