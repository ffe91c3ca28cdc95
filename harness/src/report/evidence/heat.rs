//! Heat maps of operations by operations: one part for the same process, one for another.

use basis::trace::Operation;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::super::format;
use super::super::palette::{FAINT, GRID, INK};
use super::super::view::{Cell, Column, Group, Matrix, Part, Row, Table};

/// What stands in a cell: the text says it all, the colour is for the eye.
pub(super) struct Tile {
    pub(super) text: String,
    pub(super) color: RGBColor,
    pub(super) shade: Shade,
}

/// How the colour is applied.
#[derive(Clone, Copy)]
pub(super) enum Shade {
    /// From 0 to 1, so that the text stays legible on it.
    Fill(f64),
    Outline,
}

/// The parts: whether they are about the same process, and their titles.
const PARTS: [(bool, &str); 2] = [(true, "Same process"), (false, "Another process")];

/// A map, where `tile` is asked for a row, a column and whether it is the same process. A scan is about
/// all processes, so it is the same in both parts.
pub(super) fn matrix(
    caption: String,
    key: String,
    rows: &[Operation],
    columns: &[Operation],
    tile: impl Fn(Operation, Operation, bool) -> Option<Tile>,
) -> Matrix {
    let tile = |row: Operation, column: Operation, same_process: bool| {
        let has_scan = row == Operation::Scan || column == Operation::Scan;
        tile(row, column, same_process || has_scan)
    };
    let grid = |same_process: bool| -> Vec<Vec<Option<Tile>>> {
        let line = |row| columns.iter().map(move |&column| (row, column));
        rows.iter()
            .map(|&row| {
                line(row)
                    .map(|(row, column)| tile(row, column, same_process))
                    .collect()
            })
            .collect()
    };
    let grids = PARTS.map(|(same_process, _)| grid(same_process));
    let parts = PARTS.iter().zip(&grids).filter_map(|((_, title), tiles)| {
        Some(Part {
            title: (*title).into(),
            description: described(rows, columns, tiles),
            svg: draw(rows, columns, tiles)?,
        })
    });
    Matrix {
        parts: parts.collect(),
        table: table(&caption, rows, columns, &grids),
        caption,
        key,
    }
}

/// The map in words, row by row.
fn described(rows: &[Operation], columns: &[Operation], tiles: &[Vec<Option<Tile>>]) -> String {
    let line = |(row, tiles): (&Operation, &Vec<Option<Tile>>)| {
        let told: Vec<String> = columns
            .iter()
            .zip(tiles)
            .filter_map(|(column, tile)| Some(format!("{column} {}", tile.as_ref()?.text)))
            .collect();
        format!("{row}: {}", told.join(", "))
    };
    let lines: Vec<String> = rows.iter().zip(tiles).map(line).collect();
    lines.join("; ")
}

/// The same letters, for formats without drawings.
fn table(
    caption: &str,
    rows: &[Operation],
    columns: &[Operation],
    grids: &[Vec<Vec<Option<Tile>>>],
) -> Table {
    let cell = |tile: &Option<Tile>| match tile {
        Some(tile) => Cell::text(&tile.text),
        None => Cell::text(""),
    };
    let row = |(index, row): (usize, &Operation)| Row {
        head: format::sentence(row.title()),
        cells: grids
            .iter()
            .flat_map(|grid| grid[index].iter().map(cell))
            .collect(),
        ..Row::default()
    };
    Table {
        caption: caption.into(),
        corner: String::new(),
        columns: PARTS
            .iter()
            .flat_map(|(_, part)| {
                columns
                    .iter()
                    .map(|column| Column::new(column.title(), part.to_lowercase()))
            })
            .collect(),
        groups: vec![Group {
            title: String::new(),
            rows: rows.iter().enumerate().map(row).collect(),
        }],
        notes: Vec::new(),
    }
}

const LEFT: i32 = 76;
const TOP: i32 = 36;
const CELL_WIDTH: i32 = 46;
const CELL_HEIGHT: i32 = 25;
const TITLE_SIZE: i32 = 13;
const TEXT_SIZE: i32 = 15;

type Paper<'s> = DrawingArea<SVGBackend<'s>, Shift>;
type Drawn<'s> = Result<(), DrawingAreaErrorKind<<SVGBackend<'s> as DrawingBackend>::ErrorType>>;

/// A part; nothing if there is nothing to draw.
fn draw(rows: &[Operation], columns: &[Operation], tiles: &[Vec<Option<Tile>>]) -> Option<String> {
    if tiles.iter().flatten().all(Option::is_none) {
        return None;
    }
    let width = LEFT + i32::try_from(columns.len()).ok()? * CELL_WIDTH + 2;
    let height = TOP + i32::try_from(rows.len()).ok()? * CELL_HEIGHT + 2;
    let mut svg = String::new();
    {
        let size = (width.cast_unsigned(), height.cast_unsigned());
        let paper = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        titles(&paper, rows, columns)
            .and_then(|()| {
                let lines = (0..).zip(tiles);
                lines
                    .flat_map(|(y, line)| (0..).zip(line).map(move |(x, tile)| ((x, y), tile)))
                    .filter_map(|(at, tile)| Some((at, tile.as_ref()?)))
                    .try_for_each(|(at, tile)| cell(&paper, at, tile))
            })
            .and_then(|()| paper.present())
            .ok()?;
    }
    Some(svg)
}

/// The names of the operations, in two lines above and in one beside.
fn titles<'s>(paper: &Paper<'s>, rows: &[Operation], columns: &[Operation]) -> Drawn<'s> {
    for (x, column) in (0..).zip(columns) {
        let middle = LEFT + x * CELL_WIDTH + CELL_WIDTH / 2;
        let words = column.title().split(' ').rev();
        for (line, word) in (0..).zip(words) {
            let at = (middle, TOP - 5 - line * (TITLE_SIZE + 1));
            words_at(paper, word, at, TITLE_SIZE, (HPos::Center, VPos::Bottom))?;
        }
    }
    for (y, row) in (0..).zip(rows) {
        let at = (LEFT - 7, TOP + y * CELL_HEIGHT + CELL_HEIGHT / 2);
        words_at(
            paper,
            row.title(),
            at,
            TITLE_SIZE,
            (HPos::Right, VPos::Center),
        )?;
    }
    Ok(())
}

fn cell<'s>(paper: &Paper<'s>, (x, y): (i32, i32), tile: &Tile) -> Drawn<'s> {
    let (left, top) = (LEFT + x * CELL_WIDTH, TOP + y * CELL_HEIGHT);
    let corners = |inset: i32| {
        let (right, bottom) = (left + CELL_WIDTH - inset, top + CELL_HEIGHT - inset);
        [(left + inset, top + inset), (right, bottom)]
    };
    let frame = match tile.shade {
        Shade::Fill(depth) if depth > 0.0 => {
            Rectangle::new(corners(1), tile.color.mix(depth).filled())
        }
        Shade::Fill(_) => Rectangle::new(corners(0), GRID.stroke_width(1)),
        Shade::Outline => Rectangle::new(corners(3), tile.color.stroke_width(2)),
    };
    paper.draw(&frame)?;
    let middle = (left + CELL_WIDTH / 2, top + CELL_HEIGHT / 2);
    let centre = Pos::new(HPos::Center, VPos::Center);
    let is_empty = matches!(tile.shade, Shade::Fill(depth) if depth <= 0.0);
    let color = if is_empty { FAINT } else { INK };
    let style = TextStyle::from(("sans-serif", TEXT_SIZE).into_font())
        .color(&color)
        .pos(centre);
    paper.draw_text(&tile.text, &style, middle)
}

fn words_at<'s>(
    paper: &Paper<'s>,
    text: &str,
    at: (i32, i32),
    size: i32,
    anchor: (HPos, VPos),
) -> Drawn<'s> {
    let style = TextStyle::from(("sans-serif", size).into_font())
        .color(&FAINT)
        .pos(Pos::new(anchor.0, anchor.1));
    paper.draw_text(text, &style, at)
}
