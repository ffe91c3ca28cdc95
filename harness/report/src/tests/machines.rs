//! Several machines in one report.

use super::*;
use analysis::{Samples, analyse, merge};

/// What a run comes out as on a machine.
fn on(name: &str, run: &Run) -> Machine {
    let mut lines = run.lines();
    if let Some(Line::Header(header)) = lines.first_mut() {
        header.environment.cpu = format!("{name} <b>|");
    }
    named(name, lines)
}

fn named(name: &str, lines: Vec<Line>) -> Machine {
    let samples = Samples::from_lines(lines).expect("it begins with its header");
    Machine {
        name: name.into(),
        runs: vec![format!("../{name}")],
        ..analyse(&samples)
    }
}

/// Two strategies, each of which one machine adopts and the other does not want.
fn opposed() -> Results {
    static OPPOSED: LazyLock<Results> = LazyLock::new(|| {
        let run = |left, right| {
            Run::new([
                invented("novel/left", left, left, left),
                invented("novel/right", right, right, right),
            ])
        };
        merge(vec![
            on("alpha", &run(4.0, 0.5)),
            on("beta", &run(0.5, 4.0)),
        ])
    });
    OPPOSED.clone()
}

/// The section on one strategy for everything.
fn decided(merged: &Results) -> String {
    let text = markdown(merged);
    let (_, rest) = text.split_once("\n## One strategy").expect("it is there");
    let (section, _) = rest.split_once("\n## ").expect("others follow");
    section.to_owned()
}

#[test]
fn opposite_verdicts_are_named_and_neither_is_recommended() {
    let merged = opposed();
    for overall in &merged.overall {
        assert_eq!(overall.decision, Decision::MachinesDiffer, "{overall:?}");
        assert!(!overall.agree && overall.gains.is_empty());
    }
    let rows = facts::all_rows(&merged.machines[0]).len();
    assert_eq!(merged.differences.len(), 2 * rows);

    let first = decided(&merged);
    assert!(first.contains("No strategy is adopted on every one of the 2 machines"));
    assert!(first.contains("`novel/left`: adopt on alpha, stay with mutex/std on beta"));
    assert!(first.contains("`novel/right`: stay with mutex/std on alpha, adopt on beta"));
    assert!(first.contains("machines differ (2)"), "{first}");
    assert!(!first.contains("Adopt `"), "{first}");
    let comment = comment(&merged);
    assert!(comment.contains("adopt on alpha") && comment.contains("adopt on beta"));
    assert!(verdict_table(&merged).contains("differ"));
}

#[test]
fn threads_stand_beside_the_processors_of_every_machine() {
    let run = Run::new([invented("novel/left", 4.0, 4.0, 4.0)]);
    let mut big = on("beta", &run);
    big.environment.cpus = 16;
    let mut results = merge(vec![big, on("alpha", &run)]);
    results.machines[1].protocol.window_ns = 7_000_000;
    let text = markdown(&results);
    assert!(
        text.contains("on 16 processors; 2 threads on 2 processors"),
        "{text}"
    );
    assert!(
        text.contains("a counted window of 10.0 or 7.00 ms"),
        "{text}"
    );
    // Where they are crowded.
    let table = verdict_table(&results);
    assert!(table.contains("10 threads on 2"), "{table}");
}

/// The first table has a line for each situation and a column for each machine, so that it is no longer than that of one.
#[test]
fn each_machine_has_a_column_in_the_table_that_decides() {
    let merged = opposed();
    let lines = |results: &Results| {
        let text = markdown(results);
        let (_, table) = text.split_once("| Your situation").expect("it is there");
        let table: Vec<String> = table
            .lines()
            .take_while(|line| !line.is_empty())
            .map(str::to_owned)
            .collect();
        table
    };
    let both = lines(&merged);
    assert!(
        both[0].contains("alpha") && both[0].contains("beta"),
        "{both:?}"
    );
    let alone = Results {
        machines: merged.machines[..1].to_vec(),
        ..merged
    };
    assert_eq!(both.len(), lines(&alone).len());
}

/// A verdict that flips between two builds on the same hardware is told with what one of them has inlined.
#[test]
fn builds_that_differ_are_told_with_what_was_not_inlined() {
    use model::trace::Operation;
    let built = |profile: &str, times: f64, called: &[&str]| {
        let run = Run::new([invented("novel/thing", times, times, times)]);
        let mut lines = run.lines();
        let Some(Line::Header(header)) = lines.first_mut() else {
            unreachable!("a run begins with its header")
        };
        header.environment.build.profile = profile.into();
        let mut machine = named(profile, lines);
        let mut trace = traced("novel/thing", Lock::Nothing);
        for footprint in &mut trace.footprints {
            let is_read = footprint.operation == Operation::ReadHit;
            let names = called.iter().filter(|_| is_read);
            footprint.called = names.map(|&name| name.to_owned()).collect();
        }
        machine.traces = vec![trace];
        machine
    };
    let both = merge(vec![
        built("release", 4.0, &["novel::common"]),
        built("stock", 0.5, &["novel::common", "novel::outlined"]),
    ]);
    assert!(!both.differences.is_empty());
    let of_reads = both
        .differences
        .iter()
        .find(|difference| difference.metric == Metric::ReadNs);
    let called = &of_reads.expect("its reads flip").called;
    assert!(called[0].by_strategy.is_empty(), "{called:?}");
    assert_eq!(called[1].by_strategy, ["novel::outlined"]);
    let text = markdown(&both);
    assert!(text.contains("stock, novel/thing: novel::outlined"));
    assert!(text.contains("on 2 builds of one machine (release and stock)"));
    let index = index(&[entry("run", &both)]);
    assert!(index.contains("2 builds of one machine merged"), "{index}");
    // On other hardware the difference is the machine's.
    let mut elsewhere = both.machines.clone();
    elsewhere[1].environment.cpu = "another".into();
    let elsewhere = merge(elsewhere);
    assert!(
        elsewhere
            .differences
            .iter()
            .all(|difference| difference.called.is_empty())
    );
    assert!(markdown(&elsewhere).contains("on 2 machines (release and stock)"));
}

#[test]
fn what_every_machine_adopts_is_recommended_with_each_machines_figures() {
    let better = |times| Run::new([invented("novel/thing", times, times, times)]);
    let merged = merge(vec![on("alpha", &better(4.0)), on("beta", &better(8.0))]);
    let overall = &merged.overall[0];
    assert_eq!((overall.decision, overall.agree), (Decision::Adopt, true));
    assert_eq!(merged.differences, []);
    let first = decided(&merged);
    assert!(
        first.contains("Adopt `novel/thing`: on each of the 2 machines"),
        "{first}"
    );
    let text = markdown(&merged).replace(' ', "");
    for machine in &merged.machines {
        let cell = machine.cell("single-reader", "novel/thing", Metric::ReadNs);
        let ratio = cell
            .and_then(|cell| cell.ratio.as_ref())
            .expect("it was compared");
        // Each machine has a line, under what follows from both.
        let ratio = format::ratio(ratio).replace(' ', "");
        let line = format!(
            "|`novel/thing`|{}|**adopt**|**adopt**|{ratio};",
            machine.name
        );
        assert!(text.contains(&line), "{line} is not in {text}");
    }
}

#[test]
fn every_strategy_has_a_line_for_each_machine() {
    let merged = opposed();
    let text = markdown(&merged);
    for (machine, decision) in [("alpha", "adopt"), ("beta", "stay with mutex/std")] {
        let line = format!("| `novel/left` | {machine} | **machines differ** | **{decision}** |");
        let plain = |text: &str| text.replace(' ', "");
        assert!(
            plain(&text).contains(&plain(&line)),
            "{line} is not in {text}"
        );
    }
    let csv = csv(&merged);
    let cells = merged.machines.iter().map(|machine| machine.cells.len());
    assert_eq!(csv.lines().count(), 1 + cells.sum::<usize>());
    assert!(
        csv.lines()
            .next()
            .expect("a heading")
            .ends_with(",processes,starved,ratio_processes,p,machine")
    );
    let lines_of = |machine: &str| {
        csv.lines()
            .filter(|line| line.ends_with(&format!(",{machine}")))
            .count()
    };
    assert_eq!(
        [lines_of("alpha"), lines_of("beta")],
        [merged.machines[0].cells.len(); 2]
    );
}

/// Each strategy is the answer of one machine, and costs something on both.
#[test]
fn what_one_machine_names_has_its_costs_on_all() {
    let page = html(&opposed());
    let (costs, _) = section(&page, "costs")
        .split_once("</table>")
        .expect("it has a table");
    assert!(!costs.contains("not measured"), "{costs}");
    for (strategy, loses_on) in [("novel/left", "beta"), ("novel/right", "alpha")] {
        let rows = costs.split("<tr>");
        let loses: Vec<&str> = rows
            .filter(|row| row.contains(strategy) && row.contains(" 0.50"))
            .collect();
        assert!(
            loses.len() == 1 && loses[0].contains(loses_on),
            "{strategy}: {costs}"
        );
    }
}

#[test]
fn texts_of_all_machines_are_escaped_and_the_page_is_whole() {
    let merged = opposed();
    let html = html(&merged);
    assert!(html.contains("alpha &lt;b&gt;|") && !html.contains("alpha <b>"));
    assert!(markdown(&merged).contains(r"alpha &lt;b&gt;\|"));
    let (_, picture) = html
        .split_once("<figcaption>How many times better")
        .expect("situations were measured");
    let (picture, _) = picture.split_once("</svg>").expect("it is drawn");
    for machine in &merged.machines {
        let title = format!(">{}</text>", machine.name);
        assert!(picture.contains(&title), "{title} is not in {picture}");
        assert!(section(&html, "environment").contains(&format!("<li>{}: Started", machine.name)));
    }
    for name in [files::HTML, "details.html"] {
        let page = pages(&merged, name);
        let ids: Vec<&str> = page
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        let different: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), different.len(), "an anchor is there twice");
    }
    let markdown = markdown(&merged);
    let files = files(&merged, None);
    for file in files.iter().filter(|file| file.name.starts_with("plots/")) {
        assert!(
            markdown.contains(&format!("({})", file.name)),
            "{}",
            file.name
        );
    }
}

#[test]
fn a_strategy_that_one_machine_did_not_compare_is_undecided() {
    let both = Run::new([
        invented("novel/left", 4.0, 4.0, 4.0),
        invented("novel/right", 4.0, 4.0, 4.0),
    ]);
    let left_only = Run::new([invented("novel/left", 4.0, 4.0, 4.0)]);
    let merged = merge(vec![on("alpha", &left_only), on("beta", &both)]);
    let decision = |name: &str| {
        let mut all = merged.overall.iter();
        all.find(|overall| overall.strategy == name)
            .map(|overall| overall.decision)
    };
    assert_eq!(decision("novel/left"), Some(Decision::Adopt));
    assert_eq!(decision("novel/right"), Some(Decision::Undecided));
    assert!(markdown(&merged).contains("not compared"));
}

#[test]
fn a_comment_on_several_machines_stays_short() {
    let comment = comment(&opposed());
    assert!(comment.lines().count() <= 25, "{comment}");
}
