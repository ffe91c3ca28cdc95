//! The command as its user meets it: bad input gets one line and exit code 2, an interrupted run
//! keeps and reports what it measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use harness::results::Results;
use harness::sample::{self, Line};

fn pivot(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pivot"));
    command
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    command
}

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The one line on standard error of a command that ends with exit code 2.
fn refusal(arguments: &[&str]) -> String {
    let output: Output = pivot(arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert_eq!(said.lines().count(), 1, "one line, and not: {said}");
    assert!(output.stdout.is_empty(), "nothing on standard output");
    said
}

#[test]
fn bad_options_are_told_what_would_be_right() {
    let said = refusal(&["run", "--strategy", "mutx"]);
    assert!(said.contains("did you mean mutex/"), "{said}");
    let said = refusal(&["run", "--scenario", "singel-reader"]);
    assert!(said.contains("did you mean single-reader?"), "{said}");
    let said = refusal(&["--preset", "fast"]);
    assert!(said.contains("quick, default, full"), "{said}");
    let said = refusal(&["run", "--baseline", "mutex"]);
    assert!(said.contains("mutex/std"), "{said}");
    let said = refusal(&["run", "--strategy", "("]);
    assert!(said.contains("not a regular expression"), "{said}");
    let said = refusal(&["--sed", "1"]);
    assert!(said.contains("--seed"), "{said}");
    let said = refusal(&["measure", "--seed", "-3"]);
    assert!(said.contains("--seed"), "{said}");
}

#[test]
fn bad_scenario_files_are_named_with_line_and_column() {
    let folder = folder("scenarios");
    let refused = |text: &str| {
        fs::write(folder.join("bad.toml"), text).unwrap();
        refusal(&["run", "--scenarios", folder.to_str().unwrap()])
    };
    let head = "name = \"x\"\ntitle = \"X\"\nquestion = \"?\"\n";
    let said = refused(&format!("{head}processes = \n"));
    assert!(said.contains("bad.toml:4:13"), "{said}");
    let said = refused(&format!("{head}processes = 4\nprocesess = 4\n"));
    assert!(
        said.contains("bad.toml:5:1") && said.contains("processes"),
        "{said}"
    );
    let group = "[[groups]]\ndoes = \"read\"\nthreads = 1\n";
    let said = refused(&format!("{head}processes = 0\n{group}"));
    assert!(said.contains("between 1 and"), "{said}");
    let said = refused(&format!("{head}processes = 4\n{group}every_us = nan\n"));
    assert!(said.contains("every_us"), "{said}");
    let said = refused(&format!(
        "{head}processes = 4\n[[groups]]\ndoes = \"sing\"\nthreads = 1\n"
    ));
    assert!(
        said.contains("bad.toml:6:8") && said.contains("`scan`"),
        "{said}"
    );
    let said = refused(&format!(
        "{head}processes = 4\n[[groups]]\ndoes = \"read\"\nthreads = 0\n"
    ));
    assert!(said.contains("at least 1 thread"), "{said}");
    let said = refused(&format!("{head}processes = 4\n"));
    assert!(said.contains("groups"), "{said}");
}

#[test]
fn unusable_folders_are_refused_before_anything_is_measured() {
    let file = folder("unusable").join("file");
    fs::write(&file, "not a folder").unwrap();
    let said = refusal(&["run", "--out", file.join("below").to_str().unwrap()]);
    assert!(said.contains("cannot create"), "{said}");
    let said = refusal(&["run", "--scenarios", file.to_str().unwrap()]);
    assert!(said.contains("cannot read the scenario folder"), "{said}");
    let said = refusal(&["report", file.to_str().unwrap()]);
    assert!(said.contains("file:1:"), "{said}");
}

#[test]
fn everything_is_listed() {
    let output = pivot(&["list", "--format", "json"]).output().unwrap();
    assert!(output.status.success());
    let listed = String::from_utf8(output.stdout).unwrap();
    for name in [
        "mutex/std",
        "channel/std-mpsc",
        "atomics/seqlock",
        "hybrid/sync-map",
        "ten-readers",
    ] {
        assert!(listed.contains(name), "{name} is missing");
    }
}

/// Waits until the sample file has `count` slices, or the command has ended.
fn wait_for_slices(samples: &Path, count: usize, child: &mut Child) {
    let slices = || {
        let text = fs::read_to_string(samples).unwrap_or_default();
        text.matches("\"kind\":\"slice\"").count()
    };
    while slices() < count && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_keeps_and_reports_what_it_measured() {
    let folder = folder("interrupted");
    let out = folder.to_str().unwrap();
    let mut child = pivot(&[
        "measure",
        "--strategy",
        "^rwlock/",
        "--scenario",
        "^single",
        "--out",
        out,
    ])
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let samples = folder.join("samples.jsonl");
    wait_for_slices(&samples, 12, &mut child);
    Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("interrupted: what was measured so far is kept"),
        "{said}"
    );

    let lines = sample::read(&samples).unwrap().lines;
    assert!(
        lines
            .iter()
            .filter(|line| matches!(line, Line::Slice(_)))
            .count()
            >= 12
    );
    assert!(!lines.contains(&Line::Complete));

    let output = pivot(&["report", out]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = fs::read_to_string(folder.join("results.json")).unwrap();
    let results: Results = serde_json::from_str(&text).unwrap();
    assert!(results.partial);
    for strategy in ["mutex/std", "rwlock/std", "rwlock/parking_lot"] {
        for metric in [
            "read_ns",
            "alloc_bytes_read",
            "allocs_read",
            "alloc_bytes_write",
            "allocs_write",
        ] {
            let found = results
                .cells
                .iter()
                .any(|cell| cell.strategy == strategy && cell.metric.name() == metric);
            assert!(found, "{strategy} has no {metric}");
        }
    }
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(
        page.contains("partial"),
        "a reader is told that the run was cut short"
    );
}
