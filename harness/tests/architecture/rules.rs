//! Who may use whom.

/// What a crate may use of the workspace. A crate is called by its folder below `strategies/` or `harness/`.
pub(crate) struct Layer {
    name: &'static str,
    may_use: &'static [&'static str],
    /// What its tests and benches may use, too.
    tests: &'static [&'static str],
}

/// Every crate below `strategies/` that has no row of its own: one article per alternative to the mutex.
const STRATEGY: &str = "a strategy";

/// Invented runs and damaged files.
const FIXTURES: &str = "tests/fixtures";

const fn layer(
    name: &'static str,
    may_use: &'static [&'static str],
    tests: &'static [&'static str],
) -> Layer {
    Layer {
        name,
        may_use,
        tests,
    }
}

/// From the bottom to the top.
#[rustfmt::skip]
const LAYERS: &[Layer] = &[
    // What a strategy is, what it is built with and how it is checked. None of it knows the harness.
    layer("contract", &[], &[]),
    layer("support", &["contract"], &[]),
    layer("histories", &[], &[]),
    // Libraries of their own: they are published alone.
    layer("podtable", &[], &[]),
    layer("biased", &[], &[]),
    layer("locks/record", &[], &[]),
    layer("conformance", &["contract", "histories"], &[]),
    layer(STRATEGY, &["contract", "support", "podtable", "biased"], &["conformance"]),
    layer("recipes", &[], &["contract", "podtable", "biased", STRATEGY]),
    // What knows no strategy: files and their words, numbers, the machine.
    layer("model", &["contract"], &[]),
    layer("trap", &[], &[]),
    layer("stats", &["model"], &[]),
    layer("recorder", &["model"], &[]),
    layer("predict", &["model", "stats"], &[]),
    layer("locks", &["model", "stats"], &["locks/record"]),
    // The list of strategies, and what is compiled for each of them.
    layer("registry", &["contract", "model", STRATEGY], &[]),
    layer("measure", &["contract", "conformance", "model", "registry"], &[STRATEGY]),
    layer("experiments", &["contract", "conformance", "model", "registry"], &[STRATEGY]),
    layer("trace", &["contract", "conformance", "model", "registry", "trap"], &["support", STRATEGY]),
    // What judges and reports: it calls no strategy and no clock.
    layer("results", &["model", "stats", "predict"], &[]),
    layer("analysis", &["contract", "model", "stats", "predict", "results"], &["registry", FIXTURES]),
    layer("advice", &["contract", "model", "predict", "results", "analysis", "locks"], &[FIXTURES]),
    layer("report", &["model", "results", "advice", "recipes", "locks"], &["analysis", "contract", "predict", FIXTURES]),
    layer("history", &["contract", "histories", "conformance", "model"], &[FIXTURES]),
    layer(FIXTURES, &["contract", "model"], &[]),
    // The command: arguments, stages and workers.
    layer("harness", &[
        "contract", "conformance", "model", "stats", "recorder", "predict", "registry",
        "measure", "experiments", "trace", "results", "analysis", "advice", "report", "history", "recipes",
        "locks",
    ], &[FIXTURES]),
    layer("benches/shared", &["contract", "model", "registry"], &[STRATEGY]),
    layer("benches", &[], &["contract", "histories", "podtable", STRATEGY, "registry", "benches/shared"]),
];

/// Arrows that the table forbids, each with the reason why it is there.
pub(crate) const EXCEPTIONS: [(&str, &str, &str); 0] = [];

/// Whether the crate of one folder may use that of another.
pub(crate) fn allows(from: &str, to: &str, is_for_tests: bool) -> bool {
    let row = row(from).unwrap_or_else(|| panic!("{from} has no row in the table of layers"));
    let to = row_name(to);
    row.may_use.contains(&to) || is_for_tests && row.tests.contains(&to)
}

fn row(folder: &str) -> Option<&'static Layer> {
    let name = row_name(folder);
    LAYERS.iter().find(|layer| layer.name == name)
}

fn row_name(folder: &str) -> &str {
    let strategy = folder.strip_prefix("strategies/");
    let name = strategy.or_else(|| folder.strip_prefix("harness/"));
    let name = name.unwrap_or(folder);
    let has_row = LAYERS.iter().any(|layer| layer.name == name);
    match strategy {
        Some(_) if !has_row => STRATEGY,
        _ => name,
    }
}

/// What the files of a folder may not use, besides what their crate may not.
pub(crate) struct Folder {
    pub(crate) folder: &'static str,
    pub(crate) forbidden: &'static [&'static str],
}

pub(crate) const FOLDERS: [Folder; 3] = [
    // From samples to results, whatever the time is.
    Folder {
        folder: "harness/analysis/src",
        forbidden: &["model::clock"],
    },
    // Sees results and nothing else.
    Folder {
        folder: "harness/report/src",
        forbidden: &["model::clock", "model::sample", "contract", "predict"],
    },
    // What it shows is judged elsewhere.
    Folder {
        folder: "harness/src/cli",
        forbidden: &["stats"],
    },
];
