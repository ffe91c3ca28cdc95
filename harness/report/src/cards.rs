//! A card per strategy, from the profile that its code states: what it is, claims and came to.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::{Serde, Value};

use results::{Card, Results};

use super::draft::Draft;
use super::view::{Block, Section};
use super::{decisions, evidence, facts, format};

pub(super) fn section(results: &Results) -> Section {
    Draft::new("cards", results)
        .place("cards", vec![Block::Cards])
        .section()
}

/// The cards of all contenders.
pub(super) fn all(results: &Results) -> Vec<Value> {
    let cards = facts::contenders(results).into_iter();
    cards.map(|card| facts_of(results, card)).collect()
}

/// The anchor of each card, by the head of the rows about its strategy.
pub(super) fn links(results: &Results) -> BTreeMap<String, String> {
    let cards = facts::contenders(results).into_iter();
    cards
        .map(|card| (format!("`{}`", card.name), anchor(&card.name)))
        .collect()
}

fn anchor(strategy: &str) -> String {
    format!("card-{}", format::slug(strategy))
}

/// What a card says: what its strategy is, claims, needs and came to.
fn facts_of(results: &Results, card: &Card) -> Value {
    let name = &card.name;
    let overall = facts::overall(results, name);
    let (decision, tone) = match overall {
        Some(overall) => (
            format::decision(overall.decision, &results.baseline),
            Value::from(Serde(overall.decision)),
        ),
        None if *name == results.baseline => ("baseline".to_owned(), "plain".into()),
        None => ("not compared".to_owned(), "absent".into()),
    };
    let claims = card.claims.all();
    let claims = claims.map(|(property, claim)| vec![property.to_string(), claim.to_string()]);
    let mut machines = results.machines.iter();
    let has_evidence = machines.any(|machine| evidence::has_evidence(machine, name));
    context! {
        id => anchor(name),
        name => name.as_str(),
        summary => format::sentence(&card.summary),
        decision => decision,
        tone => tone,
        library => (!card.is_own()).then_some(card.library.as_str()),
        avoid_when => card.avoid_when.as_str(),
        decisions => overall.filter(|_| results.machines.len() > 1).map(|one| decisions::of_machines(results, one)),
        // What a reader may look for.
        properties => claims.collect::<Vec<_>>(),
        evidence => match (has_evidence, results.machines.len()) {
            (false, _) => String::new(),
            (true, 1) => evidence::anchor(name),
            // Each machine has a page about it.
            (true, _) => evidence::ID.into(),
        },
    }
}
