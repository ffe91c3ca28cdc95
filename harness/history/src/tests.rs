mod cases;

use std::path::Path;

use super::*;
use fixtures::damage::{Damage, assert_one_line, files};

fn judged_as(text: &str, reading: &Reading) -> Result<Answer, String> {
    let history = read(text.as_bytes(), "h", reading).map_err(|error| error.to_string())?;
    let judgement = judge(&history).map_err(|error| error.to_string())?;
    Ok(judgement.answer)
}

fn judged(text: &str) -> Result<Answer, String> {
    judged_as(text, &Reading::default())
}

/// `process type f key value` a line, the value as JSON.
fn lines(events: &[(u64, &str, &str, u64, &str)]) -> String {
    let line = |&(process, kind, f, key, value): &(u64, &str, &str, u64, &str)| {
        format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"key\":{key},\"value\":{value}}}\n"
        )
    };
    events.iter().map(line).collect()
}

#[test]
fn a_stale_read_is_found_and_explained() {
    let text = lines(&[
        (0, "invoke", "write", 7, "1"),
        (0, "ok", "write", 7, "1"),
        (1, "invoke", "read", 7, "null"),
        (1, "ok", "read", 7, "null"),
    ]);
    let Ok(Answer::Violated { key, at, why }) = judged(&text) else {
        panic!("{:?}", judged(&text));
    };
    assert_eq!((key.as_str(), at), ("7", 4));
    assert!(
        why.contains("read -> nothing") && why.contains("write 1"),
        "{why}"
    );
}

#[test]
fn what_failed_was_not_and_what_is_open_may_have_been() {
    let failed = lines(&[
        (0, "invoke", "write", 1, "1"),
        (0, "fail", "write", 1, "1"),
        (1, "invoke", "read", 1, "null"),
        (1, "ok", "read", 1, "1"),
    ]);
    assert!(matches!(
        judged(&failed),
        Ok(Answer::Violated { at: 4, .. })
    ));
    // At any time later, whatever its process does meanwhile, or never.
    for (value, expected) in [("1", true), ("null", true), ("2", false)] {
        let open = lines(&[
            (0, "invoke", "write", 1, "1"),
            (0, "info", "write", 1, "1"),
            (0, "invoke", "read", 1, "null"),
            (0, "ok", "read", 1, "null"),
            (1, "invoke", "read", 1, "null"),
            (1, "ok", "read", 1, value),
        ]);
        assert_eq!(
            judged(&open) == Ok(Answer::Linearizable),
            expected,
            "{value}"
        );
    }
}

#[test]
fn every_model_is_known_by_its_operations() {
    let cas = lines(&[
        (0, "invoke", "cas", 1, "[null, 4]"),
        (1, "invoke", "cas", 1, "[null, 5]"),
        (0, "ok", "cas", 1, "[null, 4]"),
        (1, "ok", "cas", 1, "[null, 5]"),
    ]);
    assert!(matches!(judged(&cas), Ok(Answer::Violated { .. })));
    let kv = lines(&[
        (0, "invoke", "append", 1, "\"a\""),
        (1, "invoke", "get", 1, "null"),
        (1, "ok", "get", 1, "null"),
        (0, "ok", "append", 1, "\"a\""),
    ]);
    assert_eq!(judged(&kv), Ok(Answer::Linearizable));
    let registry = |revision| {
        lines(&[
            (
                0,
                "invoke",
                "insert",
                1,
                "{\"state\":\"pending\",\"revision\":0}",
            ),
            (0, "ok", "insert", 1, "null"),
            (0, "invoke", "start", 1, "null"),
            (1, "invoke", "start", 1, "null"),
            (0, "ok", "start", 1, "1"),
            (1, "ok", "start", 1, revision),
            (1, "invoke", "read", 1, "null"),
            (1, "ok", "read", 1, "{\"state\":\"running\",\"revision\":1}"),
        ])
    };
    assert_eq!(judged(&registry("\"rejected\"")), Ok(Answer::Linearizable));
    assert!(matches!(
        judged(&registry("1")),
        Ok(Answer::Violated { .. })
    ));
    assert_eq!(judged(""), Ok(Answer::Linearizable));
}

#[test]
fn what_is_no_history_is_named_by_its_line() {
    let invoke = lines(&[(0, "invoke", "read", 1, "null")]);
    let cases = [
        ("{\"process\":0".to_owned(), "h:1: column 12: EOF"),
        (
            "[1]".to_owned(),
            "h:1: column 2: 1 is no event; an event is like {",
        ),
        (
            format!("[{invoke}"),
            "h:1: column 1: this list of events does not end",
        ),
        (
            invoke.replace("read", "sing"),
            "h:1: unknown operation \"sing\": it is one of read, write",
        ),
        (
            format!("{invoke}{invoke}"),
            "h:2: process 0 calls read and still waits for the answer to line 1",
        ),
        (
            invoke.replace("invoke", "ok"),
            "h:1: process 0 has an answer to read and has called nothing",
        ),
        (
            format!("{invoke}{}", lines(&[(0, "ok", "read", 2, "1")])),
            "h:2: process 0 has called read of key 1",
        ),
        (
            format!("{invoke}{}", lines(&[(1, "invoke", "get", 1, "1")])),
            "h:2: unknown operation \"get\": it is one of read, write, cas, insert",
        ),
        (
            invoke.replace("invoke", "begin"),
            "h:1: a type is invoke, ok, fail or info, not \"begin\"",
        ),
        (
            invoke.replace("\"process\":0", "\"process\":[0]"),
            "h:1: a process is a number or a name, not [0]",
        ),
        (
            invoke.replace("\"process\":0,", ""),
            "h:1: an event of an operation has a process",
        ),
        (
            lines(&[(0, "invoke", "write", 1, "18446744073709551616")]),
            "h:1: column 1: the number 18446744073709552000 is too large",
        ),
        (
            lines(&[(0, "invoke", "cas", 1, "3")]),
            "h:1: the value of a cas is [expected, new]",
        ),
        (
            format!(
                "{}{}",
                lines(&[(0, "invoke", "get", 1, "3")]),
                lines(&[(0, "ok", "get", 1, "3")])
            ),
            "h:2: a value is a text, not 3",
        ),
    ];
    for (text, expected) in cases {
        let error = judged(&text).expect_err(&text);
        assert!(
            error.starts_with(expected) && error.lines().count() == 1,
            "{error}"
        );
    }
}

/// The histories that the checker itself is tested with: they are in EDN.
#[test]
fn recorded_histories_keep_their_verdict() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../strategies/histories/tests/porcupine");
    for (name, expected) in [
        ("c01-ok", true),
        ("c01-bad", false),
        ("c10-ok", true),
        ("c10-bad", false),
        ("c50-ok", true),
        ("c50-bad", false),
    ] {
        let text = std::fs::read_to_string(folder.join(name).with_extension("txt")).unwrap();
        let answer = judged(&text).unwrap();
        assert_eq!(
            answer == Answer::Linearizable,
            expected,
            "{name}: {answer:?}"
        );
        assert!(!matches!(answer, Answer::Open { .. }), "{name}: {answer:?}");
    }
}

/// Cut, doubled, swapped and overwritten anywhere: an answer or one line, never a panic.
#[test]
fn damaged_files_are_refused_in_one_line_or_judged() {
    let whole = lines(&[
        (0, "invoke", "write", 1, "1"),
        (0, "ok", "write", 1, "1"),
        (1, "invoke", "cas", 1, "[1, 2]"),
        (0, "invoke", "read", 1, "null"),
        (1, "info", "cas", 1, "[1, 2]"),
        (0, "ok", "read", 1, "2"),
    ]);
    let edn = r#"[{:process 0, :type :invoke, :f :txn, :value [[:w :x 2] [:r "y" nil]]} ; a comment
 {:process 1, :type :invoke, :f :txn, :value [[:r :x nil]]} #_ gone
 #op {:process 0, :type :ok, :f :txn, :value [[:w :x 2] [:r "y" nil]]}
 {:process :nemesis, :type :info, :f :kill, :value #{1 2.5 \\a}}
 {:process 1, :type :ok, :f :txn, :value [[:r :x 2]]}]"#;
    let mut damage = Damage::new(1);
    let (mut refused, mut judged_at_all) = (0, 0);
    for number in 0..files(20_000) {
        let (text, other) = if number % 2 == 0 {
            (whole.as_str(), edn)
        } else {
            (edn, whole.as_str())
        };
        let spoilt = damage.spoil(text.as_bytes(), other.as_bytes());
        let history = read(&spoilt, "h", &Reading::default());
        match history.and_then(|history| judge(&history)) {
            Ok(_) => judged_at_all += 1,
            Err(error) => {
                refused += 1;
                assert_one_line(&error.to_string(), "h:");
            }
        }
    }
    assert!(
        refused > 1_000 && judged_at_all > 100,
        "{refused} {judged_at_all}"
    );
}
