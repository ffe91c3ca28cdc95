//! A table in the format that the user asked for.

use model::error::Result;
pub(crate) use report::Table;

use crate::arguments::Format;
use crate::terminal;

/// What a table looks like on standard output.
pub(crate) trait Shown {
    /// As a text.
    fn text(&self, format: Format) -> String;

    /// Prints it.
    fn print(&self, format: Format) -> Result<()> {
        terminal::print(&self.text(format))
    }
}

impl Shown for Table {
    fn text(&self, format: Format) -> String {
        let text = match format {
            Format::Table => self.terminal(None),
            Format::Md => self.markdown(),
            Format::Csv => self.csv(),
            Format::Json => self.json(),
        };
        text.trim_end_matches('\n').to_owned()
    }
}

/// A title, and what stands below it in each row.
pub(crate) type Column<R> = (&'static str, fn(&R) -> String);

/// A table of these rows, column by column.
pub(crate) fn table<R>(rows: impl IntoIterator<Item = R>, columns: &[Column<R>]) -> Table {
    let mut table = Table::new(columns.iter().map(|(title, _)| *title));
    for row in rows {
        table.row(columns.iter().map(|(_, cell)| cell(&row)));
    }
    table
}

/// A table of rows, at least one, whose cells come with their titles.
pub(crate) fn of_rows<const N: usize>(
    rows: impl IntoIterator<Item = [(&'static str, String); N]>,
) -> Table {
    let mut rows = rows.into_iter().peekable();
    let titles = rows
        .peek()
        .map(|row| row.each_ref().map(|(title, _)| *title));
    let mut table = Table::new(titles.into_iter().flatten());
    for row in rows {
        table.row(row.map(|(_, text)| text));
    }
    table
}

/// Four digits or all before the point; of what is smaller than one, three.
pub(crate) fn figure(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0" } else { "-" }.into();
    }
    let magnitude = value.abs().log10().floor() as i32;
    #[expect(clippy::cast_sign_loss, reason = "not below zero")]
    let decimals = (if magnitude < 0 { 2 } else { 3 } - magnitude).clamp(0, 12) as usize;
    format!("{value:.decimals$}")
}
