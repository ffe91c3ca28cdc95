//! What each strategy promises, and what the checks saw of it.

use basis::sample::Card;

use crate::results::{Grade, Guarantee, Results};

use super::view::{Block, Cell, Column, Group, Row, Section, Table, Tone, prose};
use super::{facts, pivots};

pub(super) fn section(results: &Results) -> Section {
    let mut blocks = vec![prose(
        "Speed is bought with promises. Claims are the strategies' own words; a check grades what it \
         observes: acceptable (as claimed), interesting (better than claimed), forbidden (not allowed: \
         not ranked).",
    )];
    let tables = [claims(results), checks(results)];
    let has_any = tables.iter().any(Table::has_rows);
    blocks.extend(tables.into_iter().filter(Table::has_rows).map(Block::Table));
    if !has_any {
        blocks.push(prose(
            "No strategy claims anything, and nothing was checked.",
        ));
    }
    let unusual = unusual(results);
    if !unusual.is_empty() {
        blocks.push(Block::List { items: unusual });
    }
    Section {
        id: "guarantees",
        title: "What is given up: guarantees".into(),
        blocks,
    }
}

/// The different values in the order in which they come.
fn distinct<'r>(values: impl Iterator<Item = &'r str>) -> Vec<&'r str> {
    let mut found: Vec<&str> = Vec::new();
    for value in values {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

fn claims(results: &Results) -> Table {
    let properties = distinct(
        results
            .contenders()
            .flat_map(|card| card.claims.iter().map(|(property, _)| property.as_str())),
    );
    let columns = properties
        .iter()
        .map(|property| super::format::sentence(property))
        .chain(["Needs".into(), "Not when".into()]);
    Table {
        caption: "Claims".into(),
        corner: "Strategy".into(),
        columns: Column::titled(columns),
        groups: grouped(results, |card| {
            let claimed = properties.iter().map(|property| {
                let claim = card.claims.iter().find(|(name, _)| name == property);
                claim.map_or_else(
                    || Cell::absent("not stated"),
                    |(_, claim)| Cell::text(claim),
                )
            });
            let last = [Cell::text(needs(card)), Cell::text(&card.avoid_when)];
            Some(claimed.chain(last).collect())
        }),
        notes: Vec::new(),
    }
}

fn needs(card: &Card) -> String {
    let library = match card.library.as_str() {
        "own" => "nothing but this crate".to_owned(),
        library => format!("`{library}`"),
    };
    if card.plain_data_only {
        format!("{library}; plain data only")
    } else {
        library
    }
}

fn grouped(results: &Results, cells: impl Fn(&Card) -> Option<Vec<Cell>>) -> Vec<Group> {
    facts::by_family(results.contenders())
        .into_iter()
        .map(|(family, cards)| Group {
            title: pivots::title(family),
            rows: cards
                .into_iter()
                .filter_map(|card| {
                    Some(Row {
                        note: card.summary.clone(),
                        ..Row::named(&card.name, cells(card)?)
                    })
                })
                .collect(),
        })
        .filter(|group| !group.rows.is_empty())
        .collect()
}

/// What was graded: all but the claims that no check looks at.
fn graded(results: &Results) -> impl Iterator<Item = &Guarantee> {
    results
        .guarantees
        .iter()
        .filter(|guarantee| guarantee.grade != Grade::Unchecked)
}

fn checks(results: &Results) -> Table {
    let properties = distinct(graded(results).map(|guarantee| guarantee.property.as_str()));
    Table {
        caption: "Checks".into(),
        corner: "Strategy".into(),
        columns: Column::titled(
            properties
                .iter()
                .map(|property| super::format::sentence(property)),
        ),
        groups: if properties.is_empty() {
            Vec::new()
        } else {
            grouped(results, |card| {
                Some(
                    properties
                        .iter()
                        .map(|property| check(results, card, property))
                        .collect(),
                )
            })
        },
        notes: vec!["What each check counted is in `results.json`, under `evidence`.".into()],
    }
}

fn check(results: &Results, card: &Card, property: &str) -> Cell {
    let seen = graded(results)
        .find(|guarantee| guarantee.strategy == card.name && guarantee.property == property);
    let Some(seen) = seen else {
        return Cell::absent("not checked");
    };
    match seen.grade {
        Grade::Forbidden => Cell::text("").judged("FORBIDDEN", Tone::Bad),
        Grade::Interesting => Cell::text("").judged("interesting", Tone::Open),
        Grade::Acceptable | Grade::Unchecked => Cell::text("").judged("acceptable", Tone::Good),
    }
}

/// What was not as claimed, in full.
fn unusual(results: &Results) -> Vec<String> {
    graded(results)
        .filter(|guarantee| guarantee.grade != Grade::Acceptable)
        .map(|guarantee| {
            let grade = if guarantee.grade == Grade::Forbidden {
                "FORBIDDEN"
            } else {
                "Interesting"
            };
            format!(
                "{grade}: `{}`, {}: claimed {}, observed {} ({})",
                guarantee.strategy,
                guarantee.property,
                guarantee.claimed,
                guarantee.observed,
                guarantee.evidence
            )
        })
        .collect()
}
