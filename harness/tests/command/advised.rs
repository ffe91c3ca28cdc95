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
    let error = refusal(&["advise"]);
    assert!(error.contains("WORKLOAD.toml"), "{error}");
    let error = refusal(&["advise", &path(&folder, "none.toml")]);
    assert!(error.contains("none.toml"), "{error}");
    let contradictory = format!("{WORKLOAD}[needs]\nwriters_never_wait = true\n");
    let file = written(&folder, "bad.toml", &contradictory);
    let error = refusal(&["advise", &file]);
    assert!(
        error.contains("bad.toml") && error.contains("no thread writes"),
        "{error}"
    );
    let file = written(&folder, "good.toml", WORKLOAD);
    let error = refusal(&["advise", &file, "--adr", &file]);
    assert!(error.contains("--force"), "{error}");
    let error = refusal(&["advise", &file, "--strategy", "mutx"]);
    assert!(error.contains("did you mean mutex/"), "{error}");
    let error = refusal(&["advise", &file, "--baseline", "control/no-op"]);
    assert!(error.contains("control/no-op is a control"), "{error}");
}

#[test]
fn needs_that_nobody_meets_are_refused_with_whom_each_excludes() {
    let folder = folder("advise-nobody");
    let needy = format!("{WORKLOAD}[writers]\nthreads = 1\n[needs]\nreaders_never_wait = true\n");
    let file = written(&folder, "needy.toml", &needy);
    let out = path(&folder, "out");
    let error = refusal(&["advise", &file, "--strategy", "^mutex/std$", "--out", &out]);
    assert!(
        error.contains("needy.toml") && error.contains("readers_never_wait excludes mutex/std"),
        "{error}"
    );
    assert!(
        error.contains("give one up, without readers_never_wait: mutex/std"),
        "{error}"
    );
    assert!(!Path::new(&out).exists(), "nothing is written");
    // Two needs that contradict each other among all strategies there are.
    let both = format!(
        "{WORKLOAD}[scanners]\nthreads = 1\n[writers]\nthreads = 2\n[needs]\nreaders_never_wait = true\n\
         writers_never_wait = true\nsnapshot_scans = true\nbounded_memory = true\n\
         survives_dead_thread = true\nsurvives_panic = true\nlinearizable = true\n"
    );
    let file = written(&folder, "both.toml", &both);
    let error = refusal(&[
        "advise",
        &file,
        "--strategy",
        "^(mutex|epoch)/",
        "--out",
        &out,
    ]);
    assert!(
        error.contains("snapshot_scans excludes epoch/per-process")
            && error.contains("bounded_memory excludes epoch/table"),
        "{error}"
    );
    assert!(
        error.contains("without bounded_memory: epoch/table"),
        "{error}"
    );
    assert!(!Path::new(&out).exists(), "nothing is written");
}

#[test]
fn an_earlier_advice_that_is_none_or_another_is_refused() {
    let folder = folder("advise-against");
    let file = written(&folder, "good.toml", WORKLOAD);
    let out = path(&folder, "out");
    let against = |place: &str| refusal(&["advise", &file, "--against", place, "--out", &out]);
    let error = against(&path(&folder, "none.json"));
    assert!(error.contains("none.json"), "{error}");
    let error = against(&written(&folder, "other.json", "{\"a\":1}"));
    assert!(error.contains("is no advice.json"), "{error}");
    let text = format!(
        "{{\"schema\":\"pivot-advice/5\",\"baseline\":\"mutex/std\",\"workload\":{{\"name\":\"x\",\
         \"table\":{{\"records\":8}},\"readers\":{{\"threads\":2}}}},\"conclusion\":{}}}",
        "{\"decision\":\"stay\",\"trades\":[]}"
    );
    let error = against(&written(&folder, "another.json", &text));
    assert!(error.contains("another workload"), "{error}");
    assert!(!Path::new(&out).exists(), "nothing is written");
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
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["schema"], "pivot-advice/5");
    let decision = document["conclusion"]["decision"].as_str().unwrap();
    assert!(
        ["stay", "undecided"].contains(&decision),
        "preset quick decides nothing: {decision}"
    );
    assert!(
        stderr.contains("preset quick cannot decide this: --preset default can, in 3 minutes"),
        "{stderr}"
    );
    assert_eq!(document["conclusion"]["candidates"][0], "rwlock/std");
    assert_is_documented(&document);
    let first = fs::read_to_string(&record).unwrap();
    assert!(first.contains("## Decision"), "{first}");
    // The page opens with the advice, and not with the use cases of a run.
    let page = fs::read_to_string(Path::new(&out).join("report.html")).unwrap();
    let headings: Vec<&str> = page.matches("<h1 id=\"advice\">").collect();
    assert_eq!(headings.len(), 1);
    let samples = Path::new(&out).join("samples.jsonl");
    let before = fs::read(&samples).unwrap();

    // Nothing is measured again, and the record is overwritten on request.
    let again = ["--resume", "--force", "--format", "md", "--against", &out];
    let again = [&arguments[..10], &again].concat();
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

fn recording(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/recordings");
    path(&folder, name)
}

#[test]
fn a_lock_that_does_not_matter_is_left_without_measuring() {
    let folder = folder("advise-left");
    let (service, out) = (recording("session-service.json"), path(&folder, "out"));
    let record = path(&folder, "0002-lock.md");
    let arguments = [
        "advise", &service, "--lock", "counters", "--out", &out, "--adr", &record,
    ];
    let output = pivot(&arguments)
        .args(["--format", "json"])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let conclusion = &document["conclusion"];
    assert_eq!(conclusion["decision"], "stay");
    assert_eq!(conclusion["program"]["verdict"], "leave");
    let answer = document["advice"]["answer"][0].as_str().unwrap();
    assert!(answer.starts_with("Leave it: a free lock"), "{answer}");
    assert_is_documented(&document);
    assert!(!Path::new(&out).exists(), "nothing was measured");
    let record = fs::read_to_string(&record).unwrap();
    assert!(record.contains("Leave it"), "{record}");
    // As a table, too.
    let output = pivot(&arguments[..4]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("Leave it"), "{text}");
}

#[test]
fn recordings_and_locks_that_are_none_are_refused() {
    let folder = folder("advise-recording-refused");
    let service = recording("session-service.json");
    let error = refusal(&["advise", &service, "--lock", "session"]);
    assert!(error.contains("is none of sessions, "), "{error}");
    let cut_off = fs::read_to_string(&service).unwrap();
    let cut_off = written(&folder, "cut.json", &cut_off[..cut_off.len() / 2]);
    let error = refusal(&["advise", &cut_off]);
    assert!(error.contains("cut.json:"), "{error}");
    let error = refusal(&["advise", &written(&folder, "x.json", "{\"a\": 1}")]);
    assert!(error.contains("not a recording of locks"), "{error}");
    let workload = written(&folder, "good.toml", WORKLOAD);
    let error = refusal(&["advise", &workload, "--lock", "sessions"]);
    assert!(error.contains("this is a workload file"), "{error}");
    let error = refusal(&["advise", &workload, "--init"]);
    assert!(error.contains("this is a workload file"), "{error}");
    // What no strategy is, is refused by name.
    let queue = recording("job-queue.json");
    let out = path(&folder, "out");
    let error = refusal(&["advise", &queue, "--lock", "jobs", "--out", &out]);
    assert!(error.contains("the lock jobs: "), "{error}");
    assert!(error.contains("is not measured"), "{error}");
    // A wrong guess is corrected in the file, which is kept.
    let kept = path(Path::new(&out), "workload.toml");
    assert!(
        error.contains("EDIT") && error.contains("workload.toml"),
        "{error}"
    );
    let text = fs::read_to_string(&kept).unwrap();
    assert!(text.contains("shape = \"queue\"  # EDIT"), "{text}");
    // To leave a lock as it is nothing is measured that could be resumed or compared.
    for option in [&["--resume"][..], &["--against", "none.json"]] {
        let arguments = [&["advise", &service, "--lock", "counters"], option].concat();
        let error = refusal(&arguments);
        assert!(error.contains(option[0]), "{error}");
        assert!(error.contains("nothing is measured"), "{error}");
    }
}

#[test]
fn a_recorded_lock_becomes_a_workload_and_an_answer() {
    let folder = folder("advise-recorded");
    let (service, out) = (recording("session-service.json"), path(&folder, "out"));
    let strategy = [
        "--strategy",
        "^rwlock/std$",
        "--preset",
        "quick",
        "--format",
        "json",
    ];
    let output = pivot(&["advise", &service, "--out", &out])
        .args(strategy)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_is_documented(&document);
    let program = &document["conclusion"]["program"];
    assert_eq!(program["lock"], "sessions");
    assert_eq!(program["verdict"], "shorten");
    assert_eq!(document["workload"]["mixed"]["threads"], 2);
    // The program was played, and what several processes compared is predicted.
    let cells = fs::read_to_string(Path::new(&out).join("cells.csv")).unwrap();
    assert!(
        cells.contains("\nsessions-in-program,rwlock/std,operation_ns,"),
        "{cells}"
    );
    for gain in program["gains"].as_array().unwrap() {
        let [low, high] = ["low", "high"].map(|end| gain[end].as_f64().unwrap());
        assert!(low <= high && high <= program["bound"].as_f64().unwrap());
        let mut rows = document["evidence"].as_array().unwrap().iter();
        let row = rows.find(|row| row["strategy"] == gain["strategy"]);
        let printed = row.unwrap()["program"].as_str().unwrap();
        assert!(printed.contains(" % to "), "{printed}");
    }
    let answer = document["advice"]["answer"].to_string();
    for sentence in [
        "First move work out of the section",
        "strategies that `--strategy` does not name",
    ] {
        assert!(answer.contains(sentence), "{sentence:?}: {answer}");
    }
    // The workload file is there to be corrected, and is never overwritten then.
    let kept = Path::new(&out).join("workload.toml");
    let text = fs::read_to_string(&kept).unwrap();
    assert!(text.contains("write_section_ns = ["), "{text}");
    let output = pivot(&["advise", &service, "--init"]).output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().trim(),
        text.trim()
    );
    fs::write(&kept, text.replace("threads = 2", "threads = 3")).unwrap();
    let error = refusal(&["advise", &service, "--out", &out]);
    assert!(error.contains("advise with that file"), "{error}");
}

/// Every field of the document is in the section about it.
fn assert_is_documented(document: &serde_json::Value) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/SCHEMA.md");
    let schema = fs::read_to_string(schema).unwrap();
    let section = schema
        .split("\n## ")
        .find(|section| section.starts_with("`advice.json`"));
    let section = section.expect("it has a section");
    let mut left = vec![document];
    while let Some(value) = left.pop() {
        let fields = value.as_object().into_iter().flatten();
        for (field, value) in fields {
            assert!(
                section.contains(&format!("`{field}`")),
                "{field} is not described"
            );
            // What a workload file may say is explained by its template, and flips are those of
            // `results.json`, which has a test of its own.
            if field != "workload" && field != "flips" {
                left.push(value);
            }
        }
        left.extend(value.as_array().into_iter().flatten());
    }
}
