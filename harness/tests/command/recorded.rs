//! Recorded runs as their user meets them.

use std::fs;

use model::sample::{self, PACKED};

use super::{folder, pivot, recorded, refusal, streams};

#[test]
fn a_run_is_recorded_listed_and_checked() {
    let folder = folder("recorded");
    let samples = recorded(&folder, "measured.jsonl", |_| true);
    let reports = folder.join("reports");
    let (samples, out) = (samples.to_str().unwrap(), reports.to_str().unwrap());
    let error = refusal(&["report", samples, "--record=../x", "--out", out]);
    assert!(error.contains("letters, digits"), "{error}");
    assert!(!reports.exists(), "nothing is written");
    let error = refusal(&["report", samples, samples, "--record", "--out", out]);
    assert!(error.contains("hold the same run"), "{error}");
    let text = fs::read_to_string(samples).unwrap();
    let other = folder.join("other.jsonl");
    fs::write(
        &other,
        text.replacen("\"started_at\":\"20", "\"started_at\":\"19", 1),
    )
    .unwrap();
    let other = other.to_str().unwrap();
    let error = refusal(&["report", samples, other, "--record", "--out", out]);
    assert!(error.contains("one run at a time"), "{error}");

    let output = pivot(&["report", samples, "--record=here", "--out", out])
        .output()
        .unwrap();
    let (shown, err) = streams(&output);
    assert!(output.status.success(), "{err}");
    let place = shown.lines().last().unwrap();
    let run = std::path::PathBuf::from(place.strip_prefix("recorded: ").unwrap());
    let name = run.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(
        name.ends_with("-here") && run.starts_with(&reports),
        "{name}"
    );
    let index = fs::read_to_string(reports.join("README.md")).unwrap();
    assert!(
        index.contains(&format!("[{name}]({name}/report.md)")),
        "{index}"
    );

    let check = |fix: &[&str]| {
        let mut command = pivot(&["report", run.to_str().unwrap(), "--check"]);
        let output = command.args(fix).output().unwrap();
        let (out, err) = streams(&output);
        (output.status.code(), out, err)
    };
    let (code, out, err) = check(&[]);
    assert_eq!(code, Some(0), "{out}{err}");
    let page = run.join("report.html");
    let whole = fs::read_to_string(&page).unwrap();
    fs::write(&page, whole.replacen("</h1>", "!</h1>", 1)).unwrap();
    let (code, out, err) = check(&[]);
    assert_eq!((code, err.lines().count()), (Some(1), 1), "{out}{err}");
    assert!(out.contains("report.html: differs first in line"), "{out}");
    assert!(
        !out.contains("report.md"),
        "only what differs is named: {out}"
    );
    assert_eq!(check(&["--fix"]).0, Some(0));
    assert_eq!(fs::read_to_string(&page).unwrap(), whole);
    assert_eq!(check(&[]).0, Some(0));

    // Without its samples nobody can tell, and nothing is touched.
    fs::rename(run.join(PACKED), folder.join("away")).unwrap();
    let error = refusal(&["report", run.to_str().unwrap(), "--check"]);
    assert!(error.contains("samples.jsonl"), "{error}");
    let error = refusal(&["report", "--fix"]);
    assert!(error.contains("--check"), "{error}");
    assert_eq!(fs::read_to_string(&page).unwrap(), whole);
}

#[test]
fn damaged_packed_samples_are_named_in_one_line() {
    let folder = folder("damaged");
    let samples = recorded(&folder, "measured.jsonl", |_| true);
    let packed = sample::pack(&fs::read(&samples).unwrap());
    let cut = folder.join("cut.jsonl.gz");
    fs::write(&cut, &packed[..packed.len() / 2]).unwrap();
    let output = pivot(&["report", cut.to_str().unwrap(), "--format", "csv"])
        .output()
        .unwrap();
    let (out, err) = streams(&output);
    assert!(output.status.success(), "{err}");
    assert!(
        out.starts_with("scenario,strategy,metric,unit,median,"),
        "{out}"
    );
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(
        err.contains("warning") && err.contains("cut off, from behind line"),
        "{err}"
    );
    fs::write(&cut, &packed[..100]).unwrap();
    let error = refusal(&["report", cut.to_str().unwrap()]);
    assert!(error.contains("restore it from a copy"), "{error}");
}

#[test]
fn a_readme_shows_a_run_and_says_which() {
    let folder = folder("spliced");
    recorded(&folder, "samples.jsonl", |_| true);
    let readme = folder.join("README.md");
    let place = readme.to_str().unwrap();
    let error = refusal(&["report", folder.to_str().unwrap(), "--splice", place]);
    assert!(error.contains("cannot read"), "{error}");
    fs::write(&readme, "# Mine\n").unwrap();
    let samples = folder.join("samples.jsonl");
    let error = refusal(&["report", samples.to_str().unwrap(), "--splice", place]);
    assert!(
        error.contains("lacks the lines <!-- pivot:headline -->"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&readme).unwrap(), "# Mine\n");
    fs::write(
        &readme,
        "# Mine\n<!-- pivot:headline -->\n<!-- pivot:headline end -->\n",
    )
    .unwrap();
    let output = pivot(&["report", samples.to_str().unwrap(), "--splice", place])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = fs::read_to_string(&readme).unwrap();
    assert!(text.starts_with("# Mine\n<!-- pivot:headline samples.jsonl -->\n| strategy |"));
    assert!(text.ends_with("<!-- pivot:headline end -->\n"));
}
