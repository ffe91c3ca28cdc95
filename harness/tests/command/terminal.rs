//! What the command prints: to a full, closed or narrow device, and what it refuses.

use std::fs::{self, OpenOptions};
use std::process::Stdio;

use super::{folder, pivot, refusal, streams};

const HISTORY: &str = "{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":1}\n\
                       {\"process\":0,\"type\":\"ok\",\"f\":\"write\",\"value\":1}\n";

fn full() -> Stdio {
    OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap()
        .into()
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_no_panic() {
    let file = folder("full").join("history.jsonl");
    fs::write(&file, HISTORY).unwrap();
    let history = file.to_str().unwrap();
    for arguments in [
        &["check", history][..],
        &["list"],
        &["explain", "mutex/std"],
        &["advise", "--init"],
        &["predict", "--alone", "10"],
        &["--help"],
        &["list", "--help"],
        &["--version"],
    ] {
        let output = pivot(arguments).stdout(full()).output().unwrap();
        let (_, err) = streams(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {err}");
        assert!(err.contains("cannot write to standard output"), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
    }
    // Nobody hears the complaint, and the exit code still says it.
    for arguments in [
        &["check", "no-such-file"][..],
        &["list", "--strategy", "nosuch"],
        &["--nosuch"],
        &["replay", "no-such-file"],
        &["diff", "no-such-run", "no-such-run"],
    ] {
        let status = pivot(arguments).stdout(full()).stderr(full()).status();
        assert_eq!(status.unwrap().code(), Some(2), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_early_is_no_fault() {
    for arguments in [&["list"][..], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = pivot(arguments).stdout(writer).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(streams(&output).1, "");
    }
}

#[test]
fn what_is_listed_fits_a_hundred_columns() {
    let output = pivot(&["list"]).output().unwrap();
    let (out, _) = streams(&output);
    let longest = out.lines().map(|line| line.chars().count()).max();
    assert!(
        longest.is_some_and(|columns| columns <= 100),
        "{longest:?}\n{out}"
    );
    assert!(
        out.contains("atomics/seqlock") && out.contains("single-reader"),
        "{out}"
    );
}

#[test]
fn a_strategy_is_explained_and_a_near_miss_gets_one_suggestion() {
    let output = pivot(&["explain", "hybrid/cells"]).output().unwrap();
    let (out, _) = streams(&output);
    assert!(output.status.success(), "{output:?}");
    for part in [
        "hybrid/cells: ",
        "read consistency",
        "library",
        "How it works",
        "When not to use it",
        "How to adopt",
        "podtable = { path =",
        "What does not translate",
    ] {
        assert!(out.contains(part), "{part} is missing: {out}");
    }
    let error = refusal(&["explain", "hybrid/cell"]);
    assert_eq!(error.matches("did you mean").count(), 1, "{error}");
    assert!(error.contains("did you mean hybrid/cells?"), "{error}");
    let error = refusal(&["explain", "zookeeper"]);
    assert!(!error.contains("did you mean"), "{error}");
}

#[test]
fn options_that_mean_nothing_are_refused() {
    let folder = folder("meaningless");
    let error = refusal(&["list", "--baseline", "nosuch"]);
    assert!(error.contains("\"nosuch\""), "{error}");
    let error = refusal(&["report", "reports/2026-11-28-epyc-2cpu", "--record="]);
    assert!(error.contains("--record=\"\""), "{error}");
    let error = refusal(&["selftest", "--runs", "0"]);
    assert!(error.contains("--runs"), "{error}");
    let empty = folder.join("assumptions.toml");
    fs::write(&empty, "").unwrap();
    let error = refusal(&["run", "--assumptions", empty.to_str().unwrap()]);
    assert!(error.contains("no [[assumption]]"), "{error}");
    let misspelt = "[[assumption]]\nid = \"a\"\nclaim = \"b\"\ncheck = \"dedlock\"\n";
    fs::write(&empty, misspelt).unwrap();
    let error = refusal(&["run", "--assumptions", empty.to_str().unwrap()]);
    assert!(
        error.contains("\"dedlock\", which does not exist"),
        "{error}"
    );
    let error = refusal(&["predict", "--alone", "1e300"]);
    assert!(
        error.contains("0.1 ns to 1 s") && error.len() < 200,
        "{error}"
    );
    let error = refusal(&["predict", "--alone", "1", "--lines", "17"]);
    assert!(error.contains("'17' for '--lines <N>'"), "{error}");
    let negative = "name = \"x\"\ntitle = \"X\"\nquestion = \"?\"\nprocesses = -1\n";
    fs::write(folder.join("bad.toml"), negative).unwrap();
    fs::remove_file(&empty).unwrap();
    let error = refusal(&["run", "--scenarios", folder.to_str().unwrap()]);
    assert!(
        error.contains("expected a whole number, not negative"),
        "{error}"
    );
}

#[test]
fn a_scenario_that_takes_for_ever_is_refused_with_how_long() {
    let folder = folder("for-ever");
    let scenario = "name = \"x\"\ntitle = \"X\"\nquestion = \"?\"\nprocesses = 4\n\
                    operations = 100000000000000\n[[groups]]\ndoes = \"read\"\nthreads = 1\n";
    fs::write(folder.join("x.toml"), scenario).unwrap();
    let place = folder.to_str().unwrap();
    let error = refusal(&[
        "run",
        "--strategy",
        "^mutex/std$",
        "--scenarios",
        place,
        "--out",
        place,
    ]);
    assert!(
        error.contains("100000000000000 operations take at least 6 days"),
        "{error}"
    );
    assert!(error.contains(" days in all"), "{error}");
}

#[test]
fn samples_that_show_nothing_are_no_errors_of_the_statistics() {
    let folder = folder("selftest");
    let few = ["\"process\":0,", "\"process\":1,", "\"process\":2,"];
    let samples = super::recorded(&folder, "few.jsonl", |line| {
        few.iter().any(|process| line.contains(process))
    });
    let error = refusal(&["selftest", samples.to_str().unwrap()]);
    assert!(error.contains("few.jsonl: too few samples"), "{error}");
}
