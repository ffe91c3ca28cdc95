//! What a report says of what was seen instruction by instruction.

use contract::Progress;
use fixtures::evidence::{lines, stall};
use model::sample::Line;
use model::trace::{TraceSeen, Untraced};

use super::{Analysed, Run, decision, html, invented, markdown, row, section, three};
use crate::verdict_table;
use results::Decision;

fn seen_of(strategy: &str) -> Run {
    let mut run = three();
    run.others = lines(strategy);
    run
}

#[test]
fn the_overview_has_the_figures_and_leads_to_the_page() {
    let results = seen_of("novel/thing").results();
    let page = html(&results);
    let evidence = section(&page, "evidence");
    assert!(evidence.contains("<a href=\"#evidence-novel-thing\"><code>novel/thing</code></a>"));
    assert!(evidence.contains("<div id=\"evidence-novel-thing\">"));
    let text = markdown(&results);
    assert!(text.contains("<a id=\"evidence-novel-thing\"></a>"));
    let cells = row(&text, "[`novel/thing`](#evidence-novel-thing)");
    let expected = [
        "1,234",
        "9",
        "0",
        "0",
        "0",
        "0",
        "7 / 2",
        "not traced",
        "3",
        "not traced",
        "20 %; in apply",
        "0 %",
    ];
    assert_eq!(cells[1..], expected);
}

#[test]
fn who_contends_and_who_waits_is_in_both_formats() {
    let results = seen_of("novel/thing").results();
    let text = markdown(&results);
    let (_, page) = text
        .split_once("<a id=\"evidence-novel-thing\">")
        .expect("it is there");
    let (conflicts, stalls) = page
        .split_once("Where a stopped thread is waited for")
        .expect("it is there");
    assert_eq!(
        row(conflicts, "Read hit"),
        ["Read hit", "**W**", "**r'**", "", ""]
    );
    assert_eq!(
        row(conflicts, "Apply"),
        ["Apply", "**r'**", "", "", "**a**"]
    );
    let place = "&lt;impl Foo&gt;::hold";
    let blocked = [
        "Apply",
        "read hit (same process)",
        "20 %",
        "4",
        "6",
        "10",
        place,
        "1",
    ];
    assert_eq!(row(stalls, "Apply"), blocked);
    let in_allocator = [
        "Read hit",
        "apply (same process)",
        "0 %",
        "4",
        "6",
        "10",
        place,
        "2",
    ];
    assert_eq!(row(stalls, "Read hit"), in_allocator);
    let page = html(&results);
    let evidence = section(&page, "evidence");
    for letter in ["W", "r&#39;", "a"] {
        let text = format!("<b class=\"verdict\">{letter}</b>");
        assert!(evidence.contains(&text), "{letter}");
    }
}

#[test]
fn places_and_functions_are_named_and_escaped() {
    let results = seen_of("novel/thing").results();
    let page = html(&results);
    let evidence = section(&page, "evidence");
    for expected in [
        "&lt;impl Foo&gt;::bar|baz",
        "&lt;T as Lock&gt;::lock",
        "&lt;impl Foo&gt;::hold",
    ] {
        assert!(evidence.contains(expected), "{expected}");
    }
    let text = markdown(&results);
    assert!(text.contains("&lt;impl Foo&gt;::bar\\|baz") && !text.contains("<impl"));
    assert!(!page.contains("<impl") && !page.contains("<T as"));
    let name = "evil/<b>|x";
    let mut evil = Run::new([invented(name, 4.0, 4.0, 4.0)]);
    evil.others = lines(name);
    let evil = evil.results();
    assert!(html(&evil).contains("id=\"evidence-evil--b--x\""));
    assert!(!html(&evil).contains("<b>|x") && !markdown(&evil).contains("<b>|x"));
}

#[test]
fn a_state_is_shown_where_it_differs_and_what_waits_is_named() {
    let text = markdown(&seen_of("novel/thing").results());
    assert!(
        !text.contains("| Read hit, after write |"),
        "it only meets dirt"
    );
    assert!(text.contains("these wait until it is done: read hit."));
    assert!(
        text.contains("| Apply | more than 1,234 |"),
        "it was cut short"
    );
}

#[test]
fn who_claims_never_to_wait_and_is_blocked_is_not_ranked() {
    let claims = |claim: Progress| {
        let mut run = seen_of("atomics/seqlock");
        let strategy = run
            .strategies
            .iter_mut()
            .find(|strategy| strategy.name == "atomics/seqlock");
        strategy.expect("it takes part").claims.reads = claim;
        run.results()
    };
    let refuted = claims(Progress::WaitFree);
    assert_eq!(
        decision(&refuted, "atomics/seqlock"),
        Decision::Disqualified
    );
    assert!(verdict_table(&refuted).contains("disqualified"));
    let page = html(&refuted);
    let guarantees = section(&page, "guarantees");
    assert!(guarantees.contains("read hit at 2 of 10 points of apply, the same process"));
    assert_eq!(
        decision(&claims(Progress::Blocking), "atomics/seqlock"),
        Decision::Adopt
    );
}

#[test]
fn what_nobody_may_see_is_told_with_its_evidence() {
    let mut run = three();
    let mut stalls = stall("novel/thing");
    stalls.pairs[0].wrong = 2;
    stalls.pairs[0].evidence = Some("revision 3 beside <memory> of 4".into());
    run.others = vec![Line::Stall(stalls)];
    let results = run.results();
    assert_eq!(decision(&results, "novel/thing"), Decision::Disqualified);
    let text = markdown(&results);
    assert!(text.contains("revision 3 beside &lt;memory&gt; of 4; **FORBIDDEN**"));
    assert!(text.contains("| Apply | read hit | 2 | revision 3"));
}

#[test]
fn a_wrong_answer_of_an_operation_that_was_stopped_twice_disqualifies() {
    let mut run = three();
    let mut stalls = stall("novel/thing");
    stalls.two_stops[0].wrong = 18;
    stalls.two_stops[0].evidence = Some("stopped at 3 and 5: saw another process's record".into());
    run.others = vec![Line::Stall(stalls)];
    let results = run.results();
    assert_eq!(decision(&results, "novel/thing"), Decision::Disqualified);
    let row = "| Read hit | updates | 33 | 528 | 0 | 0 | stopped at 3 and 5: saw another process's record; **FORBIDDEN** |";
    assert!(markdown(&results).contains(row));
}

#[test]
fn a_report_says_what_was_not_looked_at() {
    let evidence = |others: Vec<Line>| {
        let mut run = three();
        run.others = others;
        let page = html(&run.results());
        section(&page, "evidence").to_owned()
    };
    let nothing = evidence(Vec::new());
    assert!(nothing.contains("Nothing was traced in this run."));
    assert!(nothing.contains("No thread was stopped"));
    let why = Untraced {
        why: "the trap flag has no effect".into(),
    };
    let refused = evidence(vec![Line::Untraced(why)]);
    assert!(refused.contains("No trace: the trap flag has no effect."));
    let whole = evidence(lines("novel/thing"));
    assert!(!whole.contains("Nothing was traced") && !whole.contains("No thread was stopped"));
    let died = TraceSeen {
        strategy: "novel/thing".into(),
        died: Some("signal: 11".into()),
        ..TraceSeen::default()
    };
    assert!(
        evidence(vec![Line::Trace(died)])
            .contains("Tracing failed: the process died (signal: 11).")
    );
}
