//! The command as its user meets it: bad input gets one line and exit code 2, an interrupted run
//! keeps and reports what it measured.
#![cfg_attr(
    target_os = "linux",
    expect(clippy::print_stderr, reason = "a test that cannot run says so")
)]

#[path = "command/advised.rs"]
mod advised;
#[path = "command/checked.rs"]
mod checked;
#[path = "command/documents.rs"]
mod documents;
#[cfg(unix)]
#[path = "command/files.rs"]
mod files;
#[path = "command/interrupted.rs"]
mod interrupted;
#[path = "command/locks.rs"]
mod locks;
#[path = "command/merged.rs"]
mod merged;
#[path = "command/recorded.rs"]
mod recorded_runs;
#[path = "command/scaffold.rs"]
mod scaffold;
#[cfg(unix)]
#[path = "command/terminal.rs"]
mod terminal;
#[cfg(unix)]
#[path = "command/traced.rs"]
mod traced;
#[path = "command/workload.rs"]
mod workload;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use model::sample::{self, Line};

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
    refusal_of(&mut pivot(arguments))
}

fn refusal_of(command: &mut Command) -> String {
    let arguments = format!("{command:?}");
    let output: Output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "one line, and not: {stderr}");
    assert!(output.stdout.is_empty(), "nothing on standard output");
    stderr
}

#[test]
fn bad_options_are_told_what_would_be_right() {
    let error = refusal(&["run", "--strategy", "mutx"]);
    assert!(error.contains("did you mean mutex/"), "{error}");
    let error = refusal(&["run", "--scenario", "singel-reader"]);
    assert!(error.contains("did you mean single-reader?"), "{error}");
    let error = refusal(&["--preset", "fast"]);
    assert!(error.contains("quick, default, full"), "{error}");
    let error = refusal(&["run", "--baseline", "mutex"]);
    assert!(error.contains("mutex/std"), "{error}");
    let error = refusal(&["run", "--strategy", "("]);
    assert!(error.contains("'(' for '--strategy <RE>': "), "{error}");
    let error = refusal(&["--sed", "1"]);
    assert!(error.contains("--seed"), "{error}");
    let error = refusal(&["measure", "--seed", "-3"]);
    assert!(error.contains("--seed"), "{error}");
}

#[test]
fn what_cannot_be_predicted_is_said_in_one_line() {
    let run = "reports/2026-11-28-epyc-2cpu";
    let error = refusal(&["predict", "--samples", run, "--operation", "scan"]);
    assert!(
        error.contains("[possible values: read-hit, apply]"),
        "{error}"
    );
    let error = refusal(&["predict", "--samples", run, "--operation", "sing"]);
    assert!(error.contains("read-hit"), "{error}");
    let error = refusal(&["predict", "--samples", run, "--machine", "laptop"]);
    assert!(
        error.contains("desktop") && error.contains("here"),
        "{error}"
    );
    let error = refusal(&["predict", "--samples", run, "--strategy", "mutx"]);
    assert!(error.contains("did you mean mutex/"), "{error}");
    let untraced = recorded(&folder("untraced"), "samples.jsonl", |_| true);
    let error = refusal(&["predict", "--samples", untraced.to_str().unwrap()]);
    assert!(error.contains("`pivot run` makes both"), "{error}");
    let error = refusal(&["predict", "--samples", "no/such/folder"]);
    assert!(error.contains("no/such/folder"), "{error}");
    let error = refusal(&["predict", "--alone", "10", "--strategy", "mutex"]);
    assert!(error.contains("--strategy"), "{error}");
}

#[test]
fn every_kind_of_prediction_has_every_format() {
    let curve = folder("predicted").join("curve.csv");
    fs::write(&curve, "cpus,ns\n1,9.5\n2,12\n16,579.3\n192,7005\n").unwrap();
    let recorded = "reports/2026-11-27-epyc-2cpu";
    for options in [
        &["--backtest", curve.to_str().unwrap()][..],
        &["--alone", "10", "--machine", "server"],
        &["--samples", recorded, "--strategy", "^mutex/std$"],
    ] {
        for (format, expected) in [
            ("table", "Cores"),
            ("md", "| Cores |"),
            ("csv", "cpus,"),
            ("json", "\"cpus\": "),
        ] {
            let output = pivot(&["predict", "--format", format])
                .args(options)
                .output();
            let (out, err) = streams(&output.unwrap());
            assert!(out.contains(expected), "{options:?}: {out}{err}");
        }
    }
}

#[test]
fn bad_scenario_files_are_named_with_line_and_column() {
    let folder = folder("scenarios");
    let refused = |text: &str| {
        fs::write(folder.join("bad.toml"), text).unwrap();
        refusal(&["run", "--scenarios", folder.to_str().unwrap()])
    };
    let head = "name = \"x\"\ntitle = \"X\"\nquestion = \"?\"\n";
    let error = refused(&format!("{head}processes = \n"));
    assert!(error.contains("bad.toml:4:13"), "{error}");
    let error = refused(&format!("{head}processes = 4\nprocesess = 4\n"));
    assert!(
        error.contains("bad.toml:5:1") && error.contains("processes"),
        "{error}"
    );
    let group = "[[groups]]\ndoes = \"read\"\nthreads = 1\n";
    let error = refused(&format!("{head}processes = 0\n{group}"));
    assert!(error.contains("between 1 and"), "{error}");
    let error = refused(&format!("{head}processes = 4\n{group}every_us = nan\n"));
    assert!(error.contains("every_us"), "{error}");
    let error = refused(&format!(
        "{head}processes = 4\n[[groups]]\ndoes = \"sing\"\nthreads = 1\n"
    ));
    assert!(
        error.contains("bad.toml:6:8") && error.contains("`scan`"),
        "{error}"
    );
    let error = refused(&format!(
        "{head}processes = 4\n[[groups]]\ndoes = \"read\"\nthreads = 0\n"
    ));
    assert!(error.contains("at least 1 thread"), "{error}");
    let error = refused(&format!("{head}processes = 4\n"));
    assert!(error.contains("groups"), "{error}");
}

#[test]
fn unusable_folders_are_refused_before_anything_is_measured() {
    let file = folder("unusable").join("file");
    fs::write(&file, "not a folder").unwrap();
    let error = refusal(&["run", "--out", file.join("below").to_str().unwrap()]);
    assert!(error.contains("cannot create"), "{error}");
    let error = refusal(&["run", "--scenarios", file.to_str().unwrap()]);
    assert!(error.contains("cannot read the scenario folder"), "{error}");
    let error = refusal(&["report", file.to_str().unwrap()]);
    assert!(error.contains("file:1:"), "{error}");
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

/// What traces a program by itself, or emulates it, so that no program can step itself in there.
#[cfg(target_os = "linux")]
const LAUNCHERS: [(&[&str], &str); 2] = [
    (&["strace", "-f", "-o", "/dev/null"], "traces this one"),
    (
        &["valgrind", "-q", "--tool=none", "--log-file=/dev/null"],
        "no effect here",
    ),
];

#[cfg(target_os = "linux")]
#[test]
fn a_trace_inside_of_another_is_refused_in_one_line() {
    for (launcher, why) in LAUNCHERS {
        let launch = |program: &str| {
            let mut command = Command::new(launcher[0]);
            command.args(&launcher[1..]).arg(program);
            command
        };
        let is_there = launch("true")
            .output()
            .is_ok_and(|end| end.status.success());
        if !is_there {
            eprintln!(
                "skipped: {} is not installed, or not permitted",
                launcher[0]
            );
            continue;
        }
        let mut command = launch(env!("CARGO_BIN_EXE_pivot"));
        let error = refusal_of(command.args(["trace", "--strategy", "mutex/std"]));
        assert!(error.starts_with("pivot: cannot trace: "), "{error}");
        let can_step = cfg!(all(target_arch = "x86_64", not(pivot_elsewhere)));
        assert!(error.contains(why) || !can_step, "{error}");
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64", not(pivot_elsewhere))))]
#[test]
fn a_trace_is_refused_in_one_line_where_there_are_no_single_steps() {
    let error = refusal(&["trace"]);
    assert!(error.contains("single steps need x86_64 Linux"), "{error}");
}

/// The lines of a recorded run that are about one scenario, in a file of this test's own.
fn recorded(folder: &Path, name: &str, keep: impl Fn(&str) -> bool) -> PathBuf {
    // As they are in the file: unpacked once, and not taken apart.
    static LINES: LazyLock<String> = LazyLock::new(|| {
        let reports = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports");
        let runs = fs::read_dir(reports).unwrap();
        let packed = runs.map(|entry| entry.unwrap().path().join(sample::PACKED));
        let is_recorded = |path: &PathBuf| {
            path.is_file() && path.parent().is_some_and(|run| !run.ends_with("latest"))
        };
        let packed = packed.filter(is_recorded).min().unwrap();
        let mut text = String::new();
        let mut reader = MultiGzDecoder::new(fs::File::open(packed).unwrap());
        reader.read_to_string(&mut text).unwrap();
        let wanted =
            |line: &&str| line.contains("\"header\"") || line.contains("\"single-reader\"");
        text.split_inclusive('\n').filter(wanted).collect()
    });
    let wanted = |line: &&str| line.contains("\"header\"") || keep(line);
    let lines: Vec<&str> = LINES.split_inclusive('\n').filter(wanted).collect();
    assert!(lines.len() > 50, "{}", lines.len());
    let file = folder.join(name);
    fs::write(&file, lines.concat()).unwrap();
    file
}

fn streams(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn runs_are_compared_and_the_exit_code_tells_only_on_request() {
    let folder = folder("diff");
    let a = recorded(&folder, "a.jsonl", |_| true);
    let text = fs::read_to_string(&a).unwrap();
    let (a, b) = (a.to_str().unwrap(), folder.join("b.jsonl"));
    // Every table keeps ten times more alive than before.
    fs::write(&b, text.replace("\"live_bytes\":", "\"live_bytes\":1")).unwrap();
    let b = b.to_str().unwrap();

    let same = pivot(&["diff", a, a, "--fail-on-regression"])
        .output()
        .unwrap();
    let (out, err) = streams(&same);
    assert_eq!((same.status.code(), err.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("0 better, 0 worse"), "{out}");

    let worse = pivot(&["diff", a, b, "--format", "json"]).output().unwrap();
    assert_eq!(worse.status.code(), Some(0), "{worse:?}");
    let diff: serde_json::Value = serde_json::from_slice(&worse.stdout).unwrap();
    let changed = diff["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["verdict"] == "worse");
    assert!(changed.clone().count() > 10);
    assert!(
        changed
            .clone()
            .all(|row| row["metric"] == "live_bytes_per_record")
    );

    let failed = pivot(&["diff", a, b, "--fail-on-regression"])
        .output()
        .unwrap();
    let (_, err) = streams(&failed);
    assert_eq!(failed.status.code(), Some(1), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    let error = refusal(&["diff", a, "no-such-run"]);
    assert!(error.contains("cannot read no-such-run"), "{error}");
}

#[test]
fn several_files_make_one_report_and_what_was_left_out_is_said() {
    let folder = folder("pooled");
    let even = recorded(&folder, "even.jsonl", |line| {
        !line.contains("\"process\":1")
    });
    let odd = recorded(&folder, "odd.jsonl", |line| line.contains("\"process\":1"));
    let mut torn = fs::read(&odd).unwrap();
    torn.truncate(torn.len() - 20);
    fs::write(&odd, torn).unwrap();
    let (even, odd, out) = (
        even.to_str().unwrap(),
        odd.to_str().unwrap(),
        folder.join("out"),
    );

    let error = refusal(&["report", even, odd]);
    assert!(error.contains("--out DIR"), "{error}");
    let output = pivot(&["report", even, odd, "--out", out.to_str().unwrap()])
        .output()
        .unwrap();
    let (_, err) = streams(&output);
    assert!(output.status.success(), "{err}");
    assert!(
        err.contains("warning") && err.contains("is cut off"),
        "{err}"
    );
    let results = fs::read_to_string(out.join("results.json")).unwrap();
    assert!(results.contains("is cut off"), "the report says it, too");
    let cells = || fs::read_to_string(out.join("cells.csv")).unwrap();
    let before = cells();

    // The samples beside the report are whole, and make the same figures again.
    let again = pivot(&["report", out.to_str().unwrap()]).output().unwrap();
    assert_eq!(streams(&again).1, "");
    assert_eq!(cells(), before);
}

#[test]
fn samples_of_another_version_are_neither_read_nor_overwritten() {
    let folder = folder("version");
    let ours = recorded(&folder, "samples.jsonl", |_| true);
    let text = fs::read_to_string(&ours)
        .unwrap()
        .replacen(sample::SCHEMA, "pivot-samples/9", 1);
    fs::write(&ours, &text).unwrap();
    let out = folder.to_str().unwrap();
    let error = refusal(&["report", out]);
    assert!(
        error.contains("pivot-samples/9") && error.contains(sample::SCHEMA),
        "{error}"
    );
    let error = refusal(&["measure", "--scenario", "^single", "--out", out]);
    assert!(error.contains("not overwritten"), "{error}");
    assert_eq!(fs::read_to_string(&ours).unwrap(), text);
}
