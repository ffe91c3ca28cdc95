//! Heat maps of operations by operations.

use basis::trace::Operation;

use super::{Align, Canvas, Colour, Paint};

const LEFT: i32 = 76;
const TOP: i32 = 36;
const CELL_WIDTH: i32 = 46;
const CELL_HEIGHT: i32 = 25;
const TITLE_SIZE: i32 = 11;

/// What stands in a cell: the text says it all, the colour is for the eye.
pub(in crate::report) struct Tile {
    pub(in crate::report) text: String,
    pub(in crate::report) colour: Colour,
    pub(in crate::report) shade: Shade,
}

/// How the colour is applied.
#[derive(Clone, Copy)]
pub(in crate::report) enum Shade {
    /// From 0 to 1, so that the text stays legible on it.
    Fill(f64),
    Outline,
}

/// The map, row by row; nothing if no cell has a tile.
pub(in crate::report) fn heat_map(
    rows: &[Operation],
    columns: &[Operation],
    tiles: &[Vec<Option<Tile>>],
) -> Option<String> {
    if tiles.iter().flatten().all(Option::is_none) {
        return None;
    }
    let width = LEFT + i32::try_from(columns.len()).ok()? * CELL_WIDTH + 2;
    let height = TOP + i32::try_from(rows.len()).ok()? * CELL_HEIGHT + 2;
    let mut canvas = Canvas::new(width, height);
    titles(&mut canvas, rows, columns);
    for (y, line) in (0..).zip(tiles) {
        for (x, tile) in (0..).zip(line) {
            if let Some(tile) = tile {
                cell(
                    &mut canvas,
                    (LEFT + x * CELL_WIDTH, TOP + y * CELL_HEIGHT),
                    tile,
                );
            }
        }
    }
    Some(canvas.finish())
}

/// The names of the operations, in two lines above and in one beside.
fn titles(canvas: &mut Canvas, rows: &[Operation], columns: &[Operation]) {
    let mut title = |text: &str, at, align| {
        canvas.text_of_size(text, at, align, Colour::Faint, Some(TITLE_SIZE));
    };
    for (x, column) in (0..).zip(columns) {
        let middle = LEFT + x * CELL_WIDTH + CELL_WIDTH / 2;
        for (line, word) in (0..).zip(column.title().split(' ').rev()) {
            let up = line * (TITLE_SIZE + 3);
            title(word, (middle, TOP - 3 - up), Align::ABOVE);
        }
    }
    for (y, row) in (0..).zip(rows) {
        let middle = TOP + y * CELL_HEIGHT + CELL_HEIGHT / 2;
        title(row.title(), (LEFT - 7, middle), Align::RIGHT);
    }
}

fn cell(canvas: &mut Canvas, (left, top): (i32, i32), tile: &Tile) {
    let (inset, paint) = match tile.shade {
        Shade::Fill(depth) if depth > 0.0 => (1, Paint::Tint(tile.colour, depth)),
        Shade::Fill(_) => (0, Paint::Outline(Colour::Grid, 1)),
        Shade::Outline => (3, Paint::Outline(tile.colour, 2)),
    };
    let (right, bottom) = (left + CELL_WIDTH, top + CELL_HEIGHT);
    canvas.rectangle(
        (left + inset, top + inset),
        (right - inset, bottom - inset),
        paint,
    );
    let is_empty = matches!(tile.shade, Shade::Fill(depth) if depth <= 0.0);
    let colour = if is_empty { Colour::Faint } else { Colour::Ink };
    let middle = (i32::midpoint(left, right), i32::midpoint(top, bottom));
    canvas.text(&tile.text, middle, Align::CENTRE, colour);
}
