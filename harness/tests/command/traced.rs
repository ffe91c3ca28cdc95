//! The main job traces, and does so once.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use model::sample::{self, Line};

use super::{folder, pivot};

/// How often a run that is killed twice traced each strategy, and how often it said that it cannot.
fn traced(folder: &Path) -> (Vec<String>, usize) {
    let options = [
        "run",
        "--strategy",
        "^rwlock/std",
        "--scenario",
        "^single",
        "--preset",
        "quick",
    ];
    let samples = folder.join("samples.jsonl");
    for (kind, count) in [("trace", 2), ("slice", 1)] {
        let mut command = pivot(&options);
        command.args(["--out", folder.to_str().unwrap()]);
        if kind == "slice" {
            command.arg("--resume");
        }
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = |kind: &str| {
            let text = fs::read_to_string(&samples).unwrap_or_default();
            text.matches(&format!("\"kind\":\"{kind}\"")).count()
        };
        while lines(kind) < count && lines("slice") == 0 && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = child.kill();
        child.wait().unwrap();
    }
    let reading = sample::read(&samples).unwrap();
    let refused = |line: &&Line| matches!(line, Line::Untraced(_));
    let refusals = reading.lines.iter().filter(refused).count();
    let names = reading.lines.into_iter().filter_map(|line| match line {
        Line::Trace(trace) => Some(trace.strategy),
        _ => None,
    });
    (names.collect(), refusals)
}

#[test]
fn the_main_job_traces_every_strategy_once_however_often_it_is_killed() {
    let (mut names, refusals) = traced(&folder("traced"));
    if refusals > 0 {
        assert_eq!((names.len(), refusals), (0, 1), "it is said once");
        return;
    }
    let traces = names.len();
    names.sort();
    names.dedup();
    assert_eq!(
        names.len(),
        traces,
        "a strategy was traced twice: {names:?}"
    );
    for name in ["mutex/std", "rwlock/std", "control/no-op"] {
        assert!(
            names.iter().any(|traced| traced == name),
            "{name}: {names:?}"
        );
    }
}
