//! Histories as people have them, and what each comes to.

use std::path::Path;

use super::super::History;
use super::super::judge::rounds;
use super::{Answer, ModelName, Reading, judge, judged, judged_as, lines, read};

fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/histories");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// The answer for a file, and what is said about how it was read.
fn case(name: &str, reading: &Reading) -> (Answer, ModelName, bool, usize) {
    let history = read(file(name).as_bytes(), name, reading).unwrap();
    let answer = judge(&history).unwrap().answer;
    let History {
        model,
        is_independent,
        passed_over,
        ..
    } = history;
    (answer, model, is_independent, passed_over)
}

fn plain() -> Reading {
    Reading::default()
}

fn blamed(answer: Answer) -> u64 {
    match answer {
        Answer::Violated { at, .. } => at,
        other => panic!("{other:?}"),
    }
}

#[test]
fn crashed_calls_are_decided() {
    let (answer, model, ..) = case("crashed-calls/crashed-20.jsonl", &plain());
    assert_eq!(model, ModelName::CasRegister);
    assert_eq!(answer, Answer::Linearizable);
}

#[test]
fn independent_keys_are_told_from_values() {
    for name in ["linearizable", "linearizable-cas"] {
        let name = format!("independent-keys/{name}.jsonl");
        let (answer, _, is_independent, _) = case(&name, &plain());
        assert_eq!(
            (answer, is_independent),
            (Answer::Linearizable, true),
            "{name}"
        );
        let forced = Reading {
            independent: Some(false),
            ..plain()
        };
        let (answer, _, is_independent, _) = case(&name, &forced);
        assert!(matches!(answer, Answer::Violated { .. }), "{name}");
        assert!(!is_independent);
    }
}

#[test]
fn pairs_of_which_it_is_unclear_what_they_are_are_asked_about() {
    let write = |value: &str| {
        lines(&[
            (0, "invoke", "write", 1, value),
            (0, "ok", "write", 1, value),
        ])
        .replace("\"key\":1,", "")
    };
    let read = |asked: &str, answer: &str| {
        lines(&[
            (1, "invoke", "read", 1, asked),
            (1, "ok", "read", 1, answer),
        ])
        .replace("\"key\":1,", "")
    };
    let swap = |value: &str| {
        lines(&[(2, "invoke", "cas", 1, value), (2, "ok", "cas", 1, value)])
            .replace("\"key\":1,", "")
    };
    let independent = |is| Reading {
        independent: is,
        ..plain()
    };
    let unclear = [
        // A register of pairs, or Jepsen's.
        write("[0, 4]") + &read("null", "[0, 4]"),
        write("[0, 4]") + &write("[1, 2]"),
        // What is swapped can be a pair as well.
        swap("[null, [0, 4]]"),
        // A key that changes between call and answer.
        write("[0, 4]") + &read("[0, null]", "[1, 4]"),
    ];
    for text in &unclear {
        let error = judged(text).unwrap_err();
        assert!(
            error.starts_with("h: values are pairs") && error.contains("--independent=no"),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(judged_as(text, &independent(Some(false))).is_ok());
    }
    // Swaps of plain values are pairs, and keys of their own settle it.
    let plain_pairs = [
        write("1") + &swap("[1, 2]") + &read("null", "2"),
        swap("[null, 2]"),
        write("[0, 4]").replace("\"value\"", "\"key\":1,\"value\"")
            + &read("null", "[0, 4]").replace("\"value\"", "\"key\":1,\"value\""),
    ];
    for text in &plain_pairs {
        assert_eq!(judged(text), Ok(Answer::Linearizable), "{text}");
    }
    let error = judged_as(&write("4"), &independent(Some(true))).unwrap_err();
    assert!(
        error.starts_with("h:1: a value is [key, value] here, not 4"),
        "{error}"
    );
    let twice = write("[0, 4]") + &read("[0, null]", "[1, 4]");
    let error = judged_as(&twice, &independent(Some(true))).unwrap_err();
    assert!(
        error.starts_with("h:4: a value is [key, value] here, and the key"),
        "{error}"
    );
}

#[test]
fn the_first_value_can_be_given() {
    let name = "initial-value/starts-at-0.jsonl";
    assert_eq!(blamed(case(name, &plain()).0), 2);
    let beginning = |value: &str| Reading {
        initial: Some(value.into()),
        ..plain()
    };
    assert_eq!(case(name, &beginning("0")).0, Answer::Linearizable);
    assert_eq!(blamed(case(name, &beginning("1")).0), 2);
    // A text is not the number that it looks like.
    assert_eq!(blamed(case(name, &beginning("\"0\"")).0), 2);
    let written_again = lines(&[
        (0, "invoke", "read", 1, "null"),
        (0, "ok", "read", 1, "0"),
        (0, "invoke", "write", 1, "1"),
        (0, "ok", "write", 1, "1"),
        (0, "invoke", "write", 1, "0"),
        (0, "ok", "write", 1, "0"),
        (1, "invoke", "read", 1, "null"),
        (1, "ok", "read", 1, "null"),
    ]);
    assert_eq!(
        blamed(judged_as(&written_again, &beginning("0")).unwrap()),
        8
    );
    let cases = [
        (
            "[1, 2]",
            [("dequeue", "null", "1"), ("dequeue", "null", "2")],
        ),
        ("5", [("add", "2", "null"), ("read", "null", "7")]),
        (
            "[\"a\"]",
            [("add", "\"b\"", "null"), ("read", "null", "[\"b\", \"a\"]")],
        ),
        (
            "held",
            [("release", "null", "null"), ("acquire", "null", "true")],
        ),
        (
            "text",
            [("append", "\"s\"", "null"), ("get", "null", "\"texts\"")],
        ),
        (
            "{\"x\": 1}",
            [
                ("txn", "[[\"r\", \"x\", null]]", "[[\"r\", \"x\", 1]]"),
                ("txn", "[[\"r\", \"y\", null]]", "[[\"r\", \"y\", null]]"),
            ],
        ),
    ];
    for (initial, operations) in cases {
        let events = operations.map(|(f, asked, answer)| {
            lines(&[(0, "invoke", f, 1, asked), (0, "ok", f, 1, answer)])
        });
        let text = events.concat();
        assert_eq!(
            judged_as(&text, &beginning(initial)),
            Ok(Answer::Linearizable),
            "{text}"
        );
        assert_ne!(judged(&text), Ok(Answer::Linearizable), "{text}");
    }
    let error = judged_as(&file("models/counter.jsonl"), &beginning("many")).unwrap_err();
    assert!(
        error.starts_with("--initial: a counter has whole numbers"),
        "{error}"
    );
}

#[test]
fn a_read_of_nil_can_be_unknown() {
    let name = "nil-read/unknown-answer.jsonl";
    assert_eq!(blamed(case(name, &plain()).0), 4);
    let unknown = Reading {
        nil_is_unknown: true,
        ..plain()
    };
    assert_eq!(case(name, &unknown).0, Answer::Linearizable);
}

#[test]
fn every_form_of_a_file_is_read() {
    for name in ["history.edn", "array.json", "one-array.json"] {
        let (answer, ..) = case(&format!("forms/{name}"), &plain());
        assert_eq!(answer, Answer::Linearizable, "{name}");
    }
    let error = judged(&file("forms/positional.jsonl")).unwrap_err();
    assert!(
        error.starts_with("h:1: column 2: 3 is no event; an event is like {"),
        "{error}"
    );
    // Where events share a line, they are counted.
    let stale = file("forms/one-array.json").replace(
        ']',
        r#", {"process": 3, "type": "invoke", "f": "read"}, {"process": 3, "type": "ok", "f": "read"}]"#,
    );
    let history = read(stale.as_bytes(), "h", &plain()).unwrap();
    let at = blamed(judge(&history).unwrap().answer);
    assert_eq!(history.place(at), "h: event 4");
}

#[test]
fn keys_that_are_written_differently_differ() {
    let (answer, ..) = case("keys/history.jsonl", &plain());
    assert_eq!(answer, Answer::Linearizable);
    let history = read(file("keys/history.jsonl").as_bytes(), "h", &plain()).unwrap();
    assert_eq!(judge(&history).unwrap().keys, 2);
}

#[test]
fn models_are_known_by_their_operations() {
    let cases = [
        ("mutex", ModelName::Mutex),
        ("counter", ModelName::Counter),
        ("queue", ModelName::Queue),
        ("multi-register", ModelName::MultiRegister),
    ];
    for (name, expected) in cases {
        let (answer, model, ..) = case(&format!("models/{name}.jsonl"), &plain());
        assert_eq!((answer, model), (Answer::Linearizable, expected), "{name}");
    }
    let two = |first: (&str, &str, &str), second: (&str, &str, &str)| {
        let events = [first, second].map(|(f, asked, answer)| {
            lines(&[(0, "invoke", f, 1, asked), (0, "ok", f, 1, answer)])
        });
        events.concat()
    };
    let violations = [
        two(("acquire", "null", "true"), ("acquire", "null", "true")),
        two(("add", "1", "null"), ("read", "null", "2")),
        two(("add", "1", "null"), ("read", "null", "[]")),
        two(("add", "1", "null"), ("read", "null", "[1, 2]")),
        two(("enqueue", "1", "null"), ("dequeue", "null", "2")),
        two(("enqueue", "1", "null"), ("dequeue", "null", "null")),
        two(
            ("txn", "[[\"w\", \"x\", 1]]", "[[\"w\", \"x\", 1]]"),
            ("txn", "[]", "[[\"r\", \"x\", 2]]"),
        ),
    ];
    for text in violations {
        assert_eq!(blamed(judged(&text).unwrap()), 4, "{text}");
    }
    let set = two(("add", "1", "null"), ("read", "null", "[1]"));
    assert_eq!(judged(&set), Ok(Answer::Linearizable));
    let queue = [
        ("enqueue", "1", "null"),
        ("enqueue", "2", "null"),
        ("dequeue", "null", "2"),
    ];
    let queue = queue
        .map(|(f, asked, answer)| lines(&[(0, "invoke", f, 1, asked), (0, "ok", f, 1, answer)]));
    assert_eq!(blamed(judged(&queue.concat()).unwrap()), 6);
    let unordered = Reading {
        model: Some(ModelName::UnorderedQueue),
        ..plain()
    };
    assert_eq!(
        judged_as(&queue.concat(), &unordered),
        Ok(Answer::Linearizable)
    );
}

#[test]
fn lines_of_no_operation_are_passed_over_and_counted() {
    for (name, expected) in [("phase", 1), ("crash", 0), ("text-process", 0)] {
        let (answer, _, _, passed_over) = case(&format!("other-lines/{name}.jsonl"), &plain());
        assert_eq!(
            (answer, passed_over),
            (Answer::Linearizable, expected),
            "{name}"
        );
    }
    // A crash takes the answer away, and not the call.
    let crashed = file("other-lines/crash.jsonl") + &file("nil-read/unknown-answer.jsonl");
    let crashed = crashed.replace(
        "\"process\": 1, \"type\": \"ok\"",
        "\"process\": 1, \"type\": \"info\"",
    );
    assert_eq!(judged(&crashed), Ok(Answer::Linearizable));
}

#[test]
fn the_blame_is_on_an_answer_that_had_come() {
    let (answer, ..) = case("registry-blame/history.jsonl", &plain());
    assert_eq!(blamed(answer), 6);
}

#[test]
fn texts_and_processes_are_shown_as_they_are_written() {
    let text = file("text-values/lock-as-cas.jsonl")
        .replace("\"process\": 1", "\"process\": \"client-1\"");
    let Ok(Answer::Violated { why, .. }) = judged(&text) else {
        panic!("two have swapped");
    };
    assert!(
        why.contains("cas \"free\" to \"held\"") && why.contains("process client-1 "),
        "{why}"
    );
}

#[test]
fn numbers_are_what_they_are_or_refused() {
    let exit = |code: &str| {
        let record = r#"{"state":"running","revision":0}"#;
        lines(&[
            (0, "invoke", "insert", 1, record),
            (0, "ok", "insert", 1, "null"),
            (0, "invoke", "exit", 1, code),
            (0, "ok", "exit", 1, "1"),
            (0, "invoke", "read", 1, "null"),
            (0, "ok", "read", 1, r#"{"state":"failed","revision":1}"#),
        ])
    };
    assert_eq!(judged(&exit("1")), Ok(Answer::Linearizable));
    // 2^32 was 0, and its process had succeeded.
    for code in ["4294967296", "\"1\"", "0.5"] {
        let error = judged(&exit(code)).unwrap_err();
        assert!(
            error.starts_with("h:4: an exit code is a whole number from -2147483648"),
            "{error}"
        );
    }
    let last = r#"{"state":"running","revision":18446744073709551615}"#;
    let beyond = lines(&[
        (0, "invoke", "insert", 1, last),
        (0, "ok", "insert", 1, "null"),
        (0, "invoke", "heartbeat", 1, "null"),
        (0, "ok", "heartbeat", 1, "0"),
    ]);
    assert_eq!(blamed(judged(&beyond).unwrap()), 4);
}

#[test]
fn a_conflict_that_takes_long_to_confirm_is_a_violation_all_the_same() {
    const N: u64 = 16;
    let event = |process, kind, f, value: &str| lines(&[(process, kind, f, 1, value)]);
    let values = || (1..=N).map(|value| (value, value.to_string()));
    let mut text = String::new();
    for (value, shown) in values() {
        text += &event(value, "invoke", "enqueue", &shown);
    }
    text += &event(1, "ok", "enqueue", "1");
    text += &event(0, "invoke", "dequeue", "null");
    for (value, shown) in values().skip(1) {
        text += &event(value, "ok", "enqueue", &shown);
        // It takes the value before: that was there until now.
        text += &event(99 + value, "invoke", "dequeue", "null");
    }
    text += &event(0, "ok", "dequeue", "null");
    text += &event(100 + N, "invoke", "dequeue", "null");
    for (value, shown) in values() {
        text += &event(100 + value, "ok", "dequeue", &shown);
    }
    let answer = judged(&text);
    assert!(matches!(answer, Ok(Answer::Violated { .. })), "{answer:?}");
}

#[test]
fn what_did_not_succeed_is_not_answered_ok() {
    let answered_false = |f, asked| lines(&[(0, "invoke", f, 1, asked), (0, "ok", f, 1, "false")]);
    for (f, asked) in [("acquire", "null"), ("cas", "[5, 6]"), ("enqueue", "5")] {
        let error = judged(&answered_false(f, asked)).unwrap_err();
        let expected = format!("h:2: {f} is answered ok and false");
        assert!(error.starts_with(&expected), "{error}");
    }
    // Some repeat what was asked.
    let repeated = judged(&answered_false("enqueue", "false"));
    assert_eq!(repeated, Ok(Answer::Linearizable));
}

#[test]
fn the_last_round_tries_as_many_operations_as_it_is_told() {
    let steps = |most| -> Vec<u64> { rounds(most).map(|round| round.steps).collect() };
    assert_eq!(steps(1_000), [1_000]);
    let many = 10_000_000_000;
    assert_eq!(steps(many), [100_000, 10_000_000, many]);
}
