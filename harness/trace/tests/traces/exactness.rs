//! Counts are facts: every process finds the same, and so does another instrument.

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;

use model::trace::{Operation, State, TraceSeen};
use trace::TraceTask;

use crate::job::{Job, file};
use crate::turn;

/// What a process of its own sees.
fn observe(name: &str, task: &TraceTask, variables: &[(&str, &str)]) -> TraceSeen {
    let out = file(&format!("{name}.json"));
    let (task, path) = (task.clone(), out.clone());
    Job::See { task, out: path }.carry_out(&[], variables.iter().copied());
    serde_json::from_str(&fs::read_to_string(out).unwrap()).unwrap()
}

/// Without what is chance, since each process has another heap: where blocks begin within a line, so
/// that neighbours are on one or not, and how long the system's allocator looks for one.
fn without_chance(mut observed: TraceSeen) -> TraceSeen {
    for counts in observed
        .footprints
        .iter_mut()
        .filter_map(|footprint| footprint.counts.as_mut())
    {
        counts.allocator_instructions = 0;
        counts.lines_touched = 0;
        counts.lines_written = 0;
        counts.lines_dirtied = 0;
    }
    observed.pairs.clear();
    observed
}

/// How many instructions the copy of a whole table takes can depend on how far its source is from its target, which each
/// heap decides anew. What every x86-64 processor with SSSE3 has, does not look at that.
const ONE_WAY_TO_COPY: (&str, &str) = (
    "GLIBC_TUNABLES",
    "glibc.cpu.hwcaps=-AVX2,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM",
);

fn assert_repeatable(strategy: &str) {
    let task = TraceTask {
        strategy: strategy.into(),
        operations: Operation::ALL.to_vec(),
        states: State::ALL.to_vec(),
        layouts: 2,
    };
    let see = |process: usize| {
        let name = format!("{}-{process}", strategy.replace('/', "-"));
        without_chance(observe(&name, &task, &[ONE_WAY_TO_COPY]))
    };
    // Side by side: what else runs changes nothing.
    let [first, second, third] = thread::scope(|scope| {
        let see = &see;
        let processes = [0, 1, 2].map(|process| scope.spawn(move || see(process)));
        processes.map(|process| process.join().unwrap())
    });
    assert_eq!(first, second, "{strategy}");
    assert_eq!(first, third, "{strategy}");
}

#[test]
fn every_process_counts_the_same() {
    let Some(_turn) = turn() else { return };
    assert_repeatable("concurrent-map/papaya");
}

#[test]
#[ignore = "as for the others, and it takes ten seconds for each"]
fn every_process_counts_the_same_of_more_strategies() {
    let Some(_turn) = turn() else { return };
    [
        "arc-swap/table",
        "mutex/std",
        "atomics/seqlock",
        "sharded/padded",
    ]
    .into_iter()
    .for_each(assert_repeatable);
}

/// Valgrind emulates a processor of its own, for which the C library would choose other ways to copy:
/// both are told to use what every x86-64 processor has.
const SAME_PROCESSOR: (&str, &str) = (
    "GLIBC_TUNABLES",
    "glibc.cpu.hwcaps=-SSSE3,-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-ERMS,-FSRM,-RTM,-Fast_Unaligned_Copy,\
     -AVX_Fast_Unaligned_Load:glibc.cpu.x86_rep_movsb_threshold=1000000000:\
     glibc.cpu.x86_rep_stosb_threshold=1000000000",
);

/// What callgrind counts while an operation is done so many times, and what prepares it.
fn counted_by_callgrind(strategy: &str, operation: Operation, times: u64) -> u64 {
    let name = format!(
        "{}-{operation}-{times}.callgrind",
        strategy.replace('/', "-")
    );
    let out = file(&name.replace(' ', "-"));
    let out_option = format!("--callgrind-out-file={}", out.display());
    let launcher = [
        "valgrind",
        "--tool=callgrind",
        "--toggle-collect=*at_work*",
        &out_option,
    ];
    let strategy = strategy.into();
    let job = Job::Rehearse {
        strategy,
        operation,
        times,
    };
    job.carry_out(&launcher.map(OsStr::new), [SAME_PROCESSOR]);
    let text = fs::read_to_string(out).unwrap();
    let totals = text.lines().find_map(|line| line.strip_prefix("totals: "));
    totals.expect("a total of instructions").parse().unwrap()
}

/// What the tracer counts, inside the allocator and outside.
fn counted_by_tracer(strategy: &str, operation: Operation) -> u64 {
    let task = TraceTask {
        strategy: strategy.into(),
        operations: vec![operation],
        states: vec![State::Quiescent],
        layouts: 1,
    };
    let name = format!("{}-{operation}", strategy.replace('/', "-"));
    let observed = observe(&name.replace(' ', "-"), &task, &[SAME_PROCESSOR]);
    let counts = observed.counts(operation, State::Quiescent).unwrap();
    counts.instructions + counts.allocator_instructions
}

#[test]
fn callgrind_counts_the_same() {
    assert_callgrind_agrees(&[
        ("concurrent-map/papaya", Operation::ReadHit),
        // It allocates.
        ("arc-swap/per-process", Operation::Apply),
    ]);
}

#[test]
#[ignore = "as for the others, and it takes a second for each"]
fn callgrind_counts_the_same_of_more_strategies() {
    assert_callgrind_agrees(&[
        ("mutex/std", Operation::ReadHit),
        ("atomics/seqlock", Operation::Apply),
    ]);
}

fn assert_callgrind_agrees(operations: &[(&str, Operation)]) {
    let version = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if version.is_err() {
        eprintln!("skipped: valgrind is not installed");
        return;
    }
    let Some(_turn) = turn() else { return };
    for &(strategy, operation) in operations {
        let count = |times| counted_by_callgrind(strategy, operation, times);
        let (few, many) = (count(1), count(1 + TIMES));
        let traced = counted_by_tracer(strategy, operation);
        // What sets the table up is counted, too, and some hundred instructions of it depend on how
        // threads happen to wait for each other.
        let each = (many - few + TIMES / 2) / TIMES;
        assert_eq!(each, traced, "{strategy}: {operation}");
    }
}

/// How often each operation is done more than once: so often that what differs between two processes
/// comes to less than half an instruction each.
const TIMES: u64 = 2_000;
