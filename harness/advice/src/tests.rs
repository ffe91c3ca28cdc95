//! Workload files that say something, and those that contradict themselves.

use model::scenario::{Activity, Arrivals, Origin, RecordKind, Scenario};

use super::*;
use results::Metric;

const HEAD: &str = "name = \"w\"\n[table]\nrecords = 64\n";
pub(super) const READERS: &str = "[readers]\nthreads = 4\n";
pub(super) const WRITERS: &str = "[writers]\nthreads = 2\n";

pub(super) fn workload(text: &str) -> Workload {
    Workload::parse(&format!("{HEAD}{text}"), "w.toml").unwrap()
}

fn refusal(text: &str) -> String {
    let error = Workload::parse(text, "w.toml").expect_err("it is nonsensical");
    error.to_string()
}

fn questions(text: &str) -> Questions {
    workload(text).questions().unwrap()
}

fn scenario<'q>(questions: &'q Questions, name: &str) -> &'q Scenario {
    let mut all = questions.scenarios.iter();
    all.find(|scenario| scenario.name == name)
        .unwrap_or_else(|| panic!("{name} is missing"))
}

/// A workload's program and this one are built alike, or the workload is refused by the profile's name.
#[test]
fn a_workload_says_how_its_program_is_built() {
    let asks = |profile: &str| {
        let text = format!("{HEAD}{READERS}[deploy]\nprofile = \"{profile}\"\n");
        Workload::parse(&text, "w.toml").expect("it is a workload")
    };
    let built = model::environment::Build {
        profile: "release".into(),
        ..Default::default()
    };
    assert_eq!(asks("release").deploy.is_built_alike(&built), Ok(()));
    let refused = asks("stock").deploy.is_built_alike(&built).unwrap_err();
    assert!(
        refused.contains("`cargo run --profile stock -- advise ...`"),
        "{refused}"
    );
}

#[test]
fn the_template_and_the_examples_are_sound() {
    let template = Workload::parse(TEMPLATE, "template").unwrap();
    assert!(template.questions().is_ok());
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/workloads");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
    assert_eq!(files.len(), 6);
    for file in files {
        let path = file.unwrap().path();
        let workload = Workload::load(&path).unwrap();
        assert_eq!(
            Some(workload.name.as_str()),
            path.file_stem().unwrap().to_str()
        );
    }
}

#[test]
fn the_template_explains_every_field() {
    // What a file may say, as the parser names it.
    let unknown = |section: &str| refusal(&format!("{HEAD}{section}nonsense = 1\n"));
    let sections = [
        ("", "record_bytes"),
        ("", "shape"),
        ("[readers]\n", "section_ns"),
        ("[writers]\n", "inserts"),
        ("[scanners]\n", "rate_per_s"),
        ("[mixed]\n", "scans"),
        ("[needs]\n", "survives_panic"),
        ("[decision]\n", "by"),
        ("[deploy]\n", "machine"),
    ];
    for (section, example) in sections {
        let message = unknown(section);
        let fields: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        assert!(fields.contains(&example), "{message}");
        for field in fields {
            assert!(
                TEMPLATE.contains(&format!("{field} = ")),
                "{field} is not explained"
            );
        }
    }
}

#[test]
fn a_section_takes_its_own_fields_only() {
    for (section, field) in [
        ("readers", "writes"),
        ("writers", "write_section_ns"),
        ("scanners", "inserts"),
        ("readers", "scans"),
        ("readers", "write_section_ns"),
    ] {
        let refused = refusal(&format!("{HEAD}[{section}]\nthreads = 1\n{field} = 0.1\n"));
        let expected = format!("w.toml: [{section}] takes no {field}");
        assert_eq!(refused, expected);
    }
}

#[test]
fn contradictions_are_told_what_would_be_right() {
    let refused = |text: &str| refusal(&format!("{HEAD}{text}"));
    let cases = [
        (refused(""), "at least one of [readers]"),
        (
            refusal("name = \"W\"\n[table]\nrecords = 1\n[readers]\nthreads = 1\n"),
            "lower-case",
        ),
        (
            refusal("name = \"w\"\n[table]\nrecords = 0\n[readers]\nthreads = 1\n"),
            "table.records = 0 must lie between 1 and",
        ),
        (
            refused("[readers]\nthreads = 0\n"),
            "readers.threads = 0 must lie between 1 and",
        ),
        (
            refused("[readers]\nthreads = 2000\n"),
            "readers.threads = 2000 must",
        ),
        (
            refused("[writers]\nthreads = 1\ninserts = 1.5\n"),
            "writers.inserts = 1.5 must",
        ),
        (
            refusal(
                "name = \"w\"\n[table]\nrecords = 1\nhot_share = 0.5\n[readers]\nthreads = 1\n",
            ),
            "give skew = \"hot\"",
        ),
        (refused("[readers]\nthreads = 1\nspeed = 3\n"), "w.toml:6:1"),
        (
            refused("[readers]\nthreads = 1\nrate_per_s = 1e9\n"),
            "10000000",
        ),
        (
            refused("[readers]\nthreads = 1\nrate_per_s = nan\n"),
            "rate_per_s",
        ),
        (
            refused("[readers]\nthreads = 1\nrate_per_s = 1e6\nsection_ns = 5000\n"),
            "at most 200000 in a second",
        ),
        (
            refused(&format!("{WRITERS}[needs]\nlinearizable = true\n")),
            "no thread reads",
        ),
        (
            refused(&format!("{READERS}[needs]\nwriters_never_wait = true\n")),
            "no thread writes",
        ),
        (
            refused(&format!("{READERS}[needs]\nreaders_never_wait = true\n")),
            "no thread writes",
        ),
        (
            refused(&format!("{READERS}[needs]\nsnapshot_scans = true\n")),
            "no thread scans",
        ),
        (
            refused(&format!(
                "{WRITERS}[needs]\nheap_records = true\nallocates = \"never\"\n"
            )),
            "not-in-reads",
        ),
        (
            refusal(
                "name = \"w\"\n[table]\nrecords = 1\nrecord_bytes = 64\n[readers]\nthreads = 1\n\
                 [needs]\nheap_records = true\n",
            ),
            "give one of them",
        ),
        (
            refused(&format!("{READERS}[decision]\nby = [\"writers\"]\n")),
            "no [writers]",
        ),
        (
            refused(&format!("{READERS}[deploy]\nmachine = \"laptop\"\n")),
            "two-sockets",
        ),
        (
            refused(&format!(
                "{READERS}[deploy]\nmachine = \"desktop\"\ncores = 64\n"
            )),
            "deploy.cores = 64 must lie between 1 and 16",
        ),
        (
            refused(&format!("{READERS}[deploy]\ncores = 100000\n")),
            "between 1 and",
        ),
        (
            refused("[mixed]\nthreads = 1\nwrites = 0.9\nscans = 0.9\n"),
            "add up to 1.8",
        ),
    ];
    each_is_said(&cases);
}

#[test]
fn times_and_arrivals_that_contradict_themselves_are_told_what_would_be_right() {
    let refused = |text: &str| refusal(&format!("{HEAD}{text}"));
    let cases = [
        (
            refused("[readers]\nthreads = 1\narrivals = \"poisson\"\n"),
            "give rate_per_s",
        ),
        (
            refused("[writers]\nthreads = 1\ninserts = 0.1\n[mixed]\nthreads = 1\n"),
            "give mixed.inserts instead",
        ),
        (
            refused("[readers]\nthreads = 1\nrate_per_s = 5\narrivals = \"bursts\"\n"),
            "readers.burst is the size",
        ),
        (
            refused("[writers]\nthreads = 1\nsection_ns = 1e9\n"),
            "writers.section_ns = 1000000000 must lie between 0 and 1000000",
        ),
        (
            refused("[readers]\nthreads = 1\nsection_ns = [{ ns = 5, share = 0.5 }]\n"),
            "readers.section_ns: the shares add up to 0.5",
        ),
        (
            refused(
                "[readers]\nthreads = 1\nsection_ns = [{ ns = 5, share = 0.0001 }, { ns = 6, share = 0.9999 }]\n",
            ),
            "readers.section_ns: share = 0.0001 must lie between 0.0005 and 1",
        ),
        (
            refused("[mixed]\nthreads = 1\nwrites = nan\n"),
            "mixed.writes = NaN must lie between 0.0005 and 1",
        ),
        (
            refused("[writers]\nthreads = 1\ninserts = 0.4999\n"),
            "writers.inserts leaves less than 0.0005",
        ),
        (
            refused("[readers]\nthreads = 600\n[writers]\nthreads = 600\n"),
            "threads without rate_per_s, together = 1200 must lie between 0 and 1024",
        ),
        (
            refused("[readers]\nthreads = 1\nsection_ns = []\n"),
            "give a number, or shares",
        ),
        (
            refusal("name = \"w\"\n[table]\n[readers]\nthreads = 1\n"),
            "say how many records",
        ),
    ];
    each_is_said(&cases);
}

/// One line with the file, each with what is expected in it.
fn each_is_said(cases: &[(String, &str)]) {
    for (message, expected) in cases {
        assert!(
            message.contains(expected),
            "{expected:?} is not in: {message}"
        );
        assert!(message.starts_with("w.toml:"), "{message}");
        assert!(!message.contains('\n'), "one line: {message}");
    }
}

#[test]
fn a_part_with_a_rate_is_measured_without_a_pause_beside_the_others_at_theirs() {
    let asked = questions(
        "[readers]\nthreads = 16\nrate_per_s = 2000\n[writers]\nthreads = 2\nrate_per_s = 5000\n",
    );
    let names: Vec<&str> = asked
        .subjects
        .iter()
        .map(|subject| subject.scenario.as_str())
        .collect();
    assert_eq!(names, ["w-readers", "w-writers"]);
    let readers = scenario(&asked, "w-readers");
    // 32,000 reads a second are less than one thread does; two writers are one at the rate of both.
    assert_eq!(readers.groups[0].does, Activity::Read);
    assert_eq!(
        (readers.groups[0].threads, readers.groups[0].every_us),
        (1, None)
    );
    assert_eq!(
        (readers.groups[1].threads, readers.groups[1].every_us),
        (1, Some(100.0))
    );
    let writers = scenario(&asked, "w-writers");
    assert_eq!(writers.groups[0].does, Activity::Update);
    assert_eq!(writers.groups[0].every_us, None);
    assert_eq!(asked.subjects[1].metric, Metric::WriteNs);
    assert_eq!(asked.subjects[0].per_s, Some(32_000.0));
}

/// A scan of as many records takes milliseconds, so a thread does no 4,000 of them in a second.
#[test]
fn scanners_are_measured_with_as_many_threads_as_their_scans_take() {
    let threads = |records: usize| {
        let text = format!(
            "name = \"w\"\n[table]\nrecords = {records}\n{READERS}[scanners]\nthreads = 4\nrate_per_s = 1000\n"
        );
        let asked = Workload::parse(&text, "w.toml").unwrap().questions();
        let asked = asked.unwrap();
        let beside = scenario(&asked, "w").groups.iter();
        let beside = beside.filter(|group| group.every_us.is_some());
        let beside: Vec<usize> = beside.map(|group| group.threads).collect();
        (asked.subjects[1].threads, beside)
    };
    assert_eq!(threads(1_000_000), (4, vec![4]));
    assert_eq!(threads(64), (1, vec![1]));
}

/// Public questions, as files.
#[test]
fn what_people_ask_can_be_said() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/workloads");
    let load = |name: &str| Workload::load(&folder.join(name)).unwrap();
    let once_a_minute = load("once-a-minute.toml");
    assert_eq!(
        once_a_minute.writers.as_ref().unwrap().per_s(),
        Some(0.0166)
    );
    let paced = once_a_minute.questions().unwrap();
    // Slower than once a second would never come up.
    assert_eq!(
        scenario(&paced, "cluster-data").groups[1].every_us,
        Some(1e6)
    );
    for name in [
        "perf-tests-1395.toml",
        "opendata-447.toml",
        "scylla-251.toml",
    ] {
        assert!(load(name).questions().is_ok(), "{name}");
    }
    let refused = |rate: &str| {
        refusal(&format!(
            "{HEAD}[readers]\nthreads = 1\nrate_per_s = {rate}\n"
        ))
    };
    assert!(
        refused("0").contains("must lie between 0.000001 and"),
        "{}",
        refused("0")
    );
}

#[test]
fn parts_without_a_rate_share_a_scenario() {
    let asked = questions(&format!(
        "{READERS}{WRITERS}[decision]\nby = [\"readers\"]\n"
    ));
    assert!(asked.subjects.iter().all(|subject| subject.scenario == "w"));
    let decides: Vec<bool> = asked
        .subjects
        .iter()
        .map(|subject| subject.decides)
        .collect();
    assert_eq!(decides, [true, false]);
    assert_eq!(scenario(&asked, "w").threads(), 6);
    // What decides is measured more often than what lies around it.
    let is_decisive = |scenario: &&Scenario| scenario.origin == Origin::Report;
    let decisive: Vec<&str> = asked
        .scenarios
        .iter()
        .filter(is_decisive)
        .map(|scenario| scenario.name.as_str())
        .collect();
    assert_eq!(decisive, ["w"]);
    assert_eq!(scenario(&asked, "w-alone-update").threads(), 1);
    assert!(
        asked
            .scenarios
            .iter()
            .any(|scenario| scenario.family() == "w-by-writes")
    );
    assert!(
        asked
            .scenarios
            .iter()
            .any(|scenario| scenario.family() == "w-by-section-ns")
    );
}

#[test]
fn the_record_is_the_nearest_that_there_is() {
    let record_of = |bytes: usize| {
        let text = format!("name = \"w\"\n[table]\nrecords = 4\nrecord_bytes = {bytes}\n{READERS}");
        Workload::parse(&text, "w.toml").unwrap().record()
    };
    assert_eq!(record_of(64), RecordKind::Status);
    assert_eq!(record_of(20), RecordKind::Padded16);
    assert_eq!(record_of(3_000), RecordKind::Padded4Ki);
    let heap = workload(&format!("{READERS}[needs]\nheap_records = true\n"));
    assert_eq!(heap.record(), RecordKind::Snapshot);
    // Traces are of another record.
    let asked = heap.questions().unwrap();
    assert!(
        asked
            .scenarios
            .iter()
            .all(|scenario| !scenario.name.contains("alone"))
    );
}

#[test]
fn what_is_not_measured_is_refused_by_name() {
    let table = |fields: &str| {
        refusal(&format!(
            "name = \"w\"\n[table]\n{fields}{READERS}[writers]\nthreads = 1\n"
        ))
    };
    for (shape, instead) in [
        ("counter", "atomic integer"),
        ("bounded-cache", "moka"),
        ("queue", "channel"),
        ("nothing", "what it protects"),
    ] {
        let refused = table(&format!("shape = \"{shape}\"\n"));
        let named = format!("table.shape = \"{shape}\" is not measured");
        assert!(
            refused.contains(&named) && refused.contains(instead),
            "{refused}"
        );
        assert!(!refused.contains('\n'), "one line: {refused}");
    }
    for (fields, expected) in [
        ("shape = \"cell\"\nrecords = 5\n", "a cell is one value"),
        ("shape = \"cell\"\nhasher = \"sip\"\n", "a cell has no keys"),
        (
            "shape = \"cell\"\n[mixed]\nthreads = 1\ninserts = 0.1\n",
            "none comes or goes",
        ),
        (
            "records = 5\nvalue = \"plain\"\n[needs]\nheap_records = true\n",
            "give one of them",
        ),
        (
            "records = 5\nkeys = \"strings\"\n",
            "table.key_bytes is the length",
        ),
        ("records = 5\nkeys = \"uuids\"\n", "`strings`"),
        ("records = 5\nskew = \"latest\"\n", "use \"zipf\""),
        (
            "records = 5\nvalue = \"arc\"\nrecord_bytes = 8\n",
            "give one of them",
        ),
    ] {
        let refused = table(fields);
        assert!(
            refused.contains(expected),
            "{expected:?} is not in: {refused}"
        );
    }
    let tasks =
        format!("name = \"w\"\nrun_as = \"tasks-across-await\"\n[table]\nrecords = 1\n{READERS}");
    let refused = refusal(&tasks);
    assert!(
        refused.contains("let the guard go before the task waits"),
        "{refused}"
    );
}

#[test]
fn what_is_said_is_what_the_scenarios_ask() {
    let asked = Workload::parse(
        "name = \"w\"\n[table]\nrecords = 64\nvalue = \"arc\"\nkeys = \"strings\"\nkey_bytes = 24\n\
         hasher = \"sip\"\n[readers]\nthreads = 2\nsection_ns = 70\n[writers]\nthreads = 2\nrate_per_s = 5000\n\
         arrivals = \"bursts\"\nburst = 20\n\
         section_ns = [{ ns = 500, share = 0.9 }, { ns = 20000, share = 0.1 }]\n",
        "w.toml",
    );
    let workload = asked.unwrap();
    assert!(workload.needs.heap_records, "an `Arc` owns memory");
    let asked = workload.questions().unwrap();
    let readers = scenario(&asked, "w");
    assert_eq!(readers.record, RecordKind::Shared);
    assert_eq!(readers.hashed, workload.table.hashed());
    let [reads, writes] = [&readers.groups[0], &readers.groups[1]];
    let always = model::scenario::Section {
        ns: 70.0,
        share: 1.0,
    };
    assert_eq!(
        (reads.section_ns, &reads.sections[..]),
        (None, &[always][..])
    );
    assert_eq!(writes.arrivals, Arrivals::Bursts(20));
    let times: Vec<f64> = writes
        .write_sections
        .iter()
        .map(|section| section.ns)
        .collect();
    assert_eq!(times, [500.0, 20_000.0]);
    assert_eq!((writes.threads, writes.every_us), (1, Some(100.0)));
    let of_writers = scenario(&asked, "w-writers");
    assert_eq!(of_writers.groups[0].arrivals, Arrivals::Steady);
}

/// A mix that looks nothing up has no time inside a lookup to vary, and no time is said that is not measured.
#[test]
fn what_reads_nothing_is_measured_without_reads() {
    for shares in ["writes = 1.0", "scans = 1.0", "writes = 0.8\ninserts = 0.1"] {
        let mixed = format!("[mixed]\nthreads = 2\n{shares}\n");
        let names = questions(&mixed).scenarios;
        let is_swept = |scenario: &Scenario| scenario.name.contains("section-ns");
        assert!(!names.iter().any(is_swept), "{shares}");
        for (more, expected) in [
            (
                "section_ns = 5\n",
                "mixed.section_ns is time inside a lookup",
            ),
            ("[needs]\nlinearizable = true\n", "no thread reads"),
        ] {
            let refused = refusal(&format!("{HEAD}{mixed}{more}"));
            assert!(refused.contains(expected), "{shares}: {refused}");
        }
    }
    for unchanging in [
        "[mixed]\nthreads = 2\nwrite_section_ns = 5\n",
        "[writers]\nthreads = 2\ninserts = 0.5\nsection_ns = 5\n",
    ] {
        let refused = refusal(&format!("{HEAD}{unchanging}"));
        assert!(refused.contains("no operation changes"), "{refused}");
    }
    let long = questions("[readers]\nthreads = 2\nsection_ns = 300000\n");
    assert!(long.scenarios[0].groups[0].longest_section_ns() > 2e5);
}
