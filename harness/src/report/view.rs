//! The report as a document: plain structs of finished strings, the same for both formats.
//!
//! Strings are text, never markup. By convention a pair of backticks marks code, which the templates
//! turn into their format's own; everything else is escaped there.

use std::collections::BTreeMap;

use serde::Serialize;

/// A whole report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Document {
    pub(super) title: String,
    pub(super) question: String,
    /// Machine, versions and command, as name and value.
    pub(super) conditions: Vec<(String, String)>,
    /// Present if the run was cut short.
    pub(super) partial: Option<String>,
    /// A reviewer's questions.
    pub(super) answers: Vec<Answer>,
    /// What the answers rest on, in short.
    pub(super) summary: Vec<Block>,
    /// Who falls under which decision.
    pub(super) tally: Vec<Tally>,
    pub(super) sections: Vec<Section>,
    /// The card of each strategy: its anchor by the head of the rows about it.
    pub(super) cards: BTreeMap<String, String>,
}

/// A question and what this run says to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Answer {
    pub(super) question: String,
    pub(super) text: Vec<String>,
}

/// The strategies that share a decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Tally {
    pub(super) decision: String,
    pub(super) tone: Tone,
    pub(super) strategies: Vec<String>,
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
    Prose { text: String },
    Heading { text: String },
    List { items: Vec<String> },
    Command { text: String },
    Table(Table),
    Figure(Figure),
    Matrix(Matrix),
    Page(Page),
    Lesson(Lesson),
    Cards { cards: Vec<Card> },
}

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
    pub(super) note: String,
    /// The anchor of the page about it, if there is one.
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

/// What a colour may add to the words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Tone {
    #[default]
    Plain,
    /// Numbers: aligned to the right where the format can.
    Figure,
    Good,
    Bad,
    Open,
    /// Absent, with the reason as text.
    Absent,
}

/// A drawing. Formats without drawings name it and say where it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Figure {
    pub(super) caption: String,
    /// What its marks mean.
    pub(super) key: &'static str,
    /// What it shows, for those who cannot see it.
    pub(super) description: String,
    /// The only markup in the document: made by the plotting library, which escapes its texts.
    pub(super) svg: String,
}

/// A heat map in parts that stand beside each other where there is room. Formats without drawings
/// have the same letters in a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Matrix {
    pub(super) caption: String,
    /// What letters and colours mean.
    pub(super) key: String,
    pub(super) parts: Vec<Part>,
    pub(super) table: Table,
}

/// A part of a heat map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Part {
    pub(super) title: String,
    /// What it shows, for those who cannot see it.
    pub(super) description: String,
    /// As in a [`Figure`].
    pub(super) svg: String,
}

/// All about one subject: folded up where the format can, with an anchor of its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Page {
    pub(super) id: String,
    pub(super) title: String,
    /// The gist in a line.
    pub(super) gist: String,
    /// No pages among them.
    pub(super) blocks: Vec<Block>,
}

/// What a strategy is, claims and came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Card {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) summary: String,
    pub(super) decision: String,
    pub(super) tone: Tone,
    /// What it came to and needs, as name and value.
    pub(super) facts: Vec<(String, String)>,
    /// What it claims, as property and claim: what a reader may look for.
    pub(super) properties: Vec<(String, String)>,
    /// The anchor of the evidence about it, if there is any.
    pub(super) evidence: String,
}

/// A pivot, in the manner of the report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Lesson {
    pub(super) title: String,
    pub(super) outcome: String,
    pub(super) tone: Tone,
    pub(super) expected: String,
    pub(super) measured: Vec<String>,
    pub(super) why: Vec<String>,
    pub(super) follows: Vec<String>,
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
        Self::figure(super::format::thousands(number as f64))
    }

    /// A number.
    pub(super) fn figure(lead: impl Into<String>) -> Self {
        Self {
            lead: lead.into(),
            tone: Tone::Figure,
            ..Self::default()
        }
    }

    /// Something that is not there, and why.
    pub(super) fn absent(why: impl Into<String>) -> Self {
        Self {
            lead: why.into(),
            tone: Tone::Absent,
            ..Self::default()
        }
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
        titles
            .into_iter()
            .map(|title| Self::new(title, ""))
            .collect()
    }
}

impl Row {
    /// A row whose head is code, such as a strategy's name.
    pub(super) fn named(name: &str, cells: Vec<Cell>) -> Self {
        Self {
            head: format!("`{name}`"),
            cells,
            ..Self::default()
        }
    }
}

impl Table {
    /// Whether it has anything to say.
    pub(super) fn has_rows(&self) -> bool {
        self.groups.iter().any(|group| !group.rows.is_empty())
    }
}

/// A paragraph.
pub(super) fn prose(text: impl Into<String>) -> Block {
    Block::Prose { text: text.into() }
}
