//! How it was measured, what limits it, where, and how to repeat it.

use model::environment::{Build, Environment};

use minijinja::context;
use minijinja::value::{Serde, Value};

use crate::results::{Machine, Results};

use super::draft::Draft;
use super::format;
use super::view::{Section, Table};

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
    Draft::new("environment", results)
        .fact(
            "again",
            if results.machines.len() == 1 {
                AGAIN
            } else {
                "pivot report ."
            },
        )
        .of_each(|machine| context! { command => machine.environment.command.as_str() })
        .table("environment", |machine| {
            pairs(&facts_of(&machine.environment))
        })
        .table("libraries", |machine| pairs(&machine.environment.libraries))
        .section()
}

fn pairs(pairs: &[(String, String)]) -> Table {
    let mut table = Table::default();
    pairs
        .iter()
        .for_each(|(name, value)| table.row([name, value]));
    table
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}

fn facts_of(environment: &Environment) -> Vec<(String, String)> {
    let optional =
        |value: &Option<String>, without: &str| value.clone().unwrap_or_else(|| without.to_owned());
    let build = &environment.build;
    [
        ("Started", or_unknown(&environment.started_at).to_owned()),
        ("Processor", or_unknown(&environment.cpu).to_owned()),
        (
            "Processors that the run may use",
            environment.cpus.to_string(),
        ),
        (
            "Threads per core",
            environment
                .threads_per_core
                .map_or_else(|| "unknown".into(), |n| n.to_string()),
        ),
        (
            "Caches",
            or_unknown(&environment.caches.join(", ")).to_owned(),
        ),
        ("Hypervisor", optional(&environment.hypervisor, "none seen")),
        (
            "Frequency governor",
            optional(&environment.governor, "not shown"),
        ),
        (
            "Memory",
            environment.memory_bytes.map_or_else(
                || "unknown".into(),
                |bytes| {
                    format!(
                        "{} GiB",
                        format::significant(bytes as f64 / f64::from(1 << 30))
                    )
                },
            ),
        ),
        ("System", or_unknown(&environment.kernel).to_owned()),
        (
            "Load before the run",
            environment
                .load_before
                .map_or_else(|| "unknown".into(), |load| format!("{load:.2}")),
        ),
        ("Compiler", or_unknown(&build.rustc).to_owned()),
        ("Target", or_unknown(&build.target).to_owned()),
        ("Profile", build.settings()),
        ("Allocator", or_unknown(&environment.allocator).to_owned()),
        ("Hasher", or_unknown(&environment.hasher).to_owned()),
        ("Preset", or_unknown(&environment.preset).to_owned()),
        ("Seed", environment.seed.to_string()),
        ("Commit", commit(environment)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn commit(environment: &Environment) -> String {
    environment.commit.as_ref().map_or_else(
        || "not in a checkout".into(),
        |commit| {
            let dirty = if commit.dirty {
                ", with uncommitted changes"
            } else {
                ""
            };
            format!("{}{dirty}", commit.id)
        },
    )
}

/// The profile, and how to see what another one changes.
fn build(build: &Build) -> String {
    let other = match build.profile.as_str() {
        "stock" => "release",
        _ => "stock",
    };
    format!(
        "profile {}; another profile can turn verdicts round: `cargo run --profile {other} -- run --out OTHER`, \
         then `pivot report` of both runs names the verdicts that flip and what was not inlined",
        build.settings()
    )
}

/// Enough to judge whether the run is comparable.
pub(super) fn conditions(machine: &Machine) -> Table {
    let environment = &machine.environment;
    let mut table = Table::default();
    table.row([
        "Machine".into(),
        format!(
            "{}, {}, {}",
            or_unknown(&environment.cpu),
            format::counted(environment.cpus, "processor", "processors"),
            or_unknown(&environment.kernel)
        ),
    ]);
    table.row([
        "Versions".into(),
        format!(
            "{}, pivot {}, commit {}",
            or_unknown(&environment.build.rustc),
            env!("CARGO_PKG_VERSION"),
            commit(environment)
        ),
    ]);
    table.row(["Build".into(), build(&environment.build)]);
    table.row([
        "Run".into(),
        format!(
            "{}, preset {}, seed {}",
            or_unknown(&environment.started_at),
            or_unknown(&environment.preset),
            environment.seed
        ),
    ]);
    table.row([
        "Command".into(),
        format!("`{}`", or_unknown(&environment.command)),
    ]);
    table
}
