//! What is each machine's own: where it ran, what could have refuted it, and where the rest is.

use basis::environment::Environment;

use crate::results::{Merged, OneMachine};

use super::super::view::{Block, Page, Section, prose};
use super::super::{format, method, yardsticks};

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

pub(super) fn section(merged: &Merged) -> Section {
    let mut blocks = vec![prose(
        "Each folded part has one machine's environment, controls, warnings and protocol. Memory, the probes \
         under faults, flips along swept axes, predictions for more processors, evidence by instruction and \
         the strategies' cards are in the machine's own report.",
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
