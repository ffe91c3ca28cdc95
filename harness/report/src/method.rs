//! How it was measured, what limits it, where, and how to repeat it.

use minijinja::context;
use minijinja::value::{Serde, Value};

use results::{Machine, Results};

use super::draft::Draft;
use super::view::Section;

pub(super) fn section(results: &Results) -> Section {
    let first = &results.machines[0].protocol;
    Draft::new("method", results)
        .fact("window_ms", first.window_ns as f64 / 1e6)
        .of_each(|machine| {
            let cpus = machine.environment.cpus;
            let scenarios = machine.scenarios.iter();
            let crowded = scenarios.filter(|scenario| scenario.threads() > cpus);
            context! {
                protocol => Value::from(Serde(&machine.protocol)),
                environment => Value::from(Serde(&machine.environment)),
                oversubscribed => crowded.map(|one| one.title.clone()).collect::<Vec<_>>(),
            }
        })
        .section()
}

/// Makes the same report of the same samples.
const AGAIN: &str = "pivot report samples.jsonl";

/// Where it ran, with everything that could make it come out differently elsewhere.
pub(super) fn environment(results: &Results) -> Section {
    let is_alone = results.machines.len() == 1;
    Draft::new("environment", results)
        .fact("again", if is_alone { AGAIN } else { "pivot report ." })
        .of_each(environment_of)
        .section()
}

/// The environment of a machine, and what is made of it.
pub(super) fn environment_of(machine: &Machine) -> Value {
    let commit = match &machine.environment.commit {
        None => "not in a checkout".into(),
        Some(commit) if commit.dirty => format!("{}, with uncommitted changes", commit.id),
        Some(commit) => commit.id.clone(),
    };
    context! {
        environment => Value::from(Serde(&machine.environment)),
        settings => machine.environment.build.settings(),
        commit => commit,
    }
}
