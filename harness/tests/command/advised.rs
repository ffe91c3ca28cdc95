//! Advice from the workload file to the decision record.

use std::fs;
use std::path::Path;

use super::{folder, pivot, refusal};

const WORKLOAD: &str = "name = \"tiny\"\n[table]\nrecords = 8\n[readers]\nthreads = 1\n";

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let file = path(folder, name);
    fs::write(&file, text).unwrap();
    file
}

#[test]
fn the_template_is_a_workload() {
    let output = pivot(&["advise", "--init"]).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("[needs]") && text.contains("records ="),
        "{text}"
    );
}

#[test]
fn contradictory_workloads_are_refused_before_anything_is_measured() {
    let folder = folder("advise-refused");
    let said = refusal(&["advise"]);
    assert!(said.contains("WORKLOAD.toml"), "{said}");
    let said = refusal(&["advise", &path(&folder, "none.toml")]);
    assert!(said.contains("none.toml"), "{said}");
    let contradictory = format!("{WORKLOAD}[needs]\nwriters_never_wait = true\n");
    let file = written(&folder, "bad.toml", &contradictory);
    let said = refusal(&["advise", &file]);
    assert!(
        said.contains("bad.toml") && said.contains("nobody writes"),
        "{said}"
    );
    let file = written(&folder, "good.toml", WORKLOAD);
    let said = refusal(&["advise", &file, "--adr", &file]);
    assert!(said.contains("--force"), "{said}");
    let said = refusal(&["advise", &file, "--strategy", "mutx"]);
    assert!(said.contains("did you mean mutex/"), "{said}");
}

#[test]
fn a_need_that_excludes_everybody_is_named_with_whom() {
    let folder = folder("advise-nobody");
    let needy = format!("{WORKLOAD}[writers]\nthreads = 1\n[needs]\nreaders_never_wait = true\n");
    let file = written(&folder, "needy.toml", &needy);
    let out = path(&folder, "out");
    let arguments = [
        "advise",
        &file,
        "--strategy",
        "^mutex/std$",
        "--out",
        &out,
        "--preset",
        "quick",
    ];
    let output = pivot(&arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    let last = said.lines().last().unwrap();
    assert!(
        last.contains("needy.toml") && last.contains("readers_never_wait excludes mutex/std"),
        "{said}"
    );
}

#[test]
fn a_workload_becomes_an_answer_and_a_decision_record() {
    let folder = folder("advise-answered");
    let file = written(&folder, "tiny.toml", WORKLOAD);
    let (out, record) = (path(&folder, "out"), path(&folder, "0001-table.md"));
    let arguments = [
        "advise",
        &file,
        "--strategy",
        "^rwlock/std$",
        "--preset",
        "quick",
        "--out",
        &out,
        "--adr",
        &record,
        "--format",
        "json",
    ];
    let output = pivot(&arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["schema"], "pivot-advice/1");
    let decision = told["conclusion"]["decision"].as_str().unwrap();
    assert!(
        ["adopt", "stay", "undecided"].contains(&decision),
        "{decision}"
    );
    assert_eq!(told["conclusion"]["candidates"][0], "rwlock/std");
    let first = fs::read_to_string(&record).unwrap();
    assert!(first.contains("## Decision"), "{first}");
    let samples = Path::new(&out).join("samples.jsonl");
    let before = fs::read(&samples).unwrap();

    // Nothing is measured again, and the record is overwritten on request.
    let again = [&arguments[..10], &["--resume", "--force", "--format", "md"]].concat();
    let output = pivot(&again).output().unwrap();
    assert!(
        output.status.success(),
        "{:?}",
        String::from_utf8(output.stderr)
    );
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("## What is lost")
    );
    assert_eq!(fs::read(&samples).unwrap(), before);
    assert_eq!(fs::read_to_string(&record).unwrap(), first);
}
