//! What each strategy promises, and what the checks saw of it.

use basis::claims::Property;
use basis::fault::{Consequence, Fault};
use basis::sample::Card;
use strum::IntoEnumIterator;

use crate::results::{Grade, Guarantee, Guaranteed, Machine};

use super::view::{Block, Cell, Column, Group, Row, Section, Table, Tone, prose};
use super::{facts, pivots};

pub(super) fn section(machine: &Machine) -> Section {
    let graded_by = if machine.stalls.is_empty() {
        "checks and injected faults"
    } else {
        "checks, injected faults and threads stopped at each instruction"
    };
    let mut blocks = vec![prose(format!(
        "Speed is bought with promises. Claims are the strategies' own words; {graded_by} grade what is \
         observed: acceptable (as claimed), interesting (better than claimed), forbidden (less than \
         claimed: not ranked)."
    ))];
    let tables = [claims(machine), checks(machine), faults(machine)];
    let has_any = tables.iter().any(Table::has_rows);
    blocks.extend(tables.into_iter().filter(Table::has_rows).map(Block::Table));
    if !has_any {
        blocks.push(prose(
            "No strategy claims anything, and nothing was checked.",
        ));
    }
    let unusual = unusual(machine);
    if !unusual.is_empty() {
        blocks.push(Block::List { items: unusual });
    }
    Section {
        id: "guarantees",
        title: "What is given up: guarantees".into(),
        blocks,
    }
}

fn claims(machine: &Machine) -> Table {
    // What records it holds is said among its needs.
    let is_shown = |property: &Property| {
        let mut cards = machine.contenders();
        *property != Property::Records && cards.any(|card| card.claims.of(*property).is_some())
    };
    let properties: Vec<Property> = Property::iter().filter(is_shown).collect();
    let columns = properties
        .iter()
        .map(|property| super::format::sentence(&property.to_string()))
        .chain(["Needs".into(), "Not when".into()]);
    Table {
        caption: "Claims".into(),
        corner: "Strategy".into(),
        columns: Column::titled(columns),
        groups: grouped(machine, |card| {
            let claimed = properties.iter().map(|&property| {
                card.claims.of(property).map_or_else(
                    || Cell::absent("not stated"),
                    |claim| observed(Cell::text(claim.to_string()), machine, card, property),
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
    if card.claims.plain_data_only {
        format!("{library}; plain data only")
    } else {
        library
    }
}

fn grouped(machine: &Machine, cells: impl Fn(&Card) -> Option<Vec<Cell>>) -> Vec<Group> {
    pivots::groups(facts::by_family(machine.contenders()), |card| {
        Some(Row {
            note: card.summary.clone(),
            ..Row::named(&card.name, cells(card)?)
        })
    })
}

/// A claim, with what was seen of it.
fn observed(claim: Cell, machine: &Machine, card: &Card, property: Property) -> Cell {
    let property = Guaranteed::Claim(property);
    let Some(seen) = graded(machine)
        .find(|guarantee| guarantee.strategy == card.name && guarantee.property == property)
    else {
        return claim.detail("not checked");
    };
    match seen.grade {
        Grade::Forbidden => claim.detail(&seen.observed).judged("FORBIDDEN", Tone::Bad),
        Grade::Interesting => claim
            .detail(&seen.observed)
            .judged("interesting", Tone::Open),
        Grade::Acceptable | Grade::Unchecked => claim.judged("seen", Tone::Good),
    }
}

/// What was graded: all but the claims that no check looks at.
fn graded(machine: &Machine) -> impl Iterator<Item = &Guarantee> {
    machine
        .guarantees
        .iter()
        .filter(|guarantee| guarantee.grade != Grade::Unchecked)
}

/// The promises that all make alike, as `(passed, broken)` of each strategy.
fn checks(machine: &Machine) -> Table {
    let is_by_all = |one: &&Guarantee| matches!(one.property, Guaranteed::ByAll(_));
    let of = |card: &Card| {
        graded(machine)
            .filter(|guarantee| guarantee.strategy == card.name)
            .filter(is_by_all)
            .partition::<Vec<_>, _>(|guarantee| guarantee.grade != Grade::Forbidden)
    };
    Table {
        caption: "Promises that every strategy makes".into(),
        corner: "Strategy".into(),
        columns: Column::titled(["Checks passed", "Broken"]),
        groups: grouped(machine, |card| {
            let (passed, broken) = of(card);
            if passed.is_empty() && broken.is_empty() {
                return None;
            }
            let names = broken.iter().map(|one| one.property.to_string());
            let names: Vec<String> = names.collect();
            let broken = if names.is_empty() {
                Cell::text("none")
            } else {
                Cell::text(names.join(", ")).judged("FORBIDDEN", Tone::Bad)
            };
            Some(vec![Cell::figure(passed.len().to_string()), broken])
        }),
        notes: vec!["What each check counted is in `results.json`, under `evidence`.".into()],
    }
}

/// What faults did.
fn faults(machine: &Machine) -> Table {
    let of = |card: &Card, fault: Fault| {
        machine
            .faults
            .iter()
            .find(|one| one.strategy == card.name && one.fault == fault)
    };
    let columns: Vec<Fault> = Fault::ALL
        .iter()
        .copied()
        .filter(|&fault| machine.faults.iter().any(|one| one.fault == fault))
        .collect();
    Table {
        caption: "When something goes wrong: what it comes to for the others".into(),
        corner: "Strategy".into(),
        columns: columns
            .iter()
            .map(|fault| Column::new(super::format::sentence(fault.title()), ""))
            .collect(),
        groups: grouped(machine, |card| {
            let cells = columns.iter().map(|&fault| match of(card, fault) {
                Some(seen) => consequence(seen.consequence),
                None => Cell::absent("not tried"),
            });
            (!columns.is_empty()).then(|| cells.collect())
        }),
        notes: vec![
            "A thread that stalls is stopped by a signal wherever it happens to be, again and again; one \
             that is gone holds its guard, or stands in the middle of an update, for good. Who waits, \
             waits until that is over. An operation inside a read or a scan is the same thread's, through \
             a second handle; who waits there waits for itself, for good. Overlapping readers relieve each other \
             so that there is always one in the table, while a writer wants to get in. Without memory every allocation fails."
                .into(),
            "What others tried and what was counted is in `results.json`, under `faults`.".into(),
        ],
    }
}

fn consequence(seen: Consequence) -> Cell {
    let tone = match seen {
        Consequence::Harmless => Tone::Good,
        Consequence::WritersWait
        | Consequence::ReadersWait
        | Consequence::VersionKept
        | Consequence::GarbageKept => Tone::Open,
        Consequence::EveryoneWaits
        | Consequence::ProcessEnds
        | Consequence::OthersPanic
        | Consequence::RecordLost
        | Consequence::TornRecord
        | Consequence::OldState => Tone::Bad,
    };
    Cell::text("").judged(seen.to_string(), tone)
}

/// What was not as claimed, in full.
fn unusual(machine: &Machine) -> Vec<String> {
    graded(machine)
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
