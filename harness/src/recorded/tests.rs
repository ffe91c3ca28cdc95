//! What recorded runs must do: stay what their samples give, and say where they are not.

mod merged;

use std::path::{Path, PathBuf};

use model::output::Existing;
use model::sample::{PACKED, PLAIN, pack, text};

use super::*;
use fixtures::sample_lines;

/// A folder of recorded runs that is removed again.
struct Reports(PathBuf);

impl Reports {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("pivot-runs-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        Self(path)
    }

    fn samples(&self) -> PathBuf {
        let path = self.0.join("measured.jsonl");
        std::fs::write(&path, text(&sample_lines())).expect("the folder is writable");
        path
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn results(samples: &Path) -> Results {
    let read = read(&[samples.to_owned()], None, &mut Known::default());
    read.expect("they are ours").results
}

fn file(samples: &Path, folder: &Path) -> Result<Results> {
    let results = results(samples);
    super::file(&results, Source::from_samples(samples, folder)?, folder).map(|()| results)
}

fn drift(folder: &Path) -> Vec<(String, Drift)> {
    let results = results(&folder.join(PACKED));
    of_folder(folder, &report::files(&results, None)).expect("it can be read")
}

#[test]
fn a_recorded_run_is_packed_whole_and_has_not_drifted() {
    let reports = Reports::new("whole");
    let (samples, folder) = (reports.samples(), reports.0.join("2026-11-24-somewhere"));
    file(&samples, &folder).expect("it can be written");
    let content = std::fs::read(&samples).expect("it is there");
    let packed = std::fs::read(folder.join(PACKED)).expect("it was filed");
    assert_eq!(packed, pack(&content));
    assert_eq!(drift(&folder), []);
    assert!(!folder.join(PLAIN).exists());
    assert_eq!(
        folders(&reports.0).expect("it can be read"),
        std::slice::from_ref(&folder)
    );
    // What lies beside it is of the last run, or of an advice.
    for beside in ["latest".to_owned(), format!("{ADVICE}w")] {
        let beside = reports.0.join(beside);
        std::fs::create_dir(&beside).expect("the folder is writable");
        std::fs::copy(&samples, beside.join(PLAIN)).expect("the folder is writable");
    }
    assert_eq!(folders(&reports.0).expect("it can be read").len(), 1);
    // Again, and from the run's own folder, is no other run.
    file(&samples, &folder).expect("it is the same");
    file(&folder.join(PACKED), &folder).expect("it is the same");
    assert_eq!(drift(&folder), []);
    // Another run does not take its place.
    let mut others = sample_lines();
    others.truncate(200);
    std::fs::write(&samples, text(&others)).expect("the folder is writable");
    let error = file(&samples, &folder)
        .expect_err("it is another")
        .to_string();
    assert!(error.contains("another report"), "{error}");
    assert_eq!(
        std::fs::read(folder.join(PACKED)).expect("it is there"),
        packed
    );
}

#[test]
fn a_run_that_was_kept_plain_is_packed_in_its_place() {
    let reports = Reports::new("plain");
    let folder = reports.0.join("run");
    std::fs::create_dir_all(&folder).expect("the folder is writable");
    std::fs::rename(reports.samples(), folder.join(PLAIN)).expect("the folder is writable");
    file(&folder.join(PLAIN), &folder).expect("it can be packed");
    assert!(!folder.join(PLAIN).exists());
    assert_eq!(drift(&folder), []);
}

#[test]
fn drift_is_found_in_every_file_with_its_place() {
    let reports = Reports::new("drift");
    let folder = reports.0.join("run");
    let results = file(&reports.samples(), &folder).expect("it can be written");
    let files = report::files(&results, None);
    let drift = |folder: &Path| of_folder(folder, &files).expect("it can be read");
    for made in files.clone() {
        let path = folder.join(&made.name);
        let line = made.text.split('\n').count();
        std::fs::write(&path, made.text.clone() + "x").expect("it is writable");
        let drifted = drift(&folder);
        let [
            (
                name,
                Drift::Differs {
                    line: at,
                    has,
                    would,
                },
            ),
        ] = drifted.as_slice()
        else {
            panic!("{}: {drifted:?}", made.name);
        };
        assert_eq!((name, *at), (&made.name, line));
        assert!(
            has.ends_with('x') && !would.ends_with('x'),
            "{has:?} {would:?}"
        );
        std::fs::remove_file(&path).expect("it is there");
        assert_eq!(drift(&folder), [(made.name.clone(), Drift::Missing)]);
        std::fs::write(&path, made.text).expect("it is writable");
    }
    std::fs::write(folder.join("plots/old.svg"), "<svg/>").expect("it is writable");
    assert_eq!(drift(&folder), [("plots/old.svg".into(), Drift::Obsolete)]);
    let samples = Source::from_samples(&folder.join(PACKED), &folder).expect("it is there");
    report::write(&results, None, &samples, &folder, Existing::Replace).expect("it is writable");
    assert_eq!(drift(&folder), []);
}

#[test]
fn the_first_difference_is_shown_where_it_is() {
    assert_eq!(of_text(b"same\n", "same\n"), None);
    for (has, would, rests) in [("ab", "ab\ncd", ["", "cd"]), ("ab\ncd", "ab", ["cd", ""])] {
        let drift = of_text(has.as_bytes(), would);
        let [has, would] = rests.map(String::from);
        assert_eq!(
            drift,
            Some(Drift::Differs {
                line: 2,
                has,
                would
            })
        );
    }
    let long = "a".repeat(500);
    let has = format!("one\n{long}b\n");
    let Some(Drift::Differs { line, has, would }) =
        of_text(has.as_bytes(), &format!("one\n{long}c\n"))
    else {
        panic!("they differ");
    };
    assert_eq!(line, 2);
    assert!(has.ends_with("ab") && would.ends_with("ac") && has.len() < 100);
    // A missing line end is a difference as well.
    assert!(of_text(b"same", "same\n").is_some());
}

fn environment(cpu: &str, started_at: &str) -> Environment {
    Environment {
        cpu: cpu.into(),
        cpus: 2,
        started_at: started_at.into(),
        ..Environment::default()
    }
}

#[test]
fn a_folder_is_named_by_day_and_machine_and_stays_where_it_is() {
    let at = "2026-11-24T05:41:33Z";
    for (cpu, name) in [
        ("AMD EPYC", "2026-11-24-epyc-2cpu"),
        (
            "Intel(R) Xeon(R) Processor @ 2.90GHz",
            "2026-11-24-xeon-2cpu",
        ),
        (
            "AMD Ryzen 9 5950X 16-Core Processor",
            "2026-11-24-ryzen-9-5950x-16-2cpu",
        ),
        ("../..", "2026-11-24-2cpu"),
    ] {
        let folder = folder_name(&[&environment(cpu, at)], None);
        assert_eq!(folder.expect("it is named"), name);
    }
    let named = folder_name(&[&environment("AMD EPYC", at)], Some("build-host.3"));
    assert_eq!(named.expect("it is a name"), "2026-11-24-build-host.3");
    for evil in ["", "..", "a/b", "../x", "a b", "-x"] {
        folder_name(&[&environment("AMD EPYC", at)], Some(evil)).expect_err(evil);
    }
    for evil in ["", "yesterday", "../../../../etc", "2026/11/24T"] {
        folder_name(&[&environment("AMD EPYC", evil)], None).expect_err(evil);
    }
}

#[test]
fn a_part_of_a_document_is_replaced_and_nothing_else() {
    let place = Path::new("README.md");
    let text = "a\n<!-- pivot:headline -->\nold\n<!-- pivot:headline end -->\nb\n";
    let once = Part::Headline
        .spliced(text, place, "reports/x", "new\n")
        .expect("it has the part");
    assert_eq!(
        once,
        "a\n<!-- pivot:headline reports/x -->\nnew\n<!-- pivot:headline end -->\nb\n"
    );
    assert_eq!(Part::Headline.source(text), Some(""));
    assert_eq!(Part::Headline.source(&once), Some("reports/x"));
    let again = Part::Headline.spliced(&once, place, "", "old\n");
    assert_eq!(again.expect("it has the part"), text);
    assert_eq!(Part::Runs.source(text), None);
    for broken in [
        "",
        "<!-- pivot:headline end -->\n",
        "<!-- pivot:headline end -->\n<!-- pivot:headline end -->\n",
        "<!-- pivot:headline -->\nx\n",
    ] {
        let error = Part::Headline
            .spliced(broken, place, "", "new")
            .expect_err("a comment is missing")
            .to_string();
        assert!(error.contains("README.md lacks"), "{error}");
    }
}
