//! A table of text, in the format that the user asked for.

use basis::error::Result;
use comfy_table::{TableStyle, presets};
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

    /// As a text.
    pub(crate) fn text(&self, format: Format) -> String {
        match format {
            Format::Table => self.drawn(presets::UTF8_FULL_CONDENSED),
            Format::Md => self.drawn(presets::ASCII_MARKDOWN),
            Format::Csv => self.csv(),
            Format::Json => self.json(),
        }
    }

    fn drawn(&self, style: TableStyle) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(style).set_header(self.heading);
        for row in &self.rows {
            table.add_row(row);
        }
        table.trim_fmt()
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
