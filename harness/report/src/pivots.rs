//! The pivots that the report named, as data: `pivots.toml`, and what may be said of a family that
//! is not in it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Deserialize;

use results::Card;

use super::observations::Observation;
use super::{facts, format};

/// What is known of a family before anything is measured.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pivot {
    /// Its name in the report.
    title: String,
    /// What was expected of it, in one sentence.
    expected: String,
    /// What explains an observation, if it was made.
    #[serde(default)]
    why: BTreeMap<Observation, String>,
}

static PIVOTS: LazyLock<BTreeMap<String, Pivot>> = LazyLock::new(|| {
    toml::from_str(include_str!("pivots.toml")).expect("pivots.toml is part of the program")
});

/// The entry for families without one.
const NEUTRAL: &str = "neutral";

fn pivot(family: &str) -> &'static Pivot {
    PIVOTS.get(family).unwrap_or_else(|| &PIVOTS[NEUTRAL])
}

/// A family's heading: its name in the report, if it has one, and the crate's.
pub(super) fn title(family: &str) -> String {
    match pivot(family).title.as_str() {
        "" => format::sentence(family),
        title => format!("{title} · {family}"),
    }
}

pub(super) fn expected(family: &str) -> &'static str {
    &pivot(family).expected
}

/// What explains an observation in a family; where nothing particular is known, what it means.
pub(super) fn why(family: &str, observation: Observation) -> &'static str {
    pivot(family)
        .why
        .get(&observation)
        .or_else(|| PIVOTS[NEUTRAL].why.get(&observation))
        .map_or("", String::as_str)
}

/// Strategies by their pivots as templates have them, each with its pivot's heading, its name, its card, and facts of its own.
pub(super) fn listed<'r>(
    cards: impl IntoIterator<Item = &'r Card>,
    facts: impl Fn(&'r Card) -> Value,
) -> Vec<Value> {
    let families = facts::by_family(cards).into_iter();
    let listed = families.flat_map(|(family, cards)| {
        let strategy = |card: &'r Card| {
            let (pivot, name) = (title(family), card.name.as_str());
            context! { pivot, name, card => Serde(card), ..facts(card) }
        };
        cards.into_iter().map(strategy).collect::<Vec<_>>()
    });
    listed.collect()
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_observation_has_a_neutral_explanation() {
        for observation in Observation::iter() {
            assert!(
                !why("a-new-family", observation).is_empty(),
                "{observation:?}"
            );
        }
    }

    #[test]
    fn an_unknown_family_is_called_by_its_name() {
        assert_eq!(title("novel"), "Novel");
        assert!(!expected("novel").is_empty());
    }
}
