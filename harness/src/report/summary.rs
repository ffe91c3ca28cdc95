//! The first screen's tables: the report's rows, published and measured, and a verdict per pivot.

use basis::scenario::Published;

use crate::results::{Recommendation, Results};

use super::facts::{self, Row};
use super::view::{self, Block, Cell, Column, Group, Table};
use super::{format, losses, pivots, published};

pub(super) fn blocks(results: &Results) -> Vec<Block> {
    let rows = facts::report_rows(results);
    [report_rows(results, &rows), verdicts(results, &rows)]
        .into_iter()
        .filter(Table::has_rows)
        .map(Block::Table)
        .collect()
}

/// The original table, a line for each of its rows: what it said, what came out here, who is best.
fn report_rows(results: &Results, rows: &[Row<'_>]) -> Table {
    let lines = rows.iter().map(|row| view::Row {
        head: row.scenario.title.clone(),
        note: facts::threads_note(row.scenario, results.environment.cpus),
        cells: line(results, row),
        ..view::Row::default()
    });
    Table {
        caption: "The original report's rows, published and measured here".into(),
        corner: "Operation".into(),
        columns: vec![
            Column::new("Published, Go", "mutex; channel"),
            Column::new("Channel slower by", "published"),
            Column::new("Here", results.baseline.clone()),
            Column::new("Channel slower by", "here, the best variant"),
            Column::new("Strongest pivot here", "times better [95 %]"),
        ],
        groups: vec![Group {
            title: String::new(),
            rows: lines.collect(),
        }],
        notes: Vec::new(),
    }
}

/// What was published of a row, and what one machine says to it.
pub(super) fn line(results: &Results, row: &Row<'_>) -> Vec<Cell> {
    let figures = row.scenario.published.as_ref();
    let said = |cell: &dyn Fn(&Published) -> Cell| {
        figures.map_or_else(|| Cell::absent("not published"), cell)
    };
    let here = row.cell(results, &results.baseline).map_or_else(
        || Cell::absent("not measured"),
        |cell| Cell::figure(format::measured(cell)),
    );
    vec![
        said(&|figures| {
            let [mutex, channel] = [figures.mutex, figures.channel].map(published::figure);
            Cell::figure(format!("{mutex} ns; {channel} ns"))
        }),
        said(&|figures| Cell::figure(published::slower_by(figures))),
        here,
        channel(results, row),
        strongest(results, row),
    ]
}

/// The report's proposal, in its best form.
fn channel(results: &Results, row: &Row<'_>) -> Cell {
    let best = best_of(results, row, |name| facts::family(name) == facts::CHANNEL);
    best.map_or_else(
        || Cell::absent("not measured"),
        |(name, ratio)| Cell::figure(format::slower_by(ratio)).detail(name),
    )
}

fn strongest(results: &Results, row: &Row<'_>) -> Cell {
    best_of(results, row, |_| true).map_or_else(
        || Cell::absent("not measured"),
        |(name, ratio)| {
            Cell::figure(format::ratio(ratio))
                .detail(name)
                .judged(facts::verdict(ratio), format::verdict_tone(ratio.verdict))
        },
    )
}

/// The strategy with the highest ratio in a row, of those that are ranked.
fn best_of<'r>(
    results: &'r Results,
    row: &Row<'r>,
    wanted: impl Fn(&str) -> bool,
) -> Option<(&'r str, &'r crate::results::Ratio)> {
    results
        .contenders()
        .filter(|card| results.is_ranked(&card.name) && wanted(&card.name))
        .filter_map(|card| Some((card.name.as_str(), row.ratio(results, &card.name)?)))
        .max_by(|a, b| a.1.median.total_cmp(&b.1.median))
}

/// Every pivot by its strongest variant.
fn verdicts(results: &Results, rows: &[Row<'_>]) -> Table {
    let lines = facts::by_family(results.contenders())
        .into_iter()
        .filter_map(|(family, _)| {
            let found = strongest_of(results, family)?;
            Some(view::Row {
                head: pivots::title(family),
                cells: verdict(results, rows, found),
                ..view::Row::default()
            })
        });
    let ratios = rows
        .iter()
        .map(|row| Column::new(row.label(results), "times better [95 %]"));
    Table {
        caption: format!("Verdict per pivot, against {}", results.baseline),
        corner: "Pivot".into(),
        columns: [
            Column::new("Verdict", "of its strongest variant"),
            Column::new("What you give up", "in brackets: the baseline's promise"),
        ]
        .into_iter()
        .chain(ratios)
        .collect(),
        groups: vec![Group {
            title: String::new(),
            rows: lines.collect(),
        }],
        notes: Vec::new(),
    }
}

/// The variant with the best decision, and the strongest of those.
pub(super) fn strongest_of<'r>(results: &'r Results, family: &str) -> Option<&'r Recommendation> {
    facts::BEST_FIRST.into_iter().find_map(|wanted| {
        facts::strongest_first(results, |decision| decision == wanted)
            .into_iter()
            .find(|found| facts::family(&found.strategy) == family)
    })
}

/// A pivot's strongest variant on one machine.
pub(super) fn verdict(results: &Results, rows: &[Row<'_>], found: &Recommendation) -> Vec<Cell> {
    let words = format::decision(found.decision, &results.baseline);
    let decision = Cell::text(&found.strategy).judged(words, format::decision_tone(found.decision));
    let ratios = rows.iter().map(|row| {
        let Some(ratio) = row.ratio(results, &found.strategy) else {
            let absence = facts::absence(results, &row.scenario.name, &found.strategy);
            return Cell::absent(absence);
        };
        Cell::figure(format::times(ratio.median))
            .detail(format::ratio_interval(ratio))
            .judged(
                ratio.verdict.to_string(),
                format::verdict_tone(ratio.verdict),
            )
    });
    [decision, Cell::text(losses::in_short(results, found))]
        .into_iter()
        .chain(ratios)
        .collect()
}
