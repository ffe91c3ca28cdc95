//! Runs that are interrupted or killed keep what they measured.

#[cfg(unix)]
use std::os::unix::process::CommandExt;

use model::scenario::slices_in_block;

use super::*;

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
        // Long enough not to end by itself.
        "--preset",
        "default",
        "--out",
        out,
    ])
    .process_group(0)
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let samples = folder.join("samples.jsonl");
    wait_for_slices(&samples, 48, &mut child);
    // All of its group, as a terminal does it.
    Command::new("kill")
        .args(["-INT", "--", &format!("-{}", child.id())])
        .status()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(
        err.contains("interrupted: what was measured so far is kept in ") && err.contains(out),
        "{err}"
    );

    let lines = sample::read(&samples).unwrap().lines;
    assert!(
        lines
            .iter()
            .filter(|line| matches!(line, Line::Slice(_)))
            .count()
            >= 48
    );
    assert!(!lines.contains(&Line::Complete));
    let blamed = |line: &&Line| matches!(line, Line::Failure(_));
    assert_eq!(lines.iter().find(blamed), None, "no strategy is to blame");
    // The part that was cut off is to be gone on with.
    let parts = lines.iter().filter(|line| matches!(line, Line::Part(_)));
    let done = lines
        .iter()
        .filter(|line| matches!(line, Line::PartDone(_)));
    assert_eq!(parts.count(), done.count() + 1);

    let output = pivot(&["report", out]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = fs::read_to_string(folder.join("results.json")).unwrap();
    let results: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(results["partial"], true);
    let cells = fs::read_to_string(folder.join("cells.csv")).unwrap();
    for strategy in ["mutex/std", "rwlock/std", "rwlock/parking_lot"] {
        for metric in [
            "read_ns",
            "alloc_bytes_read",
            "allocs_read",
            "alloc_bytes_write",
            "allocs_write",
        ] {
            let is_there = cells.contains(&format!(",{strategy},{metric},"));
            assert!(is_there, "{strategy} has no {metric}");
        }
    }
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(
        page.contains("Partial run"),
        "a reader is told that the run was cut short"
    );
}

/// Killed anywhere, within the program: `run::tests`. This is the whole command, which CI asks for.
#[cfg(unix)]
#[test]
#[ignore = "measures a whole scenario"]
fn a_killed_run_goes_on_and_measures_no_slice_twice() {
    let folder = folder("killed");
    let out = folder.to_str().unwrap();
    let samples = folder.join("samples.jsonl");
    let options = [
        "measure",
        "--strategy",
        "seqlock",
        "--scenario",
        "^single",
        "--preset",
        "quick",
        "--out",
        out,
    ];
    for (slices, resume) in [(9, false), (40, true), (usize::MAX, true)] {
        let mut command = pivot(&options);
        if resume {
            command.arg("--resume");
        }
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        wait_for_slices(&samples, slices, &mut child);
        // SIGKILL; of no effect on the last one, which has ended.
        let _ = child.kill();
        child.wait().unwrap();
    }
    let reading = sample::read(&samples).unwrap();
    assert_eq!(reading.warnings, [], "no line was lost or doubled");
    assert!(reading.lines.contains(&Line::Complete));
    let mut keys: Vec<_> = reading
        .lines
        .iter()
        .filter_map(|line| match line {
            Line::Slice(slice) => Some(slice.key.clone()),
            _ => None,
        })
        .collect();
    let measured = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), measured, "a slice was measured twice");
    let wanted: usize = reading
        .lines
        .iter()
        .map(|line| match line {
            Line::Part(part) => part.blocks as usize * slices_in_block(part.strategies.len()),
            _ => 0,
        })
        .sum();
    assert_eq!(measured, wanted, "a slice is missing");

    let other = pivot(&options)
        .args(["--seed", "2", "--resume"])
        .output()
        .unwrap();
    assert_eq!(other.status.code(), Some(2), "{other:?}");
    assert!(
        String::from_utf8(other.stderr)
            .unwrap()
            .contains("other seed")
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_worker_ends_with_a_parent_that_is_killed() {
    use std::io::{BufRead, BufReader, Read, Write};
    // A shell waits for it. Thorough checks begin with one record and go on with another one much later.
    let task = r#"{"task":"verify","strategy":"mutex/std","preset":"full","seed":1}"#;
    let mut parent = Command::new("sh")
        .args(["-c", "\"$0\" worker; true", env!("CARGO_BIN_EXE_pivot")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = parent.stdin.take().unwrap();
    stdin.write_all(task.as_bytes()).unwrap();
    drop(stdin);
    let mut stdout = BufReader::new(parent.stdout.take().unwrap());
    let mut printed = String::new();
    stdout.read_line(&mut printed).unwrap();
    assert!(printed.contains("mutex/std with status"), "{printed}");
    parent.kill().unwrap();
    parent.wait().unwrap();
    stdout.read_to_string(&mut printed).unwrap();
    assert!(!printed.contains("mutex/std with snapshot"), "{printed}");
}

/// Interrupts a command when it has begun to say what it does; what it says at last.
#[cfg(target_os = "linux")]
fn interrupted_while_looking(arguments: &[&str]) -> Option<(Option<i32>, String)> {
    use std::io::{BufRead, BufReader, Read};
    let mut child = pivot(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    stderr.read_line(&mut first).unwrap();
    if first.starts_with("pivot: ") {
        // No single steps here.
        child.wait().unwrap();
        return None;
    }
    Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    let mut last = String::new();
    stderr.read_to_string(&mut last).unwrap();
    Some((child.wait().unwrap().code(), last))
}

#[cfg(target_os = "linux")]
#[test]
fn what_keeps_nothing_says_so_and_ends_at_the_first_interrupt() {
    for arguments in [&["trace", "--layouts", "64"][..], &["stall"]] {
        let Some((code, last)) = interrupted_while_looking(arguments) else {
            return;
        };
        assert_eq!(code, Some(130), "{arguments:?}: {last}");
        assert!(
            last.ends_with("pivot: interrupted: nothing is kept\n"),
            "{last}"
        );
    }
}
