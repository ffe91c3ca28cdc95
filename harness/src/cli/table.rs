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
