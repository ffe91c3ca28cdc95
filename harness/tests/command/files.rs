//! What the command writes: nothing is replaced unasked, nothing that was seen is lost.

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use model::sample;
use model::workload::Workload;

use super::{folder, pivot, recorded, refusal, streams};

fn send(signal: &str, child: &Child) {
    Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .unwrap();
}

/// Waits until the file has so many lines, or the command has ended.
fn wait_for_lines(file: &Path, count: usize, child: &mut Child) {
    let lines = || fs::read_to_string(file).unwrap_or_default().lines().count();
    while lines() < count && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_recording_replaces_nothing_unasked() {
    let folder = folder("record-out");
    let (file, link) = (folder.join("mine.jsonl"), folder.join("link.jsonl"));
    fs::write(&file, "mine").unwrap();
    symlink("mine.jsonl", &link).unwrap();
    for out in [&file, &link] {
        let error = refusal(&["record", "--out", out.to_str().unwrap(), "--", "true"]);
        assert!(error.contains("--force"), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    }
    let forced = pivot(&[
        "record",
        "--force",
        "--out",
        link.to_str().unwrap(),
        "--",
        "true",
    ])
    .output()
    .unwrap();
    assert!(forced.status.success(), "{forced:?}");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(!Workload::load(&file).unwrap().entries.is_empty());

    // A device is a device afterwards, full or not.
    let error = refusal(&["record", "--out", "/dev/full", "--", "true"]);
    assert!(error.contains("cannot write /dev/full"), "{error}");
    for device in ["/dev/full", "/dev/null"] {
        assert!(fs::metadata(device).unwrap().file_type().is_char_device());
    }
    let output = pivot(&["record", "--out", "/dev/null", "--", "true"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let output = pivot(&["record", "--out", "/dev/stdout", "--", "true"])
        .output()
        .unwrap();
    let (out, _) = streams(&output);
    assert!(
        out.starts_with("{\"schema\":\"pivot-process-trace/1\""),
        "{out}"
    );
    let left = fs::read_dir(&folder).unwrap().count();
    assert_eq!(left, 2, "nothing is left beside them");
}

#[test]
fn a_run_is_refused_where_its_report_would_replace_another_text() {
    let folder = folder("run-out");
    fs::write(folder.join("report.md"), "mine").unwrap();
    let error = refusal(&["run", "--out", folder.to_str().unwrap()]);
    assert!(error.contains("report.md"), "{error}");
    let left = fs::read_dir(&folder).unwrap().count();
    assert_eq!(left, 1, "nothing was begun");
}

#[cfg(target_os = "linux")]
#[test]
fn a_recording_that_is_killed_has_what_it_saw() {
    let file = folder("record-killed").join("t.jsonl");
    let mut child = pivot(&["record", "--every-ms", "1", "--out", file.to_str().unwrap()])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_for_lines(&file, 2, &mut child);
    let first = fs::read_to_string(&file).unwrap().lines().count();
    // What happens later is in the file, too, before there is an end.
    let mut later = Command::new("true").spawn().unwrap();
    later.wait().unwrap();
    wait_for_lines(&file, first + 1, &mut child);
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    let text = fs::read_to_string(&file).unwrap();
    // The kernel may have cut the last write off.
    let whole = &text[..=text.rfind('\n').unwrap()];
    let workload = Workload::parse(whole.as_bytes(), "t").unwrap();
    assert!(
        workload.entries.len() >= first,
        "{}",
        workload.entries.len()
    );
}

#[cfg(target_os = "linux")]
#[test]
fn the_first_signal_that_is_not_ignored_ends_a_recording_and_names_itself() {
    let folder = folder("record-signals");
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        let file = folder.join(format!("t{signal}.jsonl"));
        // As under nohup: what ignores SIGHUP when it begins does so to its end.
        let mut child = Command::new("sh")
            .args(["-c", "trap '' HUP; exec \"$@\"", "sh"])
            .arg(env!("CARGO_BIN_EXE_pivot"))
            .args([
                "record",
                "--seconds",
                "3600",
                "--out",
                file.to_str().unwrap(),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_for_lines(&file, 2, &mut child);
        send("-HUP", &child);
        send(signal, &child);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let (_, err) = streams(&output);
        assert!(
            err.contains("interrupted: what was recorded is in"),
            "{err}"
        );
        assert!(!Workload::load(&file).unwrap().entries.is_empty());
    }
}

#[test]
fn a_report_never_replaces_the_samples_of_another_run() {
    let place = folder("report-over");
    let a = recorded(&place, "a.jsonl", |_| true);
    let b = place.join("b");
    fs::create_dir(&b).unwrap();
    let other = recorded(&b, sample::PLAIN, |line| !line.contains("\"process\":1"));
    let theirs = fs::read(&other).unwrap();
    let (a, b) = (a.to_str().unwrap(), b.to_str().unwrap());
    let error = refusal(&["report", a, "--out", b]);
    assert!(
        error.contains("samples.jsonl") && error.contains("--out"),
        "{error}"
    );
    assert_eq!(fs::read(&other).unwrap(), theirs);
    assert_eq!(fs::read_dir(b).unwrap().count(), 1, "nothing is written");
}

#[test]
fn a_worker_says_which_log_it_cannot_read() {
    let task = folder("gone").join("task.json");
    let text = r#"{"task":"replay","strategy":"mutex/std","trace":"no/such.jsonl"}"#;
    fs::write(&task, text).unwrap();
    let mut worker = pivot(&["worker"]);
    let output = worker.stdin(fs::File::open(&task).unwrap()).output();
    let output = output.unwrap();
    let (_, err) = streams(&output);
    assert_eq!(output.status.code(), Some(2), "{err}");
    let is_named = err.contains("no/such.jsonl") && !err.contains("parent");
    assert!(is_named, "{err}");
}

#[test]
fn a_second_run_in_a_folder_is_told_who_is_there() {
    let folder = folder("two-runs");
    let out = folder.to_str().unwrap();
    let options = [
        "measure",
        "--strategy",
        "^rwlock/std",
        "--scenario",
        "^single",
        "--out",
        out,
    ];
    let mut first = pivot(&options).stderr(Stdio::null()).spawn().unwrap();
    wait_for_lines(&folder.join(sample::PLAIN), 1, &mut first);
    let holder = format!("in use by process {} (pivot measure", first.id());
    for more in [&[][..], &["--resume"]] {
        let error = refusal(&[&options[..], more].concat());
        assert!(error.contains(&holder), "{error}");
    }
    let error = refusal(&["stall", "--strategy", "^mutex/std$", "--into", out]);
    assert!(error.contains(&holder), "{error}");
    send("-TERM", &first);
    let status = first.wait().unwrap();
    assert_eq!(status.code(), Some(143));
    assert!(!folder.join(".lock").exists());
    let reading = sample::read(&folder.join(sample::PLAIN)).unwrap();
    assert_eq!(reading.warnings, []);
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_a_command_that_goes_on_when_its_recording_is_over() {
    use std::io::{BufRead, BufReader};
    let file = folder("record-goes-on").join("t.jsonl");
    let out = file.to_str().unwrap();
    let options = ["record", "--seconds", "1", "--out", out];
    let mut child = pivot(&options)
        .args(["--", "sleep", "60"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // What was recorded is said when it is over.
    let mut summary = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut summary).unwrap();
    assert!(summary.starts_with(out), "{summary}");
    send("-TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(143));
}
