//! How it was measured, what limits it, where, and how to repeat it.

use basis::environment::{Build, Environment};

use crate::results::{Machine, Protocol};

use super::format;
use super::view::{Block, Cell, Column, Group, Row, Section, Table, prose};

pub(super) fn section(machine: &Machine) -> Section {
    Section {
        id: "method",
        title: "How it was measured, and what limits it".into(),
        blocks: vec![
            prose(protocol(machine)),
            Block::Heading {
                text: "Limits and biases known now".into(),
            },
            Block::List {
                items: limits(machine),
            },
        ],
    }
}

fn protocol(machine: &Machine) -> String {
    let protocol = &machine.protocol;
    format!(
        "A slice is one strategy at work in one scenario: an uncounted ramp, then a counted window of \
         {} ms during which all threads run, or longer where they take turns on the processors. Slices stand in blocks, the strategies in a seeded random \
         order with a slice of the baseline before and after each; a strategy is compared with the \
         geometric mean of these two neighbours, so a machine that drifts evenly cancels out. Here: {} \
         in {}, by up to {} per scenario, {} that could not be measured. Every process has another \
         stack and heap offset. The figure of a cell is the median over the processes of the medians \
         within them. A ratio is the same of slices compared with their neighbours, and not the quotient \
         of two medians that stand beside each other: those mix slices of different moments, and the two \
         differ where a lock has several modes. A slice in which no operation was finished counts as \
         infinitely slow; where more than a tenth are such, of a strategy or of the baseline, no \
         improvement is granted. An interval holds the medians that the sign test over the processes \
         does not reject, at 95 %; fewer than six processes have none, and `(a to b)` is their range \
         (fewer than eight have no 99 % interval). {} A verdict needs so many processes on one side of the \
         margin that the sign test is significant at 1 % for the whole run: corrected for {} (Holm) and \
         for {} at them (Bonferroni). Processes that all agree are as sure as their number, 2^(1-n), \
         whatever their spread. Where the baseline under a second name does not come out as 1.00, a \
         verdict has to clear the margin by what the row so errs by at worst; none is given where that is \
         more than the margin itself, or where the noise floor is wider than half of it. {} No value is removed for being large. \
         Counts of allocations and bytes are exact and have no interval. Ratios always say how many \
         times better: above 1 is an improvement.",
        format::significant(protocol.window_ns as f64 / 1e6),
        format::counted(protocol.slices, "slice", "slices"),
        format::counted(protocol.blocks, "block", "blocks"),
        format::counted(protocol.processes, "process", "processes"),
        protocol.failures,
        of_runs(protocol),
        format::counted(protocol.verdicts, "verdict", "verdicts"),
        format::counted(protocol.looks as usize, "look", "looks"),
        dropped(protocol)
    )
}

/// What an interval does not hold, or that it holds it.
fn of_runs(protocol: &Protocol) -> String {
    match protocol.runs {
        0 | 1 => "It is an interval of this run of this build: what another run on this machine would \
                  change, or another build by where its code lies, is not in it; a report of several \
                  runs together estimates that."
            .into(),
        runs => format!(
            "What the {runs} runs differ by beyond that was estimated for each row, over its strategies, \
             and is in the intervals and the verdicts."
        ),
    }
}

/// What was left out, and why.
fn dropped(protocol: &Protocol) -> String {
    if protocol.dropped == 0 {
        return "No block was dropped as disturbed.".into();
    }
    let because: Vec<String> = protocol
        .dropped_because
        .iter()
        .map(|(why, blocks)| format!("{blocks} because {why}"))
        .collect();
    format!(
        "Dropped as disturbed, whole and blind to what they measured: {} ({}).",
        format::counted(protocol.dropped, "block", "blocks"),
        format::list(&because)
    )
}

fn limits(machine: &Machine) -> Vec<String> {
    let environment = &machine.environment;
    let cpus = format::counted(environment.cpus, "processor", "processors");
    let mut limits = vec![format!(
        "{cpus}: what more of them would show, above all how lock words travel between many caches, is \
         not in these figures, and must not be extrapolated from them."
    )];
    let oversubscribed: Vec<String> = machine
        .scenarios
        .iter()
        .filter(|scenario| scenario.threads() > environment.cpus)
        .map(|scenario| scenario.title.clone())
        .collect();
    if !oversubscribed.is_empty() {
        limits.push(format!(
            "Oversubscribed: {}. These measure the scheduler, too: a thread that loses its processor \
             inside a lock stops everyone.",
            format::list(&oversubscribed)
        ));
    }
    if let Some(hypervisor) = &environment.hypervisor {
        limits.push(format!(
            "A virtual machine ({hypervisor}): its processors may be taken away at any moment."
        ));
    }
    limits.push(
        "The 95 % intervals that are shown hold each by itself: among many, a few miss by chance. The \
         verdicts are corrected for their number."
            .into(),
    );
    limits.push(format!(
        "One target ({}): other memory models and caches were not tried.",
        or_unknown(&environment.build.target)
    ));
    limits
}

/// Makes the same report of the same samples.
const AGAIN: &str = "pivot report samples.jsonl";

/// Where it ran, with everything that could make it come out differently elsewhere.
pub(super) fn environment(machine: &Machine) -> Section {
    let environment = &machine.environment;
    let mut blocks = vec![Block::Table(names_and_values(
        "Environment",
        &facts_of(environment),
    ))];
    if !environment.libraries.is_empty() {
        blocks.push(Block::Table(names_and_values(
            "Libraries under comparison",
            &environment.libraries,
        )));
    }
    blocks.push(Block::Heading {
        text: "Commands that repeat it".into(),
    });
    blocks.push(prose(
        "The first measures again, on your machine; the second makes this report again, byte for byte, \
         from the samples beside it.",
    ));
    if !environment.command.is_empty() {
        blocks.push(Block::Command {
            text: environment.command.clone(),
        });
    }
    blocks.push(Block::Command { text: AGAIN.into() });
    blocks.push(prose(
        "`samples.jsonl`, or packed `samples.jsonl.gz`, holds every slice, `results.json` every figure; \
         both are described in `reports/SCHEMA.md`.",
    ));
    Section {
        id: "environment",
        title: "Environment and commands".into(),
        blocks,
    }
}

fn names_and_values(caption: &str, pairs: &[(String, String)]) -> Table {
    let rows = pairs
        .iter()
        .map(|(name, value)| Row {
            head: name.clone(),
            cells: vec![Cell::text(value)],
            ..Row::default()
        })
        .collect();
    Table {
        caption: caption.into(),
        corner: "What".into(),
        columns: Column::titled(["Value"]),
        groups: vec![Group {
            title: String::new(),
            rows,
        }],
        notes: Vec::new(),
    }
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
