//! A section in the making: its words are a template, `templates/sections/ID.md.j2`; Rust hands over the facts, and
//! the drawings that the template puts in their places.
//!
//! The template writes light Markdown, of which a few forms are known, each a block of lines between empty ones:
//!
//! ````text
//! # The title                      ## A heading
//! - an item                        a paragraph, with `code`
//! > what must not be missed            a command (four spaces)
//!
//! ::: anchor | Title | gist        what follows is folded up, until
//! :::
//!
//! [[name]]                         the drawings of that name; below it
//! their caption
//! ^ their key
//!
//! ```rust                          code, line by line, until
//! ```
//!
//! A caption                        a table
//! | Corner | Column (note) |
//! | a group's title |
//! | a head | a cell |
//! ^ its note
//! ````
//!
//! What stands in a cell beside its lead the filter `mark` adds: a verdict with its tone, a detail, the link of a head.
//! A table that the template writes for each machine is shown once, see [`stacked`]. What is said of every machine in the same words is
//! said once, if the template begins it with the machine's `on`. What differs too much between machines is made of [`each`].

use std::collections::BTreeMap;

use model::scenario::Origin;
use results::{Machine, PROCESSES_LEAST, Results, TOLERATED};

use super::facts::{self, Serde, Value, context, grouped, unique};
use super::format;
use super::render::{self, BAR, MARK};
use super::table::{Cell, Column, Group, Row, stacked};
use super::view::{Block, Figure, Section, Table};

/// A section in the making.
pub(super) struct Draft<'r> {
    /// The name of its template.
    id: &'static str,
    results: &'r Results,
    /// The machines that it is about.
    scope: &'r [Machine],
    facts: BTreeMap<String, Value>,
    /// The facts of each machine.
    machines: Vec<Value>,
    /// What the template puts in places.
    placed: Placed,
}

/// Blocks by the name of their place.
pub(super) type Placed = BTreeMap<String, Vec<Block>>;

impl<'r> Draft<'r> {
    pub(super) fn new(id: &'static str, results: &'r Results) -> Self {
        Self::over(id, results, &results.machines)
    }

    fn over(id: &'static str, results: &'r Results, scope: &'r [Machine]) -> Self {
        let about = |machine| about(scope, machine);
        Self {
            id,
            results,
            scope,
            facts: BTreeMap::new(),
            machines: scope.iter().map(about).collect(),
            placed: Placed::new(),
        }
    }

    /// A fact.
    pub(super) fn fact(mut self, name: &str, value: impl serde::Serialize) -> Self {
        self.facts.insert(name.into(), Value::from(Serde(value)));
        self
    }

    /// Facts of each machine, which the template finds beside its `name` and what [`about`] has.
    pub(super) fn of_each(mut self, facts: impl Fn(&'r Machine) -> Value) -> Self {
        for (known, machine) in self.machines.iter_mut().zip(self.scope) {
            *known = context! { ..facts(machine), ..known.clone() };
        }
        self
    }

    /// The drawings of each machine.
    pub(super) fn figures(
        self,
        name: impl Into<String>,
        make: impl Fn(&'r Machine) -> Option<Figure>,
    ) -> Self {
        let scope = self.scope;
        let figures = scope.iter().filter_map(|machine| {
            let figure = make(machine)?;
            Some(Block::Figure(Figure {
                caption: format!("{}{}", on(scope, machine), figure.caption),
                is_beside: scope.len() > 1,
                ..figure
            }))
        });
        self.place(name, figures)
    }

    /// Blocks as they are.
    pub(super) fn place(
        mut self,
        name: impl Into<String>,
        blocks: impl IntoIterator<Item = Block>,
    ) -> Self {
        let blocks = blocks.into_iter().collect();
        self.placed.insert(name.into(), blocks);
        self
    }

    /// Writes the section.
    pub(super) fn section(self) -> Section {
        let (results, scope) = (self.results, self.scope);
        let has = self.placed.iter();
        let has = has.map(|(name, blocks)| (name.clone(), !blocks.is_empty()));
        let overall = results.overall.iter();
        let overall = overall.map(|overall| (overall.strategy.as_str(), overall.decision));
        // Whether the rows that decide are those of the original report. Those of an advice are its workload's.
        let mut scenarios = facts::all(results, |machine| &machine.scenarios);
        let is_original =
            scenarios.any(|row| row.origin == Origin::Report && row.published.is_some());
        let context = context! {
            over_all => Serde(overall.collect::<BTreeMap<_, _>>()),
            baseline => results.baseline.as_str(),
            margin => results.margin,
            is_original,
            tolerated => TOLERATED,
            processes_least => PROCESSES_LEAST,
            partial => results.partial,
            several => scope.len() > 1,
            machines => self.machines,
            has => Value::from(has.collect::<BTreeMap<_, _>>()),
            ..Value::from(self.facts)
        };
        let text = render::render_value(&format!("sections/{}.md", self.id), context);
        assembled(self.id, &text, self.placed, scope)
    }
}

/// A section that a template writes over findings that belong to no report, with blocks that it puts in places.
pub(super) fn over_findings(
    name: &'static str,
    findings: &impl serde::Serialize,
    placed: Placed,
) -> Section {
    let text = render::render(&format!("terminal/{name}.md"), findings);
    assembled(name, &text, placed, &[])
}

/// A section of a text that is written as templates write.
pub(super) fn over_text(text: &str) -> Section {
    assembled("text", text, Placed::new(), &[])
}

/// The section of a text, with what it puts in places. A table in which all is missing becomes a sentence that says why, and one
/// without rows nothing. What is said of each of the machines alike, if it is about any, is said once.
fn assembled(name: &str, text: &str, mut placed: Placed, scope: &[Machine]) -> Section {
    let mut title = String::new();
    let mut blocks = Vec::new();
    for lines in paragraphs(text) {
        let first = lines[0];
        if let Some(text) = first.strip_prefix("# ") {
            title = words(text);
        } else if let Some(place) = placed_name(first) {
            let filling = placed.remove(place);
            let filling = filling.unwrap_or_else(|| panic!("{name}: no {place}"));
            blocks.extend(filled(filling, &lines[1..]));
        } else {
            blocks.push(block(&lines));
        }
    }
    debug_assert!(
        placed.is_empty(),
        "{name}: no place for {:?}",
        placed.keys()
    );
    if !scope.is_empty() {
        blocks = united(&blocks, scope);
    }
    let blocks = blocks.into_iter().filter_map(|block| {
        let Block::Table(table) = &block else {
            return Some(block);
        };
        match table.missing() {
            None => Some(block),
            Some(why) if why.is_empty() => None,
            Some(why) => {
                let sentence = format!("{}: {}.", table.caption, why.join(", "));
                Some(Block::Prose(sentence))
            }
        }
    });
    Section {
        id: name.to_owned(),
        title,
        blocks: blocks.collect(),
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
    let sections: Vec<Section> = results.machines.iter().map(section).collect();
    let whole = sections[0].clone();
    if sections.iter().all(|section| *section == whole) {
        return whole;
    }
    let folded = results.machines.iter().zip(sections);
    let blocks = folded.flat_map(|(machine, section)| {
        let suffix = format!("-{}", format::slug(&machine.name));
        let mut blocks = section.blocks;
        for block in &mut blocks {
            set_apart(block, &suffix);
        }
        let fold = Block::Fold {
            id: format!("{id}{suffix}"),
            title: machine.name.clone(),
            gist: machine.environment.machine(),
        };
        [vec![fold], blocks, vec![Block::Unfold]].concat()
    });
    Section {
        blocks: blocks.collect(),
        ..whole
    }
}

/// Makes the anchors of a block a machine's own.
fn set_apart(block: &mut Block, suffix: &str) {
    match block {
        Block::Fold { id, .. } => id.push_str(suffix),
        Block::Table(table) => {
            let rows = table.groups.iter_mut().flat_map(|group| &mut group.rows);
            let linked = rows.filter(|row| !row.link.is_empty());
            linked.for_each(|row| row.link.push_str(suffix));
        }
        _ => {}
    }
}

/// What the words of any section may say about a machine of some.
pub(super) fn about(scope: &[Machine], machine: &Machine) -> Value {
    let decisions = machine.recommendations.iter();
    let decisions = decisions.map(|judged| (judged.strategy.as_str(), judged.decision));
    context! {
        name => machine.name.as_str(),
        on => on(scope, machine),
        decisions => Serde(decisions.collect::<BTreeMap<_, _>>()),
        environment => Serde(&machine.environment),
        protocol => Serde(&machine.protocol),
        settings => machine.environment.build.settings(),
        warnings => machine.warnings.clone(),
    }
}

/// The name of a place, if a line is one.
fn placed_name(line: &str) -> Option<&str> {
    line.strip_prefix("[[")?.strip_suffix("]]")
}

/// What begins and ends code.
const FENCE: &str = "```";

/// The lines between empty ones; code is one such group, whatever lines it has.
fn paragraphs(text: &str) -> Vec<Vec<&str>> {
    let mut groups = vec![Vec::new()];
    let mut is_code = false;
    for line in text.lines() {
        is_code ^= line.starts_with(FENCE);
        if line.trim().is_empty() && !is_code {
            groups.push(Vec::new());
        } else if let Some(group) = groups.last_mut() {
            group.push(line);
        }
    }
    groups.retain(|lines| !lines.is_empty());
    groups
}

/// What a block of lines is.
fn block(lines: &[&str]) -> Block {
    let first = lines[0];
    let joined = || words(&lines.join(" "));
    if let Some(language) = first.strip_prefix(FENCE) {
        let code = lines[1..].iter().take_while(|line| **line != FENCE);
        let text = code.copied().collect::<Vec<_>>().join("\n");
        let language = language.to_owned();
        Block::Code { language, text }
    } else if let Some(fold) = first.strip_prefix("::: ") {
        let mut parts = fold.split(" | ").map(words);
        let mut part = || parts.next().unwrap_or_default();
        let (id, title, gist) = (part(), part(), part());
        Block::Fold { id, title, gist }
    } else if first == ":::" {
        Block::Unfold
    } else if lines.iter().any(|line| line.starts_with("| ")) {
        Block::Table(written(lines))
    } else if let Some(text) = first.strip_prefix("## ") {
        Block::Heading(words(text))
    } else if first.starts_with("> ") {
        Block::Notice(joined()[2..].to_owned())
    } else if first.starts_with("    ") {
        Block::Command(joined())
    } else if first.starts_with("- ") {
        let items = lines.join("\n");
        Block::List(items[2..].split("\n- ").map(words).collect())
    } else {
        Block::Prose(joined())
    }
}

/// A text with single spaces.
fn words(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace(BAR, "|")
}

/// The blocks of a place, with the words that the template has for its drawings.
fn filled(mut blocks: Vec<Block>, lines: &[&str]) -> Vec<Block> {
    let words = worded(lines);
    for block in &mut blocks {
        if let Block::Figure(figure) = block {
            figure.caption.push_str(&words.caption);
            figure.key.push_str(&words.notes.join(" "));
        }
    }
    blocks
}

/// A table without rows: the caption, the columns and the notes of the template.
fn worded(lines: &[&str]) -> Table {
    let mut table = Table::default();
    let mut caption = Vec::new();
    for line in lines {
        if line.starts_with("| ") {
            let mut columns = texts(line);
            table.corner = columns.next().unwrap_or_default();
            table.columns.extend(columns.map(|column| titled(&column)));
        } else if let Some(note) = line.strip_prefix("^ ") {
            table.notes.push(words(note));
        } else {
            caption.push(*line);
        }
    }
    table.caption = words(&caption.join(" "));
    table
}

/// A table with all its rows; a row of a single cell is the title of those below it.
fn written(lines: &[&str]) -> Table {
    let is_row = |line: &&&str| line.starts_with("| ");
    let (rows, others): (Vec<&str>, Vec<&str>) = lines.iter().partition(is_row);
    let mut table = worded(&[&others[..], &rows[..1]].concat());
    let mut title = String::new();
    let rows = rows[1..].iter().filter_map(|line| {
        let mut cells = texts(line).map(|text| cell(&text));
        let (Cell { lead: head, .. }, link) = cells.next()?;
        let cells: Vec<Cell> = cells.map(|(cell, _)| cell).collect();
        if cells.is_empty() {
            title = head;
            return None;
        }
        Some((title.clone(), Row { head, link, cells }))
    });
    let groups = grouped(rows).into_iter();
    table.groups = groups.map(|(title, rows)| Group { title, rows }).collect();
    table
}

/// A cell as a template writes it, and its link: the lead, and behind it what the filter `mark` has marked.
fn cell(text: &str) -> (Cell, String) {
    let mut parts = text.split(MARK);
    let mut cell = Cell::text(words(parts.next().unwrap_or_default()));
    let mut link = String::new();
    for part in parts {
        let (kind, text) = part.trim().split_once(' ').unwrap_or((part.trim(), ""));
        match kind {
            "detail" => cell.detail = words(text),
            "link" => link = words(text),
            "absent" if cell.lead.is_empty() => cell = Cell::absent(text),
            tone => {
                cell.verdict = words(text);
                cell.tone = format::tone(tone);
            }
        }
    }
    (cell, link)
}

/// The texts between the bars of a line.
fn texts(line: &str) -> impl Iterator<Item = String> {
    let line = line.trim_start_matches('|').trim_end();
    line.trim_end_matches('|').split(" | ").map(words)
}

/// `Title (note)`.
fn titled(column: &str) -> Column {
    let parts = column.strip_suffix(')');
    let parts = parts.and_then(|column| column.split_once(" ("));
    let (title, note) = parts.unwrap_or((column, ""));
    Column::new(title, note)
}

/// Sentences in a row, one of each machine, become one where they say the same; tables that are called the same, one of each
/// machine, become one.
fn united(blocks: &[Block], machines: &[Machine]) -> Vec<Block> {
    let together = |window: &[Block]| -> Option<Block> {
        let blocks = machines.iter().zip(window);
        if let Block::Table(first) = &window[0] {
            let tables = blocks.map(|(machine, block)| match block {
                Block::Table(table) if table.caption == first.caption => {
                    Some((machine.name.as_str(), table.clone()))
                }
                _ => None,
            });
            let tables: Vec<_> = tables.collect::<Option<_>>()?;
            return Some(Block::Table(stacked(&tables)));
        }
        let texts = blocks.map(|(machine, block)| match block {
            Block::Prose(text) => text.strip_prefix(&on(machines, machine)),
            _ => None,
        });
        let texts = unique(texts);
        let text = texts[0].filter(|_| texts.len() == 1)?;
        Some(Block::Prose(text.to_owned()))
    };
    let mut rest = blocks;
    let mut all = Vec::with_capacity(rest.len());
    while let Some(first) = rest.first() {
        let block = rest.get(..machines.len()).and_then(together);
        rest = &rest[if block.is_some() { machines.len() } else { 1 }..];
        all.push(block.unwrap_or_else(|| first.clone()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_template_is_read() {
        let text = "A paragraph\nin two lines.\n\n\n## A heading\n- one\n  more\n- two\n\n    a command\n\n```rust\na;\n\n  b;\n```\n";
        let text = format!("# A title\n\n{text}").replace("heading\n", "heading\n\n");
        let section = over_text(&text);
        let expected = [
            Block::Prose("A paragraph in two lines.".into()),
            Block::Heading("A heading".into()),
            Block::List(vec!["one more".into(), "two".into()]),
            Block::Command("a command".into()),
            Block::Code {
                language: "rust".into(),
                text: "a;\n\n  b;".into(),
            },
        ];
        assert_eq!(
            (section.title.as_str(), section.blocks),
            ("A title", expected.into())
        );
    }

    #[test]
    fn a_table_in_which_all_is_missing_says_why_and_is_none() {
        let absent = |why: &str| format!("{MARK}absent {why}");
        let (cell, other) = (absent("not measured"), absent("not traced"));
        let table = |rows: &str| over_text(&format!("Costs\n| Of | A | B |\n{rows}")).blocks;
        let missing = table(&format!("| a | {cell} | {other} |\n| b | {cell} | |\n"));
        let sentence = "Costs: not measured, not traced.";
        assert_eq!(missing, [Block::Prose(sentence.into())]);
        assert_eq!(table(""), []);
        let partial = table(&format!("| a | {cell} | 5 |\n| b | {cell} | {other} |\n"));
        assert!(matches!(&partial[..], [Block::Table(table)] if table.groups[0].rows.len() == 2));
    }

    #[test]
    fn a_template_words_a_table() {
        let lines = ["The", "caption", "| Of | A (note (s)) | Z |", "^ A note."];
        let table = worded(&lines);
        assert_eq!(
            (table.corner.as_str(), table.caption.as_str()),
            ("Of", "The caption")
        );
        let columns = [Column::new("A", "note (s)"), Column::new("Z", "")];
        assert_eq!(table.columns, columns);
        assert_eq!(table.notes, ["A note."]);
    }
}
