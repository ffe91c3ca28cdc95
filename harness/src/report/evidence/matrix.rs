//! Operations by operations: the same process on the left, another on the right.

use model::trace::Operation;

use super::super::format;
use super::super::view::{Cell, Column, Group, Row, Table};

/// The halves: whether they are about the same process, and what is said of their columns.
const HALVES: [(bool, &str); 2] = [(true, "same process"), (false, "another process")];

/// A table, where `cell` is asked for a row, a column and whether it is the same process. A scan is about
/// all processes, so it is the same in both halves.
pub(super) fn matrix(
    caption: &str,
    key: &str,
    rows: &[Operation],
    columns: &[Operation],
    cell: impl Fn(Operation, Operation, bool) -> Option<Cell>,
) -> Table {
    let cell = &cell;
    let line = |&row: &Operation| {
        let cells = HALVES.iter().flat_map(|&(same_process, _)| {
            columns.iter().map(move |&column| {
                let has_scan = row == Operation::Scan || column == Operation::Scan;
                cell(row, column, same_process || has_scan).unwrap_or_default()
            })
        });
        Row::new(format::sentence(row.title()), cells.collect())
    };
    let titles = HALVES.iter().flat_map(|(_, half)| {
        columns
            .iter()
            .map(|column| Column::new(column.title(), *half))
    });
    Table {
        caption: caption.into(),
        notes: vec![key.into()],
        ..Table::of([Group::new("", rows.iter().map(line))]).columns(titles)
    }
}
