//! `pivot explain`: the card of one strategy.

use contract::Profile;
use model::environment::{self, Build};
use model::error::Result;
use model::sample::Card;
use report::columns;

use crate::arguments::ExplainOptions;
use crate::{selection, terminal};

/// Prints the card, within the terminal's width.
pub(crate) fn explain(options: &ExplainOptions) -> Result<()> {
    let profile = selection::strategy(&options.strategy)?;
    terminal::print(&card(&profile, terminal::width()))
}

/// As many lines of its documentation are shown.
const LINES_MAX: usize = 12;
/// Columns before a text under a heading.
const INDENT: u16 = 2;

fn card(profile: &Profile, width: u16) -> String {
    let card = Card::from(profile);
    let text = |text: &str| columns([[text.to_owned()]], INDENT, width);
    let claims = card.claims.all();
    let claims = claims.map(|(property, claim)| [property.to_string(), claim.to_string()]);
    let claims = claims.chain([["library".into(), with_version(profile.library)]]);
    let mut parts = vec![
        columns([[format!("{}: {}", card.name, card.summary)]], 0, width),
        columns(claims, INDENT, width),
    ];
    let docs = registry::docs(profile.name);
    let mut works: Vec<String> = Vec::new();
    for paragraph in how_it_works(docs, profile.name) {
        let lines = text(&paragraph);
        let known: usize = works.iter().map(|lines| lines.lines().count()).sum();
        if known > 0 && known + lines.lines().count() > LINES_MAX {
            break;
        }
        works.push(lines);
    }
    if !works.is_empty() {
        parts.push(format!("How it works\n{}", works.join("\n")));
    }
    if !profile.avoid_when.is_empty() {
        parts.push(format!("When not to use it\n{}", text(profile.avoid_when)));
    }
    if let Some((family, _)) = profile.name.split_once('/').filter(|_| !docs.is_empty()) {
        parts.push(format!("More\n  strategies/{family}/src/lib.rs"));
    }
    parts.join("\n\n")
}

/// A library with the version that was linked; the standard library has the compiler's.
fn with_version(library: &str) -> String {
    let linked = environment::libraries();
    let version = linked.iter().find(|(name, _)| name == library);
    match (library, version) {
        (_, Some((name, version))) => format!("{name} {version}"),
        ("std", None) => format!("std of {}", Build::of_this_program().rustc),
        ("own", None) => "none: written here".into(),
        (other, None) => other.into(),
    }
}

/// The paragraphs of a crate's documentation that say how a variant works: those about it by name, or, where
/// variants are explained together, all of them. Without tables and marks.
fn how_it_works(docs: &str, name: &str) -> Vec<String> {
    let (_, variant) = name.split_once('/').unwrap_or(("", name));
    let lines = docs.lines().map_while(|line| line.strip_prefix("//!"));
    let text: Vec<&str> = lines.map(str::trim).collect();
    let text = text.join("\n");
    let section = text.split("\n# ").find(|part| part.starts_with("How "));
    let mut parts = section.unwrap_or_default().split("\n## ");
    let general = parts.next().unwrap_or_default();
    let headed = |part: &&str| {
        part.lines()
            .next()
            .is_some_and(|line| line.contains(variant))
    };
    let part = parts.find(headed).unwrap_or(general);
    let (_heading, part) = part.split_once('\n').unwrap_or_default();
    let mut all = paragraphs(part);
    let letters = |text: &str| {
        text.to_lowercase()
            .replace(|c: char| !c.is_alphanumeric(), "")
    };
    let is_about = |text: &String| {
        let word = text.split_whitespace().next().unwrap_or_default();
        letters(word) == letters(variant)
    };
    if all.iter().any(is_about) {
        all.retain(is_about);
    }
    all
}

/// Paragraphs and items of a list, each as one line, without tables and the marks of Markdown and of links to code.
fn paragraphs(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with('|'));
    let lines: Vec<&str> = lines.collect();
    let text = lines.join("\n").replace("\n- ", "\n\n- ");
    let paragraphs = text.split("\n\n").map(|paragraph| {
        let words: Vec<&str> = paragraph.split_whitespace().collect();
        words.join(" ").replace(['`', '*', '[', ']'], "")
    });
    paragraphs.filter(|text| !text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use model::scenario::RecordKind;
    use registry::roster;

    use super::*;

    #[test]
    fn every_card_fits_and_says_all_there_is() {
        for entry in roster::entries(RecordKind::Status) {
            let profile = entry.profile;
            for width in [40, 80, 100] {
                let text = card(&profile, width);
                let too_long = text
                    .lines()
                    .find(|line| line.chars().count() > usize::from(width));
                assert_eq!(too_long, None, "{text}");
                assert!(text.starts_with(profile.name), "{text}");
                assert!(text.contains("When not to use it"), "{text}");
                let is_contender = !profile.name.starts_with("control/");
                assert_eq!(text.contains("How it works"), is_contender, "{text}");
            }
        }
    }

    #[test]
    fn a_library_has_the_version_that_is_linked() {
        let papaya = selection::strategy("concurrent-map/papaya").unwrap();
        let text = card(&papaya, 100);
        let version = text.lines().find(|line| line.trim().starts_with("library"));
        let version = version.unwrap().split_whitespace().last().unwrap();
        assert_eq!(version.split('.').count(), 3, "{text}");
        assert!(text.contains("papaya keeps a table of pointers"), "{text}");
        assert!(!text.contains("dashmap is"), "{text}");
    }
}
