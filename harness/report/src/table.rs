//! A table, made once for every form: the terminal, and Markdown and the page (whose templates have it).
//!
//! Texts are never markup. By convention a pair of backticks marks code, which each form turns into its own.

use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, TableStyle, Width, presets};
use serde::Serialize;

use super::facts::{grouped, unique};
use super::format::Tone;

/// Rows in groups, under columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Table {
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
    /// Words; what begins with a digit is a figure.
    pub(super) fn text(lead: impl Into<String>) -> Self {
        let lead = lead.into();
        let number = lead.trim_start_matches(['+', '-', '<']);
        let is_figure = number.starts_with(|first: char| first.is_ascii_digit());
        Self {
            tone: if is_figure { Tone::Figure } else { Tone::Plain },
            lead,
            ..Self::default()
        }
    }

    /// Something that is not there, and why.
    pub(super) fn absent(why: impl Into<String>) -> Self {
        Self {
            tone: Tone::Absent,
            ..Self::text(why)
        }
    }

    fn is_absent(&self) -> bool {
        self.tone == Tone::Absent || self.line().is_empty()
    }

    fn line(&self) -> String {
        let mut parts = vec![&*self.lead, &*self.detail, &*self.verdict];
        parts.retain(|part| !part.is_empty());
        parts.join(" ")
    }
}

impl Column {
    pub(super) fn new(title: impl Into<String>, note: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            note: note.into(),
        }
    }
}

/// No row has a finer structure than this.
const HEADER_LINE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

impl Table {
    fn rows(&self) -> impl Iterator<Item = &Row> + Clone {
        self.groups.iter().flat_map(|group| &group.rows)
    }

    /// What is missing, if that is all that its cells say: each reason once. Nothing of a table without rows.
    pub(super) fn missing(&self) -> Option<Vec<&str>> {
        let cells = self.rows().flat_map(|row| &row.cells);
        let is_list = self.columns.is_empty() && self.rows().next().is_some();
        let is_missing = !is_list && cells.clone().all(Cell::is_absent);
        let reasons = cells.map(|cell| cell.lead.as_str());
        is_missing.then(|| unique(reasons.filter(|why| !why.is_empty())))
    }

    /// Whether its rows lead to what is about them.
    pub(super) fn leads_on(&self) -> bool {
        self.rows().any(|row| !row.link.is_empty())
    }

    /// The rows as texts, without their groups.
    fn lines(&self) -> Vec<Vec<String>> {
        let lines = self.rows().map(|row| {
            let head = [row.head.replace('`', "")].into_iter();
            head.chain(row.cells.iter().map(Cell::line)).collect()
        });
        lines.collect()
    }

    /// For a terminal, of so many columns if that is known: where a table that is wider has sentences, they go on in the
    /// next line. The first column has names, which stay whole unless they take half of the width.
    pub(super) fn terminal(&self, width: Option<u16>) -> String {
        let titles = self.columns.iter().map(|column| {
            let title = format!("{}\n{}", column.title, column.note);
            title.trim_end().to_owned()
        });
        let lines = self.lines();
        let length = |text: &String| text.chars().count();
        let longest = lines.iter().map(|line| length(&line[0])).max();
        let longest_cell = lines.iter().flatten().map(length).max();
        let mut table = comfy_table::Table::new();
        table
            .load_style(HEADER_LINE)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header([self.corner.clone()].into_iter().chain(titles))
            .add_rows(lines);
        let text = table.trim_fmt();
        let is_broken = |width: u16| {
            let has_sentences = longest_cell > Some(usize::from(width / 3));
            let mut lines = text.lines();
            has_sentences && lines.any(|line| line.chars().count() > usize::from(width))
        };
        let Some(width) = width.filter(|&width| is_broken(width)) else {
            return text;
        };
        let least = u16::try_from(longest.unwrap_or_default() + 2).unwrap_or(u16::MAX);
        let least = ColumnConstraint::LowerBoundary(Width::Fixed(least.min(width / 2)));
        table.load_style(presets::UTF8_FULL).set_width(width);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table
            .column_mut(0)
            .map(|column| column.set_constraint(least));
        table.trim_fmt()
    }
}

/// A text within a width; what is too long goes on below.
pub(super) fn wrapped(text: &str, width: u16) -> String {
    let mut table = comfy_table::Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width)
        .add_row([text]);
    for column in table.column_iter_mut() {
        column.set_padding((0, 0));
    }
    table.trim_fmt()
}

/// Tables of equal structure, one from each machine, as one. Under every head stands a line for each machine, or one for
/// all where they say the same; tables of a single column stand side by side. One table is what it is.
pub(super) fn stacked(tables: &[(&str, Table)]) -> Table {
    let [(_, first), _, ..] = tables else {
        return tables.first().cloned().unwrap_or_default().1;
    };
    let all = || tables.iter().map(|(_, table)| table);
    let columns = grouped(all().flat_map(columns_of));
    let is_narrow = all().all(|table| table.columns.len() == 1);
    // The cells under a head in a table, by columns that it may not have all.
    let cells = |table: &Table, key: RowKey<'_>| -> Vec<Cell> {
        let row = rows_of(table).find(|(known, _)| *known == key);
        let cells = columns.iter().map(|(key, _)| {
            let place = columns_of(table).position(|(known, _)| known == *key);
            let cell = place.and_then(|place| row?.1.cells.get(place));
            cell.cloned()
                .unwrap_or_else(|| Cell::absent("not measured"))
        });
        cells.collect()
    };
    let rows = grouped(all().flat_map(rows_of));
    let rows = rows.into_iter().flat_map(|(key, same)| {
        let lines: Vec<_> = all().map(|table| cells(table, key)).collect();
        let lines = if is_narrow {
            vec![lines.concat()]
        } else {
            named(tables, lines)
        };
        lines.into_iter().map(move |cells| {
            let row = Row {
                cells,
                ..same[0].clone()
            };
            (key.0.to_owned(), row)
        })
    });
    let groups = grouped(rows).into_iter();
    let columns = if is_narrow {
        let titled = |(name, table): &(&str, Table)| Column::new(*name, &table.columns[0].title);
        tables.iter().map(titled).collect()
    } else {
        let columns = columns.iter().map(|(_, same)| same[0].clone());
        let machine = Column::new("Machine", "");
        [machine].into_iter().chain(columns).collect()
    };
    Table {
        caption: first.caption.clone(),
        corner: first.corner.clone(),
        columns,
        groups: groups.map(|(title, rows)| Group { title, rows }).collect(),
        notes: unique(all().flat_map(|table| table.notes.clone())),
    }
}

/// What machines say under one head, each with its name; once, where all say the same.
fn named(tables: &[(&str, Table)], lines: Vec<Vec<Cell>>) -> Vec<Vec<Cell>> {
    let is_same = lines.iter().all(|cells| *cells == lines[0]);
    let names = tables.iter().map(|(name, _)| *name);
    let names = is_same.then_some("every machine").into_iter().chain(names);
    let shown = if is_same { 1 } else { lines.len() };
    let lines = names.zip(lines).take(shown);
    let lines = lines.map(|(name, cells)| {
        // Like a figure, a name is not broken.
        let name = Cell {
            tone: Tone::Figure,
            ..Cell::text(name)
        };
        [vec![name], cells].concat()
    });
    lines.collect()
}

/// A title, and how often it came before.
type Key<'t> = (&'t str, usize);
/// A group, and a head in it.
type RowKey<'t> = (&'t str, Key<'t>);

fn numbered<'t, T>(
    items: &'t [T],
    title: impl Fn(&'t T) -> &'t str,
) -> impl Iterator<Item = (Key<'t>, &'t T)> {
    let mut titles = Vec::new();
    items.iter().map(move |item| {
        let title = title(item);
        let before = titles.iter().filter(|earlier| **earlier == title).count();
        titles.push(title);
        ((title, before), item)
    })
}

fn columns_of(table: &Table) -> impl Iterator<Item = (Key<'_>, &Column)> {
    numbered(&table.columns, |column| &column.title)
}

fn rows_of(table: &Table) -> impl Iterator<Item = (RowKey<'_>, &Row)> {
    table.groups.iter().flat_map(|group| {
        let heads = numbered(&group.rows, |row| &row.head);
        heads.map(|(key, row)| ((group.title.as_str(), key), row))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table<const N: usize>(titles: [&str; N], rows: &[[&str; N]]) -> Table {
        let row = |row: &[&str; N]| Row {
            head: row[0].into(),
            cells: row[1..].iter().map(|text| Cell::text(*text)).collect(),
            ..Row::default()
        };
        Table {
            corner: titles[0].into(),
            columns: titles[1..]
                .iter()
                .map(|title| Column::new(*title, ""))
                .collect(),
            groups: vec![Group {
                title: String::new(),
                rows: rows.iter().map(row).collect(),
            }],
            ..Table::default()
        }
    }

    /// Its titles and its rows, a line each.
    fn texts(table: &Table) -> String {
        let titles = table.columns.iter().map(|column| column.title.clone());
        let titles = [table.corner.clone()].into_iter().chain(titles).collect();
        let lines = [titles].into_iter().chain(table.lines());
        lines
            .map(|line: Vec<String>| line.join(",") + "\n")
            .collect()
    }

    #[test]
    fn machines_have_a_line_each_under_a_head_or_one_together() {
        let a = table(["Of", "x", "y"], &[["p", "1", "2"], ["q", "3", "4"]]);
        let b = table(["Of", "y", "z"], &[["q", "4", "5"], ["r", "6", "7"]]);
        let same = stacked(&[("a", a.clone()), ("b", a.clone())]);
        assert_eq!(
            texts(&same),
            "Of,Machine,x,y\np,every machine,1,2\nq,every machine,3,4\n"
        );
        assert_eq!(stacked(&[("a", a.clone())]), a);
        let twice = table(["Of", "x", "x"], &[["p", "1", "2"]]);
        let both = stacked(&[("a", twice.clone()), ("b", twice)]);
        assert_eq!(texts(&both), "Of,Machine,x,x\np,every machine,1,2\n");
        let expected = "Of,Machine,x,y,z\n\
            p,a,1,2,not measured\np,b,not measured,not measured,not measured\n\
            q,a,3,4,not measured\nq,b,not measured,4,5\n\
            r,a,not measured,not measured,not measured\nr,b,not measured,6,7\n";
        assert_eq!(texts(&stacked(&[("a", a), ("b", b)])), expected);
    }

    #[test]
    fn tables_of_one_column_stand_side_by_side() {
        let table = |value| table(["What", "Value"], &[["seed", value]]);
        let both = stacked(&[("a", table("1")), ("b", table("2"))]);
        assert_eq!(texts(&both), "What,a,b\nseed,1,2\n");
    }

    #[test]
    fn every_form_has_the_same_texts() {
        let table = table(["name", "x", "y"], &[["`a`", "1|2", "3"]]);
        assert_eq!(texts(&table), "name,x,y\na,1|2,3\n");
        for width in [None, Some(60)] {
            assert!(table.terminal(width).contains("1|2"), "{width:?}");
        }
    }
}
