//! Random small histories, compared with trying every order; and long ones, by what they cost.

use std::cell::Cell;
use std::fmt;

use histories::models::{
    Access, CasRegister, CasRegisterAction, Counter, CounterAction, FifoQueue, KeyValue,
    KeyValueAction, MultiRegister, Mutex, MutexAction, QueueAction, Register, RegisterAction, Set,
    SetAction, UnorderedQueue,
};
use histories::queues::{self, Order};
use histories::search::{Limits, search};
use histories::{Model, NEVER, Operation, Step, Verdict, explain, zones};
use imbl::{OrdMap, OrdSet, Vector, vector};
use proptest::prelude::*;

/// Whether some order explains everything that returned: by trying all of them.
fn has_order<M: Model>(
    model: &M,
    state: &M::State,
    operations: &[Operation<M::Action>],
    done: &mut Vec<bool>,
) -> bool {
    let open = |done: &[bool]| -> Vec<usize> { (0..done.len()).filter(|&i| !done[i]).collect() };
    let left = open(done);
    if left.iter().all(|&i| operations[i].ret == NEVER) {
        return true;
    }
    let first_return = left
        .iter()
        .map(|&i| operations[i].ret)
        .min()
        .unwrap_or(NEVER);
    left.into_iter().any(|i| {
        if operations[i].call > first_return {
            return false;
        }
        let next = match model.step(state, &operations[i].action) {
            Step::Impossible => return false,
            Step::Observes => state.clone(),
            Step::To(next) => next,
        };
        done[i] = true;
        let is_ordered = has_order(model, &next, operations, done);
        done[i] = false;
        is_ordered
    })
}

/// Up to four processes that do up to three things each, at times that overlap.
fn history<A: Clone + std::fmt::Debug + 'static>(
    action: impl Strategy<Value = A> + 'static,
) -> BoxedStrategy<Vec<Operation<A>>> {
    let timed = (action.boxed(), 0u64..6, 0u64..6, 0u8..12).boxed();
    let process = prop::collection::vec(timed, 0..4).boxed();
    let all = prop::collection::vec(process, 1..5).prop_map(|lanes| {
        let mut all = Vec::new();
        for (process, lane) in lanes.into_iter().enumerate() {
            let mut now = 0;
            for (action, pause, length, fate) in lane {
                let call = now + pause + 1;
                let ret = call + length;
                now = ret;
                all.push(Operation {
                    process: process as u64,
                    call,
                    // Now and then it never returns.
                    ret: if fate == 0 { NEVER } else { ret },
                    action,
                });
            }
        }
        all
    });
    all.boxed()
}

fn register() -> impl Strategy<Value = RegisterAction> {
    prop_oneof![
        (1u64..4).prop_map(RegisterAction::Write),
        prop::option::of(1u64..4).prop_map(RegisterAction::Read),
    ]
}

fn cas_register() -> impl Strategy<Value = CasRegisterAction> {
    prop_oneof![
        register().prop_map(CasRegisterAction::Plain),
        (prop::option::of(1u64..4), 1u64..4)
            .prop_map(|(expected, new)| CasRegisterAction::Swap { expected, new }),
    ]
}

fn mutex() -> impl Strategy<Value = MutexAction> {
    prop_oneof![Just(MutexAction::Acquire), Just(MutexAction::Release)]
}

fn counter() -> impl Strategy<Value = CounterAction> {
    prop_oneof![
        (-1i64..3).prop_map(CounterAction::Add),
        (0i128..5).prop_map(CounterAction::Read),
    ]
}

fn set() -> impl Strategy<Value = SetAction> {
    prop_oneof![
        (1u64..5).prop_map(SetAction::Add),
        prop::collection::btree_set(1u64..5, 0..4)
            .prop_map(|values| SetAction::Read(OrdSet::from(values))),
    ]
}

fn queue() -> impl Strategy<Value = QueueAction> {
    prop_oneof![
        3 => (1u64..5).prop_map(QueueAction::Enqueue),
        3 => (1u64..5).prop_map(QueueAction::Dequeue),
        1 => Just(QueueAction::Empty),
    ]
}

/// As a history has them: of what never returned nobody knows what it took.
fn with_unknown<M: Model>(
    model: &M,
    mut history: Vec<Operation<M::Action>>,
) -> Vec<Operation<M::Action>> {
    for operation in history
        .iter_mut()
        .filter(|operation| !operation.is_complete())
    {
        operation.action = model.in_flight(&operation.action);
    }
    history
}

/// Puts every value in once, of which at most four are taken; a few more are of nobody.
fn unique_queue(mut history: Vec<Operation<QueueAction>>) -> Vec<Operation<QueueAction>> {
    let mut values = 0;
    for operation in &mut history {
        if let QueueAction::Enqueue(value) = &mut operation.action {
            values += 1;
            *value = values;
        }
    }
    with_unknown(&FifoQueue::default(), history)
}

fn transaction() -> impl Strategy<Value = Vec<Access>> {
    let access = prop_oneof![
        (1u64..3, 1u64..4).prop_map(|(key, value)| Access::Write(key, value)),
        (1u64..3, prop::option::of(1u64..4)).prop_map(|(key, value)| Access::Read(key, value)),
    ];
    prop::collection::vec(access, 1..3)
}

fn key_value() -> impl Strategy<Value = KeyValueAction> {
    prop_oneof![
        "[ab]{0,3}".prop_map(|text| KeyValueAction::Get(text.into())),
        "[ab]{0,2}".prop_map(|text| KeyValueAction::Put(text.into())),
        "[ab]{0,2}".prop_map(|text| KeyValueAction::Append(text.into())),
    ]
}

/// Gives every write a value of its own; reads see the value of some write, or nothing.
fn unique(mut history: Vec<Operation<RegisterAction>>) -> Vec<Operation<RegisterAction>> {
    let mut values = 0;
    for operation in &mut history {
        if let RegisterAction::Write(value) = &mut operation.action {
            values += 1;
            *value = values;
        }
    }
    history
}

fn check<M: Model>(model: &M, start: &M::State, history: &[Operation<M::Action>]) {
    let verdict = search(
        model,
        std::slice::from_ref(start),
        history,
        &Limits::default(),
    );
    let expected = has_order(model, start, history, &mut vec![false; history.len()]);
    assert_eq!(verdict == Verdict::Linearizable, expected, "{verdict:?}");
    if let Verdict::Violated { at } = verdict {
        let earlier = |before: u64| {
            let mut part: Vec<_> = history
                .iter()
                .filter(|operation| operation.call <= before)
                .cloned()
                .collect();
            for operation in &mut part {
                if operation.ret > before {
                    operation.ret = NEVER;
                    operation.action = model.in_flight(&operation.action);
                }
            }
            part
        };
        // The first return without an order, exactly.
        let (before, with) = (earlier(at - 1), earlier(at));
        assert!(has_order(
            model,
            start,
            &before,
            &mut vec![false; before.len()]
        ));
        assert!(!has_order(
            model,
            start,
            &with,
            &mut vec![false; with.len()]
        ));
        let why = explain::explain(model, std::slice::from_ref(start), history, at);
        assert!(
            why.shown.iter().any(|operation| operation.is_culprit),
            "{why}"
        );
    }
}

/// Whether an order explains a history when everybody who took nobody knows what took one of the values,
/// or nothing: by trying all.
fn any_taken(history: &[Operation<QueueAction>]) -> bool {
    let Some(unknown) = history
        .iter()
        .position(|operation| operation.action == QueueAction::Take)
    else {
        let start = &mut vec![false; history.len()];
        return has_order(&UnorderedQueue::default(), &OrdMap::new(), history, start);
    };
    let values = (1..5).map(QueueAction::Dequeue);
    values.chain([QueueAction::Empty]).any(|taken| {
        let mut certain = history.to_vec();
        certain[unknown].action = taken;
        any_taken(&certain)
    })
}

/// Whether the short way says the same as the search, and shows what cannot be reconciled by itself.
fn agrees<M: Model<Action = QueueAction>>(
    model: &M,
    start: M::State,
    order: Order,
    history: &[Operation<QueueAction>],
) {
    let starts = [start];
    let verdict = search(model, &starts, history, &Limits::default());
    let Some(conflict) = queues::check(history, order) else {
        let has_unknown = history
            .iter()
            .any(|operation| operation.action == QueueAction::Take);
        assert!(has_unknown, "every value is put in once");
        return;
    };
    assert_eq!(
        conflict.is_empty(),
        verdict == Verdict::Linearizable,
        "{conflict:?} {verdict:?}"
    );
    if !conflict.is_empty() {
        let alone: Vec<_> = conflict
            .iter()
            .map(|&index| history[index].clone())
            .collect();
        let verdict = search(model, &starts, &alone, &Limits::default());
        assert!(matches!(verdict, Verdict::Violated { .. }), "{alone:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn registers_are_judged_as_by_trying_all_orders(history in history(register())) {
        check(&Register::default(), &None, &history);
    }

    #[test]
    fn so_are_those_with_compare_and_swap(history in history(cas_register())) {
        check(&CasRegister::default(), &None, &history);
    }

    #[test]
    fn so_are_mutexes(history in history(mutex())) {
        check(&Mutex, &false, &history);
    }

    #[test]
    fn so_are_counters(history in history(counter())) {
        check(&Counter, &0, &history);
    }

    #[test]
    fn so_are_sets(history in history(set())) {
        check(&Set::default(), &OrdSet::new(), &history);
    }

    #[test]
    fn so_are_queues(history in history(queue())) {
        let history = with_unknown(&FifoQueue::default(), history);
        check(&FifoQueue::default(), &Vector::new(), &history);
        check(&FifoQueue::default(), &vector![1, 2], &history);
    }

    #[test]
    fn so_are_queues_without_an_order(history in history(queue())) {
        let history = with_unknown(&UnorderedQueue::default(), history);
        check(&UnorderedQueue::default(), &OrdMap::new(), &history);
        // Whoever is unknown may take any value: all of them are tried.
        let verdict = search(&UnorderedQueue::default(), &[OrdMap::new()], &history, &Limits::default());
        prop_assert_eq!(verdict == Verdict::Linearizable, any_taken(&history));
    }

    #[test]
    fn so_are_transactions(history in history(transaction())) {
        let history = with_unknown(&MultiRegister::default(), history);
        check(&MultiRegister::default(), &OrdMap::new(), &history);
    }

    #[test]
    fn so_are_texts(history in history(key_value())) {
        check(&KeyValue, &"".into(), &history);
    }

    #[test]
    fn queues_agree_with_the_search(history in history(queue()).prop_map(unique_queue)) {
        agrees(&FifoQueue::default(), Vector::new(), Order::Fifo, &history);
        agrees(&UnorderedQueue::default(), OrdMap::new(), Order::None, &history);
    }

    #[test]
    fn a_small_memory_changes_no_answer(history in history(cas_register())) {
        let small = Limits { remembered: 8, ..Limits::default() };
        let answers = [small, Limits::default()].map(|limits| search(&CasRegister::default(), &[None], &history, &limits));
        prop_assert_eq!(answers[0], answers[1]);
    }

    #[test]
    fn zones_agree_with_the_search(history in history(register()).prop_map(unique)) {
        let result = zones::check(&history).expect("every value is written once");
        let verdict = search(&Register::default(), &[None], &history, &Limits::default());
        prop_assert_eq!(result.is_ok(), verdict == Verdict::Linearizable, "{:?} {:?}", result, verdict);
        if let Err(conflict) = result {
            // What is shown cannot be reconciled by itself.
            let alone: Vec<_> = conflict.operations.iter().map(|&index| history[index].clone()).collect();
            let verdict = search(&Register::default(), &[None], &alone, &Limits::default());
            prop_assert!(matches!(verdict, Verdict::Violated { .. }), "{:?}", alone);
        }
    }
}

#[test]
fn a_value_that_is_written_twice_is_not_decided_by_zones() {
    let write = |process, call| Operation {
        process,
        call,
        ret: call + 1,
        action: RegisterAction::Write(5),
    };
    assert_eq!(
        zones::check(&[write(0, 1), write(1, 5)]),
        Err(zones::Undecided::WrittenTwice(0, 1))
    );
}

#[test]
fn a_search_that_is_given_up_says_how_far_it_came() {
    // Twelve writes at once, then a read of what none wrote: every order is tried.
    let mut history: Vec<_> = (0..12)
        .map(|process| Operation {
            process,
            call: 1,
            ret: 10 + process,
            action: RegisterAction::Write(process % 3 + 1),
        })
        .collect();
    history.push(Operation {
        process: 20,
        call: 50,
        ret: 51,
        action: RegisterAction::Read(Some(9)),
    });
    let limits = Limits {
        steps: 40,
        ..Limits::default()
    };
    match search(&Register::default(), &[None], &history, &limits) {
        Verdict::Unknown { established } => assert!((10..=51).contains(&established)),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        search(&Register::default(), &[None], &history, &Limits::default()),
        Verdict::Violated { at: 51 }
    );
}

#[test]
fn an_explanation_shows_what_matters_and_no_more() {
    use RegisterAction::{Read, Write};
    let operation = |process, call, ret, action| Operation {
        process,
        call,
        ret,
        action,
    };
    let history = [
        operation(0, 1, 2, Write(1)),
        operation(1, 3, 4, Read(Some(1))),
        // Nothing is in flight here: the past is summed up as 1.
        operation(0, 10, 14, Write(2)),
        operation(1, 11, 13, Read(Some(1))),
        operation(2, 16, 17, Read(Some(2))),
        operation(1, 18, 20, Read(Some(1))),
        operation(3, 19, 30, Write(3)),
    ];
    let verdict = search(&Register::default(), &[None], &history, &Limits::default());
    assert_eq!(verdict, Verdict::Violated { at: 20 });
    let why = explain::explain(&Register::default(), &[None], &history, 20);
    let text = why.to_string();
    let expected = "\
before: 1
  process 2  16..17  |-|        read -> 2
  process 1  18..20      |-|    read -> 1   <- no order explains this
  (5 more operations change nothing about it)";
    assert_eq!(text, expected, "{text}");
}

#[test]
fn an_explanation_of_too_much_shows_the_culprit_and_counts_the_rest() {
    use RegisterAction::{Read, Write};
    let mut history = one_by_one((1..=500).map(Write));
    let beside = |process, ret, action| Operation {
        process,
        call: 1,
        ret,
        action,
    };
    // What never returns keeps everything after it from being summed up.
    history.push(beside(1, NEVER, Write(501)));
    history.push(beside(2, 2_000, Read(Some(999))));
    let why = explain::explain(&Register::default(), &[None], &history, 2_000);
    assert!(
        why.shown.iter().any(|operation| operation.is_culprit),
        "{why}"
    );
    assert_eq!((why.shown.len(), why.not_shown, why.left_out), (16, 486, 0));
    let text = why.to_string();
    assert!(text.ends_with("(486 more may be part of it)\n"), "{text}");
    assert!(!text.contains("before:"), "{text}");
}

#[test]
fn a_violation_is_one_though_whom_to_blame_takes_too_long() {
    // Without looking ahead, each write would be tried.
    let put = |process| Operation {
        process,
        call: 1,
        ret: 10 + process,
        action: KeyValueAction::Put(format!("a{process}").into()),
    };
    let mut history: Vec<_> = (0..12).map(put).collect();
    history.push(Operation {
        process: 20,
        call: 50,
        ret: 51,
        action: KeyValueAction::Get("z".into()),
    });
    let limits = Limits {
        steps: 5,
        ..Limits::default()
    };
    let verdict = search(&KeyValue, &["".into()], &history, &limits);
    assert_eq!(verdict, Verdict::Violated { at: 51 });
}

/// Operations of one process.
fn one_by_one<A>(actions: impl IntoIterator<Item = A>) -> Vec<Operation<A>> {
    let operation = |(call, action)| Operation {
        process: 0,
        call,
        ret: call + 1,
        action,
    };
    (1..).step_by(2).zip(actions).map(operation).collect()
}

thread_local! {
    static CLONES: Cell<u64> = const { Cell::new(0) };
}

/// A value that counts how often one is copied.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Counted(u64);

impl Clone for Counted {
    fn clone(&self) -> Self {
        CLONES.set(CLONES.get() + 1);
        Self(self.0)
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[test]
fn a_step_of_a_queue_does_not_copy_it() {
    const N: u64 = 2_000;
    let enqueues = (0..N).map(|number| QueueAction::Enqueue(Counted(number)));
    let dequeues = (0..N).map(|number| QueueAction::Dequeue(Counted(number)));
    let history = one_by_one(enqueues.chain(dequeues));
    let starts = [Vector::new()];
    let verdict = search(&FifoQueue::default(), &starts, &history, &Limits::default());
    assert_eq!(verdict, Verdict::Linearizable);
    // A leaf and what leads to it, of 64 places each.
    let clones = CLONES.get();
    assert!(clones <= 2 * N * 2 * 64, "{clones}");
}

/// A number that is raised, or read and it was this; it counts the actions it is shown to look ahead.
#[derive(Default)]
struct Ahead(Cell<u64>);

impl Model for Ahead {
    type State = u64;
    type Action = Option<u64>;

    fn step(&self, state: &u64, action: &Option<u64>) -> Step<u64> {
        match action {
            None => Step::To(state + 1),
            Some(number) if number == state => Step::Observes,
            Some(_) => Step::Impossible,
        }
    }

    const LOOKS_AHEAD: bool = true;

    fn can_lead_to(&self, _: &u64, _: &Option<u64>, between: &[&Option<u64>]) -> bool {
        self.0.set(self.0.get() + between.len() as u64);
        true
    }

    fn observes(&self, action: &Option<u64>) -> bool {
        action.is_some()
    }

    fn describe(&self, action: &Option<u64>) -> String {
        format!("{action:?}")
    }

    fn describe_state(&self, state: &u64) -> String {
        state.to_string()
    }
}

#[test]
fn looking_ahead_is_limited_and_not_what_is_decided() {
    const N: u64 = 2_000;
    let model = Ahead::default();
    let raised = std::iter::repeat_n(None, N as usize);
    let history = one_by_one(raised.chain([Some(N)]));
    let limits = Limits {
        steps: N,
        ..Limits::default()
    };
    let verdict = search(&model, &[0], &history, &limits);
    assert_eq!(verdict, Verdict::Linearizable);
    let looked_at = model.0.get();
    assert!((1..=16 * N + N).contains(&looked_at), "{looked_at}");
}
