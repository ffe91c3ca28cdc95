//! The report as a document: plain structs of finished strings, the same for every form.
//!
//! Strings are text, never markup. By convention a pair of backticks marks code, which the templates
//! turn into their format's own; everything else is escaped there.

use std::collections::BTreeMap;

use minijinja::Value;
use serde::Serialize;

pub(super) use super::format::Tone;
pub(super) use super::table::{Cell, Column, Group, Row, Table};

/// A whole report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Document {
    /// The first is the first screen.
    pub(super) sections: Vec<Section>,
    /// The card of each strategy: its anchor by the head of the rows about it.
    pub(super) cards: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Section {
    /// The anchor.
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) blocks: Vec<Block>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Block {
    Prose {
        text: String,
    },
    /// What must not be missed.
    Notice {
        text: String,
    },
    Heading {
        text: String,
    },
    List {
        items: Vec<String>,
    },
    Command {
        text: String,
    },
    Table(Table),
    Figure(Figure),
    /// What follows is about one subject, and folded up where the form can, until [`Block::Unfold`].
    Fold(Fold),
    Unfold,
    Cards {
        /// What each strategy is, claims and came to: `cards` has the fields.
        cards: Vec<Value>,
    },
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
}

/// The beginning of what is folded up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Fold {
    /// The anchor.
    pub(super) id: String,
    pub(super) title: String,
    /// The gist in a line.
    pub(super) gist: String,
}

/// A paragraph.
pub(super) fn prose(text: impl Into<String>) -> Block {
    Block::Prose { text: text.into() }
}
