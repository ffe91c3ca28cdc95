//! A card per strategy, from the profile that its code states: what it is, claims and came to.

use std::collections::BTreeMap;

use basis::sample;

use crate::results::Results;

use super::view::{Block, Card, Section, Tone, prose};
use super::{evidence, facts, format, losses};

pub(super) fn section(results: &Results) -> Section {
    let cards = results.contenders().map(|card| of(results, card)).collect();
    Section {
        id: "cards",
        title: "A card per strategy".into(),
        blocks: vec![
            prose(
                "From the profile that stands in each strategy's code: its claims are its own words. What \
                 was seen of them is in the section on guarantees.",
            ),
            Block::Cards { cards },
        ],
    }
}

/// The anchor of each card, by the head of the rows about its strategy.
pub(super) fn anchors(results: &Results) -> BTreeMap<String, String> {
    results
        .contenders()
        .map(|card| (format!("`{}`", card.name), anchor(&card.name)))
        .collect()
}

fn anchor(strategy: &str) -> String {
    format!("card-{}", format::slug(strategy))
}

/// How many of a card's facts its strategy states; what it came to follows.
pub(super) const STATED: usize = 2;

pub(super) fn of(results: &Results, card: &sample::Card) -> Card {
    let found = facts::recommendation(results, &card.name);
    let is_baseline = card.name == results.baseline;
    let (decision, tone) = match found {
        Some(found) => (
            format::decision(found.decision, &results.baseline),
            format::decision_tone(found.decision),
        ),
        None if is_baseline => ("baseline".into(), Tone::Plain),
        None => ("not compared".into(), Tone::Absent),
    };
    let library = match card.library.as_str() {
        "own" => "none: written here",
        library => library,
    };
    let mut facts = vec![
        ("Library".to_owned(), library.to_owned()),
        ("Not when".to_owned(), card.avoid_when.clone()),
    ];
    if let Some(found) = found {
        let sides = [
            (
                format!("Better by more than {}", format::margin(results.margin)),
                &found.gains,
            ),
            ("Worse".to_owned(), &found.losses),
        ];
        facts.extend(sides.map(|(name, judged)| (name, facts::labels(results, judged))));
    }
    let has_evidence = evidence::has_evidence(results, &card.name);
    Card {
        id: anchor(&card.name),
        name: card.name.clone(),
        summary: format::sentence(&card.summary),
        decision,
        tone,
        facts,
        properties: losses::properties(card),
        evidence: if has_evidence {
            evidence::anchor(&card.name)
        } else {
            String::new()
        },
    }
}
