//! The documents: their links lead somewhere, their commands exist, their tables are complete.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

use super::{pivot, streams};

const DOCUMENTS: [&str; 10] = [
    "README.md",
    "benches/README.md",
    "benches/traces/README.md",
    "harness/README.md",
    "harness/locks/README.md",
    "reports/BIASES.md",
    "reports/METHOD.md",
    "reports/README.md",
    "reports/SCHEMA.md",
    "strategies/README.md",
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(document: &str) -> String {
    fs::read_to_string(workspace().join(document))
        .unwrap_or_else(|error| panic!("{document}: {error}"))
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_link_leads_to_a_file_and_to_a_heading() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    for document in DOCUMENTS {
        let text = text(document);
        let folder = workspace().join(document);
        for captures in link.captures_iter(&text) {
            let target = &captures[1];
            if target.contains("://") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = match path {
                "" => folder.clone(),
                path => folder.with_file_name(path),
            };
            assert!(path.exists(), "{document}: {target} does not exist");
            if !anchor.is_empty() {
                let headings = anchors(&fs::read_to_string(&path).unwrap());
                assert!(
                    headings.contains(anchor),
                    "{document}: {target} has no such heading"
                );
            }
        }
    }
}

#[test]
fn every_command_in_a_document_exists() {
    let command = Regex::new(r"(?m)^\s*cargo run (?:--release|--profile \w+) -- ([a-z]+)").unwrap();
    let documents = DOCUMENTS.map(text).concat();
    let names: BTreeSet<&str> = command
        .captures_iter(&documents)
        .filter_map(|captures| captures.get(1))
        .map(|name| name.as_str())
        .collect();
    assert!(names.contains("advise"), "{names:?}");
    for name in names {
        let output = pivot(&[name, "--help"]).output().unwrap();
        assert!(output.status.success(), "pivot {name} is no command");
    }
}

#[test]
fn the_table_of_strategies_has_all_of_them() {
    let output = pivot(&["list", "--format", "csv", "--scenario", "single-reader"])
        .output()
        .unwrap();
    let (listed, err) = streams(&output);
    assert!(output.status.success(), "{err}");
    let document = text("strategies/README.md");
    let strategies = listed
        .lines()
        .take_while(|line| !line.starts_with("scenario"));
    let names = strategies.skip(1).filter_map(|line| line.split(',').next());
    for name in names.filter(|name| name.contains('/') && !name.starts_with("control/")) {
        assert!(
            document.contains(&format!("`{name}`")),
            "strategies/README.md lacks {name}"
        );
    }
}

#[test]
fn the_readme_is_short_and_its_picture_is_of_its_table() {
    let readme = text("README.md");
    let lines = readme.lines().count();
    assert!(lines <= 150, "{lines} lines");
    let run = Regex::new(r"<!-- pivot:headline (\S+) -->").unwrap();
    let run = &run.captures(&readme).expect("the table names its run")[1];
    assert!(
        readme.contains(&format!("]({run}/plots/")),
        "no picture of {run}"
    );
}
