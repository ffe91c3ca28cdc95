use contract::{ProcessStatus, Record, State};

use super::*;

const HEAD: &str = "{\"schema\":\"pivot-process-trace/1\"}\n";

fn born(at_ns: u64, pid: u64, start: u64) -> String {
    format!("{{\"at_ns\":{at_ns},\"event\":\"born\",\"pid\":{pid},\"start\":{start}}}\n")
}

fn exit(at_ns: u64, pid: u64, start: u64) -> String {
    format!("{{\"at_ns\":{at_ns},\"event\":\"exit\",\"pid\":{pid},\"start\":{start}}}\n")
}

fn refusal(text: &str) -> String {
    let error = Workload::parse(text.as_bytes(), "t").expect_err(text);
    let message = error.to_string();
    assert_eq!(message.lines().count(), 1, "{message:?}");
    message
}

/// A life with everything in it, and a second one of the same pid.
fn two_lives() -> Workload {
    let entry = |at_ns, start, what| Entry {
        at_ns,
        process: Process { pid: 7, start },
        what,
    };
    let name = Some("<script>\"x\", &amp;".to_owned());
    let entries = [
        entry(0, 1, What::Born { name }),
        entry(
            5,
            1,
            What::Resources {
                cpu_ns: 3,
                rss_bytes: 4096,
            },
        ),
        entry(
            5,
            1,
            What::State {
                state: ProcessState::Sleeping,
            },
        ),
        entry(9, 1, What::Exit { code: Some(-9) }),
        entry(9, 2, What::Born { name: None }),
        entry(12, 2, What::Exit { code: None }),
        entry(12, 3, What::Born { name: None }),
    ];
    let lines = entries
        .iter()
        .map(|entry| serde_json::to_string(entry).unwrap() + "\n");
    let text: String = lines.collect();
    Workload::parse(format!("{HEAD}{text}").as_bytes(), "t").unwrap()
}

#[test]
fn both_forms_say_the_same() {
    let workload = two_lives();
    for form in [Form::JsonLines, Form::Csv] {
        let text = workload.text(form);
        assert_eq!(
            Workload::parse(text.as_bytes(), "t").unwrap(),
            workload,
            "{text}"
        );
        // As an editor elsewhere would leave it.
        let elsewhere = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(
            Workload::parse(elsewhere.as_bytes(), "t").unwrap(),
            workload
        );
    }
}

#[test]
fn a_life_is_inserted_started_and_removed() {
    let workload = two_lives();
    assert_eq!(
        (workload.summary.peak, workload.summary.duration_ns),
        (1, 12)
    );
    let operations = workload.operations();
    let of_first_life = &operations[..6];
    assert_eq!(of_first_life[0].step, Step::Insert);
    assert_eq!(of_first_life[5].step, Step::Remove);
    let mut record = ProcessStatus::pending(ProcessId(7));
    for operation in &of_first_life[1..5] {
        let Step::Apply(event) = operation.step else {
            panic!("{operation:?} is not an event");
        };
        record = record.apply(&event).unwrap();
    }
    assert_eq!(record.state(), State::Failed);
    assert_eq!(record.exit_code(), Some(-9));
    // A change of state leaves what was used as it is.
    assert_eq!((record.cpu_ns(), record.rss_bytes()), (3, 4096));
    assert_eq!(record.revision(), 4);
}

/// Clusters number their jobs beyond 2^32.
#[test]
fn pids_go_as_far_as_every_number() {
    let pid = (1 << 53) - 1;
    let text = format!("{HEAD}{}{}", born(0, pid, 1), exit(9, pid, 1));
    let workload = Workload::parse(text.as_bytes(), "t").unwrap();
    assert!(
        workload
            .operations()
            .iter()
            .all(|operation| operation.id == ProcessId(pid))
    );
    for form in [Form::JsonLines, Form::Csv] {
        let again = Workload::parse(workload.text(form).as_bytes(), "t");
        assert_eq!(again.unwrap(), workload);
    }
}

#[test]
fn what_cannot_have_happened_is_refused_with_its_line() {
    let heartbeat = "{\"at_ns\":5,\"event\":\"resources\",\"pid\":7,\"start\":1,\"cpu_ns\":1,\"rss_bytes\":1}\n";
    for (text, line, what) in [
        (heartbeat.to_owned(), 2, "is unknown"),
        (exit(0, 7, 1), 2, "is unknown"),
        (born(9, 7, 1) + &exit(8, 7, 1), 3, "goes back in time"),
        (
            born(0, 7, 1) + &born(1, 7, 1),
            3,
            "born twice, first in line 2",
        ),
        (born(0, 7, 1) + &born(1, 7, 2), 3, "born in line 2"),
        (
            born(0, 7, 1) + &exit(1, 7, 1) + heartbeat,
            4,
            "has exited in line 3",
        ),
        (
            born(0, 7, 1) + &exit(1, 7, 1) + &born(2, 7, 1),
            4,
            "another `start`",
        ),
        (born(0, 7, 2) + heartbeat, 3, "is unknown"),
        (born(0, 0, 1), 2, "pids begin at 1"),
        (born(1 << 53, 7, 1), 2, "must be below"),
        (
            born(0, 1 << 53, 1),
            2,
            "pid = 9007199254740992 must be below",
        ),
    ] {
        let error = refusal(&format!("{HEAD}{text}"));
        assert!(
            error.starts_with(&format!("t:{line}: ")) && error.contains(what),
            "{error}"
        );
    }
}

#[test]
fn what_is_not_in_the_format_is_refused_with_its_line() {
    for (text, line, what) in [
        (
            "{\"schema\":\"pivot-process-trace/9\"}\n",
            1,
            "pivot-process-trace/1",
        ),
        ("# pivot-samples/2\n", 1, "pivot-process-trace/1"),
        (
            "at_ns,event\n",
            1,
            "`# pivot-process-trace/1`; this line does not",
        ),
        ("12,born\n", 1, "this line does not"),
        (HEAD, 1, "no event"),
        (
            "\n{\"schema\":\"pivot-process-trace/1\",\"x\":1}\n",
            2,
            "unknown field `x`",
        ),
    ] {
        let error = refusal(text);
        assert!(
            error.starts_with(&format!("t:{line}: ")) && error.contains(what),
            "{error}"
        );
    }
    assert!(refusal("\n \n").contains("nothing in it"));
    for (fields, what) in [
        ("\"event\":\"born\",\"pid\":-7", "-7"),
        ("\"event\":\"born\",\"pid\":7.5", "7.5"),
        ("\"event\":\"sung\",\"pid\":7", "`resources`"),
        (
            "\"event\":\"born\",\"pid\":7,\"cpu\":1",
            "unknown field `cpu`",
        ),
        (
            "\"event\":\"born\",\"pid\":7,\"code\":1",
            "unknown field `code`",
        ),
        ("\"event\":\"state\",\"pid\":7", "missing field `state`"),
        (
            "\"event\":\"state\",\"pid\":7,\"state\":\"zombie\"",
            "`sleeping`",
        ),
        (
            "\"event\":\"resources\",\"pid\":7,\"cpu_ns\":1",
            "missing field `rss_bytes`",
        ),
        (
            "\"event\":\"born\",\"pid\":7,\"name\":\"a\\nb\"",
            "control characters",
        ),
        ("\"event\":\"a\\nb\",\"pid\":7", "unknown variant `a\\nb`"),
        ("\"event\":\"born\"", "missing field `pid`"),
        ("\"pid\":7", "missing field `event`"),
        ("\"event\":\"born\",\"pid\":7,\"pid\":8", "`pid`"),
        (
            "\"event\":\"born\",\"pid\":7,\"at_ns\":8",
            "duplicate field `at_ns`",
        ),
    ] {
        let error = refusal(&format!("{HEAD}{{\"at_ns\":0,\"start\":1,{fields}}}\n"));
        assert!(
            error.starts_with("t:2: ") && error.contains(what),
            "{error}"
        );
    }
    let cut_off = format!("{HEAD}{}", born(0, 7, 1));
    assert!(refusal(&cut_off[..cut_off.len() - 9]).starts_with("t:2: "));
}

#[test]
fn csv_that_is_not_in_the_format_is_refused_with_its_line() {
    let head = "# pivot-process-trace/1\n";
    for (text, line, what) in [
        ("", 2, "unknown column"),
        ("at_ns,event,pid\n", 2, "at_ns,event,pid,start"),
        ("at_ns,event,pid,start,start\n", 2, "twice"),
        ("at_ns,event,pid,start,colour\n", 2, "colour"),
        ("at_ns,event,pid,start\n0,born,7\n", 3, "3 fields"),
        ("at_ns,event,pid,start\n0,born,7,x\n", 3, "start = \"x\""),
        (
            "at_ns,event,pid,start\n0,born,7,1\n\n# so far\n0,exit,8,1\n",
            6,
            "unknown",
        ),
        (
            "at_ns,event,pid,start,name\n0,born,7,1,\"a\n",
            3,
            "does not end",
        ),
        (
            "at_ns,event,pid,start,name\n0,born,7,1,\"a\"b\n",
            3,
            "before a comma",
        ),
    ] {
        let error = refusal(&format!("{head}{text}"));
        assert!(
            error.starts_with(&format!("t:{line}: ")) && error.contains(what),
            "{error}"
        );
    }
}
