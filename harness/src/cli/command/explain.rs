//! `pivot explain`: the card of one strategy.

use contract::Profile;
use model::environment::{self, Build};
use model::error::Result;
use model::sample::Card;

use crate::arguments::ExplainOptions;
use crate::{selection, terminal};

/// Prints the card, within the terminal's width.
pub(crate) fn explain(options: &ExplainOptions) -> Result<()> {
    let profile = selection::strategy(&options.strategy)?;
    terminal::print(&card(&profile, usize::from(terminal::width())))
}

/// As many lines of its documentation are shown.
const LINES_MAX: usize = 12;

fn card(profile: &Profile, width: usize) -> String {
    let card = Card::from(profile);
    let mut lines = wrapped(&format!("{}: {}", card.name, card.summary), "", width);
    let claims = card.claims.all();
    let mut claims: Vec<(String, String)> = claims
        .map(|(property, claim)| (property.to_string(), claim.to_string()))
        .collect();
    claims.push(("library".into(), with_version(profile.library)));
    let longest = claims.iter().map(|(property, _)| property.len()).max();
    let column = longest.unwrap_or_default() + 2;
    lines.push(String::new());
    for (property, claim) in &claims {
        let text = format!("{property:column$}{claim}");
        lines.extend(wrapped(&text, "  ", width));
    }
    let docs = registry::docs(profile.name);
    let works = how_it_works(docs, profile.name);
    if !works.is_empty() {
        lines.push("\nHow it works".into());
        let mut shown = Vec::new();
        for paragraph in &works {
            let next = wrapped(paragraph, "  ", width);
            if !shown.is_empty() && shown.len() + next.len() > LINES_MAX {
                break;
            }
            shown.extend(next);
        }
        lines.extend(shown);
    }
    if !profile.avoid_when.is_empty() {
        lines.push("\nWhen not to use it".into());
        lines.extend(wrapped(profile.avoid_when, "  ", width));
    }
    if let Some((family, _)) = profile.name.split_once('/').filter(|_| !docs.is_empty()) {
        lines.push("\nMore".into());
        lines.extend(wrapped(
            &format!("strategies/{family}/src/lib.rs"),
            "  ",
            width,
        ));
    }
    lines.join("\n")
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
    let lines: Vec<&str> = lines.map(str::trim).collect();
    let is_section = |line: &&str| line.starts_with("# ");
    let begin = lines.iter().position(|line| line.starts_with("# How "));
    let section = &lines[begin.map_or(lines.len(), |begin| begin + 1)..];
    let end = section.iter().position(is_section);
    let section = &section[..end.unwrap_or(section.len())];
    let parts: Vec<&[&str]> = section.split(|line| line.starts_with("## ")).collect();
    let headings = section.iter().filter(|line| line.starts_with("## "));
    let own = headings
        .zip(&parts[1..])
        .find(|(heading, _)| heading.contains(variant));
    let part = own.map_or(parts[0], |(_, part)| part);
    let all = paragraphs(part);
    let opening = |text: &String| {
        let word = text.split_whitespace().next().unwrap_or_default();
        word.chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_lowercase()
    };
    let bare: String = variant
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let about: Vec<String> = all
        .iter()
        .filter(|text| opening(text) == bare)
        .cloned()
        .collect();
    if about.is_empty() { all } else { about }
}

/// Paragraphs and items of a list, each as one line.
fn paragraphs(lines: &[&str]) -> Vec<String> {
    let mut all = vec![String::new()];
    for line in lines {
        let is_item = line.starts_with("- ");
        if line.is_empty() || line.starts_with('|') || is_item {
            all.push(String::new());
        }
        if line.starts_with('|') {
            continue;
        }
        let last = all.last_mut().expect("there is one from the beginning");
        if !last.is_empty() {
            last.push(' ');
        }
        last.push_str(line);
    }
    all.retain(|text| !text.is_empty());
    all.iter().map(|text| plain(text)).collect()
}

/// Without the marks of Markdown and of links to code.
fn plain(text: &str) -> String {
    text.replace("**", "")
        .replace(['`', '*'], "")
        .replace(['[', ']'], "")
}

/// A text in lines of at most `width` columns, each with the indent, and what goes on with two more.
fn wrapped(text: &str, indent: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = indent.to_owned();
    let mut is_empty = true;
    // Columns of spaces inside a line stay.
    for word in text.split(' ') {
        let needed = line.chars().count() + usize::from(!is_empty) + word.chars().count();
        if needed > width && !is_empty {
            lines.push(line.trim_end().to_owned());
            line = format!("{indent}  ");
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line.trim_end().to_owned());
    lines
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
                let too_long = text.lines().find(|line| line.chars().count() > width);
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
