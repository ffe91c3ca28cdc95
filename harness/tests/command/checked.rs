//! `check`: what it says about a history, and how it ends.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use super::{pivot, refusal};

fn case(name: &str) -> String {
    format!("{}/testdata/histories/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Exit code, standard output, standard error.
fn ended(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn checked(arguments: &[&str]) -> (Option<i32>, String, String) {
    let arguments = [&["check"], arguments].concat();
    ended(&pivot(&arguments).output().unwrap())
}

fn with_input(mut command: Command, input: &str) -> (Option<i32>, String, String) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    ended(&child.wait_with_output().unwrap())
}

#[test]
fn an_answer_says_what_it_hangs_on() {
    let (code, out, _) = checked(&[&case("independent-keys/linearizable.jsonl")]);
    assert_eq!(code, Some(0));
    assert_eq!(
        out,
        "linearizable: 3 operations of 2 keys (register)\nvalues are read as [key, value]\n"
    );
    let (code, out, err) = checked(&[&case("nil-read/unknown-answer.jsonl")]);
    assert_eq!(code, Some(1));
    assert!(
        out.contains("(--initial VALUE)") && out.contains("(--nil-is-unknown)"),
        "{out}"
    );
    assert!(
        err.contains(".jsonl:4: not linearizable (register)"),
        "{err}"
    );
    let (code, out, _) = checked(&[&case("nil-read/unknown-answer.jsonl"), "--nil-is-unknown"]);
    assert_eq!(code, Some(0), "{out}");
    let (_, out, _) = checked(&[&case("other-lines/phase.jsonl")]);
    assert!(out.contains("1 event of no operation passed over"), "{out}");
}

#[test]
fn what_is_open_ends_with_a_code_of_its_own() {
    let (code, out, err) = checked(&[&case("crashed-calls/crashed-20.jsonl"), "--steps", "5"]);
    assert_eq!((code, out.as_str()), (Some(3), ""), "{err}");
    assert!(
        err.contains("open after the longest search (cas-register)"),
        "{err}"
    );
    assert_eq!(err.lines().count(), 1, "{err}");
}

#[test]
fn a_history_that_says_nothing_is_refused() {
    let error = refusal(&["check", "/dev/null"]);
    assert!(
        error.contains("/dev/null: it has no operation; --allow-empty"),
        "{error}"
    );
    let (code, out, _) = checked(&["/dev/null", "--allow-empty"]);
    assert_eq!(
        (code, out.as_str()),
        (Some(0), "linearizable: 0 operations of 0 keys (register)\n")
    );
    let error = refusal(&["check", &case("forms/positional.jsonl")]);
    assert!(
        error.contains("positional.jsonl:1: column 2: 3 is no event; an event is like {"),
        "{error}"
    );
}

/// Six long texts in every order: their beginnings are kept once.
#[cfg(target_os = "linux")]
#[test]
fn a_short_history_of_long_texts_needs_little_memory() {
    let mut history = String::new();
    let mut event = |process: u64, kind: &str, f: &str, value: &str| {
        history.push_str(&format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value}}}\n"
        ));
    };
    let texts: Vec<String> = ('a'..='f')
        .map(|letter| format!("\"{}\"", letter.to_string().repeat(100_000)))
        .collect();
    for kind in ["invoke", "ok"] {
        for (process, text) in (0..).zip(&texts) {
            event(process, kind, "append", text);
        }
    }
    for (f, value) in [("put", "\"x\""), ("get", "\"x\""), ("get", "\"y\"")] {
        event(0, "invoke", f, value);
        event(0, "ok", f, value);
    }
    // More than half a gigabyte would be needed to keep each order by itself.
    let mut limited = Command::new("sh");
    let script = "ulimit -v 400000 && exec \"$0\" check -";
    limited.args(["-c", script, env!("CARGO_BIN_EXE_pivot")]);
    let (code, _, err) = with_input(limited, &history);
    assert_eq!(code, Some(1), "{err}");
    assert!(
        err.contains("standard input:18: not linearizable (kv)"),
        "{err}"
    );
}
