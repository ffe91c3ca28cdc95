//! What a report must do with any results.

mod answers;
mod controls;
mod evidence;
mod machines;
mod page;
mod scaling;
mod schema;
mod sweeps;
mod twins;

use std::path::PathBuf;
use std::sync::LazyLock;

use contract::AfterDeadThread;
use model::fault::Action;
use model::output::Existing;
use model::sample::{Exclusion, Line, Writer};
use model::scenario::Activity;

use super::*;
use analysis::{Samples, analyse, merge};
use fixtures::traces::{Lock, traced};
use fixtures::{Run, invented, readers, sample_lines, three};
use results::{Answer, Cell, Choice, Decision, Machine, Metric, Ratio, Results};

/// What the lines of a run on one machine come out as.
fn analysed(lines: Vec<Line>) -> Results {
    let samples = Samples::from_lines(lines).expect("the first line is the header");
    merge(vec![analyse(&samples)])
}

trait Analysed {
    fn results(&self) -> Results;
}

impl Analysed for Run {
    fn results(&self) -> Results {
        analysed(self.lines())
    }
}

/// What three ways to come out are judged to be.
fn results_of_three() -> Results {
    static RESULTS: LazyLock<Results> = LazyLock::new(|| three().results());
    RESULTS.clone()
}

/// The row of a Markdown table, as its cells.
fn row<'t>(text: &'t str, head: &str) -> Vec<&'t str> {
    let is_it = |line: &&str| line.starts_with(&format!("| {head} |"));
    let line = text.lines().find(is_it).expect("there is such a row");
    line.trim_matches('|').split('|').map(str::trim).collect()
}

/// A section of the HTML, from its heading to the next.
fn section<'h>(html: &'h str, id: &str) -> &'h str {
    let start = html
        .find(&format!("<h2 id=\"{id}\">"))
        .expect("the section is there");
    let rest = &html[start..];
    &rest[..rest.find("</section>").expect("sections end")]
}

/// The pages of a report that end so, one after the other.
fn pages(results: &Results, end: &str) -> String {
    let files = files(results, None).into_iter();
    let pages = files.filter(|file| file.name.ends_with(end));
    pages.map(|page| page.text).collect()
}

fn html(results: &Results) -> String {
    pages(results, ".html")
}

fn markdown(results: &Results) -> String {
    pages(results, ".md")
}

/// The words of the first screen, and of the section on one strategy for everything.
fn answered(results: &Results) -> String {
    let sections = [choices::first(results), decisions::section(results)];
    let blocks = sections.into_iter().flat_map(|section| section.blocks);
    let lines = blocks.filter_map(|block| match block {
        view::Block::Prose(text) => Some(text),
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_starved_cell_is_in_every_file_and_readable_again() {
    let mut lines = fixtures::contended([invented("novel/thing", 4.0, 20.0, 3.0)], 13, 1);
    for line in &mut lines {
        if let Line::Slice(slice) = line
            && slice.key.strategy == "novel/thing"
            && slice.key.process < 9
        {
            slice.groups[0].operations.fill(0);
        }
    }
    let results = analysed(lines);
    let text = csv(&results);
    let is_cell = |line: &&str| {
        line.starts_with("contention-saturating,novel/thing,read_ns") && line.contains(",13,9,")
    };
    assert!(text.lines().any(|line| is_cell(&line)), "{text}");
    let again = read_back(&results);
    let cell = alone(&again).cell("contention-saturating", "novel/thing", Metric::ReadNs);
    assert!(cell.is_some_and(|cell| cell.median.is_infinite()));
}

/// What was found on the one machine of a report.
fn alone(results: &Results) -> &Machine {
    let [machine] = results.machines.as_slice() else {
        panic!("it is a report on one machine");
    };
    machine
}

/// A cell as a line of `cells.csv` has it, and its machine.
fn cell_of(line: &str) -> (String, Cell) {
    let fields: Vec<&str> = line.split(',').collect();
    let number = |place: usize| -> f64 { fields[place].parse().expect("it is a number") };
    let count = |place: usize| -> usize { fields[place].parse().expect("it is a count") };
    let text = |place: usize| fields[place].to_owned();
    let ratio = (!fields[9].is_empty()).then(|| Ratio {
        vs: text(9),
        median: number(10),
        ci_low: number(11),
        ci_high: number(12),
        n: count(13),
        verdict: serde_json::from_value(fields[14].into()).expect("it is a verdict"),
        withheld: (!fields[15].is_empty()).then(|| text(15)),
        processes: count(18),
        p: fields[19].parse().ok(),
    });
    let flags = fields[8].split_whitespace();
    let flags = flags.map(|flag| serde_json::from_value(flag.into()).expect("it is a flag"));
    let cell = Cell {
        scenario: text(0),
        strategy: text(1),
        metric: serde_json::from_value(fields[2].into()).expect("it is a metric"),
        unit: text(3),
        median: number(4),
        ci_low: number(5),
        ci_high: number(6),
        n: count(7),
        flags: flags.collect(),
        processes: count(16),
        starved: count(17),
        ratio,
    };
    (text(20), cell)
}

/// Results as files have them, with their tables in their machines again.
fn read_back(results: &Results) -> Results {
    use serde_json::Value;
    let file: Value = serde_json::from_str(&json(results)).expect("it is JSON");
    let file = file.as_object().expect("it is an object");
    let heads = file["machines"].as_array().expect("it has machines").iter();
    let machines = heads.map(|head| {
        let mut machine = head.as_object().expect("it is an object").clone();
        machine.extend(["baseline", "margin"].map(|name| (name.to_owned(), file[name].clone())));
        for (name, table) in file {
            let rows = table.as_array().into_iter().flatten();
            let rows = rows
                .filter(|row| row["machine"] == head["name"])
                .map(|row| {
                    let mut row = row.clone();
                    row.as_object_mut().map(|row| row.remove("machine"));
                    row
                });
            let rows: Vec<Value> = rows.collect();
            if !machine.contains_key(name) && !["overall", "differences"].contains(&name.as_str()) {
                machine.insert(name.clone(), Value::Array(rows));
            }
        }
        serde_json::from_value(Value::Object(machine)).expect("it is a machine's")
    });
    let mut machines: Vec<Machine> = machines.collect();
    // Their cards are in words there, for people.
    for (machine, written) in machines.iter_mut().zip(&results.machines) {
        machine.strategies.clone_from(&written.strategies);
    }
    for (name, cell) in csv(results).lines().skip(1).map(cell_of) {
        let mut machines = machines.iter_mut();
        let machine = machines.find(|machine| machine.name == name);
        machine.expect("it is there").cells.push(cell);
    }
    merge(machines)
}

/// The answer to one reader beside a writer that never pauses.
fn busy_writer(results: &mut Results) -> &mut Answer {
    let mut cases = results.machines[0].use_cases.iter_mut();
    let busy = cases.find(|case| case.id == "busy-writer");
    &mut busy.expect("its rows were measured").of_all
}

fn decision(results: &Results, strategy: &str) -> Decision {
    facts::overall(results, strategy)
        .expect("it was judged")
        .decision
}

#[test]
fn the_fixture_comes_out_as_it_was_invented() {
    let results = results_of_three();
    assert_eq!(decision(&results, "atomics/seqlock"), Decision::Adopt);
    assert_eq!(
        decision(&results, "channel/std-mpsc"),
        Decision::StayWithBaseline
    );
    assert_eq!(decision(&results, "novel/thing"), Decision::AdoptForSome);
}

#[test]
fn every_contender_is_in_the_headline_table_with_its_interval() {
    let results = results_of_three();
    let html = html(&results);
    let table = section(&html, "report-table");
    for card in alone(&results).contenders() {
        let card_link = format!(
            "#card-{}\"><code>{}</code>",
            format::slug(&card.name),
            card.name
        );
        assert!(table.contains(&card_link), "{card_link}");
    }
    let ratio = alone(&results).cell("ten-readers", "novel/thing", Metric::ReadNs);
    let ratio = format::ratio(
        ratio
            .and_then(|cell| cell.ratio.as_ref())
            .expect("it was compared"),
    );
    assert!(table.contains(&ratio), "{ratio}");
    assert!(table.contains("1,631 ns") && table.contains("51.7x"));
}

#[test]
fn the_answer_names_what_to_adopt_and_what_not() {
    let answer = answered(&results_of_three());
    assert!(answer.contains("Adopt `atomics/seqlock`"), "{answer}");
    let text = markdown(&results_of_three());
    assert_eq!(
        row(&text, "stay with mutex/std (1)")[1],
        "`channel/std-mpsc`"
    );
    assert!(answer.contains("The channel remains rejected"), "{answer}");
}

#[test]
fn markup_in_names_is_escaped_in_both_formats() {
    let evil = "evil/<script>alert(1)</script>|`x`\n# h\" onfocus=\"alert(2)";
    let run = Run::new([invented(evil, 4.0, 4.0, 4.0)]).check(evil, "dead<b>lock", false);
    let results = run.results();
    let (html, markdown) = (html(&results), markdown(&results));
    assert!(!html.contains("<script>alert") && !html.contains("<b>lock"));
    assert!(!html.contains("\" onfocus="));
    assert!(html.contains("&lt;script&gt;"));
    assert!(!markdown.contains("<script>") && !markdown.contains("\n# h"));
    // A pipe that is not escaped would give its row more cells than the header has.
    for table in markdown
        .split("\n\n")
        .filter(|block| block.starts_with("| "))
    {
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        let header = cells(table.lines().next().expect("a table has a header"));
        for line in table.lines() {
            assert_eq!(cells(line), header, "{line}");
        }
    }
}

#[test]
fn a_partial_run_is_labelled_and_a_whole_one_is_not() {
    let whole = three();
    let mut cut = three();
    cut.complete = false;
    for (run, labelled) in [(whole, false), (cut, true)] {
        let results = run.results();
        assert_eq!(markdown(&results).contains("Partial run"), labelled);
        assert_eq!(html(&results).contains("Partial run"), labelled);
    }
}

#[test]
fn a_broken_guarantee_removes_a_strategy_from_ranking() {
    let results = three()
        .check("atomics/seqlock", "torn reads", false)
        .results();
    assert_eq!(
        decision(&results, "atomics/seqlock"),
        Decision::Disqualified
    );
    let answer = answered(&results);
    assert!(!answer.contains("Adopt `atomics/seqlock`"), "{answer}");
    assert!(
        answer.contains("Not ranked, because a check found a guarantee broken: `atomics/seqlock`")
    );
    let machine = alone(&results);
    let rows = facts::report_rows(machine);
    let figures = charts::intervals(&results, &rows, |_| true);
    assert!(!figures.is_empty(), "others are ranked");
    for figure in figures {
        let view::Block::Figure(figure) = figure else {
            unreachable!("these are drawings")
        };
        assert!(!figure.svg.contains("atomics/seqlock") && figure.svg.contains("novel/thing"));
    }
    assert!(verdict_table(&results).contains("disqualified"));
    assert!(section(&html(&results), "guarantees").contains("FORBIDDEN"));
}

#[test]
fn what_faults_did_is_beside_the_claim_that_it_breaks() {
    let mut run = three()
        .reader_gone("atomics/seqlock", Some(Action::Update))
        .reader_gone("novel/thing", None);
    for strategy in &mut run.strategies {
        strategy.claims.after_dead_thread = AfterDeadThread::Unaffected;
    }
    let results = run.results();
    assert_eq!(
        decision(&results, "atomics/seqlock"),
        Decision::Disqualified
    );
    assert_ne!(decision(&results, "novel/thing"), Decision::Disqualified);
    let page = html(&results);
    let guarantees = section(&page, "guarantees");
    for expected in ["FORBIDDEN", "writers blocked", "writers wait", "harmless"] {
        assert!(guarantees.contains(expected), "{expected}");
    }
}

#[test]
fn equal_results_give_equal_bytes() {
    let (a, b) = (three().results(), three().results());
    assert_eq!(html(&a), html(&b));
    assert_eq!(markdown(&a), markdown(&b));
    assert_eq!(json(&a), json(&b));
    // And they say something about the results: others give other bytes.
    let other = Run::new([invented("novel/thing", 9.0, 9.0, 9.0)]).results();
    assert_ne!(html(&a), html(&other));
}

#[test]
fn results_survive_the_way_through_json() {
    let mut results = results_of_three();
    let answer = busy_writer(&mut results);
    answer.choice.as_mut().expect("one qualifies").high = f64::INFINITY;
    let read = read_back(&results);
    assert_eq!(markdown(&results), markdown(&read));
}

#[test]
fn an_exclusion_is_shown_with_its_reason() {
    let mut run = three();
    run.exclusions.push(Exclusion {
        scenario: "ten-readers".into(),
        strategy: "novel/thing".into(),
        reason: "plain data only".into(),
    });
    let results = run.results();
    assert!(section(&html(&results), "report-table").contains("n/a: plain data only"));
    assert!(verdict_table(&results).contains("n/a: plain data only"));
}

#[test]
fn what_was_published_of_reads_stands_beside_reads() {
    let memory = |lines| section(&html(&analysed(lines)), "memory").to_owned();
    let mut lines = three().lines();
    assert!(memory(lines.clone()).contains("144 B / 3"));
    lines.retain(|line| match line {
        Line::Allocation(counted) => counted.does != Activity::Read,
        _ => true,
    });
    assert!(!memory(lines).contains("144 B / 3"));
}

#[test]
fn explanations_stand_only_beside_what_was_observed() {
    let lesson = |run: &Run| {
        let html = html(&run.results());
        section(&html, "lessons").to_owned()
    };
    let mechanism = pivots::why("channel", pivots::Observation::ReadsAllocate);
    let silent = three();
    assert!(!lesson(&silent).contains(mechanism));
    let mut allocating = three();
    allocating.strategies[2].allocations = 3;
    assert!(lesson(&allocating).contains(mechanism));
}

#[test]
fn a_family_without_an_entry_gets_its_lesson_all_the_same() {
    let html = html(&results_of_three());
    assert!(section(&html, "lessons").contains("<h3>Novel: "));
}

#[test]
fn nothing_is_missing_so_badly_that_there_is_no_report() {
    let mut nothing = three();
    nothing.scenarios.clear();
    let mut no_strategy = three();
    no_strategy.strategies.truncate(1);
    no_strategy.scenarios.truncate(1);
    let mut unpublished = three();
    for scenario in &mut unpublished.scenarios {
        scenario.published = None;
    }
    let mut header_only = three();
    (header_only.processes, header_only.complete) = (0, false);
    let mut registry_only = three();
    registry_only.scenarios.drain(..5);
    for run in [
        Run::baseline_only(),
        nothing,
        no_strategy,
        unpublished,
        header_only,
        registry_only,
    ] {
        let results = run.results();
        let text = markdown(&results);
        assert!(text.contains("## One strategy for everything"));
        let mut lines = text.lines().skip_while(|line| !line.starts_with("|---"));
        assert!(lines.nth(1).is_none_or(|line| line.starts_with("| ")));
        for page in [files::HTML, "details.html"] {
            let page = pages(&results, page);
            assert!(page.trim_end().ends_with("</html>"));
            assert_eq!(
                page.matches("<tbody>\n</tbody>").count(),
                0,
                "an empty table"
            );
        }
        assert!(verdict_table(&results).contains("decision"));
    }
}

#[test]
fn what_was_not_measured_is_not_decided() {
    let mut run = three();
    run.processes = 0;
    assert_eq!(decision(&run.results(), "novel/thing"), Decision::TooFew);
    let answer = answered(&run.results());
    assert!(answer.contains("Nothing was compared"), "{answer}");
    let html = html(&run.results());
    let table = section(&html, "report-table");
    assert!(
        table.contains("was measured in this run") && !table.contains("<table"),
        "{table}"
    );
    let decisions = section(&html, "decisions");
    assert!(!decisions.contains("Decision per strategy"), "{decisions}");
}

/// A folder that is removed again.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("pivot-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(&self.0)
            .expect("it exists")
            .map(|entry| {
                entry
                    .expect("it is readable")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn sample_file(folder: &Folder, lines: &[Line]) -> PathBuf {
    let path = folder.0.join("elsewhere.jsonl");
    let mut writer = Writer::create(&path).expect("the folder is writable");
    for line in lines {
        writer.append(line).expect("the disk has room");
    }
    path
}

#[test]
fn a_report_is_written_whole_and_beside_its_samples() {
    let (source, target) = (Folder::new("source"), Folder::new("target"));
    let run = three();
    let samples = sample_file(&source, &run.lines());
    let write = |samples: &PathBuf| {
        let samples = Source::from_samples(samples, &target.0).expect("they are there");
        let existing = Existing::Keep;
        write(&run.results(), None, &samples, &target.0, existing).expect("the folder is writable")
    };
    write(&samples);
    assert_eq!(
        target.names(),
        [
            "cells.csv",
            "details.html",
            "details.md",
            "plots",
            "report.html",
            "report.md",
            "results.json",
            "samples.jsonl"
        ]
    );
    let kept = target.0.join("samples.jsonl");
    let copied = std::fs::read(&kept).expect("it was written");
    assert_eq!(copied, std::fs::read(&samples).expect("it is still there"));
    // Again, from the folder's own samples.
    write(&kept);
    assert_eq!(std::fs::read(&kept).expect("it was kept"), copied);
}

#[test]
fn a_failure_leaves_the_previous_report_as_it_was() {
    let folder = Folder::new("failure");
    let html = folder.0.join(files::HTML);
    std::fs::write(&html, "the previous report").expect("the folder is writable");
    let missing = folder.0.join("no-such-samples.jsonl");
    let error = Source::from_samples(&missing, &folder.0).expect_err("there are no samples");
    assert!(error.to_string().contains("no-such-samples.jsonl"));
    // A file stands where the folder of the drawings belongs.
    let plots = folder.0.join("plots");
    std::fs::write(&plots, "in the way").expect("the folder is writable");
    let samples = Source::Samples(b"{}\n".to_vec());
    let existing = Existing::Replace;
    write(&results_of_three(), None, &samples, &folder.0, existing).expect_err("it cannot be");
    std::fs::remove_file(&plots).expect("it is there");
    assert_eq!(
        std::fs::read_to_string(&html).expect("it is still there"),
        "the previous report"
    );
    assert_eq!(folder.names(), [files::HTML]);
}
