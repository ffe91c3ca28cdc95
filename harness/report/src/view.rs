//! The report as a document: plain structs of finished strings, the same for every form.
//!
//! Strings are text, never markup. By convention a pair of backticks marks code, which the templates
//! turn into their format's own; everything else is escaped there.

use std::collections::BTreeMap;

use serde::Serialize;

use super::facts::{Serde, Value, context, list};
use super::table;
pub(super) use super::table::Table;

/// A whole report.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    /// The first is the one that decides.
    pub(super) pages: Vec<Page>,
    /// What each strategy is, claims and came to: `tables` has the fields.
    pub(super) cards: Vec<Value>,
    /// The anchor of each card, by the head of the rows about its strategy.
    pub(super) links: BTreeMap<String, String>,
}

/// A page: a list of sections, of which the first is its head.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// The name of its files, without their ends.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) sections: Vec<Section>,
}

impl Document {
    /// What the template of a page is given: its sections, what the other pages have, and on which page an anchor is.
    pub(super) fn context(&self, page: &Page) -> Value {
        let contents = list(&self.pages, |page| {
            let section =
                |section: &Section| context! { id => &section.id, title => &section.title };
            let sections = list(&page.sections, section);
            context! { name => page.name, title => page.title, sections }
        });
        let anchors = self.pages.iter().flat_map(|page| {
            let sections = page.sections.iter();
            let anchors = sections.flat_map(|section| section.anchors(&self.links));
            anchors.map(|anchor| (anchor, page.name))
        });
        context! {
            name => page.name,
            sections => Serde(&page.sections),
            contents,
            anchors => Serde(anchors.collect::<BTreeMap<_, _>>()),
            cards => &self.cards,
            links => Serde(&self.links),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Section {
    /// The anchor.
    pub(super) id: String,
    pub(super) title: String,
    pub(super) blocks: Vec<Block>,
}

/// Columns that what is said of a table's column has on a terminal.
const NOTE_WIDTH: u16 = 10;

impl Section {
    fn anchors<'s>(&'s self, cards: &'s BTreeMap<String, String>) -> Vec<&'s str> {
        let mut anchors = vec![self.id.as_str()];
        for block in &self.blocks {
            match block {
                Block::Fold { id, .. } => anchors.push(id),
                Block::Cards => anchors.extend(cards.values().map(String::as_str)),
                _ => {}
            }
        }
        anchors
    }

    /// For a terminal: the words within a width, and the tables that have sentences. Tables that lead to what follows are
    /// left out, and drawings.
    pub(super) fn terminal(&self, width: u16) -> String {
        let wrapped = |text: &str| table::wrapped(text, width);
        let shown = |table: &Table| {
            let mut table = table.clone();
            for column in &mut table.columns {
                column.note = table::wrapped(&column.note, NOTE_WIDTH);
            }
            let notes = table.notes.iter().map(|note| wrapped(note));
            let parts = [wrapped(&table.caption), table.terminal(Some(width))].into_iter();
            parts.chain(notes).collect::<Vec<_>>().join("\n")
        };
        let blocks = self.blocks.iter().filter_map(|block| {
            Some(match block {
                Block::Prose(text) | Block::Notice(text) | Block::Heading(text) => wrapped(text),
                Block::List(items) => {
                    let items = items.iter().map(|item| wrapped(&format!("- {item}")));
                    items.collect::<Vec<_>>().join("\n")
                }
                Block::Command(text) => text.clone(),
                Block::Code { text, .. } => {
                    let lines = text.lines().map(|line| format!("    {line}"));
                    let lines = lines.map(|line| line.trim_end().to_owned());
                    lines.collect::<Vec<_>>().join("\n")
                }
                Block::Table(table) if !table.leads_on() => shown(table),
                Block::Fold { title, gist, .. } => wrapped(&format!("{title}: {gist}")),
                Block::Table(_) | Block::Figure(_) | Block::Unfold | Block::Cards => return None,
            })
        });
        blocks.collect::<Vec<_>>().join("\n\n").replace('`', "")
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", content = "of", rename_all = "kebab-case")]
pub(super) enum Block {
    Prose(String),
    /// What must not be missed.
    Notice(String),
    Heading(String),
    List(Vec<String>),
    Command(String),
    /// Lines of a program, as they are.
    Code {
        language: String,
        text: String,
    },
    Table(Table),
    Figure(Figure),
    /// What follows is about one subject, and folded up where the form can, until [`Block::Unfold`].
    Fold {
        /// The anchor.
        id: String,
        title: String,
        /// The gist in a line.
        gist: String,
    },
    Unfold,
    /// The cards of the document.
    Cards,
}

/// A drawing. Forms without drawings name it and say where it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Figure {
    pub(super) caption: String,
    /// What its marks mean.
    pub(super) key: String,
    /// What it shows, for those who cannot see it.
    pub(super) description: String,
    /// The only markup in the document: made by `charts`, which escapes its texts.
    pub(super) svg: String,
    /// Whether the same of another machine may stand beside it.
    pub(super) is_beside: bool,
}
