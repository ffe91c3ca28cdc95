//! Known paths, and the programs that they become.

use super::*;

const COST: Cost = Cost {
    alone_ns: 100.0,
    locked_ns: 10.0,
};

/// A path of so many instructions, by line, offset and usage, ten instructions each.
pub(crate) fn path(touches: &[(u32, u8, Usage)], instructions: u64) -> Path {
    let touch = |&(line, offset, usage): &(u32, u8, Usage)| Touch {
        after: 10,
        line,
        offset,
        usage,
    };
    Path {
        touches: touches.iter().map(touch).collect(),
        instructions,
        is_cut_short: false,
    }
}

fn built(path: &Path, partner: &Path, waits: bool) -> Program {
    let [program, _] = programs(&[path.clone(), partner.clone()], COST, waits);
    program
}

/// The steps that access a line.
fn accesses(program: &Program) -> Vec<Step> {
    let is_access = |step: &&Step| !matches!(step, Step::Work(_));
    program.0.iter().filter(is_access).copied().collect()
}

fn work(program: &Program) -> f64 {
    let ns = |step: &Step| match step {
        Step::Work(ns) => *ns,
        _ => 0.0,
    };
    program.0.iter().map(ns).sum()
}

pub(crate) fn mutex() -> Path {
    path(
        &[
            (7, 0, Usage::CompareExchange),
            (9, 8, Usage::Load),
            (7, 0, Usage::Exchange),
        ],
        40,
    )
}

#[test]
fn a_lock_is_taken_and_given_back_where_others_wait() {
    let program = built(&mutex(), &mutex(), true);
    let expected = [Step::Acquire(0), Step::Load(1), Step::Release(0)];
    assert_eq!(accesses(&program), expected);
    assert!(!program.retries());
    // Two of 10 ns, and 80 ns for 40 instructions.
    assert!((work(&program) - 100.0).abs() < 1e-9);
    assert_eq!(program.0[0], Step::Work(30.0));
}

#[test]
fn a_count_of_readers_holds_nobody_up() {
    let program = built(&mutex(), &mutex(), false);
    let [remember, swap, _, store] = accesses(&program)[..] else {
        panic!("{program:?}")
    };
    assert_eq!(remember, Step::Remember(0));
    assert!(matches!(swap, Step::Swap { line: 0, again: 1 }));
    assert_eq!(store, Step::Store(0));
    let counter = path(&[(0, 0, Usage::Exchange), (0, 0, Usage::Exchange)], 20);
    let program = built(&counter, &counter, true);
    assert_eq!(accesses(&program), [Step::Store(0); 2]);
}

#[test]
fn a_compare_and_exchange_goes_back_to_the_load_before_it() {
    let exchange = path(
        &[
            (3, 0, Usage::Load),
            (4, 0, Usage::Load),
            (3, 0, Usage::CompareExchange),
        ],
        30,
    );
    let program = built(&exchange, &exchange, true);
    let place = |wanted: fn(&Step) -> bool| program.0.iter().position(wanted);
    let remember = place(|step| matches!(step, Step::Remember(0)));
    let swap = place(|step| matches!(step, Step::Swap { .. })).expect("it swaps");
    let Step::Swap { again, .. } = program.0[swap] else {
        unreachable!()
    };
    assert_eq!(Some(again), remember);
}

#[test]
fn a_validated_read_goes_back_only_beside_a_writer() {
    let read = path(
        &[
            (0, 0, Usage::Load),
            (0, 8, Usage::Load),
            (0, 0, Usage::Load),
        ],
        30,
    );
    let write = path(&[(0, 0, Usage::Store), (0, 8, Usage::Store)], 20);
    let beside = |partner: &Path| built(&read, partner, false).retries();
    assert!(beside(&write));
    assert!(!beside(&read));
    // Its own write in between makes the second load another one.
    let rewriting = path(
        &[
            (0, 0, Usage::Load),
            (0, 0, Usage::Store),
            (0, 0, Usage::Load),
        ],
        30,
    );
    assert!(!built(&rewriting, &write, false).retries());
}

#[test]
fn nothing_goes_back_beyond_a_lock() {
    let locking = path(
        &[
            (1, 0, Usage::Load),
            (0, 0, Usage::CompareExchange),
            (0, 0, Usage::Store),
            (1, 0, Usage::CompareExchange),
        ],
        40,
    );
    let program = built(&locking, &locking, true);
    let release = |step: &Step| matches!(step, Step::Release(_));
    let release = program.0.iter().position(release).expect("it locks");
    let Some(Step::Swap { again, .. }) = accesses(&program).last().copied() else {
        panic!("{program:?}")
    };
    assert!(again > release);
}

#[test]
fn what_a_file_says_is_not_believed() {
    let huge = Path {
        touches: vec![Touch {
            after: u64::MAX,
            line: u32::MAX,
            offset: 255,
            usage: Usage::CompareExchange,
        }],
        instructions: 0,
        is_cut_short: true,
    };
    let program = built(&huge, &huge, true);
    assert!((work(&program) - 100.0).abs() < 1e-6);
    assert!((work(&built(&Path::default(), &huge, true)) - 100.0).abs() < 1e-9);
}

#[test]
fn a_path_without_instructions_takes_time_all_the_same() {
    let mut only = path(&[(7, 0, Usage::Load)], 0);
    assert!((work(&built(&only, &only, true)) - COST.alone_ns).abs() < 1e-9);
    only.touches[0].after = 0;
    assert!((work(&built(&only, &only, true)) - COST.alone_ns).abs() < 1e-9);
}
