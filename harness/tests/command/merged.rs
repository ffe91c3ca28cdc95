//! Reports of several machines as their user meets them.

use std::fs;
use std::path::{Path, PathBuf};

use super::{folder, pivot, recorded, refusal, streams};

/// Lines of a recorded run as if they were of two machines, each in a folder of its own.
fn runs(folder: &Path) -> [PathBuf; 2] {
    let whole = recorded(folder, "measured.jsonl", |_| true);
    let text = fs::read_to_string(whole).unwrap();
    ["one", "other"].map(|name| {
        let (before, after) = text.split_once("\"cpu\":\"").unwrap();
        let (_, after) = after.split_once('"').unwrap();
        let run = folder.join(name);
        fs::create_dir_all(&run).unwrap();
        let text = format!("{before}\"cpu\":\"{name}\"{after}");
        fs::write(run.join("samples.jsonl"), text).unwrap();
        run
    })
}

/// What a command prints that ends well.
fn printed(arguments: &[&str]) -> String {
    let output = pivot(arguments).output().unwrap();
    let (out, err) = streams(&output);
    assert!(output.status.success(), "{arguments:?}: {err}");
    out
}

#[test]
fn runs_of_two_machines_stand_side_by_side() {
    let folder = folder("side-by-side");
    let [a, b] = runs(&folder);
    let (one, other) = (a.to_str().unwrap(), b.to_str().unwrap());
    let out = folder.join("out");
    let place = out.to_str().unwrap();
    let shown = printed(&["report", one, other, "--out", place]);
    // Their figures are the same.
    assert!(shown.contains("every machine"), "{shown}");
    let page = fs::read_to_string(out.join("report.md")).unwrap();
    assert!(
        page.contains("one-2cpu") && page.contains("other-2cpu"),
        "{page}"
    );
    assert!(!out.join("samples.jsonl").exists());
    let names = fs::read_to_string(out.join("merged.toml")).unwrap();
    assert!(
        names.contains("\"../one\"") && names.contains("\"../other\""),
        "{names}"
    );

    // The folder says what it is made of, so it can be made again.
    let page = fs::read(out.join("report.html")).unwrap();
    fs::remove_file(out.join("report.html")).unwrap();
    printed(&["report", place]);
    assert_eq!(fs::read(out.join("report.html")).unwrap(), page);
    assert!(printed(&["report", place, "--check"]).contains("are what their samples give"));
    let comment = printed(&["report", one, other, "--format", "comment"]);
    assert!(
        comment.contains("on one-2cpu") || comment.contains("one-2cpu:"),
        "{comment}"
    );
    let csv = printed(&["report", place, "--format", "csv"]);
    assert!(csv.lines().nth(1).unwrap().ends_with(",one-2cpu"));

    let error = refusal(&["diff", place, one]);
    assert!(error.contains("merged report"), "{error}");
    let error = refusal(&["report", one, "--out", place]);
    assert!(error.contains("merged.toml"), "{error}");
    let error = refusal(&["report", one, other, "--out", one]);
    assert!(error.contains("samples.jsonl"), "{error}");
}

#[test]
fn runs_that_cannot_be_compared_are_refused_in_one_line() {
    let folder = folder("incomparable");
    let [a, b] = runs(&folder);
    let (one, other) = (a.to_str().unwrap(), b.to_str().unwrap());
    let out = folder.join("out");
    let refused = || refusal(&["report", one, other, "--out", out.to_str().unwrap()]);
    let file = b.join("samples.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    let change = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        fs::write(&file, text.replacen(from, to, 1)).unwrap();
    };
    change("\"preset\":\"default\"", "\"preset\":\"full\"");
    let error = refused();
    assert!(
        error.contains("the preset of one is default, of the other full"),
        "{error}"
    );
    change(
        "\"improves_by_more_than\":0.2",
        "\"improves_by_more_than\":0.3",
    );
    assert!(refused().contains("assumption"));
    change(
        "\"baseline\":\"mutex/std\"",
        "\"baseline\":\"mutex/parking_lot\"",
    );
    assert!(refused().contains("baseline"));
    fs::remove_file(&file).unwrap();
    let error = refused();
    assert!(error.contains("samples.jsonl"), "{error}");
    assert!(!out.exists(), "nothing is written");
}

#[test]
fn a_merged_report_is_recorded_of_recorded_runs() {
    let folder = folder("merged-recorded");
    let [a, b] = runs(&folder);
    let (one, other) = (a.to_str().unwrap(), b.to_str().unwrap());
    let reports = folder.join("reports");
    let out = reports.to_str().unwrap();
    let error = refusal(&["report", one, other, "--record", "--out", out]);
    assert!(error.contains("file it first"), "{error}");
    assert!(!reports.exists(), "nothing is written");
    let filed = |arguments: &[&str]| {
        let mut all = vec!["report"];
        all.extend(arguments);
        all.extend(["--out", out]);
        let shown = printed(&all);
        let place = shown
            .lines()
            .last()
            .unwrap()
            .strip_prefix("recorded: ")
            .unwrap();
        place.to_owned()
    };
    let (a, b) = (filed(&[one, "--record"]), filed(&[other, "--record"]));
    let both = filed(&[&a, &b, "--record=both"]);
    assert!(both.ends_with("-both"), "{both}");
    let name = Path::new(&both).file_name().unwrap().to_str().unwrap();
    let index = fs::read_to_string(reports.join("README.md")).unwrap();
    assert_eq!(index.matches("/report.md)").count(), 3, "{index}");
    assert!(
        index.contains(&format!("[{name}]({name}/report.md)")),
        "{index}"
    );
    assert!(
        index.contains("2 machines merged") && index.contains("one; other"),
        "{index}"
    );

    fs::write(Path::new(&both).join("cells.csv"), "x\n").unwrap();
    let output = pivot(&["report", &a, &both, "--check"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        streams(&output)
            .0
            .contains("cells.csv: differs first in line 1")
    );
    printed(&["report", &both, "--check", "--fix"]);
    assert!(printed(&["report", &a, &both, "--check"]).contains("are what their samples give"));
}
