//! Heat maps of operations by operations: one part for the same process, one for another.

use basis::trace::Operation;

use super::super::charts::{Tile, heat_map};
use super::super::format;
use super::super::view::{Cell, Column, Group, Matrix, Part, Row, Table};

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
            svg: heat_map(rows, columns, tiles)?,
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
