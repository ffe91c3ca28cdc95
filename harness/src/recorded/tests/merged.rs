//! Runs of several machines: what is pooled, what stands side by side, and what is refused.

use model::sample::{Header, Line};

use super::*;

/// A run of few slices whose header was changed, in a folder of its own.
fn run(reports: &Reports, name: &str, change: impl FnOnce(&mut Header)) -> PathBuf {
    let mut lines = fixtures::readers([fixtures::invented("novel/thing", 4.0, 4.0, 4.0)]);
    if let Some(Line::Header(header)) = lines.first_mut() {
        change(header);
    }
    let folder = reports.0.join(name);
    std::fs::create_dir_all(&folder).expect("the folder is writable");
    std::fs::write(folder.join(PACKED), pack(text(&lines).as_bytes())).expect("it is writable");
    folder.join(PACKED)
}

type Change = fn(&mut Header);

fn on(cpu: &str) -> impl FnOnce(&mut Header) {
    let cpu = cpu.to_owned();
    move |header| header.environment.cpu = cpu
}

fn read_all(files: &[PathBuf], folder: Option<&Path>) -> Result<Read> {
    read(files, folder, &mut Known::default())
}

#[test]
fn one_machine_twice_is_pooled() {
    let reports = Reports::new("twice");
    let files = [
        run(&reports, "a", |_| {}),
        run(&reports, "b", |header| header.environment.seed = 8),
    ];
    let read = read_all(&files, None).expect("they are of one machine");
    let named = files.iter().map(|file| {
        let reading = sample::read(file).expect("it is ours");
        (file.display().to_string(), reading)
    });
    let (lines, warnings) = sample::pool(named.collect()).expect("they asked the same");
    let expected = machine_of(lines.clone(), &warnings);
    assert_eq!(read.results.machines, [expected]);
    let source = read
        .source(&reports.0.join("both"))
        .expect("they are pooled");
    let Source::Samples(content) = source else {
        panic!("samples, and not names: {source:?}");
    };
    assert_eq!(content, text(&lines).into_bytes());
}

#[test]
fn no_run_is_counted_twice() {
    let reports = Reports::new("copies");
    let run = run(&reports, "a", |_| {});
    let content = std::fs::read(&run).expect("it was written");
    let place = |name: &str| reports.0.join(name);
    std::fs::write(place("copy.jsonl.gz"), &content).expect("it is writable");
    let lines = sample::read(&run).expect("it is ours").lines;
    std::fs::write(place("plain.jsonl"), text(&lines)).expect("it is writable");
    // As far as it had come, but for a line that is damaged.
    let begun = [&lines[..1], &lines[2..lines.len() / 2]].concat();
    std::fs::write(place("begun.jsonl"), text(&begun)).expect("it is writable");
    let mut all = vec![
        run.clone(),
        place("copy.jsonl.gz"),
        place("plain.jsonl"),
        place("begun.jsonl"),
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&run, place("link.jsonl.gz")).expect("it is writable");
        all.push(place("link.jsonl.gz"));
    }
    for copy in all {
        let error = read_all(&[run.clone(), copy.clone()], None).expect_err("it is a copy");
        assert!(matches!(error, model::error::Error::Input(_)), "{error:?}");
        let error = error.to_string();
        assert!(
            error.contains("hold the same run") && error.lines().count() == 1,
            "{error}"
        );
        assert!(error.contains(&copy.display().to_string()), "{error}");
    }
}

#[test]
fn each_machine_has_the_results_of_its_own_report() {
    let reports = Reports::new("apart");
    let files = [
        run(&reports, "a", on("one")),
        run(&reports, "b", on("other")),
        run(&reports, "c", |header| {
            on("one")(header);
            header.environment.seed = 8;
        }),
    ];
    let read = read_all(&files, Some(&reports.0.join("both"))).expect("they can be merged");
    let machines = read.results.machines;
    let names: Vec<_> = machines
        .iter()
        .map(|machine| (machine.name.as_str(), machine.runs.join(" ")))
        .collect();
    assert_eq!(
        names,
        [
            ("one-2cpu", "../a ../c".into()),
            ("other-2cpu", "../b".into())
        ]
    );
    let alone = results(&files[1]).machines.remove(0);
    let runs = machines[1].runs.clone();
    assert_eq!(machines[1], results::Machine { runs, ..alone });
    let slices = |place: usize| machines[place].protocol.slices;
    assert_eq!(slices(0), 2 * slices(1));
}

#[test]
fn what_was_not_measured_alike_is_not_put_side_by_side() {
    let reports = Reports::new("unlike");
    let first = run(&reports, "first", |_| {});
    let unlike: [(&str, Change); 4] = [
        ("preset", |header| header.environment.preset = "full".into()),
        ("baseline", |header| header.baseline = "novel/thing".into()),
        ("scenario single-reader", |header| {
            header.scenarios[0].processes += 1;
        }),
        ("assumption", |header| {
            header.assumptions[0].improves_by_more_than = Some(0.5);
        }),
    ];
    for (what, change) in unlike {
        let other = run(&reports, "other", |header| {
            header.environment.cpu = "other".into();
            change(header);
        });
        let error = read_all(&[first.clone(), other], None)
            .expect_err(what)
            .to_string();
        assert!(
            error.contains(what) && error.contains("side by side"),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn a_merged_report_names_its_runs_and_has_not_drifted() {
    let reports = Reports::new("merged");
    let files = [
        run(&reports, "a", on("one")),
        run(&reports, "b", on("other")),
    ];
    let folder = reports.0.join("both");
    let make = |files: &[PathBuf]| {
        let read = read_all(files, Some(&folder)).expect("they can be merged");
        let source = read.source(&folder).expect("they are there");
        let Source::Runs(names) = source.clone() else {
            panic!("names, and not samples: {source:?}");
        };
        super::super::file(&read.results, source, &folder).map(|()| names)
    };
    let names = make(&files).expect("it can be written");
    assert!(
        names.contains("\"../a\"") && names.contains("\"../b\""),
        "{names}"
    );
    assert!(!folder.join(PACKED).exists() && !folder.join(PLAIN).exists());
    let again = locate(&folder).expect("it names them");
    let drift = || {
        let read = read_all(&again, Some(&folder)).expect("they can be merged");
        of_folder(&folder, &report::files(&read.results, None)).expect("it can be read")
    };
    assert_eq!(drift(), []);
    make(&again).expect("it is the same");
    std::fs::write(folder.join("cells.csv"), "x").expect("it is writable");
    assert_eq!(drift().len(), 1);
    assert!(
        folders(&reports.0)
            .expect("it can be read")
            .contains(&folder)
    );
    // Another report does not take its place, and samples do not come beside it.
    let other = run(&reports, "c", on("third"));
    let error = make(&[files[0].clone(), other])
        .expect_err("it is another")
        .to_string();
    assert!(error.contains("another report"), "{error}");
    let samples = Source::from_samples(&files[0], &folder).expect("it is ours");
    let error = report::write(&results(&files[0]), None, &samples, &folder, Existing::Keep);
    let error = error.expect_err("it is no run's folder");
    assert!(error.to_string().contains(sample::MERGED), "{error}");
    let error = sample::locate(&folder)
        .expect_err("it has no samples")
        .to_string();
    assert!(error.contains("merged report"), "{error}");
}

#[test]
fn what_a_merged_report_says_of_its_runs_must_make_sense() {
    let reports = Reports::new("nonsense");
    for (text, expected) in [
        ("", "missing field `runs`"),
        ("runs = [\"../a\"]", "fewer than two"),
        ("runs = 3", "runs"),
        ("runs = [\"../a\", \"../b\"]\nrun = 1", "unknown field"),
    ] {
        std::fs::write(reports.0.join(sample::MERGED), text).expect("it is writable");
        let error = locate(&reports.0).expect_err(text).to_string();
        assert!(
            error.contains(expected) && error.lines().count() == 1,
            "{error}"
        );
    }
}

#[test]
fn a_merged_folder_is_named_by_its_last_day_and_its_machines() {
    let (a, b) = (
        environment("AMD EPYC", "2026-11-23T05:41:33Z"),
        environment("Intel(R) Xeon(R) Processor", "2026-11-24T05:41:33Z"),
    );
    assert_eq!(
        folder_name(&[&a, &b], None).expect("it is named"),
        "2026-11-24-epyc-2cpu-and-xeon-2cpu"
    );
    assert_eq!(
        folder_name(&[&a, &b], Some("both")).expect("it is a name"),
        "2026-11-24-both"
    );
}
