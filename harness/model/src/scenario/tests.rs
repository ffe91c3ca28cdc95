use strum::VariantArray;

use super::*;

/// A scenario file with these lines between its head and its tables.
fn file(fields: &str, tables: &str) -> String {
    format!(
        "name = \"sweep-x\"\ntitle = \"X\"\nquestion = \"?\"\n{fields}\n{tables}\n",
        fields = if fields.contains("processes") {
            fields.to_owned()
        } else {
            format!("processes = 8\n{fields}")
        }
    )
}

fn points(fields: &str, tables: &str) -> Vec<Scenario> {
    Scenario::parse(&file(fields, tables), "x.toml").unwrap()
}

fn refusal(fields: &str, tables: &str) -> String {
    Scenario::parse(&file(fields, tables), "x.toml")
        .expect_err("it is nonsensical")
        .to_string()
}

const READ: &str = "[[groups]]\ndoes = \"read\"\nthreads = 1\n";
const MIX: &str = "[[groups]]\ndoes = \"mix\"\nthreads = 2\n";

#[test]
fn a_sweep_becomes_plain_scenarios() {
    let sweep = "[[sweep]]\naxis = \"writes\"\nvalues = [0, 0.05, 1]\n";
    let points = points("", &format!("{MIX}{sweep}"));
    let names: Vec<&str> = points.iter().map(|point| point.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "sweep-x@writes=0",
            "sweep-x@writes=0.05",
            "sweep-x@writes=1"
        ]
    );
    assert_eq!(points[1].groups[0].writes, Some(0.05));
    assert_eq!(points[1].coordinate(Axis::Writes), Some(0.05));
    assert!(points.iter().all(|point| point.family() == "sweep-x"));
    assert!(points.iter().all(|point| point.sweep.is_empty()));
    // What the sample file keeps is what was asked.
    let kept = serde_json::to_string(&points[1]).unwrap();
    assert_eq!(serde_json::from_str::<Scenario>(&kept).unwrap(), points[1]);
}

#[test]
fn two_axes_become_their_product() {
    let sweeps = "[[sweep]]\naxis = \"record\"\nvalues = [\"padded-16B\", \"padded-4KiB\"]\n\
                  [[sweep]]\naxis = \"section_ns\"\nvalues = [0, 10, 100]\n";
    let points = points("", &format!("{READ}{sweeps}"));
    assert_eq!(points.len(), 6);
    let last = &points[5];
    assert_eq!(last.name, "sweep-x@record=padded-4KiB,section_ns=100");
    assert_eq!(last.record, RecordKind::Padded4Ki);
    assert_eq!(last.groups[0].section_ns, Some(100.0));
    assert_eq!(last.coordinate(Axis::Record), Some(4_096.0));
}

#[test]
fn an_axis_finds_the_group_that_it_fits() {
    let tables = format!(
        "{READ}[[groups]]\ndoes = \"update\"\nthreads = 1\nevery_us = 5\n\
         [[sweep]]\naxis = \"every_us\"\nvalues = [10, 100]\n"
    );
    let scenarios = points("", &tables);
    assert_eq!(scenarios[0].groups[0].every_us, None);
    assert_eq!(scenarios[1].groups[1].every_us, Some(100.0));
    let tables = format!("{READ}{MIX}[[sweep]]\naxis = \"threads\"\nvalues = [3, 4]\ngroup = 1\n");
    assert_eq!(points("", &tables)[1].groups[1].threads, 4);
}

#[test]
fn contradictory_axes_are_told_what_would_be_right() {
    let swept = |axis: &str, values: &str| {
        refusal(
            "",
            &format!("{READ}[[sweep]]\naxis = \"{axis}\"\nvalues = {values}\n"),
        )
    };
    // 10 threads, if the sum wraps.
    let crowds = [i64::MAX, i64::MAX, 12].map(|threads| READ.replace('1', &threads.to_string()));
    let cases = [
        (
            refusal("", &format!("{READ}writes = 0.5\n")),
            "does = \"mix\"",
        ),
        (
            refusal("", &format!("{MIX}writes = 0.7\nscans = 0.7\n")),
            "add up to 1.4",
        ),
        (refusal("", &format!("{MIX}writes = 0.00001\n")), "0.0005"),
        (refusal("operations = 39", MIX), "each needs at least 20"),
        (
            refusal("", &crowds.concat()),
            "all groups together at most 1024",
        ),
        (refusal("hot_share = 0.5", READ), "keys = \"hot\""),
        (refusal("hit_rate = 1.5", READ), "between 0 and 1"),
        (refusal("hit_rate = nan", READ), "between 0 and 1"),
        (refusal("keys = \"latest\"", READ), "inserts"),
        (refusal("keys = \"skewed\"", READ), "x.toml:5:8"),
        (
            refusal(
                "hit_rate = 0.5",
                "[[groups]]\ndoes = \"churn\"\nthreads = 1\n\
                 [[groups]]\ndoes = \"scan\"\nthreads = 1\n",
            ),
            "no group does any",
        ),
        (
            refusal(
                "",
                &format!("{MIX}writes = 0.7\nscans = 0.3\nsection_ns = 5\n"),
            ),
            "reads nothing",
        ),
        (
            refusal(
                "",
                &format!("{MIX}read_modify_writes = 1\nsections = [{{ ns = 5, share = 1 }}]\n"),
            ),
            "leave out read_modify_writes",
        ),
        (
            refusal(
                "",
                "[[groups]]\ndoes = \"update\"\nthreads = 1\nsection_ns = 5\n",
            ),
            "reads nothing",
        ),
        (refusal("", &format!("{READ}section_ns = 1e9\n")), "100000"),
        (refusal("", &format!("{READ}pause_ns = 2e6\n")), "1000000"),
        (
            refusal("", &format!("{READ}pause_ns = 5\nevery_us = 5\n")),
            "leave out every_us",
        ),
        (
            refusal("", &format!("{READ}publish_every = 5\n")),
            "has none",
        ),
        (
            refusal("", &format!("{MIX}writes = 1\npublish_every = 0\n")),
            "never publishes",
        ),
        (
            refusal("processes = 1000000\nrecord = \"padded-4KiB\"", READ),
            "at most 262144 fit",
        ),
        (swept("writes", "[0, 0.5]"), "does \"mix\""),
        (swept("threads", "[1, 1.5]"), "whole number"),
        (swept("threads", "[0, 1]"), "at the point sweep-x@threads=0"),
        (swept("section_ns", "[5]"), "at least two"),
        (swept("section_ns", "[5, 5]"), "twice"),
        (swept("section_ns", "[5, 2]"), "must ascend"),
        (swept("record", "[\"status-64B\", \"tiny\"]"), "padded-16B"),
        (swept("record", "[1, 2]"), "not a kind"),
        (swept("colour", "[1, 2]"), "section_ns"),
        (swept("publish_every", "[1, 2]"), "no group writes"),
    ];
    for (error, expected) in cases {
        assert!(error.contains(expected), "{expected:?} is not in: {error}");
        assert!(!error.contains('\n'), "one line: {error}");
    }
}

#[test]
fn too_many_points_are_a_mistake() {
    let values: Vec<String> = (1..=9).map(|value| value.to_string()).collect();
    let values = values.join(", ");
    let error = refusal(
        "",
        &format!(
            "{READ}[[sweep]]\naxis = \"threads\"\nvalues = [{values}]\n\
             [[sweep]]\naxis = \"section_ns\"\nvalues = [{values}]\n"
        ),
    );
    assert!(error.contains("81 points"), "{error}");
    let error = refusal(
        "",
        &format!(
            "{READ}{}",
            "[[sweep]]\naxis = \"threads\"\nvalues = [1, 2]\n".repeat(2)
        ),
    );
    assert!(error.contains("both axes"), "{error}");
    let threads = "[[sweep]]\naxis = \"threads\"\nvalues = [1, 2]\n";
    let other = threads.replace("1, 2", "3, 4") + "group = ";
    // The first group has it where none is named.
    let error = refusal("", &format!("{READ}{MIX}{threads}{other}0\n"));
    assert!(error.contains("both axes"), "{error}");
    assert_eq!(
        points("", &format!("{READ}{MIX}{threads}{other}1\n")).len(),
        4
    );
    let processes = "[[sweep]]\naxis = \"processes\"\nvalues = [1, 2]\n";
    let error = refusal("", &format!("{READ}{processes}group = 0\n"));
    assert!(error.contains("leave out group"), "{error}");
}

#[test]
fn every_axis_has_words_of_its_own() {
    let words = Axis::VARIANTS.iter().map(|axis| axis.words());
    assert_eq!(crate::collect::unique(words).len(), Axis::VARIANTS.len());
}

#[test]
fn a_sweep_of_hours_is_refused_with_its_length() {
    let tables = format!("{MIX}[[sweep]]\naxis = \"writes\"\nvalues = [0, 0.5, 1]\n");
    let scenarios = points("optional = true", &tables);
    // 3 points x 10 processes x (5 + 3 + 1) slices of 10 ms, hardly anything to fill a table of 8.
    let slice = std::time::Duration::from_millis(10);
    let seconds = |seconds| std::time::Duration::from_secs(seconds);
    let timed = |scenario| (scenario, least(scenario, 6, 10, slice));
    let asked = |budget, is_largest| affordable(scenarios.iter().map(timed), budget, is_largest);
    assert!(asked(seconds(3), false).is_ok());
    let error = asked(seconds(2), false).unwrap_err().to_string();
    assert!(
        error.contains("3 points") && error.contains("3 s") && error.contains("--preset full"),
        "{error}"
    );
    let error = asked(seconds(2), true).unwrap_err().to_string();
    assert!(!error.contains("--preset full"), "{error}");
    // Without a sweep, a run does what it can.
    let plain = points("", READ);
    assert!(affordable(plain.iter().map(timed), seconds(0), false).is_ok());
}

#[test]
fn the_scenarios_of_the_workspace_are_sound() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/scenarios");
    let scenarios = load_folder(&folder).unwrap();
    for letter in ["a", "b", "c", "d", "e", "f"] {
        let name = format!("ycsb-{letter}");
        assert!(
            scenarios.iter().any(|scenario| scenario.name == name),
            "{name}"
        );
    }
    for scenario in &scenarios {
        // The share of writes is swept by every run.
        let is_usual = scenario.family() == "sweep-writes";
        let in_a_folder = scenario.point.is_some() && !is_usual
            || scenario.replay.is_some()
            || scenario.name.starts_with("ycsb");
        assert!(scenario.optional || !in_a_folder, "{}", scenario.name);
    }
}

const REPLAY: &str = "[[groups]]\ndoes = \"replay\"\nthreads = 1\n";

#[test]
fn a_replay_that_makes_no_sense_is_refused() {
    let trace = "replay = \"t.jsonl\"";
    for (fields, tables, what) in [
        ("", REPLAY.to_owned(), "needs a trace"),
        (trace, READ.to_owned(), "exactly 1 thread"),
        (trace, format!("{REPLAY}{REPLAY}"), "here by 2"),
        (trace, format!("{REPLAY}{MIX}"), "here one does mix"),
        (
            trace,
            format!("{REPLAY}{READ}section_ns = 100\n"),
            "here one does read for 100 ns",
        ),
        (trace, format!("{REPLAY}every_us = 3\n"), "give it a speed"),
        (
            trace,
            format!("{REPLAY}pause_ns = 3\n"),
            "work between operations",
        ),
        (trace, format!("{REPLAY}speed = 0\n"), "between 0.001 and"),
        (trace, format!("{REPLAY}speed = nan\n"), "between 0.001 and"),
        (trace, format!("{REPLAY}{READ}speed = 2\n"), "does \"read\""),
    ] {
        let error = refusal(fields, &tables);
        assert!(error.contains(what), "{error}");
    }
    for field in [
        "operations = 50",
        "keys = \"zipf\"",
        "ids = \"random\"",
        "record = \"padded-1KiB\"",
    ] {
        let error = refusal(&format!("{trace}\n{field}"), REPLAY);
        assert!(error.contains("where a trace is replayed"), "{error}");
    }
}

#[test]
fn the_trace_of_a_replay_is_looked_up_beside_its_scenario() {
    let folder = std::env::temp_dir().join(format!("pivot-replay-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("x.toml");
    let load = |processes: usize| {
        let text = super::tests::file(
            &format!("processes = {processes}\nreplay = \"t.csv\""),
            &format!("{REPLAY}{READ}"),
        );
        std::fs::write(&file, text).unwrap();
        Scenario::load(&file).map_err(|error| error.to_string())
    };
    let error = load(8).unwrap_err();
    assert!(error.contains("cannot read the process trace"), "{error}");
    let head = "# pivot-process-trace/1\nat_ns,event,pid,start\n";
    std::fs::write(
        folder.join("t.csv"),
        format!("{head}0,born,1,1\n0,born,2,1\n"),
    )
    .unwrap();
    let error = load(1).unwrap_err();
    assert!(error.contains("up to 2 live at once"), "{error}");
    assert!(load(2).is_ok());
    std::fs::write(folder.join("t.csv"), format!("{head}0,exit,1,1\n")).unwrap();
    let error = load(8).unwrap_err();
    assert!(error.contains("t.csv:3: process 1"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}
