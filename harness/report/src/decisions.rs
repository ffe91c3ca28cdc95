//! The adoption rule, applied: what each strategy gains and loses, and the report's assumptions.

use results::{Judged, Machine, Results, Verdict};

use super::collect::unique;
use super::draft::Draft;
use super::view::{Cell, Column, Section, Table, Tone};
use super::{facts, format, pivots};

pub(super) fn section(results: &Results) -> Section {
    Draft::new("decisions", results)
        .table_over_all("decisions", decisions)
        .table("matrix", matrix)
        .table("assumptions", assumptions)
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
        Verdict::Withheld => ("?", Tone::Open),
    };
    cell.judged(sign, tone)
}

/// Strategies by assumptions, in the order in which the results judge them.
fn assumptions(machine: &Machine) -> Table {
    let ids = unique(machine.assumptions.iter().map(|judged| judged.id.as_str()));
    let table = pivots::table(machine.contenders(), |card| {
        let all = machine.assumptions.iter();
        let judged: Vec<_> = all.filter(|judged| judged.strategy == card.name).collect();
        let cells = ids.iter().map(|id| {
            let of_id = judged.iter().filter(|judged| judged.id == *id);
            assumption_cell(&of_id.map(|judged| judged.verdict).collect::<Vec<_>>())
        });
        (!judged.is_empty()).then(|| cells.collect())
    });
    table.columns(Column::titled(ids.iter().map(|id| format::sentence(id))))
}

/// Several verdicts as one: what is worst counts, and how often it came.
fn assumption_cell(verdicts: &[Verdict]) -> Cell {
    let worst_first = [
        Verdict::Rejected,
        Verdict::Inconclusive,
        Verdict::Withheld,
        Verdict::Holds,
    ];
    let Some(worst) = worst_first.into_iter().find(|one| verdicts.contains(one)) else {
        return Cell::absent("not judged");
    };
    let number = verdicts.iter().filter(|&&verdict| verdict == worst).count();
    let words = match verdicts.len() {
        1 => worst.to_string(),
        all => format!("{worst} {number} of {all}"),
    };
    Cell::verdict(words, format::verdict_tone(worst))
}
