//! What the harness favours, and what it cannot see: one text for every report and for `reports/BIASES.md`.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::results::Results;

use super::draft::Draft;
use super::view::Section;

/// A way in which the figures lean, whoever reads them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bias {
    name: String,
    what: String,
    favours: String,
}

/// `biases.toml`.
#[derive(Deserialize)]
struct Biases {
    bias: Vec<Bias>,
}

static BIASES: LazyLock<Vec<Bias>> = LazyLock::new(|| {
    let biases: Biases =
        toml::from_str(include_str!("biases.toml")).expect("biases.toml is part of the program");
    biases.bias
});

pub(super) fn section(results: &Results) -> Section {
    Draft::new("biases", results)
        .fact("biases", &*BIASES)
        .section()
}

/// The longest line of the list in the document, in characters.
const LINE_MAX: usize = 116;

/// The same as a Markdown list, for `reports/BIASES.md`.
pub fn biases_as_markdown() -> String {
    let item = |bias: &Bias| {
        let text = format!(
            "**{}.** {} *Favours {}*",
            bias.name, bias.what, bias.favours
        );
        let mut item = String::new();
        let mut line = String::from("-");
        for word in text.split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > LINE_MAX {
                item.push_str(&line);
                item.push('\n');
                line = String::from(" ");
            }
            line.push(' ');
            line.push_str(word);
        }
        item + &line + "\n"
    };
    BIASES.iter().map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_says_the_same() {
        let document = include_str!("../../../reports/BIASES.md");
        let (_, rest) = document
            .split_once("<!-- pivot:biases -->\n")
            .expect("the marker is there");
        let (said, _) = rest
            .split_once("<!-- pivot:biases end -->")
            .expect("the marker is there");
        assert!(
            said == biases_as_markdown(),
            "`pivot report --check --fix` writes it into the document"
        );
    }

    #[test]
    fn each_is_a_sentence_with_a_direction() {
        for bias in BIASES.iter() {
            assert!(
                bias.what.ends_with('.') && bias.favours.ends_with('.'),
                "{}",
                bias.name
            );
            assert!(!bias.name.ends_with('.'), "{}", bias.name);
        }
    }
}
