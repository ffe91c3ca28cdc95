//! Advice on invented runs, in words and as a decision record.

use basis::scenario::Scenario;

use super::*;
use crate::advice::{Decision, Screening, Subject, conclude};
use crate::analysis::{Samples, analyse};
use crate::report::tests::{Invented, invented, readers};

const FILE: &str = "name = \"w\"\ntitle = \"TITLE\"\n[table]\nrecords = 64\n[readers]\nthreads = 1\n\
                    rate_per_s = 1000\n[needs]\nlinearizable = true\n";

fn workload(title: &str) -> Workload {
    Workload::parse(&FILE.replace("TITLE", title), "w.toml").unwrap()
}

/// The advice from an invented run, whose first scenario has one reader.
fn told(title: &str, contenders: impl IntoIterator<Item = Invented>) -> (Decision, Advice) {
    let results = analyse(&Samples::from_lines(readers(contenders)).unwrap());
    let workload = workload(title);
    let mut questions = workload.questions().unwrap();
    let measured: &Scenario = &results.scenarios[0];
    for subject in &mut questions.subjects {
        *subject = Subject {
            scenario: measured.name.clone(),
            ..subject.clone()
        };
    }
    let conclusion = conclude(&workload, &questions, &results, &Screening::default());
    let advice = advice(&workload, &questions, &results, &conclusion);
    (conclusion.decision, advice)
}

fn any(sentences: &[String], part: &str) -> bool {
    sentences.iter().any(|sentence| sentence.contains(part))
}

#[test]
fn what_is_faster_is_adopted_with_what_it_costs() {
    let seqlock = invented("atomics/seqlock", 3.0, 3.0, 1.0);
    let (decision, advice) = told("T", [seqlock, invented("x/slow", 0.5, 0.5, 0.5)]);
    assert_eq!(decision.protagonist(), Some("atomics/seqlock"));
    assert!(
        advice.answer.starts_with("Adopt `atomics/seqlock`"),
        "{}",
        advice.answer
    );
    assert!(any(&advice.because, "faster, with"), "{:?}", advice.because);
    assert!(
        any(&advice.because, "1,000 reads a second"),
        "{:?}",
        advice.because
    );
    assert!(
        any(&advice.lost, "weak instead of atomic snapshot"),
        "{:?}",
        advice.lost
    );
    assert!(
        any(&advice.reversal, "`mutex/std` stays if"),
        "{:?}",
        advice.reversal
    );
    assert!(
        any(&advice.outlook, "Nothing is predicted"),
        "{:?}",
        advice.outlook
    );
    let strategies: Vec<&str> = advice
        .evidence
        .iter()
        .map(|row| row.strategy.as_str())
        .collect();
    assert_eq!(strategies, ["mutex/std", "atomics/seqlock", "x/slow"]);
}

#[test]
fn staying_is_an_answer_and_says_what_would_change_it() {
    let (decision, advice) = told("T", [invented("x/slow", 0.9, 0.9, 0.5)]);
    assert!(matches!(decision, Decision::Stay { .. }), "{decision:?}");
    assert!(
        advice.answer.starts_with("Stay with `mutex/std`"),
        "{}",
        advice.answer
    );
    assert!(
        any(&advice.reversal, "`x/slow` replaces `mutex/std` if"),
        "{:?}",
        advice.reversal
    );
}

#[test]
fn the_decision_record_has_its_sections_in_order_and_nothing_undefined() {
    let (_, advice) = told("T", [invented("atomics/seqlock", 3.0, 3.0, 1.0)]);
    let record = decision_record(&advice);
    let headings: Vec<&str> = record
        .lines()
        .filter(|line| line.starts_with('#'))
        .collect();
    assert_eq!(
        headings,
        [
            "# How to share: T",
            "## Context",
            "## Options considered",
            "## Decision",
            "## Evidence",
            "## Consequences",
            "## What would reverse this decision",
        ]
    );
    for part in [
        &advice.date,
        &advice.evidence[1].ratio,
        "- Status: proposed",
        "`linearizable`",
    ] {
        assert!(record.contains(part), "{part:?} is not in:\n{record}");
    }
    assert!(
        record.contains(&format!("    {}", advice.command)),
        "{record}"
    );
    let table: Vec<&str> = record
        .lines()
        .filter(|line| line.starts_with('|'))
        .collect();
    assert_eq!(table.len(), 2 + advice.evidence.len(), "{record}");
    assert!(
        !record.contains("undefined") && !record.contains("{{"),
        "{record}"
    );
    assert!(markdown(&advice).contains("## What is lost"));
}

#[test]
fn what_users_call_things_makes_no_markup() {
    let title = r"a | <b>*c*</b>\n## Decision\n\n[x](http://e) `y`";
    let (_, advice) = told(title, [invented("x/slow", 0.9, 0.9, 0.5)]);
    for page in [decision_record(&advice), markdown(&advice)] {
        let first = page.lines().next().unwrap();
        assert!(
            first.contains(r"a \| &lt;b&gt;\*c\*&lt;/b&gt; ## Decision"),
            "{first}"
        );
        assert!(first.contains(r"[x]\(http://e) \`y\`"), "{first}");
        assert!(!page.contains("<b>"), "{page}");
        assert!(page.matches("\n## Decision\n").count() <= 1, "{page}");
    }
}

#[test]
fn a_record_is_overwritten_on_request_only() {
    let folder = std::env::temp_dir().join(format!("pivot-adr-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let record = folder.join("adr.md");
    assert!(may_write(&record, false).is_ok());
    write("one", &record).unwrap();
    let said = may_write(&record, false).unwrap_err().to_string();
    assert!(said.contains("--force"), "{said}");
    assert!(may_write(&record, true).is_ok());
    assert!(
        may_write(&folder, true)
            .unwrap_err()
            .to_string()
            .contains("folder")
    );
    let nowhere = folder.join("no/adr.md");
    assert!(
        may_write(&nowhere, false)
            .unwrap_err()
            .to_string()
            .contains("no folder")
    );
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing half-written");
    std::fs::remove_dir_all(&folder).unwrap();
}
