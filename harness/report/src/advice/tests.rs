//! Advice on invented runs, in words and as a decision record.

mod recorded;

use contract::{Progress, ScanConsistency};
use model::scenario::Axis;
use model::scenario::Scenario;
use model::trace::Operation;
use predict::Band;

use super::*;
use advice::{
    Basis, Choice, Deployment, Finding, Forecast, Need, Outlook, Screening, Standing, Subject,
    conclude,
};
use analysis::{Samples, analyse};
use fixtures::{Invented, Run, invented, readers};
use results::{Change, Flip};

const FILE: &str = "name = \"w\"\ntitle = \"TITLE\"\n[table]\nrecords = 64\n[readers]\nthreads = 1\n\
                    rate_per_s = 1000000\n[needs]\nlinearizable = true\n";

fn workload(title: &str) -> Workload {
    Workload::parse(&FILE.replace("TITLE", title), "w.toml").unwrap()
}

/// The advice from an invented run, whose first scenario has one reader.
fn advised(title: &str, contenders: impl IntoIterator<Item = Invented>) -> (Choice, Advice) {
    advised_with(title, contenders, Screening::default(), None)
}

/// The same behind needs that were looked at, and with predictions that are invented, too.
fn advised_with(
    title: &str,
    contenders: impl IntoIterator<Item = Invented>,
    screening: Screening,
    deployment: Option<Deployment>,
) -> (Choice, Advice) {
    let samples = Samples::from_lines(readers(contenders)).unwrap();
    let results = analyse(&samples);
    let workload = workload(title);
    let mut questions = workload.questions().unwrap();
    let measured: &Scenario = &results.scenarios[0];
    for subject in &mut questions.subjects {
        subject.scenario.clone_from(&measured.name);
    }
    let mut conclusion = conclude(&workload, &questions, &samples, &results, screening);
    if let Some(deployment) = deployment {
        conclusion.deployment = deployment;
    }
    let advice = advice(&workload, &questions, &results, &conclusion, None);
    (conclusion.decision, advice)
}

/// The table of figures, row by row.
fn figures(advice: &Advice) -> Vec<BTreeMap<String, String>> {
    serde_json::from_value(advice.document["evidence"].clone()).unwrap()
}

fn answer(advice: &Advice) -> String {
    advice.sections["answer"].join(" ")
}

fn decision_record(advice: &Advice) -> String {
    advice.decision_record()
}

fn any(sentences: &[String], part: &str) -> bool {
    sentences.iter().any(|sentence| sentence.contains(part))
}

#[test]
fn what_is_faster_is_adopted_with_what_it_costs() {
    // As the samples say, whatever the registry says of a strategy of this name.
    let seqlock = invented("atomics/seqlock", 3.0, 3.0, 1.0)
        .claiming(|claims| claims.scan_consistency = ScanConsistency::Weak)
        .claiming(|claims| claims.reads = Progress::Blocking);
    let (decision, advice) = advised("T", [seqlock, invented("x/slow", 0.5, 0.5, 0.5)]);
    assert_eq!(decision.protagonist(), Some("atomics/seqlock"));
    assert!(
        answer(&advice).starts_with("Adopt `atomics/seqlock`"),
        "{}",
        answer(&advice)
    );
    assert!(
        any(
            &advice.sections["because"],
            "faster, in pairs near each other; the medians are"
        ),
        "{:?}",
        advice.sections["because"]
    );
    assert!(
        any(&advice.sections["because"], "1,000,000 reads a second"),
        "{:?}",
        advice.sections["because"]
    );
    assert!(
        any(&advice.sections["lost"], "weak instead of atomic snapshot"),
        "{:?}",
        advice.sections["lost"]
    );
    let guarantees = advice.sections["lost"]
        .iter()
        .filter(|sentence| sentence.contains(" instead of "));
    assert_eq!(guarantees.count(), 1, "{:?}", advice.sections["lost"]);
    assert!(
        any(&advice.sections["reversal"], "`mutex/std` stays if"),
        "{:?}",
        advice.sections["reversal"]
    );
    assert!(
        any(&advice.sections["outlook"], "Nothing is predicted"),
        "{:?}",
        advice.sections["outlook"]
    );
    let figures = figures(&advice);
    let strategies: Vec<&str> = figures.iter().map(|row| &*row["strategy"]).collect();
    assert_eq!(strategies, ["mutex/std", "atomics/seqlock", "x/slow"]);
}

#[test]
fn what_takes_one_line_is_tried_first_if_it_qualifies() {
    let parking_lot = |times: f64| invented("mutex/parking_lot", times, times, times);
    let beside = |times: f64| {
        let contenders = [invented("atomics/cas", 9.0, 9.0, 9.0), parking_lot(times)];
        answer(&advised("T", contenders).1)
    };
    let first =
        "Try `parking_lot::Mutex` in place of `std::sync::Mutex` first, a change of one line";
    assert!(beside(3.0).contains(first), "{}", beside(3.0));
    assert!(!beside(1.1).contains("one line"), "{}", beside(1.1));
    let alone = answer(&advised("T", [parking_lot(3.0)]).1);
    assert!(alone.contains("That is a change of one line"), "{alone}");
}

/// The choice where one thread that reads decides, and ten that do and two that write are parts that do not.
fn chosen(contenders: [Invented; 2]) -> Option<String> {
    let samples = Samples::from_lines(Run::new(contenders).lines()).unwrap();
    let results = analyse(&samples);
    let workload = workload("T");
    let mut questions = workload.questions().unwrap();
    let [deciding] = questions.subjects.as_slice() else {
        panic!("only readers are asked about")
    };
    let part = |scenario: &str, metric, decides| Subject {
        scenario: scenario.into(),
        metric,
        decides,
        ..deciding.clone()
    };
    questions.subjects = vec![
        part("single-reader", Metric::ReadNs, true),
        part("ten-readers", Metric::ReadNs, false),
        part("update", Metric::WriteNs, false),
    ];
    let screening = Screening::default();
    let conclusion = conclude(&workload, &questions, &samples, &results, screening);
    conclusion.decision.protagonist().map(str::to_owned)
}

#[test]
fn among_equals_a_part_that_gets_slower_weighs_more_than_guarantees() {
    let chosen = |cached_beside: f64| {
        let packed = invented("atomics/cas", 3.0, 1.0, 1.0)
            .claiming(|claims| claims.scan_consistency = ScanConsistency::Weak);
        chosen([packed, invented("arc-swap/cached", 3.0, cached_beside, 1.0)])
    };
    assert_eq!(chosen(1.0).as_deref(), Some("arc-swap/cached"));
    assert_eq!(chosen(0.5).as_deref(), Some("atomics/cas"));
}

#[test]
fn how_much_a_part_gets_slower_weighs_and_not_how_many_do() {
    let one_much = invented("a/one-much", 3.0, 1.0, 0.3);
    let two_a_little = invented("a/two-a-little", 3.0, 0.8, 0.8);
    assert_eq!(
        chosen([one_much, two_a_little]).as_deref(),
        Some("a/two-a-little")
    );
}

/// The advice where a part that does not decide has changed for a strategy that is three times better.
fn advised_after(change: impl Fn(&mut Cell)) -> (Choice, Advice) {
    advised_after_both(|cell, is_baseline| {
        if !is_baseline {
            change(cell);
        }
    })
}

/// The same where it may have changed for the baseline, too.
fn advised_after_both(change: impl Fn(&mut Cell, bool)) -> (Choice, Advice) {
    let samples = Samples::from_lines(readers([invented("novel/thing", 3.0, 3.0, 1.0)])).unwrap();
    let mut results = analyse(&samples);
    let workload = workload("T");
    let mut questions = workload.questions().unwrap();
    let asked = questions.subjects[0].clone();
    let part = |place: usize| Subject {
        scenario: results.scenarios[place].name.clone(),
        decides: place == 0,
        ..asked.clone()
    };
    questions.subjects = vec![part(0), part(1)];
    let (scenario, metric) = (part(1).scenario, part(1).metric);
    for cell in &mut results.cells {
        let is_baseline = cell.strategy == "mutex/std";
        let is_either = is_baseline || cell.strategy == "novel/thing";
        if cell.scenario == scenario && cell.metric == metric && is_either {
            change(cell, is_baseline);
        }
    }
    let screening = Screening::default();
    let conclusion = conclude(&workload, &questions, &samples, &results, screening);
    let advice = advice(&workload, &questions, &results, &conclusion, None);
    (conclusion.decision, advice)
}

#[test]
fn a_part_that_was_not_compared_is_among_what_is_lost() {
    // Ten milliseconds instead of nanoseconds: no window had two of them.
    let (decision, advice) = advised_after(|cell| (cell.median, cell.ratio) = (1e7, None));
    assert_eq!(decision.protagonist(), Some("novel/thing"));
    let lost = &advice.sections["lost"];
    assert!(
        lost[0].starts_with("Read of readers: 10,000,000 ns instead of"),
        "{lost:?}"
    );
    let figures = figures(&advice);
    let row = figures.last().expect("it was measured");
    assert_eq!(row["strategy"], "novel/thing");
    assert_eq!(row["verdict"], "not compared");
}

#[test]
fn a_part_that_did_nothing_is_no_unharmed_part_and_its_strategy_is_out() {
    let (decision, advice) = advised_after(|cell| {
        (cell.median, cell.starved) = (f64::INFINITY, cell.n);
        cell.flags.push(Flag::Starved);
    });
    assert_eq!(decision.protagonist(), None, "{decision:?}");
    let excluded = &advice.sections["excluded"];
    assert!(
        any(
            excluded,
            "`progress`, observed: readers starved: 0 operations in"
        ),
        "{excluded:?}"
    );
    let mut verdicts = figures(&advice)
        .into_iter()
        .map(|row| row["verdict"].clone());
    assert_eq!(
        verdicts.next_back().as_deref(),
        Some("starved: 0 operations")
    );
    assert_eq!(
        answer(&advice),
        "Stay with `mutex/std`: no other strategy offers what is needed."
    );
}

#[test]
fn a_part_that_did_nothing_in_many_slices_is_lost_though_its_ratio_is_open() {
    let is_lost = |starved: fn(&Cell) -> usize| {
        let (_, advice) = advised_after(|cell| {
            cell.starved = starved(cell);
            let ratio = cell.ratio.as_mut().expect("it was compared");
            (ratio.median, ratio.ci_low, ratio.ci_high) = (0.5, 0.0, 3.0);
            ratio.verdict = Verdict::Inconclusive;
        });
        any(&advice.sections["lost"], "Read of readers")
    };
    assert!(is_lost(|cell| cell.n / 5));
    assert!(!is_lost(|_| 0));
}

#[test]
fn where_the_baseline_starves_too_it_is_the_worst_loss_whatever_the_interval() {
    let (decision, advice) = advised_after_both(|cell, is_baseline| {
        (cell.median, cell.starved) = (f64::INFINITY, cell.n);
        if !is_baseline {
            cell.flags.push(Flag::Starved);
        }
    });
    assert_eq!(decision.protagonist(), Some("novel/thing"), "{decision:?}");
    let lost = &advice.sections["lost"];
    assert!(
        lost[0].starts_with(
            "Read of readers: starved: 0 operations in 14 of 14 slices; `mutex/std`: "
        ),
        "{lost:?}"
    );
}

#[test]
fn who_hung_is_named_and_out() {
    let mut lines = readers([
        invented("a/hangs", 9.0, 9.0, 1.0),
        invented("a/fast", 3.0, 3.0, 1.0),
    ]);
    let slices = lines
        .iter()
        .filter_map(model::sample::Line::try_as_slice_ref);
    let key = slices
        .map(|slice| &slice.key)
        .find(|key| key.strategy == "a/hangs");
    let key = key.expect("it was measured").clone();
    let reason = "hung: nothing happened for 10 s".into();
    lines.push(model::sample::Line::Failure(model::sample::Failure {
        key,
        reason,
    }));
    let samples = Samples::from_lines(lines).unwrap();
    let results = analyse(&samples);
    let workload = workload("T");
    let mut questions = workload.questions().unwrap();
    questions.subjects[0]
        .scenario
        .clone_from(&results.scenarios[0].name);
    let screening = Screening::default();
    let conclusion = conclude(&workload, &questions, &samples, &results, screening);
    assert_eq!(conclusion.decision.protagonist(), Some("a/fast"));
    let advice = advice(&workload, &questions, &results, &conclusion, None);
    let expected =
        "`a/hangs`, need `progress`, observed: single-reader: hung: nothing happened for 10 s.";
    assert!(
        any(&advice.sections["excluded"], expected),
        "{:?}",
        advice.sections["excluded"]
    );
}

/// The advice for a workload file, of a run with one reader.
fn advised_from(file: &str, contenders: impl IntoIterator<Item = Invented>) -> Advice {
    advised_for(file, contenders, None)
}

/// The same for the lock of a recorded program.
fn advised_for(
    file: &str,
    contenders: impl IntoIterator<Item = Invented>,
    program: Option<advice::Program>,
) -> Advice {
    let workload = Workload::parse(file, "w.toml").unwrap();
    let samples = Samples::from_lines(readers(contenders)).unwrap();
    let results = analyse(&samples);
    let mut questions = workload.questions().unwrap();
    for subject in &mut questions.subjects {
        subject.scenario.clone_from(&results.scenarios[0].name);
    }
    let screening = Screening::default();
    let conclusion = Conclusion {
        program,
        ..conclude(&workload, &questions, &samples, &results, screening)
    };
    advice(&workload, &questions, &results, &conclusion, None)
}

#[test]
fn rates_that_cost_next_to_nothing_are_no_reason_to_change() {
    let file = FILE.replace("1000000", "250");
    let advice = advised_from(&file, [invented("a/fast", 9.0, 9.0, 9.0)]);
    let answer = answer(&advice);
    assert!(
        answer.starts_with("Stay with `mutex/std`: at the stated rates it takes 0.00")
            && answer.ends_with(" % of one processor, and nothing can gain more than that."),
        "{answer}"
    );
    assert_eq!(
        advice.sections["apply"],
        ["Nothing to change: `mutex/std` stays."]
    );
    assert!(
        any(&advice.sections["reversal"], "times as high"),
        "{:?}",
        advice.sections["reversal"]
    );
    // One that gains too little, or loses, is not adopted then either.
    assert!(
        any(&advice.sections["reversal"], "judged by their times"),
        "{:?}",
        advice.sections["reversal"]
    );
}

#[test]
fn a_larger_machine_that_nothing_is_predicted_of_is_in_the_headline() {
    let headline = |cores: u32| {
        let file = format!("{FILE}[deploy]\ncores = {cores}\n");
        answer(&advised_from(&file, [invented("a/fast", 9.0, 9.0, 9.0)]))
    };
    let expected = "The workload will run on 16, for which nothing is predicted: measure there.";
    assert!(headline(16).ends_with(expected), "{}", headline(16));
    assert!(!headline(2).contains("predicted"), "{}", headline(2));
}

#[test]
fn what_was_not_measured_is_said_with_its_reason_and_how_to_apply_the_answer_too() {
    let mut fast = invented("concurrent-map/papaya", 9.0, 9.0, 9.0);
    fast.library = "papaya".into();
    let advice = advised_from(FILE, [fast]);
    assert_eq!(
        advice.sections["flips"],
        [
            "Share of writes: not measured with `concurrent-map/papaya`: no time was left.",
            "Time inside the read section in ns: not measured with `concurrent-map/papaya`: no time was left.",
        ]
    );
    let apply = &advice.sections["apply"];
    assert!(
        any(apply, "Add `papaya = \"0.2.5\"` to Cargo.toml"),
        "{apply:?}"
    );
    for text in [
        "The type: `papaya::HashMap<String, Session>` instead of `Mutex<HashMap<String, Session>>`.",
        "Read: `let hits = sessions.pin().get(\"ann\").map(|ann| ann.hits);` instead of",
        "`pivot explain concurrent-map/papaya`",
    ] {
        assert!(any(apply, text), "{text} is not in {apply:?}");
    }
    let record = decision_record(&advice);
    let wanted = [
        "64 records of status-64B",
        "readers: 1 thread, 1,000,000 operations a second each",
        &apply[1],
    ];
    for text in wanted {
        assert!(record.contains(text), "{text:?} is not in:\n{record}");
    }
    for page in [
        record,
        advice.render(Form::Markdown),
        advice.render(Form::Terminal(100)),
    ] {
        assert!(!page.contains("owhere"), "{page}");
    }
    let nearest = FILE.replace("records = 64", "records = 64\nrecord_bytes = 20");
    let notes = advised_from(&nearest, []).sections["notes"].clone();
    assert!(
        any(&notes, "A record of 20 bytes is measured as padded-16B"),
        "{notes:?}"
    );
}

/// The advice where two parts decide, of which the second is as fast as `beside`.
fn advice_of_two(beside: f64) -> Advice {
    let samples =
        Samples::from_lines(readers([invented("atomics/cas", 3.0, beside, 1.0)])).unwrap();
    let results = analyse(&samples);
    let workload = workload("T");
    let mut questions = workload.questions().unwrap();
    let part = |place: usize| Subject {
        scenario: results.scenarios[place].name.clone(),
        ..questions.subjects[0].clone()
    };
    questions.subjects = vec![part(0), part(1)];
    let screening = Screening::default();
    let conclusion = conclude(&workload, &questions, &samples, &results, screening);
    advice(&workload, &questions, &results, &conclusion, None)
}

#[test]
fn a_trade_says_what_would_make_up_for_it_and_of_several_parts_the_worst_is_told() {
    let trade = advice_of_two(0.5);
    assert!(
        answer(&trade).ends_with("is slower by more than 5 % in another."),
        "{}",
        answer(&trade)
    );
    // Only the part that speaks against it.
    let [reversal] = trade.sections["reversal"].as_slice() else {
        panic!("{:?}", trade.sections["reversal"])
    };
    assert!(reversal.contains("no more than 5 % longer"), "{reversal}");
    let adopted = advice_of_two(1.0);
    assert!(
        answer(&adopted).contains("in at least one of the 2 parts")
            && answer(&adopted).ends_with("slower by more than 5 %."),
        "{}",
        answer(&adopted)
    );
}

#[test]
fn staying_is_an_answer_and_says_what_would_change_it() {
    let (decision, advice) = advised("T", [invented("x/slow", 0.9, 0.9, 0.5)]);
    assert!(matches!(decision, Choice::Stay { .. }), "{decision:?}");
    assert!(
        answer(&advice).starts_with("Stay with `mutex/std`"),
        "{}",
        answer(&advice)
    );
    assert!(
        any(
            &advice.sections["reversal"],
            "`x/slow` replaces `mutex/std` if"
        ),
        "{:?}",
        advice.sections["reversal"]
    );
    assert!(!answer(&advice).contains("as measured"));
    let (decision, close) = advised("T", [invented("x/close", 1.19, 1.19, 1.0)]);
    assert!(matches!(decision, Choice::Stay { .. }), "{decision:?}");
    assert_eq!(
        answer(&close),
        "Stay with `mutex/std`: as measured, no strategy that offers what is needed improves on it by more than 20 %. For \
         `x/close` the intervals do not exclude a gain of more than 20 % without a loss."
    );
    // Nothing is lost by staying.
    let hypothetical = |lost: &String| lost.starts_with("With `x/slow`, if it were adopted: ");
    assert!(
        advice.sections["lost"].iter().all(hypothetical),
        "{:?}",
        advice.sections["lost"]
    );
}

/// What would change the answer for a strategy whose ratio has this median and lower end, and whose time is `ours` of the baseline's.
fn reversal_at(median: f64, ci_low: f64, ours: f64) -> Vec<String> {
    let samples = Samples::from_lines(readers([invented("x/close", 1.5, 1.5, 1.5)])).unwrap();
    let mut results = analyse(&samples);
    let workload = workload("T");
    let mut questions = workload.questions().unwrap();
    let asked = results.scenarios[0].name.clone();
    let baseline = results.cell(&asked, "mutex/std", Metric::ReadNs).unwrap();
    let ours = ours * baseline.median;
    questions.subjects[0].scenario = asked;
    for cell in &mut results.cells {
        if cell.strategy == "x/close"
            && let Some(ratio) = &mut cell.ratio
        {
            (ratio.median, ratio.ci_low) = (median, ci_low);
            ratio.verdict = Verdict::Inconclusive;
            cell.median = ours;
        }
    }
    let screening = Screening::default();
    let conclusion = conclude(&workload, &questions, &samples, &results, screening);
    let advice = advice(&workload, &questions, &results, &conclusion, None);
    advice.sections["reversal"].clone()
}

#[test]
fn what_would_have_to_be_faster_is_not_faster_than_that_already() {
    assert_eq!(reversal_at(1.5, 1.1, 0.66), [""; 0]);
    // Two medians have another quotient than the median of the ratios.
    let [reversal] = &reversal_at(1.08, 1.0, 0.8)[..] else {
        panic!("one part decides");
    };
    let words = reversal.trim_end_matches('.').split(' ');
    let ns: Vec<f64> = words.filter_map(|word| word.parse().ok()).collect();
    assert!(ns.len() == 2 && ns[0] < ns[1], "{reversal}");
}

#[test]
fn what_was_seen_of_a_need_is_told_from_what_is_claimed() {
    let kept = |strategy: &str, need, basis| Finding {
        strategy: strategy.into(),
        need,
        is_met: true,
        basis,
        evidence: "64 histories".into(),
    };
    let screening = Screening {
        kept: vec![
            kept("atomics/seqlock", Need::Linearizable, Basis::Observed),
            kept("x/slow", Need::Linearizable, Basis::Observed),
            kept("x/slow", Need::BoundedMemory, Basis::Claimed),
        ],
        ..Screening::default()
    };
    let contenders = [
        invented("atomics/seqlock", 3.0, 3.0, 1.0),
        invented("x/slow", 0.5, 0.5, 0.5),
    ];
    let (_, advice) = advised_with("T", contenders, screening, None);
    assert_eq!(
        advice.sections["grounds"],
        [
            "`linearizable`, observed of `atomics/seqlock`: 64 histories.",
            "Only claimed of others that were measured: `bounded_memory` of `x/slow`.",
        ]
    );
    for page in [decision_record(&advice), advice.render(Form::Markdown)] {
        assert!(
            page.contains(&format!("- {}", advice.sections["grounds"][0])),
            "{page}"
        );
    }
}

#[test]
fn a_ranking_elsewhere_is_stated_only_where_all_machines_agree() {
    let outlook = |machine: &str, standing| Outlook {
        machine: machine.into(),
        cpus: 16,
        baseline_ns: Band::around(100.0, 0.9, 1.1),
        strategy_ns: Band::around(10.0, 0.9, 1.1),
        standing,
    };
    let sentences = |standing, other, unpredicted: &[&str]| {
        let deployment = Deployment {
            forecasts: vec![Forecast {
                operation: Operation::ReadHit,
                standing,
                machines: vec![outlook("here", Standing::Faster), outlook("there", other)],
                unpredicted: unpredicted.iter().map(|&name| name.to_owned()).collect(),
                overtaken_by: vec!["x/fast".into()],
            }],
            too_small: vec!["tiny".into()],
            ..Deployment::default()
        };
        // As the samples say, whatever the registry says of a strategy of this name.
        let seqlock = invented("atomics/seqlock", 3.0, 3.0, 1.0)
            .claiming(|claims| claims.scan_consistency = ScanConsistency::Weak)
            .claiming(|claims| claims.reads = Progress::Blocking);
        let (_, advice) = advised_with("T", [seqlock], Screening::default(), Some(deployment));
        advice.sections["outlook"].clone()
    };
    let agreed = sentences(Standing::Faster, Standing::Faster, &[]);
    assert!(
        any(
            &agreed,
            "faster than `mutex/std` on every machine asked for; here (16"
        ),
        "{agreed:?}"
    );
    assert!(
        any(
            &agreed,
            "faster than `atomics/seqlock` on every machine asked for: `x/fast`"
        ),
        "{agreed:?}"
    );
    assert!(
        any(&agreed, "fewer processors than that: tiny"),
        "{agreed:?}"
    );
    for (other, expected) in [
        (
            Standing::Slower,
            "faster on here (16 of its processors); slower on there",
        ),
        (Standing::Open, "the bands overlap on there"),
    ] {
        let open = sentences(Standing::Open, other, &["nowhere"]);
        assert!(
            any(
                &open,
                "no ranking of `atomics/seqlock` and `mutex/std` holds"
            ),
            "{open:?}"
        );
        assert!(
            any(&open, expected) && any(&open, "not predicted on nowhere"),
            "{open:?}"
        );
        assert!(!any(&open, "than `mutex/std` on every"), "{open:?}");
    }
}

#[test]
fn flips_say_how_sure_they_are_and_between_which_points_that_was_measured() {
    let samples = Samples::from_lines(readers([invented("a/fast", 3.0, 3.0, 1.0)])).unwrap();
    let mut results = analyse(&samples);
    let workload = workload("T");
    let mut questions = workload.questions().unwrap();
    let asked = results.scenarios[0].name.clone();
    let cell = results.cell(&asked, "a/fast", Metric::ReadNs).unwrap();
    let points = questions.scenarios.iter();
    let points = points.filter(|point| point.family() == "w-by-section-ns");
    // The longest time inside was not measured.
    let points = points.take(2).map(|point| Cell {
        scenario: point.name.clone(),
        ..cell.clone()
    });
    let points: Vec<Cell> = points.collect();
    results.cells.extend(points);
    questions.subjects[0].scenario = asked;
    let screening = Screening::default();
    let mut conclusion = conclude(&workload, &questions, &samples, &results, screening);
    let flip = |axis: Axis, change, at: Option<f64>| Flip {
        sweep: format!("w-by-{}", axis.to_string().replace('_', "-")),
        axis,
        metric: Metric::ReadNs,
        strategy: "a/fast".into(),
        change,
        at,
        ci_low: at,
        ci_high: None,
        share: 0.98,
    };
    // Twice: it is above the margin between the two.
    conclusion.flips = vec![
        flip(Axis::Writes, Change::RisesAboveMargin, Some(0.01)),
        flip(Axis::Writes, Change::FallsBelowMargin, Some(0.2)),
        flip(Axis::SectionNs, Change::AlwaysAboveMargin, None),
    ];
    let advice = advice(&workload, &questions, &results, &conclusion, None);
    let expected = [
        "Read, with a margin of 20 %: `a/fast` gains more than the margin from share of writes = 0.0100 [0.0100, beyond] on, in 98 % of \
         resamples.",
        "Read, with a margin of 20 %: `a/fast` gains less than the margin from share of writes = 0.200 [0.200, beyond] on, in 98 % of \
         resamples.",
        "`a/fast` improves the read by more than 20 % at every time inside the read section in ns measured, 10 to 300, in \
         98 % of resamples.",
    ];
    assert_eq!(advice.sections["flips"], expected);
}

#[test]
fn the_decision_record_has_its_sections_in_order_and_nothing_undefined() {
    let (_, advice) = advised("T", [invented("atomics/seqlock", 3.0, 3.0, 1.0)]);
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
        &advice.sections["date"][0],
        &figures(&advice)[1]["ratio"],
        "- Status: proposed",
        "`linearizable`",
    ] {
        assert!(record.contains(part), "{part:?} is not in:\n{record}");
    }
    assert!(
        record.contains(&format!("    {}", advice.sections["command"][0])),
        "{record}"
    );
    let table: Vec<&str> = record
        .lines()
        .filter(|line| line.starts_with('|'))
        .collect();
    assert_eq!(table.len(), 2 + figures(&advice).len(), "{record}");
    assert!(
        !record.contains("undefined") && !record.contains("{{") && !record.contains("\n\n\n"),
        "{record}"
    );
    assert!(advice.render(Form::Markdown).contains("## What is lost"));
}

#[test]
fn what_users_call_things_makes_no_markup() {
    let title = r"a | <b>*c*</b>\n## Decision\n\n[x](http://e) `y`";
    let (_, advice) = advised(title, [invented("x/slow", 0.9, 0.9, 0.5)]);
    for page in [decision_record(&advice), advice.render(Form::Markdown)] {
        let mut lines = page.lines();
        let first = lines.find(|line| line.starts_with("# ")).unwrap();
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
fn a_baseline_that_lacks_something_stays_only_if_that_is_given_up() {
    let lacking = |need| Finding {
        strategy: "mutex/std".into(),
        need,
        is_met: false,
        basis: Basis::Observed,
        evidence: "it waits".into(),
    };
    let screening = Screening {
        baseline_lacks: vec![
            lacking(Need::ReadersNeverWait),
            lacking(Need::SurvivesPanic),
        ],
        ..Screening::default()
    };
    let slower = invented("atomics/seqlock", 0.5, 0.5, 0.5);
    let (decision, advice) = advised_with("T", [slower], screening, None);
    assert_eq!(decision.protagonist(), Some("atomics/seqlock"));
    assert_eq!(
        advice.sections["reversal"].len(),
        1,
        "{:?}",
        advice.sections["reversal"]
    );
    let condition = "given up: `readers_never_wait` and `survives_panic`";
    assert!(
        any(&advice.sections["reversal"], condition),
        "{:?}",
        advice.sections["reversal"]
    );
    // Nothing is gained by what is slower.
    assert!(
        !any(&advice.sections["because"], "to gain"),
        "{:?}",
        advice.sections["because"]
    );
}
