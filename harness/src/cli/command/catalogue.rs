//! `pivot list` and `pivot explain`: the strategies and scenarios that there are.

use std::collections::BTreeMap;

use contract::Profile;
use model::environment::{self, Build};
use model::error::Result;
use model::sample::Card;
use model::scenario::{Coordinate, Scenario};
use report::Form;
use serde_json::{Value, json};

use crate::arguments::ListOptions;
use crate::selection;
use crate::terminal::{self, show};

/// Prints the strategies with their claims, then the scenarios.
pub(crate) fn list(options: &ListOptions) -> Result<()> {
    let profiles = selection::listed(&options.choice.contest)?;
    let scenarios = selection::scenarios(&options.choice, true)?;
    let all = catalogue(&profiles, &scenarios);
    let words = |form| report::words("list", &all, form);
    show(options.format, "list", &all, words)
}

fn catalogue(profiles: &[Profile], scenarios: &[Scenario]) -> Value {
    let strategies = profiles.iter().map(|profile| {
        json!({
            "name": profile.name,
            "summary": profile.summary,
            "library": profile.library,
            "optional": profile.optional,
            "claims": claims(profile).collect::<BTreeMap<_, _>>(),
        })
    });
    // The points of a sweep stand beside each other.
    let families = scenarios.chunk_by(|a, b| a.family() == b.family());
    json!({
        "strategies": strategies.collect::<Vec<_>>(),
        "scenarios": families.map(family).collect::<Vec<_>>(),
    })
}

fn claims(profile: &Profile) -> impl Iterator<Item = (String, String)> {
    let claims: Vec<_> = Card::from(profile).claims.all().collect();
    let claims = claims.into_iter();
    claims.map(|(property, claim)| (property.to_string(), claim.to_string()))
}

/// A scenario, or the points of a sweep; `optional` are those that only `--scenario` or the preset `full` runs.
fn family(points: &[Scenario]) -> Value {
    // What all points of a sweep have in common, or that they do not.
    let shared = |text: fn(&Scenario) -> String| {
        let first = text(&points[0]);
        let is_same = points.iter().all(|point| text(point) == first);
        if is_same { first } else { "swept".into() }
    };
    let threads = |point: &Scenario| {
        let groups = point.groups.iter();
        let groups = groups.map(|group| format!("{} {}", group.threads, group.doing()));
        groups.collect::<Vec<_>>().join(" + ")
    };
    json!({
        "name": points[0].family(),
        "question": points[0].question,
        "processes": shared(|point| point.processes.to_string()),
        "record": shared(|point| point.record.to_string()),
        "keys": shared(Scenario::asked),
        "threads": shared(threads),
        "sweeps": sweeps(points),
        "optional": points[0].optional,
    })
}

/// The values of each axis of a sweep.
fn sweeps(points: &[Scenario]) -> BTreeMap<String, Vec<String>> {
    let mut axes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let points = points.iter().filter_map(|scenario| scenario.point.as_ref());
    for Coordinate { axis, value } in points.flat_map(|point| &point.coordinates) {
        let (values, value) = (axes.entry(axis.to_string()).or_default(), value.to_string());
        if !values.contains(&value) {
            values.push(value);
        }
    }
    axes
}

/// Prints what a strategy is and claims, how it works, when not to use it, and how to adopt it.
pub(crate) fn explain(strategy: &str) -> Result<()> {
    let profile = selection::strategy(strategy)?;
    let width = terminal::width();
    let card = card(&profile, width);
    let recipe = recipe(profile.name, Form::Terminal(width)).unwrap_or_default();
    terminal::print(&format!("{card}\n\n{recipe}"))
}

/// How to adopt a strategy, with the versions that are linked.
fn recipe(strategy: &str, form: Form) -> Option<String> {
    let recipe = recipes::recipe(strategy)?;
    let text = recipe.markdown(strategy, environment::locked);
    Some(report::text(&text, form))
}

/// As many characters of its documentation are shown, in whole paragraphs.
const SHOWN_MAX: usize = 1_200;

fn card(profile: &Profile, width: u16) -> String {
    let docs = registry::docs(profile.name);
    let family = profile.name.split('/').next().unwrap_or_default();
    let mut characters = 0;
    let works = how_it_works(docs, profile.name).into_iter();
    let works = works.enumerate().take_while(|(number, paragraph)| {
        characters += paragraph.len();
        *number == 0 || characters <= SHOWN_MAX
    });
    let card = json!({
        "name": profile.name,
        "summary": profile.summary,
        "claims": claims(profile).collect::<Vec<_>>(),
        "library": with_version(profile.library),
        "optional": profile.optional,
        "works": works.map(|(_, paragraph)| paragraph).collect::<Vec<_>>(),
        "avoid_when": profile.avoid_when,
        "source": (!docs.is_empty()).then(|| format!("strategies/{family}/src/lib.rs")),
    });
    report::words("explain", &card, Form::Terminal(width))
}

/// A library with the version that was linked; the standard library has the compiler's.
fn with_version(library: &str) -> String {
    match (library, environment::locked(library)) {
        (_, Some(version)) => format!("{library} {version}"),
        ("std", None) => format!("std of {}", Build::of_this_program().rustc),
        ("own", None) => "none: written here".into(),
        (other, None) => other.into(),
    }
}

/// The paragraphs of a crate's documentation that say how a variant works: those about it by name, or, where
/// variants are explained together, all of them. Without tables and marks.
fn how_it_works(docs: &str, name: &str) -> Vec<String> {
    let variant = name.rsplit('/').next().unwrap_or_default();
    let lines = docs.lines().map_while(|line| line.strip_prefix("//!"));
    let lines = lines.map(str::trim).filter(|line| !line.starts_with('|'));
    let text = lines.collect::<Vec<_>>().join("\n");
    // Items of a list are paragraphs, too.
    let text = text.replace("\n- ", "\n\n- ");
    let section = text.split("\n# ").find(|part| part.starts_with("How "));
    let mut parts = section.unwrap_or_default().split("\n## ");
    let general = parts.next().unwrap_or_default();
    let mut headed = parts.filter_map(|part| part.split_once('\n'));
    let headed = headed.find(|(heading, _)| heading.contains(variant));
    let general = general.split_once('\n').unwrap_or_default();
    let (_, part) = headed.unwrap_or(general);
    let paragraphs = part.split("\n\n").map(|paragraph| {
        let words: Vec<&str> = paragraph.split_whitespace().collect();
        words.join(" ").replace(['`', '*', '[', ']'], "")
    });
    let mut paragraphs: Vec<String> = paragraphs.filter(|text| !text.is_empty()).collect();
    let letters = |text: &str| {
        text.to_lowercase()
            .replace(|c: char| !c.is_alphanumeric(), "")
    };
    let is_about = |text: &String| {
        let word = text.split_whitespace().next().unwrap_or_default();
        letters(word) == letters(variant)
    };
    if paragraphs.iter().any(is_about) {
        paragraphs.retain(is_about);
    }
    paragraphs
}

#[cfg(test)]
mod tests {
    use contract::Role;
    use model::scenario::{RecordKind, load_folder};
    use registry::strategies;

    use super::*;

    fn profiles() -> Vec<Profile> {
        let entries = strategies::entries(RecordKind::Status).into_iter();
        entries.map(|entry| entry.profile).collect()
    }

    fn assert_fits(text: &str, width: u16) {
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(usize::from(width)), "{text}");
    }

    #[test]
    fn what_is_listed_fits_and_names_stay_whole() {
        let profiles = profiles();
        let scenarios = load_folder(&selection::workspace().join("benches/scenarios")).unwrap();
        let names = profiles.iter().map(|profile| profile.name);
        let names = names.chain(scenarios.iter().map(Scenario::family));
        let all = catalogue(&profiles, &scenarios);
        for width in [100, 80] {
            let text = report::words("list", &all, Form::Terminal(width));
            assert_fits(&text, width);
            for name in names.clone() {
                assert!(text.contains(name), "{name} is cut up in {width}:\n{text}");
            }
        }
    }

    #[test]
    fn every_card_fits_and_says_all_there_is() {
        for profile in profiles() {
            for width in [40, 80, 100] {
                let text = card(&profile, width);
                assert_fits(&text, width);
                assert!(text.starts_with(profile.name), "{text}");
                assert!(text.contains("When not to use it"), "{text}");
                let is_contender = profile.role == Role::Contender;
                assert_eq!(text.contains("How it works"), is_contender, "{text}");
            }
        }
    }

    #[test]
    fn every_contender_has_a_recipe_of_linked_versions() {
        let linked: BTreeMap<String, String> = environment::libraries().into_iter().collect();
        for profile in profiles() {
            let name = profile.name;
            let is_usual = profile.role == Role::Contender && !profile.optional;
            let recipe = recipes::recipe(name);
            assert_eq!(recipe.is_some(), is_usual, "{name}");
            let Some(recipe) = recipe else { continue };
            for library in recipe.libraries {
                assert!(
                    linked.contains_key(*library),
                    "{name}: {library} is not linked"
                );
            }
            let is_own = profile.library == "own";
            assert!(
                !is_own || recipe.is_copied() || !recipe.crates.is_empty(),
                "{name}"
            );
            for (library, _) in recipe.derived {
                assert!(environment::locked(library).is_some(), "{name}: {library}");
            }
            let text = super::recipe(name, Form::Terminal(100)).unwrap();
            assert_fits(&text, 100);
            assert!(text.contains("What does not translate"), "{text}");
        }
        let names: Vec<&str> = profiles().iter().map(|profile| profile.name).collect();
        for name in recipes::all().iter().flat_map(|recipe| recipe.strategies) {
            assert!(names.contains(name), "there is no {name}");
        }
    }

    #[test]
    fn articles_have_their_sections_in_order() {
        for profile in profiles()
            .iter()
            .filter(|profile| profile.role == Role::Contender)
        {
            let docs = registry::docs(profile.name);
            let uses_library = !["std", "own"].contains(&profile.library);
            let sections = [
                ("How ", true),
                ("How the library is used", uses_library),
                ("Trade-offs", true),
                ("When not to use it", true),
                ("Example", true),
            ];
            let places = sections.map(|(heading, is_needed)| {
                let place = docs.find(&format!("\n//! # {heading}"));
                assert!(place.is_some() || !is_needed, "{}: {heading}", profile.name);
                place
            });
            let in_order = places.iter().flatten();
            assert!(in_order.is_sorted_by(|a, b| a < b), "{}", profile.name);
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
