//! The adoption rule on every machine.

use basis::sample::Card;

use crate::results::{
    Grade, Guarantee, Guaranteed, Judged, Merged, OneMachine, Overall, TOLERATED,
};

use super::super::view::{Block, Cell, Column, Group, Row, Section, Table, prose};
use super::super::{facts as own, format, pivots};
use super::facts;

pub(super) fn machine_columns(merged: &Merged) -> Vec<Column> {
    Column::titled(merged.machines.iter().map(|one| one.machine.clone()))
}

pub(super) fn section(merged: &Merged) -> Section {
    let margin = format::margin(merged.margin);
    let mut blocks = vec![prose(format!(
        "Each machine decides by the same rule: adopt what is better than `{}` by more than {margin} in every \
         row of the report and worse by more than {} in no row of its run; for some operations what is better by the margin \
         somewhere; stay where it is nowhere. Over all: adopt what every machine adopts; for some operations \
         what is better by the margin in the same rows on every machine; machines differ where one gains and \
         another does not, or each gains elsewhere; undecided where a machine leaves it open. What a check \
         on any machine found broken is not ranked.",
        merged.baseline,
        format::margin(TOLERATED)
    ))];
    let table = decisions(merged);
    if table.has_rows() {
        blocks.push(Block::Table(table));
    } else {
        blocks.push(prose("There was nothing to decide about in these runs."));
    }
    Section {
        id: "decisions",
        title: format!("Each strategy by the {margin} rule"),
        blocks,
    }
}

fn decisions(merged: &Merged) -> Table {
    let groups = pivots::groups(own::by_family(facts::contenders(merged)), |card| {
        facts::overall(merged, &card.name).map(|found| decision(merged, found))
    });
    let own = machine_columns(merged).into_iter();
    let columns = [Column::new("Over all", "every machine")]
        .into_iter()
        .chain(own);
    Table {
        caption: "Decision per strategy, over all machines and on each".into(),
        corner: "Strategy".into(),
        columns: columns
            .chain([
                Column::new(
                    format!("Better by more than {}", format::margin(merged.margin)),
                    "on every machine",
                ),
                Column::new("Worse", "on the machines named"),
            ])
            .collect(),
        groups,
        notes: Vec::new(),
    }
}

fn decision(merged: &Merged, found: &Overall) -> Row {
    let words = format::decision(found.decision, &merged.baseline);
    let over_all = Cell::text("").judged(words, format::decision_tone(found.decision));
    let there = found.decisions.iter().map(|there| {
        there.decision.map_or_else(
            || Cell::absent("not compared"),
            |decision| {
                let words = format::decision(decision, &merged.baseline);
                Cell::text("").judged(words, format::decision_tone(decision))
            },
        )
    });
    let gains = match found.gains.as_slice() {
        [] => Cell::absent(none_of(merged, &found.strategy)),
        some => Cell::text(facts::labels(merged, some)),
    };
    let cells = [over_all].into_iter().chain(there);
    let cells = cells.chain([gains, losses(merged, &found.strategy)]);
    Row::named(&found.strategy, cells.collect())
}

/// What stands where a strategy has no row of some kind.
fn none_of(merged: &Merged, strategy: &str) -> &'static str {
    let told = merged.machines.iter();
    let told = told.map(|one| own::none_of(&one.results, strategy));
    told.reduce(|a, b| if a == b { a } else { "none" })
        .unwrap_or("not measured")
}

/// Where it is worse, by the machines on which it is: what all share first.
fn losses(merged: &Merged, strategy: &str) -> Cell {
    let mut rows: Vec<(&Judged, Vec<&str>)> = Vec::new();
    for one in &merged.machines {
        let lost = own::recommendation(&one.results, strategy);
        for loss in lost.iter().flat_map(|found| &found.losses) {
            match rows.iter_mut().find(|(known, _)| *known == loss) {
                Some((_, machines)) => machines.push(&one.machine),
                None => rows.push((loss, vec![&one.machine])),
            }
        }
    }
    let mut groups: Vec<(Vec<&str>, Vec<Judged>)> = Vec::new();
    for (loss, machines) in rows {
        match groups.iter_mut().find(|(known, _)| *known == machines) {
            Some((_, losses)) => losses.push(loss.clone()),
            None => groups.push((machines, vec![loss.clone()])),
        }
    }
    if groups.is_empty() {
        return Cell::absent(none_of(merged, strategy));
    }
    groups.sort_by_key(|(machines, _)| std::cmp::Reverse(machines.len()));
    let told = groups.into_iter().map(|(machines, losses)| {
        let labels = facts::labels(merged, &losses);
        if machines.len() == merged.machines.len() {
            format!("on every machine: {labels}")
        } else {
            format!("on {}: {labels}", machines.join(" and "))
        }
    });
    Cell::text(told.collect::<Vec<_>>().join("; "))
}

/// What checks saw that is not the same everywhere, and what they found broken anywhere.
pub(super) fn guarantees(merged: &Merged) -> Section {
    let contenders = facts::contenders(merged).into_iter();
    let rows: Vec<Row> = contenders.flat_map(|card| graded(merged, card)).collect();
    let mut blocks = vec![prose(
        "What each strategy claims is the same on every machine; what the checks saw of it is here where \
         machines do not agree, or where a check found a claim broken. All grades are in the machines' own \
         reports.",
    )];
    if rows.is_empty() {
        blocks.push(prose(
            "Every check came out the same on every machine, and none found a claim broken.",
        ));
    } else {
        blocks.push(Block::Table(Table {
            caption: "Grades that differ, or are forbidden".into(),
            corner: "Strategy".into(),
            columns: [Column::new("Property", "")]
                .into_iter()
                .chain(machine_columns(merged))
                .collect(),
            groups: vec![Group {
                title: String::new(),
                rows,
            }],
            notes: Vec::new(),
        }));
    }
    Section {
        id: "guarantees",
        title: "Guarantees".into(),
        blocks,
    }
}

fn graded(merged: &Merged, card: &Card) -> Vec<Row> {
    let of = |one: &'_ OneMachine, property: &Guaranteed| -> Option<Guarantee> {
        let mut all = one.results.guarantees.iter();
        let found = all.find(|one| one.strategy == card.name && one.property == *property);
        found.cloned()
    };
    let mut properties: Vec<&Guaranteed> = Vec::new();
    for guarantee in merged
        .machines
        .iter()
        .flat_map(|one| &one.results.guarantees)
    {
        let property = &guarantee.property;
        if guarantee.strategy == card.name && !properties.contains(&property) {
            properties.push(property);
        }
    }
    let row = |property: &Guaranteed| {
        let there: Vec<Option<Guarantee>> = merged
            .machines
            .iter()
            .map(|one| of(one, property))
            .collect();
        let grades: Vec<Option<Grade>> = there
            .iter()
            .map(|found| found.as_ref().map(|found| found.grade))
            .collect();
        let is_told = grades.contains(&Some(Grade::Forbidden))
            || grades.iter().any(|grade| *grade != grades[0]);
        is_told.then(|| {
            let seen = there.into_iter().map(|found| {
                found.map_or_else(
                    || Cell::absent("not looked at"),
                    |found| Cell::text(found.grade.to_string()).detail(found.evidence),
                )
            });
            let cells = [Cell::text(property.to_string())].into_iter().chain(seen);
            Row::named(&card.name, cells.collect())
        })
    };
    properties.into_iter().filter_map(row).collect()
}
