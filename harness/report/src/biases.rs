//! What the harness favours, and what it cannot see: the list of `reports/BIASES.md`, which every report has.

use results::Results;

use super::draft::Draft;
use super::view::Section;

const DOCUMENT: &str = include_str!("../../../reports/BIASES.md");

/// The items of the list, as Markdown.
fn items() -> impl Iterator<Item = &'static str> {
    DOCUMENT.trim_end().split("\n- ").skip(1)
}

pub(super) fn section(results: &Results) -> Section {
    let biases: Vec<String> = items().map(|item| item.replace('*', "")).collect();
    Draft::new("biases", results)
        .fact("biases", biases)
        .section()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_a_sentence_with_a_direction() {
        assert!(items().count() > 20);
        for item in items() {
            let (name, rest) = item.split_once(".** ").expect("it has a name");
            assert!(name.starts_with("**") && !name.ends_with('.'), "{name}");
            let words: Vec<&str> = rest.split_whitespace().collect();
            let words = words.join(" ");
            let (what, favours) = words.split_once(" *Favours ").expect("it has a direction");
            assert!(what.ends_with('.') && favours.ends_with(".*"), "{name}");
            assert!(!what.contains('*'), "{name}");
        }
    }
}
