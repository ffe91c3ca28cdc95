//! The adoption rule, applied: what each strategy gains and loses, and the report's assumptions.

use results::{Judged, Machine, Results, Verdict};

use super::draft::Draft;
use super::view::{Cell, Column, Row, Section, Table, Tone};
use super::{facts, format, pivots};

pub(super) fn section(results: &Results) -> Section {
    Draft::new("decisions", results)
        .table_over_all("decisions", decisions, |row| facts::over_all(results, row))
        .table("matrix", matrix)
        .table("assumptions", assumptions)
        .section()
}

fn decisions(machine: &Machine) -> Table {
    let families = facts::by_family(machine.contenders());
    Table::of(pivots::groups(families, |card| {
        let found = machine.recommendation(&card.name)?;
        let words = |judged: &[Judged]| match judged {
            [] => Cell::absent(facts::none_of(machine, &card.name)),
            some => Cell::text(format::list(&facts::labels_on(machine, some))),
        };
        let sides = [&found.gains, &found.losses, &found.open].map(|judged| words(judged));
        let decision = facts::decision(machine, &card.name);
        let cells = [decision].into_iter().chain(sides).collect();
        Some(Row::named(&card.name, cells))
    }))
}

/// Every strategy in every row: what the decisions rest on.
fn matrix(machine: &Machine) -> Table {
    let rows = facts::all_rows(machine);
    let families = facts::by_family(machine.contenders());
    let groups = pivots::groups(families, |card| {
        machine.recommendation(&card.name)?;
        let cells = rows
            .iter()
            .map(|row| matrix_cell(machine, *row, &card.name));
        Some(Row::named(&card.name, cells.collect()))
    });
    Table::of(groups).columns(Column::titled(rows.iter().map(|row| row.label(machine))))
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
    let mut ids: Vec<&str> = Vec::new();
    for judged in &machine.assumptions {
        if !ids.contains(&judged.id.as_str()) {
            ids.push(&judged.id);
        }
    }
    let families = facts::by_family(machine.contenders());
    let groups = pivots::groups(families, |card| {
        let all = machine.assumptions.iter();
        let judged: Vec<_> = all.filter(|judged| judged.strategy == card.name).collect();
        let verdicts = |id: &&str| -> Vec<Verdict> {
            let of_id = judged.iter().filter(|judged| judged.id == *id);
            of_id.map(|judged| judged.verdict).collect()
        };
        let cells = ids
            .iter()
            .map(|id| assumption_cell(&verdicts(id)))
            .collect();
        (!judged.is_empty()).then(|| Row::named(&card.name, cells))
    });
    Table::of(groups).columns(Column::titled(ids.iter().map(|id| format::sentence(id))))
}

/// Several verdicts as one: what is worst counts, and how often it came.
fn assumption_cell(verdicts: &[Verdict]) -> Cell {
    let all = verdicts.len();
    let of = |wanted| {
        verdicts
            .iter()
            .filter(|&&verdict| verdict == wanted)
            .count()
    };
    let worst_first = [
        Verdict::Rejected,
        Verdict::Inconclusive,
        Verdict::Withheld,
        Verdict::Holds,
    ];
    let worst = worst_first.into_iter().find(|&verdict| of(verdict) > 0);
    let Some(worst) = worst else {
        return Cell::absent("not judged");
    };
    let share = if all == 1 {
        String::new()
    } else {
        format!(" {} of {all}", of(worst))
    };
    Cell::verdict(format!("{worst}{share}"), format::verdict_tone(worst))
}
