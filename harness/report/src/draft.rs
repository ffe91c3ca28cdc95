//! A section in the making: its words are a template, `templates/sections/ID.md.j2`; Rust hands over the facts, and
//! the tables and drawings that the template puts in their places.
//!
//! The template writes light Markdown, of which a few forms are known, each a block of lines between empty ones:
//!
//! ```text
//! # The title                      ## A heading
//! - an item                        a paragraph, with `code`
//! > what must not be missed            a command (four spaces)
//!
//! ::: anchor | Title | gist        what follows is folded up, until
//! :::
//!
//! [[name]]                         the table or the drawings of that name; below it
//! its caption
//! | Corner | Column (note) | ... |  a table's columns, with those of the data instead of the dots
//! ^ a table's note, or the key of a drawing
//!
//! A caption                        a table that the template writes itself
//! | Corner | Column (note) |
//! | a head | a cell |
//! ```
//!
//! A table is made of each machine and shown once, see [`stacked`]. What is said of every machine in the same words is
//! said once, if the template begins it with the machine's `on`. What differs too much between machines is made of [`each`].

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::{Serde, Value};

use results::{Machine, PROCESSES_LEAST, Results, TOLERATED};

use super::format;
use super::render::{self, BAR};
use super::table::{Cell, Column, Row, stacked};
use super::view::{Block, Figure, Fold, Section, Table, prose};

/// What follows over all machines, for the row of a table.
type OverAll<'r> = Box<dyn Fn(&Row) -> Cell + 'r>;

/// What a template puts in a place.
enum Placed<'r> {
    /// A table of each machine, and what follows over all of them.
    Tables(Vec<Table>, Option<OverAll<'r>>),
    Blocks(Vec<Block>),
}

impl Placed<'_> {
    fn has_any(&self) -> bool {
        match self {
            Placed::Tables(tables, _) => tables.iter().any(Table::has_rows),
            Placed::Blocks(blocks) => !blocks.is_empty(),
        }
    }
}

/// A section in the making.
pub(super) struct Draft<'r> {
    id: &'static str,
    results: &'r Results,
    /// The machines that it is about.
    scope: &'r [Machine],
    facts: BTreeMap<String, Value>,
    /// The facts of each machine.
    machines: Vec<Value>,
    placed: BTreeMap<String, Placed<'r>>,
}

impl<'r> Draft<'r> {
    pub(super) fn new(id: &'static str, results: &'r Results) -> Self {
        Self::over(id, results, &results.machines)
    }

    fn over(id: &'static str, results: &'r Results, scope: &'r [Machine]) -> Self {
        let name = |machine: &Machine| {
            context! { name => machine.name.as_str(), on => on(scope, machine) }
        };
        Self {
            id,
            results,
            scope,
            facts: BTreeMap::new(),
            machines: scope.iter().map(name).collect(),
            placed: BTreeMap::new(),
        }
    }

    /// A fact.
    pub(super) fn fact(mut self, name: &str, value: impl serde::Serialize) -> Self {
        self.facts.insert(name.into(), Value::from(Serde(value)));
        self
    }

    /// Facts of each machine, which the template finds beside its `name`.
    pub(super) fn of_each(mut self, facts: impl Fn(&'r Machine) -> Value) -> Self {
        for (known, machine) in self.machines.iter_mut().zip(self.scope) {
            *known = context! { ..facts(machine), ..known.clone() };
        }
        self
    }

    /// A table of each machine.
    pub(super) fn table(self, name: &str, make: impl Fn(&'r Machine) -> Table) -> Self {
        self.place_tables(name, make, None)
    }

    /// The same with a column of what follows over all machines, if there are several.
    pub(super) fn table_over_all(
        self,
        name: &str,
        make: impl Fn(&'r Machine) -> Table,
        over_all: impl Fn(&Row) -> Cell + 'r,
    ) -> Self {
        self.place_tables(name, make, Some(Box::new(over_all)))
    }

    /// A table that is about all machines.
    pub(super) fn shared_table(mut self, name: &str, table: Table) -> Self {
        self.placed
            .insert(name.into(), Placed::Tables(vec![table], None));
        self
    }

    fn place_tables(
        mut self,
        name: &str,
        make: impl Fn(&'r Machine) -> Table,
        over_all: Option<OverAll<'r>>,
    ) -> Self {
        let tables = self.scope.iter().map(make).collect();
        self.placed
            .insert(name.into(), Placed::Tables(tables, over_all));
        self
    }

    /// The drawings of each machine.
    pub(super) fn figures(self, name: &str, make: impl Fn(&'r Machine) -> Vec<Figure>) -> Self {
        let scope = self.scope;
        let figures = scope.iter().flat_map(|machine| {
            let named = move |figure: Figure| Figure {
                caption: format!("{}{}", on(scope, machine), figure.caption),
                ..figure
            };
            make(machine).into_iter().map(named)
        });
        let blocks = figures.map(Block::Figure).collect();
        self.place(name, blocks)
    }

    /// Blocks as they are; the template words drawings among them.
    pub(super) fn place(mut self, name: &str, blocks: Vec<Block>) -> Self {
        self.placed.insert(name.into(), Placed::Blocks(blocks));
        self
    }

    /// Writes the section.
    pub(super) fn section(self) -> Section {
        let (results, scope) = (self.results, self.scope);
        let has: BTreeMap<String, bool> = self
            .placed
            .iter()
            .map(|(name, placed)| (name.clone(), placed.has_any()))
            .collect();
        let context = context! {
            baseline => results.baseline.as_str(),
            margin => results.margin,
            tolerated => TOLERATED,
            processes_least => PROCESSES_LEAST,
            partial => results.partial,
            several => scope.len() > 1,
            machines => self.machines,
            has => Value::from(has),
            ..Value::from(self.facts)
        };
        let text = render::render_value(&format!("sections/{}.md", self.id), context);
        let mut section = Section {
            id: self.id,
            title: String::new(),
            blocks: Vec::new(),
        };
        let mut placed = self.placed;
        for lines in paragraphs(&text) {
            match block(&lines) {
                Written::Title(title) => section.title = title,
                Written::Block(block) => section.blocks.push(block),
                Written::Place(name) => {
                    let found = placed.remove(name);
                    let found = found.unwrap_or_else(|| panic!("{}: no {name}", self.id));
                    section.blocks.extend(filled(found, &lines[1..], scope));
                }
            }
        }
        debug_assert!(
            placed.is_empty(),
            "{}: no place for {:?}",
            self.id,
            placed.keys()
        );
        section.blocks = said_once(&section.blocks, scope);
        section
    }
}

/// What stands in front of a sentence about a machine, if there are several.
pub(super) fn on(scope: &[Machine], machine: &Machine) -> String {
    if scope.len() > 1 {
        format!("{}: ", machine.name)
    } else {
        String::new()
    }
}

/// A section that is each machine's own: folded up by machine, unless all come out the same.
pub(super) fn each<'r>(
    id: &'static str,
    results: &'r Results,
    fill: impl Fn(Draft<'r>, &'r Machine) -> Draft<'r>,
) -> Section {
    let section = |machine| {
        let draft = Draft::over(id, results, std::slice::from_ref(machine));
        fill(draft, machine).section()
    };
    let mut sections: Vec<Section> = results.machines.iter().map(section).collect();
    let whole = sections[0].clone();
    if sections.iter().all(|section| *section == whole) {
        return whole;
    }
    let blocks = results.machines.iter().zip(&mut sections);
    let blocks = blocks.flat_map(|(machine, section)| {
        let suffix = format!("-{}", format::slug(&machine.name));
        section
            .blocks
            .iter_mut()
            .for_each(|block| set_apart(block, &suffix));
        let fold = Block::Fold(Fold {
            id: format!("{id}{suffix}"),
            title: machine.name.clone(),
            gist: machine.environment.machine().to_string(),
        });
        let blocks = std::mem::take(&mut section.blocks).into_iter();
        [fold].into_iter().chain(blocks).chain([Block::Unfold])
    });
    Section {
        blocks: blocks.collect(),
        ..whole
    }
}

/// Makes the anchors of a block a machine's own.
fn set_apart(block: &mut Block, suffix: &str) {
    match block {
        Block::Fold(fold) => fold.id.push_str(suffix),
        Block::Table(table) => {
            let rows = table.groups.iter_mut().flat_map(|group| &mut group.rows);
            let linked = rows.filter(|row| !row.link.is_empty());
            linked.for_each(|row| row.link.push_str(suffix));
        }
        _ => {}
    }
}

/// The lines between empty ones.
fn paragraphs(text: &str) -> Vec<Vec<&str>> {
    let lines: Vec<&str> = text.lines().collect();
    let groups = lines.split(|line| line.trim().is_empty());
    groups
        .filter(|lines| !lines.is_empty())
        .map(<[&str]>::to_vec)
        .collect()
}

/// What a block of lines is.
enum Written<'t> {
    Title(String),
    Place(&'t str),
    Block(Block),
}

fn block<'t>(lines: &[&'t str]) -> Written<'t> {
    let first = lines[0];
    let joined = || words(&lines.join(" "));
    if let Some(name) = first
        .strip_prefix("[[")
        .and_then(|rest| rest.strip_suffix("]]"))
    {
        return Written::Place(name);
    }
    if let Some(title) = first.strip_prefix("# ") {
        return Written::Title(words(title));
    }
    Written::Block(if let Some(fold) = first.strip_prefix("::: ") {
        let mut parts = fold.split(" | ").map(words);
        let mut part = || parts.next().unwrap_or_default();
        Block::Fold(Fold {
            id: part(),
            title: part(),
            gist: part(),
        })
    } else if first == ":::" {
        Block::Unfold
    } else if lines.iter().any(|line| line.starts_with("| ")) {
        Block::Table(written(lines))
    } else if let Some(text) = first.strip_prefix("## ") {
        Block::Heading { text: words(text) }
    } else if first.starts_with("> ") {
        Block::Notice {
            text: joined()[2..].to_owned(),
        }
    } else if first.starts_with("    ") {
        Block::Command { text: joined() }
    } else if first.starts_with("- ") {
        let mut items: Vec<String> = Vec::new();
        for line in lines {
            match (line.strip_prefix("- "), items.last_mut()) {
                (Some(item), _) => items.push(words(item)),
                (None, Some(item)) => item.push_str(&format!(" {}", words(line))),
                (None, None) => {}
            }
        }
        Block::List { items }
    } else {
        prose(joined())
    })
}

/// A text with single spaces.
fn words(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace(BAR, "|")
}

/// What stands in a place, with the words that the template has for it.
fn filled(placed: Placed<'_>, lines: &[&str], scope: &[Machine]) -> Vec<Block> {
    let (tables, over_all) = match placed {
        Placed::Blocks(mut blocks) => {
            let mut drawn = Table::default();
            worded(&mut drawn, lines);
            for block in &mut blocks {
                if let Block::Figure(figure) = block {
                    figure.caption.push_str(&drawn.caption);
                    figure.key.push_str(&drawn.notes.join(" "));
                }
            }
            return blocks;
        }
        Placed::Tables(tables, over_all) => (tables, over_all),
    };
    let named = scope.iter().zip(tables).map(|(machine, mut table)| {
        worded(&mut table, lines);
        (machine.name.as_str(), table)
    });
    let mut table = stacked(&named.collect::<Vec<_>>());
    if let Some(over_all) = over_all.filter(|_| scope.len() > 1) {
        table.prepend(Column::new("Over all", "every machine"), over_all);
    }
    let block = table.has_rows().then_some(Block::Table(table));
    block.into_iter().collect()
}

/// Gives a table the caption, the columns and the notes of the template.
fn worded(table: &mut Table, lines: &[&str]) {
    let mut caption = Vec::new();
    for line in lines {
        if line.starts_with("| ") {
            let mut columns = texts(line);
            table.corner = columns.next().unwrap_or_default();
            let mut own = Some(std::mem::take(&mut table.columns));
            for column in columns {
                match column.as_str() {
                    "..." => table.columns.extend(own.take().unwrap_or_default()),
                    column => table.columns.push(titled(column)),
                }
            }
        } else if let Some(note) = line.strip_prefix("^ ") {
            table.notes.push(words(note));
        } else {
            caption.push(*line);
        }
    }
    if !caption.is_empty() {
        table.caption = words(&caption.join(" "));
    }
}

/// A table with all its rows.
fn written(lines: &[&str]) -> Table {
    let mut table = Table::default();
    let is_row = |line: &&&str| line.starts_with("| ");
    let (rows, others): (Vec<&str>, Vec<&str>) = lines.iter().partition(is_row);
    worded(&mut table, &[&others[..], &rows[..1]].concat());
    rows[1..].iter().for_each(|row| table.row(texts(row)));
    table
}

/// The texts between the bars of a line.
fn texts(line: &str) -> impl Iterator<Item = String> {
    let line = line.trim_start_matches('|').trim_end();
    line.trim_end_matches('|').split(" | ").map(words)
}

/// `Title (note)`.
fn titled(column: &str) -> Column {
    let note = column
        .strip_suffix(')')
        .and_then(|column| column.split_once(" ("));
    note.map_or_else(
        || Column::new(column, ""),
        |(title, note)| Column::new(title, note),
    )
}

/// Sentences in a row, one of each machine, become one where they say the same.
fn said_once(blocks: &[Block], machines: &[Machine]) -> Vec<Block> {
    let same = |window: &[Block]| {
        let mut texts = window
            .iter()
            .zip(machines)
            .map(|(block, machine)| match block {
                Block::Prose { text } => text.strip_prefix(&on(machines, machine)),
                _ => None,
            });
        let first = texts.next()??;
        texts.all(|text| text == Some(first)).then(|| prose(first))
    };
    let mut rest = blocks;
    let mut said = Vec::with_capacity(rest.len());
    while let Some(first) = rest.first() {
        let together = rest.get(..machines.len()).and_then(same);
        let taken = if together.is_some() {
            machines.len()
        } else {
            1
        };
        said.push(together.unwrap_or_else(|| first.clone()));
        rest = &rest[taken..];
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_template_is_read() {
        let text = "# A title\n\nA paragraph\nin two lines.\n\n\n## A heading\n- one\n  more\n- two\n\n    a command\n";
        let blocks: Vec<_> = paragraphs(&text.replace("heading\n", "heading\n\n"))
            .iter()
            .map(|lines| match block(lines) {
                Written::Title(title) => Block::Heading { text: title },
                Written::Place(name) => Block::Command { text: name.into() },
                Written::Block(block) => block,
            })
            .collect();
        let expected = [
            Block::Heading {
                text: "A title".into(),
            },
            prose("A paragraph in two lines."),
            Block::Heading {
                text: "A heading".into(),
            },
            Block::List {
                items: vec!["one more".into(), "two".into()],
            },
            Block::Command {
                text: "a command".into(),
            },
        ];
        assert_eq!(blocks, expected);
    }

    #[test]
    fn a_template_words_a_table_around_its_own_columns() {
        let mut table = Table::default().columns([Column::new("own", "")]);
        worded(
            &mut table,
            &[
                "The",
                "caption",
                "| Of | A (note (s)) | ... | Z |",
                "^ A note.",
            ],
        );
        assert_eq!(
            (table.corner.as_str(), table.caption.as_str()),
            ("Of", "The caption")
        );
        let columns = [
            Column::new("A", "note (s)"),
            Column::new("own", ""),
            Column::new("Z", ""),
        ];
        assert_eq!(table.columns, columns);
        assert_eq!(table.notes, ["A note."]);
    }
}
