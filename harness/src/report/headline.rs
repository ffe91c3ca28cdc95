//! The report's own table, done again with every strategy.

use basis::controls;
use basis::sample::Card;
use basis::scenario::Published;
use statistics::GROUPS_99;

use crate::results::{Flag, Results};

use super::facts::{self, Row};
use super::view::{Block, Cell, Column, Group, Section, Table, Tone, prose};
use super::{format, pivots, plot, published};

pub(super) fn section(results: &Results) -> Section {
    let rows: Vec<Row<'_>> = facts::report_rows(results);
    let title = "The report's table, with every strategy".into();
    let mut blocks = Vec::new();
    if rows.is_empty() {
        blocks.push(prose("None of the report's rows was part of this run."));
    } else {
        blocks.push(prose(explanation(&results.baseline, results.margin)));
        blocks.push(Block::Table(table(results, &rows)));
        blocks.extend(
            rows.iter()
                .filter_map(|row| plot::figure(results, *row))
                .map(Block::Figure),
        );
    }
    Section {
        id: "report-table",
        title,
        blocks,
    }
}

/// What a cell of the table says.
pub(super) fn explanation(baseline: &str, margin: f64) -> String {
    format!(
        "Each cell: how many times better than `{baseline}` (above 1 is faster), with its 95 % interval; \
         below it the wall time per operation over all threads. HOLDS: it improves by more than {} (the \
         ratio lies above {margin:.2}). REJECTED: it does not. Both at 99 %, corrected for the number of \
         verdicts. INCONCLUSIVE: neither is certain; more samples would tell. WITHHELD: the row's noise \
         floor is too high for any verdict.",
        format::margin(margin)
    )
}

fn table(results: &Results, rows: &[Row<'_>]) -> Table {
    let columns = [Column::new("Decision", "over all rows of the run")]
        .into_iter()
        .chain(rows.iter().map(|row| {
            Column::new(
                &row.scenario.title,
                format!(
                    "{}; {}",
                    row.label(results),
                    facts::threads_note(row.scenario, results.environment.cpus)
                ),
            )
        }))
        .collect();
    let mut groups = vec![references(results, rows)];
    groups.extend(pivots::groups(
        facts::by_family(results.contenders()),
        |card| Some(strategy_row(results, rows, card)),
    ));
    Table {
        caption: "Ratio to the baseline and cost per operation, in the report's situations".into(),
        corner: "Strategy".into(),
        columns,
        groups,
        notes: notes(results, rows),
    }
}

/// A strategy on one machine: its decision, and its figure in each row.
pub(super) fn strategy_row(results: &Results, rows: &[Row<'_>], card: &Card) -> super::view::Row {
    let decision = facts::recommendation(results, &card.name).map_or_else(
        || {
            Cell::text(if card.name == results.baseline {
                "baseline"
            } else {
                ""
            })
        },
        |found| {
            let words = format::decision(found.decision, &results.baseline);
            Cell::text("").judged(words, format::decision_tone(found.decision))
        },
    );
    let timed = rows
        .iter()
        .map(|&row| facts::timing(results, row, &card.name));
    super::view::Row::named(&card.name, [decision].into_iter().chain(timed).collect())
}

/// The published figures, the same comparison here, and the noise floor.
fn references(results: &Results, rows: &[Row<'_>]) -> Group {
    let mut found = published_rows(rows);
    found.extend(measured_rows(results, rows));
    Group {
        title: "References".into(),
        rows: found,
    }
}

pub(super) fn published_rows(rows: &[Row<'_>]) -> Vec<super::view::Row> {
    let published = |row: &Row<'_>, cell: &dyn Fn(&Published) -> Cell| {
        let figures = row.scenario.published.as_ref();
        figures.map_or_else(|| Cell::absent("none"), cell)
    };
    vec![
        reference("published: mutex", rows, |row| {
            published(row, &|figures| {
                Cell::figure(format!("{} ns", published::figure(figures.mutex)))
            })
        }),
        reference("published: channel", rows, |row| {
            published(row, &|figures| {
                Cell::figure(format!("{} ns", published::figure(figures.channel)))
                    .detail(format!("slower by {}", published::slower_by(figures)))
            })
        }),
    ]
}

/// The report's comparison on this machine, and how noisy that is.
pub(super) fn measured_rows(results: &Results, rows: &[Row<'_>]) -> Vec<super::view::Row> {
    let mut found = Vec::new();
    // The family's first variant is the rejected design.
    let channel = results
        .contenders()
        .find(|card| facts::family(&card.name) == facts::CHANNEL);
    found.extend(channel.map(|card| {
        let head = format!("here: `{}` against `{}`", card.name, results.baseline);
        reference(&head, rows, |row| slower(results, row, &card.name))
    }));
    let is_known = rows
        .iter()
        .any(|row| row.ratio(results, controls::SAME).is_some());
    found.extend(is_known.then(|| {
        let head = "noise floor: the baseline against itself";
        reference(head, rows, |row| same(results, row))
    }));
    found
}

/// A row that no decision is made about.
fn reference(head: &str, rows: &[Row<'_>], cell: impl Fn(&Row<'_>) -> Cell) -> super::view::Row {
    super::view::Row {
        head: head.into(),
        cells: [Cell::text("")]
            .into_iter()
            .chain(rows.iter().map(cell))
            .collect(),
        ..super::view::Row::default()
    }
}

/// A comparison in the report's own words.
fn slower(results: &Results, row: &Row<'_>, strategy: &str) -> Cell {
    match row.ratio(results, strategy) {
        Some(ratio) if ratio.median < 1.0 => {
            Cell::figure(format!("slower by {}", format::slower_by(ratio)))
        }
        Some(ratio) => Cell::figure(format!("faster by {}", format::ratio(ratio))),
        None => Cell::absent(facts::absence(results, &row.scenario.name, strategy)),
    }
}

fn same(results: &Results, row: &Row<'_>) -> Cell {
    let Some(ratio) = row.ratio(results, controls::SAME) else {
        return Cell::absent("not measured");
    };
    let cell = Cell::figure(format::ratio(ratio));
    let has_interval = ratio.processes >= GROUPS_99;
    if !has_interval || ratio.judged_low <= 1.0 && 1.0 <= ratio.judged_high {
        cell
    } else {
        cell.judged(
            "does not contain 1.00, at 99 % either: doubt this column",
            Tone::Open,
        )
    }
}

pub(super) fn notes(results: &Results, rows: &[Row<'_>]) -> Vec<String> {
    let marked = |flag: Flag| {
        results.contenders().any(|card| {
            rows.iter().any(|row| {
                row.cell(results, &card.name)
                    .is_some_and(|cell| cell.flags.contains(&flag))
            })
        })
    };
    let oversubscribed = rows.iter().any(|row| {
        row.scenario.threads() > results.environment.cpus && results.environment.cpus > 0
    });
    let mut notes = vec![
        "The published figures are Go's, on a machine that is not known: compare ratios, not \
         nanoseconds."
            .to_owned(),
        "A ratio is the median of a slice's ratios to the baseline's slices beside it, and not the \
         quotient of two medians of this table."
            .to_owned(),
    ];
    if oversubscribed {
        notes.push(
            "Oversubscribed columns have more threads than processors: they measure the scheduler, \
             too."
                .into(),
        );
    }
    if marked(Flag::HarnessBound) {
        notes.push(facts::HARNESS_BOUND_NOTE.into());
    }
    if marked(Flag::FewOperations) {
        notes.push(facts::FEW_OPERATIONS_NOTE.into());
    }
    if marked(Flag::Unsteady) {
        notes.push(facts::UNSTEADY_NOTE.into());
    }
    notes
}
