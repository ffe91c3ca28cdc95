//! What is each machine's own: where it ran, what could have refuted it, and where the rest is.

use basis::environment::Environment;

use crate::results::{Merged, OneMachine};

use super::super::view::{Block, Page, Section, prose};
use super::super::{format, memory, method, yardsticks};

/// The lines under the title: each machine, its run, and what sets the runs apart beside the machine.
pub(super) fn conditions(merged: &Merged) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = merged
        .machines
        .iter()
        .map(|one| {
            let own = method::conditions(&one.results);
            let told = own.into_iter().map(|(_, value)| value);
            (one.machine.clone(), told.collect::<Vec<_>>().join("; "))
        })
        .collect();
    let apart = apart(merged);
    if !apart.is_empty() {
        lines.push(("Not alike".into(), apart.join("; ")));
    }
    lines
}

/// What belongs to a machine, so that it differs between any two.
const THE_MACHINES_OWN: [&str; 8] = [
    "caches",
    "cpu",
    "cpus",
    "governor",
    "hypervisor",
    "kernel",
    "memory_bytes",
    "threads_per_core",
];

/// What sets the first machine's run apart from the others', beside the machine.
fn apart(merged: &Merged) -> Vec<String> {
    let [first, others @ ..] = merged.machines.as_slice() else {
        return Vec::new();
    };
    let differences = |other: &OneMachine| -> Vec<String> {
        let (a, b) = (&first.results.environment, &other.results.environment);
        Environment::differences(a, b)
            .into_iter()
            .filter(|one| !THE_MACHINES_OWN.contains(&one.what.as_str()))
            .map(|one| format!("{one} ({} / {})", first.machine, other.machine))
            .collect()
    };
    others.iter().flat_map(differences).collect()
}

/// Figures of two machines that are further apart than this are not the same.
const SAME: f64 = 0.01;

/// What was counted, which is the same on every machine or nearly so: as on the first.
pub(super) fn memory(merged: &Merged) -> Section {
    let mut section = memory::section(&merged.machines[0].results);
    let first = &merged.machines[0];
    let apart = merged.machines[1..].iter().map(|other| {
        let (all, apart) = counted_apart(first, other);
        format!(
            "on {} {apart} of {all} are further from these than 1 %",
            other.machine
        )
    });
    let told = format!(
        "As counted on {}; {}. The machines' own reports have theirs.",
        first.machine,
        apart.collect::<Vec<_>>().join("; ")
    );
    section.blocks.insert(0, prose(told));
    section
}

/// How many counts two machines share, and how many of those are not the same.
fn counted_apart(a: &OneMachine, b: &OneMachine) -> (usize, usize) {
    let (mut all, mut apart) = (0, 0);
    for cell in a.results.cells.iter().filter(|cell| cell.metric.is_count()) {
        let Some(other) = b.results.cell(&cell.scenario, &cell.strategy, cell.metric) else {
            continue;
        };
        all += 1;
        let distance = (cell.median - other.median).abs();
        apart += usize::from(distance > SAME * cell.median.abs().max(other.median.abs()));
    }
    (all, apart)
}

pub(super) fn section(merged: &Merged) -> Section {
    let mut blocks = vec![prose(
        "Each folded part has one machine's environment, controls, warnings and protocol. The probes under \
         load and faults, flips along swept axes, predictions for more processors and evidence by \
         instruction are in the machine's own report.",
    )];
    blocks.extend(merged.machines.iter().map(page));
    Section {
        id: "machines",
        title: "Each machine by itself".into(),
        blocks,
    }
}

fn page(one: &OneMachine) -> Block {
    let results = &one.results;
    let runs: Vec<String> = one.runs.iter().map(|run| format!("`{run}`")).collect();
    let whose = if runs.len() == 1 {
        "Its own report, with all that is not here, is beside the samples of"
    } else {
        "Its samples are those of several runs, pooled:"
    };
    let parts = [
        yardsticks::section(results),
        method::section(results),
        method::environment(results),
    ];
    let blocks = parts.into_iter().flat_map(|part| {
        let title = Block::Heading { text: part.title };
        [title].into_iter().chain(part.blocks)
    });
    Block::Page(Page {
        id: format!("machine-{}", format::slug(&one.machine)),
        title: one.machine.clone(),
        gist: results.environment.machine().to_string(),
        blocks: [prose(format!("{whose} {}.", format::list(&runs)))]
            .into_iter()
            .chain(blocks)
            .collect(),
    })
}
