//! A card per strategy, from the profile that its code states: what it is, claims and came to.

use std::collections::BTreeMap;

use model::sample;

use results::Results;

use super::draft::Draft;
use super::view::{Block, Card, Section, Tone};
use super::{evidence, facts, first_screen, format, losses};

pub(super) fn section(results: &Results) -> Section {
    let cards = facts::contenders(results).into_iter();
    let cards = cards.map(|card| of(results, card)).collect();
    Draft::new("cards", results)
        .place("cards", vec![Block::Cards { cards }])
        .section()
}

/// The anchor of each card, by the head of the rows about its strategy.
pub(super) fn anchors(results: &Results) -> BTreeMap<String, String> {
    let cards = facts::contenders(results).into_iter();
    cards
        .map(|card| (format!("`{}`", card.name), anchor(&card.name)))
        .collect()
}

fn anchor(strategy: &str) -> String {
    format!("card-{}", format::slug(strategy))
}

fn of(results: &Results, card: &sample::Card) -> Card {
    let name = &card.name;
    let library = match card.library.as_str() {
        "own" => "none: written here",
        library => library,
    };
    let mut facts = vec![
        ("Library".to_owned(), library.to_owned()),
        ("Not when".to_owned(), card.avoid_when.clone()),
    ];
    let (decision, tone) = match facts::overall(results, name) {
        Some(found) => {
            let better = format!("Better by more than {}", format::margin(results.margin));
            facts.push((better, format::list(&facts::labels(results, &found.gains))));
            facts.extend(match results.machines.as_slice() {
                [machine] => machine.recommendation(name).map(|found| {
                    let worse = facts::labels(results, &found.losses);
                    ("Worse".to_owned(), format::list(&worse))
                }),
                _ => Some((
                    "Decision".to_owned(),
                    first_screen::decisions(results, found),
                )),
            });
            (
                format::decision(found.decision, &results.baseline),
                format::decision_tone(found.decision),
            )
        }
        None if *name == results.baseline => ("baseline".into(), Tone::Plain),
        None => ("not compared".into(), Tone::Absent),
    };
    let mut machines = results.machines.iter();
    let has_evidence = machines.any(|machine| evidence::has_evidence(machine, name));
    Card {
        id: anchor(name),
        name: name.clone(),
        summary: format::sentence(&card.summary),
        decision,
        tone,
        facts,
        properties: losses::properties(card),
        evidence: match (has_evidence, results.machines.len()) {
            (false, _) => String::new(),
            (true, 1) => evidence::anchor(name),
            // Each machine has a page about it.
            (true, _) => evidence::ID.into(),
        },
    }
}
