//! Recording the machine, and replaying what was recorded here or elsewhere.

use std::fs;

use model::workload::{What, Workload};

use super::{Command, Stdio, folder, pivot, refusal, streams};

const HEAD: &str = "{\"schema\":\"pivot-process-trace/1\"}\n";
const BORN: &str = "{\"at_ns\":5,\"event\":\"born\",\"pid\":7,\"start\":1,\"name\":\"<script>alert(1)</script>\"}\n";

#[cfg(target_os = "linux")]
#[test]
fn a_command_is_recorded_until_it_ends() {
    let folder = folder("record");
    let file = folder.join("t.csv");
    let out = file.to_str().unwrap();
    let recorded = pivot(&["record", "--out", out, "--every-ms", "1", "--names", "new"])
        .args(["--", "sh", "-c", "sleep 1"])
        .output()
        .unwrap();
    let (printed, err) = streams(&recorded);
    assert!(recorded.status.success(), "{err}");
    assert!(
        printed.contains("t.csv") && printed.contains("events"),
        "{printed}"
    );
    let workload = Workload::load(&file).unwrap();
    let named = |name: &str| {
        workload
            .entries
            .iter()
            .any(|entry| matches!(&entry.what, What::Born { name: Some(born) } if born == name))
    };
    assert!(named("sleep") || named("sh"), "{workload:?}");
    let left: Vec<_> = fs::read_dir(&folder).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing is left beside it: {left:?}");

    let failed = pivot(&["record", "--force", "--out", out, "--", "false"])
        .output()
        .unwrap();
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    assert!(streams(&failed).1.contains("what was recorded is in"));
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_recording_keeps_what_it_has() {
    let folder = folder("record-interrupted");
    let (file, marker) = (folder.join("t.jsonl"), folder.join("marker"));
    let child = pivot(&["record", "--out", file.to_str().unwrap(), "--", "sh", "-c"])
        .arg(format!("touch {}; exec sleep 600", marker.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !marker.exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(!Workload::load(&file).unwrap().entries.is_empty());
}

#[test]
fn what_cannot_be_recorded_is_refused_before_anything_runs() {
    let folder = folder("record-refused");
    let place = folder.to_str().unwrap();
    let error = refusal(&["record", "--out", place, "--", "true"]);
    assert!(error.contains("is a folder"), "{error}");
    assert!(error.contains("name a file in it"), "{error}");
    let below = folder.join("no/t.jsonl");
    let error = refusal(&["record", "--out", below.to_str().unwrap(), "--", "true"]);
    assert!(error.contains("there is no folder"), "{error}");
    let file = folder.join("t.jsonl");
    let error = refusal(&[
        "record",
        "--out",
        file.to_str().unwrap(),
        "--",
        "no-such-program",
    ]);
    assert!(error.contains("cannot run \"no-such-program\""), "{error}");
    let error = refusal(&["record", "--every-ms", "0"]);
    assert!(error.contains("--every-ms"), "{error}");
    assert!(!file.exists());
}

#[test]
fn traces_that_cannot_have_happened_are_refused_with_their_line() {
    let folder = folder("replay-refused");
    let file = folder.join("t.jsonl");
    let place = file.to_str().unwrap();
    for (text, what) in [
        (
            BORN.replace("born", "exit")
                .replace(",\"name\":\"<script>alert(1)</script>\"", ""),
            ":2: process 7 started at 1 is unknown",
        ),
        (
            format!("{BORN}{}", BORN.replace(":5", ":4").replace(":7", ":8")),
            ":3: at_ns = 4 goes back in time",
        ),
        (BORN.replace("<script>", "\\u001b[31m"), ":2: name = "),
        (
            BORN.replace("\"name\"", "\"<b>\\n\""),
            ":2: unknown field `<b>\\n`",
        ),
    ] {
        fs::write(&file, format!("{HEAD}{text}")).unwrap();
        let error = refusal(&["replay", place]);
        assert!(error.contains(&format!("t.jsonl{what}")), "{error}");
    }
    let error = refusal(&["replay", "no/such/trace.csv"]);
    assert!(
        error.contains("cannot read the process trace no/such/trace.csv"),
        "{error}"
    );
}

/// A job of a cluster: its identifier is beyond 2^32.
#[test]
fn wide_identifiers_are_replayed() {
    let file = folder("replay-wide").join("t.jsonl");
    let born = BORN.replace(":7", ":6251414911");
    let exit = "{\"at_ns\":9,\"event\":\"exit\",\"pid\":6251414911,\"start\":1}\n";
    fs::write(&file, format!("{HEAD}{born}{exit}")).unwrap();
    let place = file.to_str().unwrap();
    let replayed = pivot(&["replay", place, "--strategy", "^(mutex|atomics)/"])
        .output()
        .unwrap();
    let (out, err) = streams(&replayed);
    assert!(replayed.status.success(), "{err}");
    assert_eq!(out.matches("as the model's").count(), 4, "{out}");
}

#[test]
fn a_table_that_stores_nothing_is_told_from_one_that_does() {
    let folder = folder("replay");
    let file = folder.join("t.jsonl");
    fs::write(&file, format!("{HEAD}{BORN}")).unwrap();
    let place = file.to_str().unwrap();
    let replayed = pivot(&["replay", place, "--strategy", "^mutex/"])
        .output()
        .unwrap();
    let (out, err) = streams(&replayed);
    assert!(replayed.status.success(), "{err}");
    assert!(out.contains("as the model's"), "{out}");
    let replayed = pivot(&["replay", place, "--strategy", "^control/no-op$"])
        .output()
        .unwrap();
    let (_, err) = streams(&replayed);
    assert_eq!(replayed.status.code(), Some(1), "{err}");
    // Behind the lines about the progress.
    let last = err.lines().last().unwrap();
    assert!(
        last.contains("not kept: control/no-op, replay") && last.contains("is right"),
        "{err}"
    );
}

#[test]
fn verifying_replays_the_trace_that_is_shipped() {
    let arguments = ["verify", "--preset", "quick", "--strategy", "^mutex/std$"];
    let verified = pivot(&arguments)
        .args(["--format", "json"])
        .output()
        .unwrap();
    let (out, err) = streams(&verified);
    assert!(verified.status.success(), "{err}");
    let rows: serde_json::Value = serde_json::from_str(&out).unwrap();
    let mut rows = rows.as_array().unwrap().iter();
    let replayed = rows.find(|row| row["property"] == "replay (status-64B)");
    let evidence = replayed.expect("it is among the checks")["evidence"].as_str();
    assert!(
        evidence
            .is_some_and(|text| text.contains("of a process trace, each answered as by the model")),
        "{evidence:?}"
    );
}
