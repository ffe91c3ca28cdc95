//! Where machines do not come to the same.

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::environment::Environment;

use results::{Contradiction, Machine, Results};

use super::draft::Draft;
use super::facts;
use super::view::Section;

/// The rows in which one machine has the opposite verdict of another, and what sets their runs apart.
pub(super) fn section(results: &Results) -> Section {
    Draft::new("differences", results)
        .fact("rows", rows(results))
        .fact("not_alike", not_alike(results))
        .section()
}

/// Opposite verdicts, with the factor between the machines.
pub(super) fn rows(results: &Results) -> Vec<Value> {
    let row = |one: &Contradiction| {
        let medians = || one.ratios.iter().map(|there| there.ratio.median);
        let (most, least) = (
            medians().fold(0.0, f64::max),
            medians().fold(f64::INFINITY, f64::min),
        );
        context! {
            label => facts::label(&results.machines, &one.scenario, one.metric),
            factor => most / least,
            ..Value::from(Serde(one))
        }
    };
    results.differences.iter().map(row).collect()
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
    let first = &results.machines[0];
    let differences = |other: &Machine| -> Vec<String> {
        let differences = Environment::differences(&first.environment, &other.environment);
        let apart = differences.into_iter();
        apart
            .filter(|one| !THE_MACHINES_OWN.contains(&one.what.as_str()))
            .map(|one| format!("{one} ({} / {})", first.name, other.name))
            .collect()
    };
    let others = results.machines[1..].iter();
    others.flat_map(differences).collect()
}
