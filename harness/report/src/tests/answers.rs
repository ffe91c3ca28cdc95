//! One verdict per question, one rule for gains and losses, and words for what was not measured.

use std::collections::BTreeMap;

use contract::{AfterPanic, ScanConsistency};
use model::probe::{Count, Distribution, Histogram, Probe, ProbeSeen};
use model::sample::Header;

use super::*;
use results::{Metric, Verdict};

/// What a run comes out as if its lines say something else.
fn changed(run: &Run, change: impl FnOnce(&mut Vec<Line>)) -> Results {
    let mut lines = run.lines();
    change(&mut lines);
    analysed(lines)
}

fn header(lines: &mut [Line]) -> &mut Header {
    match lines.first_mut() {
        Some(Line::Header(header)) => header,
        _ => unreachable!("it is the first"),
    }
}

/// Every form in which a reader meets the results.
fn everywhere(results: &Results) -> String {
    let index = index(&[entry("run", results)]);
    [
        html(results),
        markdown(results),
        verdict_table(results),
        comment(results),
        index,
    ]
    .join("\n")
}

#[test]
fn a_few_processes_decide_nothing() {
    for processes in [1, 2] {
        let mut run = three();
        run.processes = processes;
        let results = run.results();
        for recommendation in &alone(&results).recommendations {
            assert_eq!(
                recommendation.decision,
                Decision::TooFew,
                "{recommendation:?}"
            );
            assert_eq!(
                decision(&results, &recommendation.strategy),
                recommendation.decision
            );
            assert!(recommendation.losses.is_empty(), "{recommendation:?}");
        }
        let answer = answered(&results);
        assert!(answer.contains("Too few to say"), "{answer}");
        let text = everywhere(&results);
        for verdict in [
            "remains rejected",
            "assumption invalidated",
            "Adopt `",
            "stay with mutex/std",
            "Stay with `",
        ] {
            assert!(!text.contains(verdict), "{processes} processes: {verdict}");
        }
        assert!(text.contains("too few to say") && text.contains("not settled by this run"));
    }
}

#[test]
fn a_strategy_that_few_processes_measured_hides_no_answer_about_the_others() {
    let run = Run::new([
        invented("novel/slow", 0.5, 0.5, 0.5),
        invented("novel/rare", 0.5, 0.5, 0.5),
    ]);
    let results = changed(&run, |lines| {
        lines.retain(|line| match line {
            Line::Slice(slice) => slice.key.strategy != "novel/rare" || slice.key.process < 2,
            _ => true,
        });
    });
    assert_eq!(decision(&results, "novel/rare"), Decision::TooFew);
    let answer = answered(&results);
    assert!(answer.contains("Stay with `mutex/std`"), "{answer}");
    assert!(
        answer.contains("measured `novel/rare`: too few to say"),
        "{answer}"
    );
}

#[test]
fn the_preset_that_decides_nothing_prints_no_decision() {
    let quick = changed(&three(), |lines| {
        header(lines).environment.preset = "quick".into();
    });
    for recommendation in &alone(&quick).recommendations {
        assert_eq!(
            recommendation.decision,
            Decision::TooFew,
            "{recommendation:?}"
        );
    }
    let table = verdict_table(&quick);
    assert!(
        !table.contains("adopt") && !table.contains("for some"),
        "{table}"
    );
    let answer = answered(&quick);
    assert!(answer.contains("preset quick decides nothing"), "{answer}");
    assert!(!answer.contains("remains rejected"), "{answer}");
}

#[test]
fn without_any_of_the_reports_rows_nothing_is_adopted_in_all_of_them() {
    let mut run = Run::new([invented("novel/thing", 4.0, 4.0, 4.0)]);
    run.scenarios.drain(..5);
    let results = run.results();
    let recommendation = alone(&results)
        .recommendation("novel/thing")
        .expect("it was judged");
    assert!(
        !recommendation.gains.is_empty() && recommendation.losses.is_empty(),
        "{recommendation:?}"
    );
    assert_eq!(recommendation.decision, Decision::AdoptForSome);
}

#[test]
fn a_gain_in_the_writes_of_a_row_about_reads_is_not_that_row() {
    let mut run = Run::new([invented("novel/writes", 2.0, 1.0, 4.0)]);
    run.scenarios
        .retain(|scenario| scenario.name == "contention-saturating");
    let results = run.results();
    let recommendation = alone(&results)
        .recommendation("novel/writes")
        .expect("it was judged");
    assert!(
        recommendation
            .gains
            .iter()
            .any(|gain| gain.metric == Metric::WriteNs),
        "{recommendation:?}"
    );
    assert_eq!(recommendation.decision, Decision::AdoptForSome);
}

#[test]
fn what_the_baseline_errs_by_has_to_be_cleared_and_is_no_veto() {
    // The baseline differs from itself by more than the margin, in every row.
    let mut run = three();
    let same = run
        .strategies
        .iter_mut()
        .find(|strategy| strategy.name == model::controls::SAME);
    *same.expect("it is a control") = invented(model::controls::SAME, 1.5, 1.5, 1.5);
    let results = run.results();
    let verdict = |strategy: &str| {
        let cell = alone(&results).cell("single-reader", strategy, Metric::ReadNs);
        let ratio = cell.and_then(|cell| cell.ratio.as_ref());
        ratio.expect("it was compared").verdict
    };
    assert_eq!(verdict("atomics/seqlock"), Verdict::Holds);
    assert_eq!(verdict("novel/thing"), Verdict::Inconclusive);
    assert_eq!(verdict("channel/std-mpsc"), Verdict::Rejected);
}

#[test]
fn a_difference_that_no_one_notices_is_no_loss() {
    // 97 % of the baseline's speed for certain, and 3.3 % more memory.
    let mut run = Run::new([invented("novel/thing", 4.0, 4.0, 0.97)]);
    run.processes = 48;
    let results = run.results();
    let ratio = alone(&results).cell("update", "novel/thing", Metric::WriteNs);
    let ratio = ratio
        .and_then(|cell| cell.ratio.as_ref())
        .expect("it was compared");
    assert!(ratio.ci_high < 1.0, "{ratio:?}");
    let recommendation = alone(&results)
        .recommendation("novel/thing")
        .expect("it was judged");
    assert_eq!(
        (recommendation.decision, recommendation.losses.len()),
        (Decision::Adopt, 0)
    );
    let tradeoffs = facts::tradeoffs(alone(&results), "novel/thing");
    for name in ["rows", "weaker", "memory"] {
        let fact = tradeoffs.get_attr(name).expect("there is such a fact");
        assert!(!fact.is_true() && !fact.is_undefined(), "{name}: {fact}");
    }
    let costs = "| `novel/thing` | none | none | at most 5 % more |";
    assert!(markdown(&results).contains(costs));
    // The matrix of all rows has no sign for it either.
    assert!(!markdown(&results).contains("**-**"));

    let more = Run::new([invented("novel/thing", 4.0, 20.0, 0.9)]).results();
    let recommendation = alone(&more)
        .recommendation("novel/thing")
        .expect("it was judged");
    assert!(!recommendation.losses.is_empty(), "{recommendation:?}");
    let tradeoffs = facts::tradeoffs(alone(&more), "novel/thing");
    let fact = |name| tradeoffs.get_attr(name).expect("there is such a fact");
    assert!(fact("rows").is_true(), "{tradeoffs}");
    assert_eq!(fact("memory").as_str(), Some("1.21x the memory per record"));
    assert!(markdown(&more).contains("| 1.21x the memory per record |"));
    assert!(markdown(&more).contains("**-**"));
}

#[test]
fn a_price_names_the_promises_that_are_weaker_and_what_is_tolerated() {
    let price = |run: Run| {
        let text = markdown(&run.results());
        row(&text, "one reader beside a writer that never pauses")[4].to_owned()
    };
    let run = || Run::new([invented("novel/thing", 4.0, 4.0, 4.0)]);
    assert_eq!(price(run()), "nothing that is more than 5 % worse");
    let mut weak = run();
    let claims = &mut weak.strategies[1].claims;
    claims.scan_consistency = ScanConsistency::Weak;
    claims.after_panic = AfterPanic::Unusable;
    claims.plain_data_only = true;
    let price = price(weak);
    assert!(
        price.ends_with("; weaker, too: after a panic in an update, kinds of records"),
        "{price}"
    );
}

#[test]
fn rows_of_a_workload_are_not_called_the_original_reports() {
    let mut run = three();
    for scenario in &mut run.scenarios {
        scenario.published = None;
    }
    let text = markdown(&run.results());
    for wrong in [
        "of the original report",
        "published and measured",
        "The report's table",
    ] {
        assert!(!text.contains(wrong), "{wrong}");
    }
    assert!(text.contains("in every row that this run is for"));
    assert!(markdown(&results_of_three()).contains("The original report's rows, published"));
}

#[test]
fn who_could_not_be_measured_anywhere_leaves_nothing_open() {
    let run = Run::new([
        invented("novel/slow", 0.5, 0.5, 0.5),
        invented("novel/failed", 4.0, 4.0, 4.0),
    ]);
    let results = changed(&run, |lines| {
        lines.retain(|line| match line {
            Line::Slice(slice) => slice.key.strategy != "novel/failed",
            _ => true,
        });
    });
    assert_eq!(decision(&results, "novel/failed"), Decision::TooFew);
    let answer = answered(&results);
    assert!(answer.contains("Stay with `mutex/std`"), "{answer}");
}

#[test]
fn the_index_names_whom_the_report_does() {
    let results = Run::new([
        invented("novel/fast", 30.0, 30.0, 0.3),
        invented("novel/safe", 2.0, 2.0, 2.0),
    ])
    .results();
    assert!(answered(&results).contains("Adopt `novel/safe`"));
    let index = index(&[entry("run", &results)]);
    assert!(index.contains("strongest is `novel/safe`"), "{index}");
}

#[test]
fn an_open_verdict_is_too_close_to_call() {
    let mut results = results_of_three();
    let cell = results.machines[0].cells.iter_mut().find(|cell| {
        cell.strategy == "novel/thing" && cell.scenario == "single-reader" && cell.ratio.is_some()
    });
    let ratio = cell
        .and_then(|cell| cell.ratio.as_mut())
        .expect("it was compared");
    ratio.verdict = Verdict::Inconclusive;
    assert!(markdown(&results).contains("**too close to call**"));
}

#[test]
fn who_was_not_measured_is_worse_nowhere_that_is_known() {
    let mut run = three();
    for scenario in &run.scenarios {
        run.exclusions.push(Exclusion {
            scenario: scenario.name.clone(),
            strategy: "novel/thing".into(),
            reason: "plain data only".into(),
        });
    }
    let page = markdown(&run.results());
    let (_, table) = page
        .split_once("Decision per strategy, with everything")
        .expect("it is there");
    let mut rows = table.lines();
    let row = rows.find(|line| line.contains("novel/thing"));
    let row = row.expect("it has a row");
    assert!(
        row.contains("| not measured | not measured | not measured |"),
        "{row}"
    );
}

/// A probe at the common rate, of a process whose operations take so long, in ns; one in 50 takes a hundred times as long.
pub(super) fn latency(strategy: &str, process: u32, ns: u64) -> Line {
    let mut waits = Histogram::default();
    for operation in 0..100_000 {
        waits.record(if operation % 50 == 0 { 100 * ns } else { ns });
    }
    let of = [Distribution::Reads, Distribution::Writes];
    Line::Probe(ProbeSeen {
        probe: Probe::ModerateLoad,
        strategy: strategy.into(),
        process,
        counts: BTreeMap::from([
            (Count::ScheduleNs, 50_000_000),
            (Count::ReadsOffered, 100_000),
            (Count::ReadsUnfinished, 0),
            (Count::WritesOffered, 100_000),
            (Count::WritesUnfinished, 0),
        ]),
        histograms: of.map(|of| (of, waits.sparse())).into(),
    })
}

/// What the section of probes says of latencies, and its drawings.
fn latencies_of(others: Vec<Line>) -> (String, Vec<view::Figure>) {
    let mut run = three();
    run.others = others;
    let section = tables::probes(&run.results());
    let blocks = section.blocks.into_iter();
    let mut text = String::new();
    let figures = blocks.filter_map(|block| match block {
        view::Block::Figure(figure) => Some(figure),
        view::Block::Table(table) if table.caption.starts_with("Latency") => {
            text += &table.terminal(None);
            None
        }
        view::Block::Notice(notice) => {
            text += &notice;
            None
        }
        _ => None,
    });
    let figures = figures.collect();
    (text, figures)
}

#[test]
fn the_table_and_the_drawing_of_latencies_say_the_same() {
    // One process of three had a bad time.
    let novel = [3, 3, 20_000];
    let mut lines: Vec<Line> = (0..)
        .zip(novel)
        .map(|(process, ns)| latency("novel/thing", process, ns))
        .collect();
    for process in 0..3 {
        lines.push(latency("mutex/std", process, 6));
        lines.push(latency(model::controls::SAME, process, 7));
    }
    let (table, figures) = latencies_of(lines);
    let [reads, _writes] = figures.as_slice() else {
        panic!("one rate and two operations: {figures:?}")
    };
    let description = "novel/thing p50 3.00 ns, p99.5 300 ns";
    assert!(
        reads.description.contains(description),
        "{}",
        reads.description
    );
    for expected in [
        "3.00 ns / 300 ns",
        "2.00x / 2.00x",
        "better",
        "1.17x / 1.17x",
        "2,000,000 a second",
    ] {
        assert!(table.contains(expected), "{expected}: {table}");
    }
}

#[test]
fn latencies_that_say_nothing_about_who_is_faster_rank_nobody() {
    // The baseline differs from itself by more than half.
    let lines = [
        ("mutex/std", 6),
        (model::controls::SAME, 12),
        ("novel/thing", 1),
    ];
    let lines = lines.map(|(strategy, ns)| [0, 1, 2].map(|process| latency(strategy, process, ns)));
    let lines = lines.concat();
    let (table, figures) = latencies_of(lines.clone());
    let are_shown = ["p50 not ranked", "2.00x", "1.00 ns"].map(|text| table.contains(text));
    let ranks = table.contains("better");
    assert_eq!((are_shown, ranks), ([true; 3], false), "{table}");
    let good = "stroke=\"#0B6E4F\"";
    assert!(figures.iter().all(|figure| !figure.svg.contains(good)));
    // Each was asked for a rate of its own, in a recorded run.
    let lines = lines.into_iter().map(|line| match line {
        Line::Probe(probe) => Line::Probe(ProbeSeen {
            probe: Probe::OwnHalfLoad,
            ..probe
        }),
        other => other,
    });
    let (notice, figures) = latencies_of(lines.collect());
    assert!(
        notice.contains("cannot be compared") && figures.is_empty(),
        "{notice}"
    );
}

#[test]
fn who_cannot_keep_a_rate_is_said_to() {
    let mut line = latency("novel/thing", 0, 1);
    if let Line::Probe(probe) = &mut line {
        probe.counts.insert(Count::WritesUnfinished, 70_000);
    }
    // Of the strategy that lacks a count nobody knows.
    let mut uncounted = latency("atomics/seqlock", 0, 1);
    if let Line::Probe(probe) = &mut uncounted {
        probe.counts.remove(&Count::ReadsUnfinished);
    }
    let (table, figures) = latencies_of(vec![line, uncounted, latency("mutex/std", 0, 6)]);
    assert!(table.contains("cannot keep the rate"), "{table}");
    // Its reads kept it, and were few for that.
    assert_eq!(table.matches("30.0 % of writes served").count(), 2);
    assert!(!table.contains("of reads served"), "{table}");
    assert_eq!(table.matches("not known if it keeps").count(), 2, "{table}");
    assert!(
        figures
            .iter()
            .all(|figure| !figure.description.contains("novel/thing"))
    );
}

#[test]
fn a_band_of_a_prediction_is_called_one() {
    let page = html(&analysed(sample_lines()));
    let figures: Vec<&str> = page.split("<figure").skip(1).collect();
    let of = |figure: &&&str| figure.contains("predicted ns per operation");
    let (predicted, others): (Vec<&str>, Vec<&str>) = figures.iter().partition(of);
    assert!(!predicted.is_empty() && !others.is_empty());
    for figure in predicted {
        let figure = figure.split("</figure>").next().expect("it ends");
        assert!(figure.contains("the band of the prediction"), "{figure}");
        assert!(
            !figure.contains("HOLDS") && !figure.contains("against itself"),
            "{figure}"
        );
    }
}

#[test]
fn one_of_something_is_not_several() {
    let mut run = three();
    for scenario in &mut run.scenarios {
        scenario.processes = 1;
    }
    let results = changed(&run, |lines| header(lines).environment.cpus = 1);
    let text = everywhere(&results) + &headline(&results);
    for wrong in [
        "1 processors",
        "1 records",
        "1 threads",
        "1 rows",
        "1 strategies",
        "1 verdicts",
    ] {
        let mut places = text.match_indices(wrong);
        let is_whole = |at: usize| !text[..at].ends_with(|before: char| before.is_ascii_digit());
        assert!(!places.any(|(at, _)| is_whole(at)), "{wrong}");
    }
}

#[test]
fn no_decision_calls_the_baseline_a_mutex_whatever_it_is() {
    for decision in facts::BEST_FIRST {
        for words in [
            decision.to_string(),
            format::decision(decision, "rwlock/std"),
        ] {
            assert!(!words.contains("mutex"), "{words}");
        }
    }
}
