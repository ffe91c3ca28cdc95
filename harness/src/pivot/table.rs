//! A table of text, in the format that the user asked for.

use basis::error::Result;
use comfy_table::{ColumnConstraint, ContentArrangement, TableStyle, Width, presets};
use harness::report::csv_line;

use crate::arguments::Format;
use crate::terminal;

/// Rows of text under a heading.
#[derive(Debug)]
pub(crate) struct Table<const COLUMNS: usize> {
    heading: [&'static str; COLUMNS],
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(crate) fn new(heading: [&'static str; COLUMNS]) -> Self {
        Self {
            heading,
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, row: [String; COLUMNS]) {
        self.rows.push(row);
    }

    /// Prints it on standard output.
    pub(crate) fn print(&self, format: Format) -> Result<()> {
        terminal::print(&self.text(format))
    }

    pub(crate) fn rows(&self) -> &[[String; COLUMNS]] {
        &self.rows
    }

    /// For a terminal of so many columns: what is too long for them goes on in the next line. The first
    /// column has names, which stay whole unless they take half of the width.
    pub(crate) fn fitted(&self, width: u16) -> String {
        let mut table = self.filled(presets::UTF8_FULL);
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
        let names = self.rows.iter().map(|row| row[0].chars().count());
        let longest = names.max().unwrap_or_default() + 2;
        if let Some(column) = table.column_mut(0) {
            let least = u16::try_from(longest).unwrap_or(u16::MAX).min(width / 2);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
        }
        table.trim_fmt()
    }

    /// As a text.
    pub(crate) fn text(&self, format: Format) -> String {
        match format {
            Format::Table => self.filled(presets::UTF8_FULL_CONDENSED).trim_fmt(),
            Format::Md => self.filled(presets::ASCII_MARKDOWN).trim_fmt(),
            Format::Csv => self.csv(),
            Format::Json => self.json(),
        }
    }

    fn filled(&self, style: TableStyle) -> comfy_table::Table {
        let mut table = comfy_table::Table::new();
        table.load_style(style).set_header(self.heading);
        for row in &self.rows {
            table.add_row(row);
        }
        table
    }

    fn json(&self) -> String {
        let objects: Vec<serde_json::Map<String, serde_json::Value>> = self
            .rows
            .iter()
            .map(|row| {
                self.heading
                    .iter()
                    .zip(row)
                    .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
                    .collect()
            })
            .collect();
        serde_json::to_string_pretty(&objects).expect("text is plain data")
    }

    fn csv(&self) -> String {
        let lines = std::iter::once(csv_line(self.heading)).chain(self.rows.iter().map(csv_line));
        let text: String = lines.collect();
        text.strip_suffix('\n').unwrap_or_default().to_owned()
    }
}
