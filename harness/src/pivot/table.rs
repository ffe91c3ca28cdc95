//! A table in the format that the user asked for.

use basis::error::Result;
pub(crate) use harness::report::Table;

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

/// A table of these rows.
pub(crate) fn table<const COLUMNS: usize>(
    heading: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) -> Table {
    let mut table = Table::new(heading);
    rows.into_iter().for_each(|row| table.row(row));
    table
}
