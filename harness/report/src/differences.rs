//! Where machines do not come to the same.

use model::environment::Environment;

use results::{Contradiction, Machine, Results};

use super::draft::Draft;
use super::view::{Cell, Column, Group, Row, Section, Table};
use super::{facts, format};

/// The rows in which one machine has the opposite verdict of another, and what sets their runs apart.
pub(super) fn section(results: &Results) -> Section {
    let machines = results.machines.iter();
    let machines = machines.map(|machine| Column::new(&machine.name, ""));
    let is_of_builds = results.differences.iter().any(|one| !one.called.is_empty());
    let inlined = is_of_builds.then(|| {
        Column::new(
            "Not inlined",
            "functions that one build calls and another has inlined",
        )
    });
    let rows = results.differences.iter();
    let rows = rows.map(|one| difference(results, one, is_of_builds));
    let table = Table::of([Group::new("", rows)]).columns(machines.chain(inlined));
    Draft::new("differences", results)
        .fact("not_alike", not_alike(results))
        .shared_table("table", table)
        .section()
}

fn difference(results: &Results, one: &Contradiction, is_of_builds: bool) -> Row {
    let there = results.machines.iter().map(|machine| {
        let mut ratios = one.ratios.iter();
        let Some(there) = ratios.find(|there| there.machine == machine.name) else {
            return Cell::absent("not measured");
        };
        let tone = format::verdict_tone(there.ratio.verdict);
        Cell::figure(format::ratio(&there.ratio)).judged(facts::verdict(&there.ratio), tone)
    });
    let label = facts::labels(results, &[one.row()]).concat();
    let called = is_of_builds.then(|| Cell::text(not_inlined(results, one)));
    let cells = [Cell::text(label)].into_iter().chain(there).chain(called);
    Row::named(&one.strategy, cells.collect())
}

/// Each build with what it calls and another does not.
fn not_inlined(results: &Results, one: &Contradiction) -> String {
    let of = |machine: &str, strategy: &str, names: &[String]| {
        (!names.is_empty()).then(|| format!("{machine}, {strategy}: {}", names.join(", ")))
    };
    let all = one.called.iter().flat_map(|there| {
        [
            of(&there.machine, &one.strategy, &there.by_strategy),
            of(&there.machine, &results.baseline, &there.by_baseline),
        ]
    });
    let told: Vec<String> = all.flatten().collect();
    if told.is_empty() {
        return "the same functions are called in all".into();
    }
    told.join("; ")
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
fn not_alike(results: &Results) -> Vec<String> {
    let (first, others) = results
        .machines
        .split_first()
        .expect("there is one at least");
    let differences = |other: &Machine| -> Vec<String> {
        let differences = Environment::differences(&first.environment, &other.environment);
        let apart = differences.into_iter();
        apart
            .filter(|one| !THE_MACHINES_OWN.contains(&one.what.as_str()))
            .map(|one| format!("{one} ({} / {})", first.name, other.name))
            .collect()
    };
    others.iter().flat_map(differences).collect()
}
