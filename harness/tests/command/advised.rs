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
        said.contains("bad.toml") && said.contains("no thread writes"),
        "{said}"
    );
    let file = written(&folder, "good.toml", WORKLOAD);
    let said = refusal(&["advise", &file, "--adr", &file]);
    assert!(said.contains("--force"), "{said}");
    let said = refusal(&["advise", &file, "--strategy", "mutx"]);
    assert!(said.contains("did you mean mutex/"), "{said}");
}

#[test]
fn needs_that_nobody_meets_are_refused_with_whom_each_excludes() {
    let folder = folder("advise-nobody");
    let needy = format!("{WORKLOAD}[writers]\nthreads = 1\n[needs]\nreaders_never_wait = true\n");
    let file = written(&folder, "needy.toml", &needy);
    let out = path(&folder, "out");
    let said = refusal(&["advise", &file, "--strategy", "^mutex/std$", "--out", &out]);
    assert!(
        said.contains("needy.toml") && said.contains("readers_never_wait excludes mutex/std"),
        "{said}"
    );
    assert!(
        said.contains("give one up, without readers_never_wait: mutex/std"),
        "{said}"
    );
    assert!(!Path::new(&out).exists(), "nothing is written");
    // Two needs that contradict each other among all strategies there are.
    let both = format!(
        "{WORKLOAD}[scanners]\nthreads = 1\n[writers]\nthreads = 2\n[needs]\nreaders_never_wait = true\n\
         writers_never_wait = true\nsnapshot_scans = true\nbounded_memory = true\n\
         survives_dead_thread = true\nsurvives_panic = true\nlinearizable = true\n"
    );
    let file = written(&folder, "both.toml", &both);
    let said = refusal(&[
        "advise",
        &file,
        "--strategy",
        "^(mutex|epoch)/",
        "--out",
        &out,
    ]);
    assert!(
        said.contains("snapshot_scans excludes epoch/per-process")
            && said.contains("bounded_memory excludes epoch/table"),
        "{said}"
    );
    assert!(
        said.contains("without bounded_memory: epoch/table"),
        "{said}"
    );
    assert!(!Path::new(&out).exists(), "nothing is written");
}

#[test]
fn an_earlier_advice_that_is_none_or_another_is_refused() {
    let folder = folder("advise-against");
    let file = written(&folder, "good.toml", WORKLOAD);
    let out = path(&folder, "out");
    let against = |place: &str| refusal(&["advise", &file, "--against", place, "--out", &out]);
    let said = against(&path(&folder, "none.json"));
    assert!(said.contains("none.json"), "{said}");
    let said = against(&written(&folder, "other.json", "{\"a\":1}"));
    assert!(said.contains("is no advice.json"), "{said}");
    let text = format!(
        "{{\"schema\":\"pivot-advice/4\",\"baseline\":\"mutex/std\",\"workload\":{{\"name\":\"x\",\
         \"table\":{{\"records\":8}},\"readers\":{{\"threads\":2}}}},\"conclusion\":{}}}",
        "{\"decision\":\"stay\",\"trades\":[]}"
    );
    let said = against(&written(&folder, "another.json", &text));
    assert!(said.contains("another workload"), "{said}");
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
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["schema"], "pivot-advice/4");
    let decision = told["conclusion"]["decision"].as_str().unwrap();
    assert!(
        ["stay", "undecided"].contains(&decision),
        "preset quick decides nothing: {decision}"
    );
    assert!(
        said.contains("preset quick cannot decide this: --preset default can, in 3 minutes"),
        "{said}"
    );
    assert_eq!(told["conclusion"]["candidates"][0], "rwlock/std");
    assert_is_documented(&told);
    let first = fs::read_to_string(&record).unwrap();
    assert!(first.contains("## Decision"), "{first}");
    // The page opens with the advice, and not with the use cases of a run.
    let page = fs::read_to_string(Path::new(&out).join("report.html")).unwrap();
    let headings: Vec<&str> = page.matches("<h1 id=\"advice\">").collect();
    assert_eq!(headings.len(), 1);
    let samples = Path::new(&out).join("samples.jsonl");
    let before = fs::read(&samples).unwrap();

    // Nothing is measured again, and the record is overwritten on request.
    let earlier = Path::new(&out).join("advice.json");
    let earlier = earlier.to_str().unwrap();
    let again = [
        "--resume",
        "--force",
        "--format",
        "md",
        "--against",
        earlier,
    ];
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
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
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
    let said = refusal(&["advise", &service, "--lock", "session"]);
    assert!(said.contains("is none of sessions, "), "{said}");
    let cut_off = fs::read_to_string(&service).unwrap();
    let cut_off = written(&folder, "cut.json", &cut_off[..cut_off.len() / 2]);
    let said = refusal(&["advise", &cut_off]);
    assert!(said.contains("cut.json:"), "{said}");
    let said = refusal(&["advise", &written(&folder, "x.json", "{\"a\": 1}")]);
    assert!(said.contains("not a recording of locks"), "{said}");
    let workload = written(&folder, "good.toml", WORKLOAD);
    let said = refusal(&["advise", &workload, "--lock", "sessions"]);
    assert!(said.contains("this is a workload file"), "{said}");
    let said = refusal(&["advise", &workload, "--init"]);
    assert!(said.contains("this is a workload file"), "{said}");
    // What no strategy is, is refused by name.
    let queue = recording("job-queue.json");
    let out = path(&folder, "out");
    let said = refusal(&["advise", &queue, "--lock", "jobs", "--out", &out]);
    assert!(said.contains("the lock jobs: "), "{said}");
    assert!(said.contains("is not measured"), "{said}");
    // A wrong guess is corrected in the file, which is kept.
    let kept = path(Path::new(&out), "workload.toml");
    assert!(
        said.contains("EDIT") && said.contains("workload.toml"),
        "{said}"
    );
    let text = fs::read_to_string(&kept).unwrap();
    assert!(text.contains("shape = \"queue\"  # EDIT"), "{text}");
    // To leave a lock as it is nothing is measured that could be resumed or compared.
    for option in [&["--resume"][..], &["--against", "none.json"]] {
        let arguments = [&["advise", &service, "--lock", "counters"], option].concat();
        let said = refusal(&arguments);
        assert!(said.contains(option[0]), "{said}");
        assert!(said.contains("nothing is measured"), "{said}");
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
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_is_documented(&document);
    let program = &document["conclusion"]["program"];
    assert_eq!(program["lock"], "sessions");
    assert_eq!(program["verdict"], "shorten");
    assert_eq!(document["workload"]["mixed"]["threads"], 2);
    // What several processes compared is predicted.
    let compared = document["evidence"].as_array().unwrap().iter();
    let compared = compared.filter(|row| row["ratio"].as_str().unwrap().contains('x'));
    let mut compared =
        compared.filter(|row| !row["ratio"].as_str().unwrap().contains("no interval"));
    let row = compared.next();
    let gains = program["gains"].as_array().unwrap();
    assert_eq!(gains.is_empty(), row.is_none(), "{document}");
    assert!(row.is_none_or(|row| row["program"].as_str().unwrap().contains(" % to ")));
    let answer = document["advice"]["answer"].to_string();
    assert!(
        answer.contains("First move work out of the section"),
        "{answer}"
    );
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
    let said = refusal(&["advise", &service, "--out", &out]);
    assert!(said.contains("advise with that file"), "{said}");
}

/// Every field of the document is in the section about it.
fn assert_is_documented(told: &serde_json::Value) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/SCHEMA.md");
    let schema = fs::read_to_string(schema).unwrap();
    let section = schema
        .split("\n## ")
        .find(|one| one.starts_with("`advice.json`"));
    let section = section.expect("it has a section");
    let mut left = vec![told];
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
