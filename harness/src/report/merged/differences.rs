//! Where machines do not come to the same.

use crate::results::{Contradiction, Merged, Overall};

use super::super::view::{Block, Cell, Column, Group, Row, Section, Table, prose};
use super::super::{answer::NAMED_MAX, facts as own, format};
use super::answer::names;
use super::decisions::machine_columns;
use super::facts;

/// Groups of strategies that an answer names at most; the section has all.
const GROUPS_MAX: usize = 4;

/// The rows in which one machine has the opposite verdict of another.
pub(super) fn section(merged: &Merged) -> Section {
    let rows = merged.differences.iter().map(|one| difference(merged, one));
    let table = Table {
        caption: "Opposite verdicts: times better on each machine".into(),
        corner: "Strategy".into(),
        columns: [Column::new("Row", "")]
            .into_iter()
            .chain(machine_columns(merged))
            .chain(compares_builds(merged).then(|| {
                Column::new(
                    "Not inlined",
                    "functions that one build calls and another has inlined",
                )
            }))
            .collect(),
        groups: vec![Group {
            title: String::new(),
            rows: rows.collect(),
        }],
        notes: Vec::new(),
    };
    let mut blocks = vec![prose(
        "A verdict that HOLDS on one machine and is REJECTED on another: there the machine decides, and a \
         measurement on the one that it will run on. What a machine leaves open contradicts no other. \
         Nanoseconds of two machines are not compared, ratios to each machine's own baseline are.",
    )];
    if table.has_rows() {
        blocks.push(Block::Table(table));
    } else {
        blocks.push(prose(
            "None: no machine's verdict is the opposite of another's.",
        ));
    }
    Section {
        id: "differences",
        title: "Where machines differ".into(),
        blocks,
    }
}

fn difference(merged: &Merged, one: &Contradiction) -> Row {
    let there = merged.machines.iter().map(|machine| {
        let mut ratios = one.ratios.iter();
        ratios
            .find(|there| there.machine == machine.machine)
            .map_or_else(
                || Cell::absent("not measured"),
                |there| {
                    let tone = format::verdict_tone(there.ratio.verdict);
                    Cell::figure(format::ratio(&there.ratio))
                        .judged(own::verdict(&there.ratio), tone)
                },
            )
    });
    let label = facts::label_of(merged, &one.scenario, one.metric);
    let called = compares_builds(merged).then(|| Cell::text(not_inlined(merged, one)));
    let cells = [Cell::text(label)].into_iter().chain(there).chain(called);
    Row::named(&one.strategy, cells.collect())
}

/// Whether a difference may be one of builds, and not of machines.
fn compares_builds(merged: &Merged) -> bool {
    merged.differences.iter().any(|one| !one.called.is_empty())
}

/// Each build with what it calls and another does not.
fn not_inlined(merged: &Merged, one: &Contradiction) -> String {
    let of = |machine: &str, strategy: &str, names: &[String]| {
        (!names.is_empty()).then(|| format!("{machine}, {strategy}: {}", names.join(", ")))
    };
    let all = one.called.iter().flat_map(|there| {
        [
            of(&there.machine, &one.strategy, &there.by_strategy),
            of(&there.machine, &merged.baseline, &there.by_baseline),
        ]
    });
    let told: Vec<String> = all.flatten().collect();
    if told.is_empty() {
        return "the same functions are called in all".into();
    }
    told.join("; ")
}

/// In words, for the first screen.
pub(super) fn in_words(merged: &Merged) -> Vec<String> {
    let all = merged.recommendations.len();
    let agree = merged
        .recommendations
        .iter()
        .filter(|one| one.agree)
        .count();
    let mut told = vec![format!(
        "They come to the same decision on {agree} of {}.",
        format::counted(all, "strategy", "strategies")
    )];
    let groups = apart(merged);
    for (found, strategies) in groups.iter().take(GROUPS_MAX) {
        told.push(format!("{}: {}.", names(strategies), there(merged, found)));
    }
    if groups.len() > GROUPS_MAX {
        told.push("The section on the differences has the others.".into());
    }
    told.push(opposites(merged));
    told
}

/// The strategies that machines decide differently about, together where they do so alike.
fn apart(merged: &Merged) -> Vec<(&Overall, Vec<&str>)> {
    let mut groups: Vec<(&Overall, Vec<&str>)> = Vec::new();
    for found in facts::strongest_first(merged, |_| true) {
        if found.agree {
            continue;
        }
        match groups
            .iter_mut()
            .find(|(known, _)| known.decisions == found.decisions)
        {
            Some((_, strategies)) => strategies.push(&found.strategy),
            None => groups.push((found, vec![&found.strategy])),
        }
    }
    groups
}

/// What each machine decides.
pub(super) fn there(merged: &Merged, found: &Overall) -> String {
    let said = found.decisions.iter().map(|there| {
        let decision = there.decision.map_or_else(
            || "not compared".into(),
            |decision| format::decision(decision, &merged.baseline),
        );
        format!("{decision} on {}", there.machine)
    });
    said.collect::<Vec<_>>().join(", ")
}

/// The rows in which verdicts are opposite.
fn opposites(merged: &Merged) -> String {
    let Some(widest) = widest_apart(merged) else {
        return "No verdict of one is the opposite of another's.".into();
    };
    let examples = widest
        .iter()
        .take(NAMED_MAX)
        .map(|one| opposite(merged, one));
    let count = merged.differences.len();
    format!(
        "In {} a strategy's verdict HOLDS on one and is REJECTED on another{}: {}.",
        format::counted(count, "place", "places"),
        if count > NAMED_MAX {
            ", widest apart"
        } else {
            ""
        },
        examples.collect::<Vec<_>>().join("; ")
    )
}

fn widest_apart(merged: &Merged) -> Option<Vec<&Contradiction>> {
    let apart = |one: &Contradiction| {
        let medians = || one.ratios.iter().map(|there| there.ratio.median);
        medians().fold(0.0, f64::max) / medians().fold(f64::INFINITY, f64::min)
    };
    let mut all: Vec<&Contradiction> = merged.differences.iter().collect();
    all.sort_by(|a, b| apart(b).total_cmp(&apart(a)));
    (!all.is_empty()).then_some(all)
}

fn opposite(merged: &Merged, one: &Contradiction) -> String {
    let there = one.ratios.iter();
    let there = there.map(|there| format!("{} on {}", format::ratio(&there.ratio), there.machine));
    format!(
        "`{}` in {} {}",
        one.strategy,
        facts::label_of(merged, &one.scenario, one.metric),
        format::list(&there.collect::<Vec<_>>())
    )
}
