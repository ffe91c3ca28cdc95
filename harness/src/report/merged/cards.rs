//! A card per strategy: what its code states, and what it came to on every machine.

use std::collections::BTreeMap;

use crate::results::{Merged, OneMachine};

use super::super::view::{Block, Card, Section, prose};
use super::super::{cards, format};
use super::{differences, facts};

pub(super) fn section(merged: &Merged) -> Section {
    let all = facts::contenders(merged).into_iter();
    let cards = all.map(|card| of(merged, &card.name)).collect();
    Section {
        id: "cards",
        title: "A card per strategy".into(),
        blocks: vec![
            prose(
                "From the profile that stands in each strategy's code, which is the same on every machine, \
                 with the decision over all of them and on each.",
            ),
            Block::Cards { cards },
        ],
    }
}

/// The anchor of each card, by the head of the rows about its strategy.
pub(super) fn anchors(merged: &Merged) -> BTreeMap<String, String> {
    let machines = merged.machines.iter();
    machines
        .flat_map(|one| cards::anchors(&one.results))
        .collect()
}

/// As on the first machine that has the strategy, but for what it came to.
fn of(merged: &Merged, strategy: &str) -> Card {
    let on = |one: &OneMachine| {
        let mut all = one.results.contenders();
        let card = all.find(|card| card.name == strategy)?;
        Some(cards::of(&one.results, card))
    };
    let found = merged.machines.iter().find_map(on);
    let mut card = found.expect("a contender is some machine's");
    // Its page is in that machine's own report.
    card.evidence = String::new();
    if let Some(overall) = facts::overall(merged, strategy) {
        card.decision = format::decision(overall.decision, &merged.baseline);
        card.tone = format::decision_tone(overall.decision);
        card.facts.truncate(cards::STATED);
        let better = format!(
            "Better by more than {} on every machine",
            format::margin(merged.margin)
        );
        card.facts.extend([
            (better, facts::labels(merged, &overall.gains)),
            ("Decision".into(), differences::there(merged, overall)),
        ]);
    }
    card
}
