//! A table, made once for every form: terminal, Markdown, CSV, JSON, and the page (whose template has it).
//!
//! Texts are never markup. By convention a pair of backticks marks code, which each form turns into its own.

use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, TableStyle, Width, presets};
use serde::Serialize;

use super::format::Tone;
use super::{export, format, render};

/// Rows in groups, under columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    pub(super) caption: String,
    /// What the first column lists.
    pub(super) corner: String,
    pub(super) columns: Vec<Column>,
    pub(super) groups: Vec<Group>,
    pub(super) notes: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Column {
    pub(super) title: String,
    /// What holds for the whole column, such as its threads.
    pub(super) note: String,
}

/// Rows under a common title.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Group {
    /// Empty for rows that need none.
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) head: String,
    pub(super) note: String,
    /// The anchor of what is about it, if there is something.
    pub(super) link: String,
    pub(super) cells: Vec<Cell>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Cell {
    /// What to see first.
    pub(super) lead: String,
    /// What it rests on.
    pub(super) detail: String,
    /// In words, so that colour is never alone.
    pub(super) verdict: String,
    pub(super) tone: Tone,
}

impl Cell {
    /// Words.
    pub(super) fn text(lead: impl Into<String>) -> Self {
        Self {
            lead: lead.into(),
            ..Self::default()
        }
    }

    /// A number as it is.
    pub(super) fn number(number: u64) -> Self {
        Self::figure(format::thousands(number as f64))
    }

    /// A number.
    pub(super) fn figure(lead: impl Into<String>) -> Self {
        Self::text(lead).judged("", Tone::Figure)
    }

    /// Something that is not there, and why.
    pub(super) fn absent(why: impl Into<String>) -> Self {
        Self::text(why).judged("", Tone::Absent)
    }

    /// A word and its colour alone.
    pub(super) fn verdict(verdict: impl Into<String>, tone: Tone) -> Self {
        Self::default().judged(verdict, tone)
    }

    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    pub(super) fn judged(mut self, verdict: impl Into<String>, tone: Tone) -> Self {
        self.verdict = verdict.into();
        self.tone = tone;
        self
    }

    fn line(&self) -> String {
        let parts = [&self.lead, &self.detail, &self.verdict].into_iter();
        let parts = parts.filter(|part| !part.is_empty());
        parts.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

impl Column {
    pub(super) fn new(title: impl Into<String>, note: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            note: note.into(),
        }
    }

    /// Columns without notes.
    pub(super) fn titled<T: Into<String>>(titles: impl IntoIterator<Item = T>) -> Vec<Self> {
        let titles = titles.into_iter();
        titles.map(|title| Self::new(title, "")).collect()
    }
}

impl Row {
    pub(super) fn new(head: impl Into<String>, cells: Vec<Cell>) -> Self {
        Self {
            head: head.into(),
            cells,
            ..Self::default()
        }
    }

    /// A row whose head is code, such as a strategy's name.
    pub(super) fn named(name: &str, cells: Vec<Cell>) -> Self {
        Self::new(format!("`{name}`"), cells)
    }
}

impl Group {
    pub(super) fn new(title: impl Into<String>, rows: impl IntoIterator<Item = Row>) -> Self {
        Self {
            title: title.into(),
            rows: rows.into_iter().collect(),
        }
    }
}

/// No row has a finer structure than this.
const HEADER_LINE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

impl Table {
    /// An empty table with these titles, that of the first column included.
    pub fn new<T: Into<String>>(titles: impl IntoIterator<Item = T>) -> Self {
        let mut titles = titles.into_iter();
        Self {
            corner: titles.next().map(Into::into).unwrap_or_default(),
            columns: Column::titled(titles),
            ..Self::default()
        }
    }

    /// Adds a row of texts.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let mut cells = cells.into_iter();
        let head: String = cells.next().map(Into::into).unwrap_or_default();
        let row = Row::new(head, cells.map(Cell::text).collect());
        match self.groups.last_mut() {
            Some(group) => group.rows.push(row),
            None => self.groups.push(Group::new("", [row])),
        }
    }

    /// Of these groups, as far as they have rows. Columns and words belong to the section's template.
    pub(super) fn of(groups: impl IntoIterator<Item = Group>) -> Self {
        let groups = groups.into_iter();
        Self {
            groups: groups.filter(|group| !group.rows.is_empty()).collect(),
            ..Self::default()
        }
    }

    /// With columns that depend on the data; the template says where they stand.
    pub(super) fn columns(mut self, columns: impl IntoIterator<Item = Column>) -> Self {
        self.columns = columns.into_iter().collect();
        self
    }

    /// Whether it has anything to say.
    pub(super) fn has_rows(&self) -> bool {
        self.groups.iter().any(|group| !group.rows.is_empty())
    }

    /// Another column in front of the others.
    pub(super) fn prepend(&mut self, column: Column, of: impl Fn(&Row) -> Cell) {
        self.columns.insert(0, column);
        for row in self.groups.iter_mut().flat_map(|group| &mut group.rows) {
            row.cells.insert(0, of(row));
        }
    }

    fn titles(&self) -> Vec<String> {
        let columns = self.columns.iter().map(|column| &column.title);
        std::iter::once(&self.corner)
            .chain(columns)
            .cloned()
            .collect()
    }

    /// The rows as texts, without their groups.
    fn lines(&self) -> Vec<Vec<String>> {
        let rows = self.groups.iter().flat_map(|group| &group.rows);
        let line = |row: &Row| {
            let head = row.head.replace('`', "");
            std::iter::once(head)
                .chain(row.cells.iter().map(Cell::line))
                .collect()
        };
        rows.map(line).collect()
    }

    /// For a terminal, of so many columns if that is known: what is too long for them goes on in the next line. The
    /// first column has names, which stay whole unless they take half of the width.
    pub fn terminal(&self, width: Option<u16>) -> String {
        let lines = self.lines();
        let names = lines.iter().map(|line| line[0].chars().count());
        let longest = names.max().unwrap_or_default() + 2;
        let mut table = comfy_table::Table::new();
        let columns = self
            .columns
            .iter()
            .map(|column| match column.note.as_str() {
                "" => column.title.clone(),
                note => format!("{}\n{note}", column.title),
            });
        let header = std::iter::once(self.corner.clone()).chain(columns);
        table.load_style(HEADER_LINE).set_header(header);
        table
            .set_content_arrangement(ContentArrangement::Disabled)
            .add_rows(lines);
        if let Some(width) = width {
            table.load_style(presets::UTF8_FULL).set_width(width);
            table.set_content_arrangement(ContentArrangement::Dynamic);
            let least = u16::try_from(longest).unwrap_or(u16::MAX).min(width / 2);
            if let Some(column) = table.column_mut(0) {
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
            }
        }
        table.trim_fmt()
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        render::markdown_table(self)
    }

    /// As comma-separated values, with a line of titles first.
    pub fn csv(&self) -> String {
        let lines = self.lines();
        let lines = std::iter::once(self.titles()).chain(lines);
        lines.map(export::csv_line).collect()
    }

    /// As an array of objects, with the titles as keys.
    ///
    /// # Panics
    ///
    /// Never: text is plain data.
    pub fn json(&self) -> String {
        let titles = self.titles();
        let object = |line: Vec<String>| {
            let values = line.into_iter().map(serde_json::Value::from);
            titles.iter().cloned().zip(values).collect()
        };
        let objects = self.lines().into_iter().map(object);
        let objects: Vec<serde_json::Map<String, serde_json::Value>> = objects.collect();
        serde_json::to_string_pretty(&objects).expect("text is plain data")
    }
}

/// What stands where a machine's table has no such row or column.
const ABSENT: &str = "not measured";
/// What stands for the machines where all say the same.
const EVERY: &str = "every machine";

/// Tables of equal structure, one from each machine, as one. Under every head stands a line for each machine, or one for
/// all where they say the same; tables of a single column stand side by side. One table is what it is.
pub(super) fn stacked(tables: &[(&str, Table)]) -> Table {
    let [(_, first), others @ ..] = tables else {
        return Table::default();
    };
    if others.is_empty() {
        return first.clone();
    }
    let all = || tables.iter().map(|(_, table)| table);
    let is_narrow = all().all(|table| table.columns.len() == 1);
    let columns = all().flat_map(columns_of).collect::<Vec<_>>();
    let columns = united(columns.iter(), |(key, _)| key);
    let groups = united(all().flat_map(|table| &table.groups), |group| &group.title);
    let groups = groups.into_iter().map(|group| {
        let rows = all().map(|table| rows_of(table, &group.title));
        let heads = rows.flatten().collect::<Vec<_>>();
        let heads = united(heads.iter(), |(key, _)| key);
        let rows = heads.into_iter().flat_map(|(key, row)| {
            let of = |table: &Table| cells_of(table, &group.title, key, &columns);
            let lines = tables.iter().map(|(name, table)| (*name, of(table)));
            together(row, lines.collect(), is_narrow)
        });
        Group::new(&group.title, rows)
    });
    let groups = groups.collect();
    let own = columns.iter().map(|(_, column)| (*column).clone());
    let columns = if is_narrow {
        let note = |table: &Table| table.columns[0].title.clone();
        let each = tables.iter();
        each.map(|(name, table)| Column::new(*name, note(table)))
            .collect()
    } else {
        std::iter::once(Column::new("Machine", ""))
            .chain(own)
            .collect()
    };
    let mut notes: Vec<String> = Vec::new();
    for note in all().flat_map(|table| &table.notes) {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    Table {
        caption: first.caption.clone(),
        corner: first.corner.clone(),
        columns,
        groups,
        notes,
    }
}

/// Everything once, by its name, as where it first comes.
fn united<'t, T, K: PartialEq>(
    all: impl IntoIterator<Item = &'t T>,
    name: impl Fn(&T) -> &K,
) -> Vec<&'t T> {
    let mut found: Vec<&T> = Vec::new();
    for one in all {
        if !found.iter().any(|known| name(known) == name(one)) {
            found.push(one);
        }
    }
    found
}

/// A name, and how many of it came before.
type Key<'t> = (&'t str, usize);

fn numbered<'t, T>(
    all: impl Iterator<Item = &'t T>,
    name: fn(&T) -> &str,
) -> Vec<(Key<'t>, &'t T)> {
    let mut found: Vec<(Key<'_>, &T)> = Vec::new();
    for one in all {
        let before = found.iter().filter(|((known, _), _)| *known == name(one));
        let key = (name(one), before.count());
        found.push((key, one));
    }
    found
}

fn columns_of(table: &Table) -> Vec<(Key<'_>, &Column)> {
    numbered(table.columns.iter(), |column| &column.title)
}

fn rows_of<'t>(table: &'t Table, group: &str) -> Vec<(Key<'t>, &'t Row)> {
    let groups = table.groups.iter().filter(|one| one.title == group);
    numbered(groups.flat_map(|group| &group.rows), |row| &row.head)
}

/// The cells of a row of a table, by columns that it may not have all.
fn cells_of(
    table: &Table,
    group: &str,
    key: &Key<'_>,
    columns: &[&(Key<'_>, &Column)],
) -> Vec<Cell> {
    let rows = rows_of(table, group);
    let row = rows.iter().find(|(known, _)| known == key);
    let own = columns_of(table);
    let cell = |(key, _): &&(Key<'_>, &Column)| {
        let place = own.iter().position(|(known, _)| known == key);
        let cell = place.and_then(|place| row?.1.cells.get(place));
        cell.cloned().unwrap_or_else(|| Cell::absent(ABSENT))
    };
    columns.iter().map(cell).collect()
}

/// What machines say under one head.
fn together(row: &Row, lines: Vec<(&str, Vec<Cell>)>, is_narrow: bool) -> Vec<Row> {
    if is_narrow {
        let cells = lines.into_iter().flat_map(|(_, cells)| cells);
        return vec![Row {
            cells: cells.collect(),
            ..row.clone()
        }];
    }
    let is_same = lines.iter().all(|(_, cells)| *cells == lines[0].1);
    let shown = if is_same { 1 } else { lines.len() };
    let lines = lines.into_iter().take(shown);
    lines
        .map(|(machine, cells)| {
            // Like a figure, a name is not broken.
            let name = Cell::figure(if is_same { EVERY } else { machine });
            Row {
                cells: std::iter::once(name).chain(cells).collect(),
                ..row.clone()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(titles: [&str; 3], rows: &[[&str; 3]]) -> Table {
        let mut table = Table::new(titles);
        for row in rows {
            table.row(*row);
        }
        table
    }

    #[test]
    fn machines_have_a_line_each_under_a_head_or_one_together() {
        let a = table(["Of", "x", "y"], &[["p", "1", "2"], ["q", "3", "4"]]);
        let b = table(["Of", "y", "z"], &[["q", "4", "5"], ["r", "6", "7"]]);
        let same = stacked(&[("a", a.clone()), ("b", a.clone())]);
        assert_eq!(
            same.csv(),
            "Of,Machine,x,y\np,every machine,1,2\nq,every machine,3,4\n"
        );
        assert_eq!(stacked(&[("a", a.clone())]), a);
        let twice = table(["Of", "x", "x"], &[["p", "1", "2"]]);
        let both = stacked(&[("a", twice.clone()), ("b", twice)]);
        assert_eq!(both.csv(), "Of,Machine,x,x\np,every machine,1,2\n");
        let expected = "Of,Machine,x,y,z\n\
            p,a,1,2,not measured\np,b,not measured,not measured,not measured\n\
            q,a,3,4,not measured\nq,b,not measured,4,5\n\
            r,a,not measured,not measured,not measured\nr,b,not measured,6,7\n";
        assert_eq!(stacked(&[("a", a), ("b", b)]).csv(), expected);
    }

    #[test]
    fn tables_of_one_column_stand_side_by_side() {
        let table = |value: &str| {
            let mut table = Table::new(["What", "Value"]);
            table.row(["seed", value]);
            table
        };
        let both = stacked(&[("a", table("1")), ("b", table("2"))]);
        assert_eq!(both.csv(), "What,a,b\nseed,1,2\n");
    }

    #[test]
    fn every_form_has_the_same_texts() {
        let table = table(["name", "x", "y"], &[["`a`", "1|2", "3"]]);
        assert_eq!(table.csv(), "name,x,y\na,1|2,3\n");
        assert!(table.json().contains("\"x\": \"1|2\""));
        assert_eq!(
            table.markdown(),
            "| name | x | y |\n|---|---|---|\n| `a` | 1\\|2 | 3 |\n"
        );
        for width in [None, Some(60)] {
            assert!(table.terminal(width).contains("1|2"), "{width:?}");
        }
    }
}
