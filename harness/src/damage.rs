//! Files as a crash, a disk or an editor leaves them: damage of every kind to files that were sound, and
//! what everything that reads files must make of it: an answer, or one line that says what is wrong and
//! where. Never a panic.
//!
//! `DAMAGED_FILES=200000 cargo test -p pivot-harness --lib damage` tries more than the usual few thousand.

use std::path::{Path, PathBuf};

use model::scenario::{RecordKind, Scenario};
use model::{assumption, sample};
use serde_json::Value;

use analysis::{Samples, analyse, merge};
use fixtures::damage::{Damage, assert_one_line, files};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The content of all files of a kind in a folder and in those below it.
fn corpus(folder: &Path, ending: &str) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("it is part of the workspace") {
        let path = entry.expect("it is readable").path();
        if path.is_dir() {
            files.extend(corpus(&path, ending));
        } else if path
            .extension()
            .is_some_and(|extension| extension == ending)
        {
            files.push(std::fs::read(&path).expect("it is readable"));
        }
    }
    assert!(!files.is_empty(), "{}", folder.display());
    files.sort();
    files
}

/// Spoils the files in turn; `read` answers whether the file was accepted. Of both there must be some,
/// or the damage is of the wrong kind.
fn try_all(corpus: &[Vec<u8>], usual: usize, mut read: impl FnMut(&[u8]) -> Result<(), String>) {
    let mut damage = Damage::new(1);
    let (mut accepted, mut refused) = (0, 0);
    for number in 0..files(usual) {
        let other = &corpus[damage.below(corpus.len())];
        let spoilt = damage.spoil(&corpus[number % corpus.len()], other);
        match read(&spoilt) {
            Ok(()) => accepted += 1,
            Err(complaint) => {
                refused += 1;
                assert_one_line(&complaint, "f");
            }
        }
    }
    assert!(
        accepted * 100 > usual && refused * 100 > usual,
        "{accepted} accepted, {refused} refused"
    );
}

#[test]
fn damaged_scenarios_are_refused_or_sane() {
    let corpus = corpus(&workspace().join("benches/scenarios"), "toml");
    try_all(&corpus, 4_000, |bytes| {
        // What is not text is refused before, by whoever opens it.
        let text = String::from_utf8_lossy(bytes);
        let scenarios = Scenario::parse(&text, "f").map_err(|error| error.to_string())?;
        for scenario in scenarios {
            assert!((1..=1 << 12).contains(&scenario.threads()), "{scenario:?}");
            let records = scenario.processes;
            assert!(records >= 1 && records * scenario.record.size() <= 1 << 30);
            assert!(scenario.record != RecordKind::Padded4Ki || records <= 1 << 18);
            for group in &scenario.groups {
                assert!(
                    group
                        .every_us
                        .is_none_or(|pause| pause.is_finite() && pause > 0.0)
                );
                let shares = group.shares();
                assert!((0.0..=1.0).contains(&(shares.inserts + shares.scans)));
            }
            assert_eq!(scenario.asked().lines().count(), 1);
        }
        Ok(())
    });
}

#[test]
fn damaged_assumptions_are_refused_or_judged() {
    let whole = std::fs::read(workspace().join("benches/assumptions.toml")).expect("it is there");
    try_all(&[whole], 4_000, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let assumptions = assumption::parse(&text, "f").map_err(|error| error.to_string())?;
        for assumption in assumptions {
            let _ = assumption.is_about("single-reader");
            assert!(assumption.criterion().is_some(), "{assumption:?}");
        }
        Ok(())
    });
}

#[test]
fn damaged_curves_are_refused_or_predicted() {
    use predict::backtest::backtest;
    use predict::curve::{Curve, Kind};
    let whole = b"# a comment\ncpus,ns\n1,9.5\n2,9.7\n8,128.1\n16,579.3\n192,7005\n".to_vec();
    try_all(&[whole], 4_000, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let curve = Curve::parse(&text, "f").map_err(|error| error.to_string())?;
        let tested = backtest(&curve, Kind::Aggregate, 16, None, "f");
        let tested = tested.map_err(|error| error.to_string())?;
        for row in tested.points {
            let band = row.predicted_ns;
            assert!(
                0.0 < band.low && band.low <= band.mid && band.mid <= band.high,
                "{row:?}"
            );
            assert!(band.high.is_finite() && !row.error.is_nan());
        }
        Ok(())
    });
}

#[test]
fn damaged_machines_are_refused_or_sane() {
    let corpus = corpus(&workspace().join("benches/machines"), "toml");
    try_all(&corpus, 4_000, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let machine = predict::machine::Machine::parse(&text, "f");
        let machine = machine.map_err(|error| error.to_string())?;
        assert!(machine.cpus() >= 1);
        Ok(())
    });
}

#[test]
fn damaged_recordings_of_locks_are_refused_or_shown() {
    use locks::{analyse, compare, read};
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/recordings");
    let corpus = corpus(&folder, "json");
    let whole = analyse(&read(&corpus[0], "f").expect("it is sound"));
    // Hardly any damage to a recording goes unseen; some must, and a field that is not known is where it does.
    let with_note = |bytes: Vec<u8>| {
        let note = format!("{{\"note\": \"{}\",", "x".repeat(bytes.len() / 2));
        [note.as_bytes(), &bytes[1..]].concat()
    };
    let corpus: Vec<Vec<u8>> = corpus.into_iter().map(with_note).collect();
    try_all(&corpus, 1_000, |bytes| {
        let recording = read(bytes, "f").map_err(|error| error.to_string())?;
        let analysis = analyse(&recording);
        assert!(analysis.locks.iter().all(|lock| lock.gain >= 0.0));
        let change = compare(&whole, &analysis);
        let page = report::locks(&analysis, Some(&change), report::Form::Html);
        assert!(page.contains("</html>"));
        Ok(())
    });
}

#[test]
fn damaged_process_traces_are_refused_or_replayable() {
    use model::workload::{Form, Step, Workload};
    let text = "{\"schema\":\"pivot-process-trace/1\",\"command\":\"make\",\"every_ms\":20}\n\
        {\"at_ns\":0,\"event\":\"born\",\"pid\":41,\"start\":3,\"name\":\"make\"}\n\
        {\"at_ns\":9,\"event\":\"state\",\"pid\":41,\"start\":3,\"state\":\"sleeping\"}\n\
        {\"at_ns\":9,\"event\":\"born\",\"pid\":42,\"start\":7,\"name\":\"<b>, \\\"cc\\\"\"}\n\
        {\"at_ns\":11,\"event\":\"resources\",\"pid\":42,\"start\":7,\"cpu_ns\":10,\"rss_bytes\":4096}\n\
        {\"at_ns\":12,\"event\":\"exit\",\"pid\":42,\"start\":7,\"code\":-9}\n\
        {\"at_ns\":15,\"event\":\"born\",\"pid\":42,\"start\":8}\n";
    let whole = Workload::parse(text.as_bytes(), "f").expect("it is sound");
    let corpus = [Form::JsonLines, Form::Csv].map(|form| whole.text(form).into_bytes());
    try_all(&corpus, 8_000, |bytes| {
        let workload = Workload::parse(bytes, "f").map_err(|error| error.to_string())?;
        let (mut last_ns, mut alive) = (0, std::collections::HashSet::new());
        for operation in workload.operations() {
            assert!(operation.at_ns >= last_ns, "{operation:?}");
            last_ns = operation.at_ns;
            assert!(match operation.step {
                Step::Insert => alive.insert(operation.id),
                Step::Apply(_) => alive.contains(&operation.id),
                Step::Remove => alive.remove(&operation.id),
            });
        }
        assert!(workload.summary.peak >= alive.len().max(1));
        let again = Workload::parse(workload.text(Form::JsonLines).as_bytes(), "f");
        assert_eq!(again.expect("what was read can be written"), workload);
        Ok(())
    });
}

/// A recorded run, cut down to a few lines of each kind.
fn recorded() -> Vec<u8> {
    const OF_A_KIND: usize = 12;
    let reports = workspace().join("reports");
    let folders = crate::recorded::folders(&reports).expect("it is part of the workspace");
    let samples = sample::locate(&folders[0]).expect("it has one sample file");
    let whole = sample::text(&sample::read(&samples).expect("it is whole").lines);
    let mut kinds: Vec<(Vec<u8>, usize)> = Vec::new();
    let mut kept = Vec::new();
    for line in whole.as_bytes().split_inclusive(|&byte| byte == b'\n') {
        let kind: Vec<u8> = line.iter().copied().take(20).collect();
        let place = kinds
            .iter()
            .position(|(known, _)| *known == kind)
            .unwrap_or_else(|| {
                kinds.push((kind, 0));
                kinds.len() - 1
            });
        kinds[place].1 += 1;
        if kinds[place].1 <= OF_A_KIND {
            kept.extend_from_slice(line);
        }
    }
    assert!(kinds.len() > 5, "it has lines of many kinds");
    kept
}

#[test]
fn damaged_samples_make_a_report_or_one_complaint() {
    let whole = recorded();
    try_all(&[whole], 40, |bytes| {
        let reading = sample::parse(bytes, "f").map_err(|error| error.to_string())?;
        reading
            .notes("f")
            .iter()
            .for_each(|note| assert_one_line(note, "f"));
        let samples = Samples::from_lines(reading.lines).expect("it begins with its header");
        let results = merge(vec![analyse(&samples)]);
        let read: Value = serde_json::from_str(&report::json(&results)).expect("it is JSON");
        assert_eq!(read["machines"].as_array().map(Vec::len), Some(1));
        assert!(!report::files(&results, None).is_empty());
        Ok(())
    });
}
