//! The adoption rule, applied: what each strategy gains and loses, and the report's assumptions.

use basis::sample::Card;

use crate::results::{
    Judged, Judgement, PROCESSES_LEAST, Recommendation, Results, TOLERATED, Verdict,
};

use super::facts;
use super::view::{Block, Cell, Column, Row, Section, Table, Tone, prose};
use super::{format, pivots};

pub(super) fn section(results: &Results) -> Section {
    let margin = format::margin(results.margin);
    let mut blocks = vec![prose(format!(
        "Adopt: better than `{}` by more than {margin} in every row of the report, and worse in no row \
         of this run. For some operations: better by the margin somewhere. Stay: better by the margin \
         nowhere. Undecided: better nowhere for certain, but some intervals contain the margin. Too few to \
         say: measured in fewer than {PROCESSES_LEAST} processes, or with preset quick. Worse means that the \
         whole 99 % interval is worse by more than {}. A strategy whose check failed is not ranked.",
        results.baseline,
        format::margin(TOLERATED)
    ))];
    let decisions = decisions(results);
    if decisions.has_rows() {
        blocks.push(Block::Table(decisions));
        blocks.push(Block::Table(matrix(results)));
    } else {
        blocks.push(prose("There was nothing to decide about in this run."));
    }
    let assumptions = assumptions(results);
    if assumptions.has_rows() {
        blocks.push(Block::Table(assumptions));
    }
    Section {
        id: "decisions",
        title: format!("Each pivot by the {margin} rule"),
        blocks,
    }
}

fn decisions(results: &Results) -> Table {
    let groups = pivots::groups(facts::by_family(results.contenders()), |card| {
        facts::recommendation(results, &card.name).map(|found| decision_row(results, found))
    });
    Table {
        caption: "Decision per strategy, with everything that speaks for and against it".into(),
        corner: "Strategy".into(),
        columns: Column::titled([
            "Decision".to_owned(),
            format!("Better by more than {}", format::margin(results.margin)),
            "Worse".into(),
            "Open".into(),
        ]),
        groups,
        notes: Vec::new(),
    }
}

fn decision_row(results: &Results, found: &Recommendation) -> Row {
    let words = |judged: &[Judged]| match judged {
        [] => Cell::absent(facts::none_of(results, &found.strategy)),
        some => Cell::text(facts::labels(results, some)),
    };
    let decision = Cell::text("").judged(
        format::decision(found.decision, &results.baseline),
        format::decision_tone(found.decision),
    );
    Row::named(
        &found.strategy,
        vec![
            decision,
            words(&found.gains),
            words(&found.losses),
            words(&found.open),
        ],
    )
}

/// Every strategy in every row: what the decisions rest on.
fn matrix(results: &Results) -> Table {
    let rows = facts::all_rows(results);
    let groups = pivots::groups(facts::by_family(results.contenders()), |card| {
        facts::recommendation(results, &card.name)?;
        let cells = rows
            .iter()
            .map(|row| matrix_cell(results, *row, &card.name))
            .collect();
        Some(Row::named(&card.name, cells))
    });
    Table {
        caption: format!(
            "Times better than {} in every row of this run",
            results.baseline
        ),
        corner: "Strategy".into(),
        columns: Column::titled(rows.iter().map(|row| row.label(results))),
        groups,
        notes: vec![format!(
            "`+` better by more than {}; `-` worse by more than {}; `~` open; `?` withheld; without a sign: \
             neither better nor worse by that.",
            format::margin(results.margin),
            format::margin(TOLERATED)
        )],
    }
}

fn matrix_cell(results: &Results, row: facts::Row<'_>, strategy: &str) -> Cell {
    let Some(ratio) = row.ratio(results, strategy) else {
        return Cell::absent(facts::absence(results, &row.scenario.name, strategy));
    };
    let (sign, tone) = match ratio.verdict {
        _ if ratio.loses() => ("-", Tone::Bad),
        Verdict::Holds => ("+", Tone::Good),
        Verdict::Rejected => ("", Tone::Figure),
        Verdict::Inconclusive => ("~", Tone::Open),
        Verdict::Withheld => ("?", Tone::Open),
    };
    Cell::figure(format::times(ratio.median))
        .detail(format::ratio_interval(ratio))
        .judged(sign, tone)
}

/// Strategies by assumptions, in the order in which the results judge them.
fn assumptions(results: &Results) -> Table {
    let mut ids: Vec<&str> = Vec::new();
    for judged in &results.assumptions {
        if !ids.contains(&judged.id.as_str()) {
            ids.push(&judged.id);
        }
    }
    let groups = pivots::groups(facts::by_family(results.contenders()), |card| {
        assumption_row(results, &ids, card)
    });
    Table {
        caption: "The report's assumptions, judged in every scenario and check".into(),
        corner: "Strategy".into(),
        columns: Column::titled(ids.iter().map(|id| format::sentence(id))),
        groups,
        notes: vec![
            "`performance` is relative, so the baseline has no verdict. The figures of each verdict \
             are in `results.json`."
                .into(),
        ],
    }
}

fn assumption_row(results: &Results, ids: &[&str], card: &Card) -> Option<Row> {
    let judged: Vec<&Judgement> = results
        .assumptions
        .iter()
        .filter(|judged| judged.strategy == card.name)
        .collect();
    (!judged.is_empty()).then(|| {
        let cells = ids
            .iter()
            .map(|id| {
                let verdicts: Vec<Verdict> = judged
                    .iter()
                    .filter(|one| one.id == *id)
                    .map(|one| one.verdict)
                    .collect();
                assumption_cell(&verdicts)
            })
            .collect();
        Row::named(&card.name, cells)
    })
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
    if all == 0 {
        return Cell::absent("not judged");
    }
    let worst_first = [
        Verdict::Rejected,
        Verdict::Inconclusive,
        Verdict::Withheld,
        Verdict::Holds,
    ];
    let worst = worst_first
        .into_iter()
        .find(|&verdict| of(verdict) > 0)
        .unwrap_or(Verdict::Holds);
    let share = if all == 1 {
        String::new()
    } else {
        format!(" {} of {all}", of(worst))
    };
    Cell::text("").judged(format!("{worst}{share}"), format::verdict_tone(worst))
}
