//! Histories with known answers, recorded by others.

use std::collections::HashMap;
use std::path::Path;

use histories::models::{KeyValue, KeyValueAction};
use histories::search::{Limits, search};
use histories::{NEVER, Operation, Verdict, explain, in_order};

type History = Vec<Operation<KeyValueAction>>;

/// The history of each key of a file of `{:process 0, :type :invoke, :f :put, :key "0", :value "x"}`.
fn read(name: &str) -> HashMap<String, History> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/porcupine")
        .join(name);
    let text = std::fs::read_to_string(path).expect("the file is part of the crate");
    let mut keys: HashMap<String, History> = HashMap::new();
    let mut pending: HashMap<u64, (String, usize)> = HashMap::new();
    for (line, event) in text.lines().enumerate() {
        let time = line as u64 + 1;
        let process: u64 = field(event, ":process ").parse().expect("a number");
        if field(event, ":type ") == ":invoke" {
            let key = field(event, ":key ").to_owned();
            let history = keys.entry(key.clone()).or_default();
            pending.insert(process, (key, history.len()));
            history.push(Operation {
                process,
                call: time,
                ret: NEVER,
                action: action(event),
            });
        } else {
            let (key, index) = pending.remove(&process).expect("an answer has a call");
            let operation = &mut keys.get_mut(&key).expect("the key was called")[index];
            (operation.ret, operation.action) = (time, action(event));
        }
    }
    keys
}

fn field<'e>(event: &'e str, name: &str) -> &'e str {
    let (_, rest) = event.split_once(name).expect("every field is there");
    rest.split_once([',', '}']).expect("a field ends").0
}

fn action(event: &str) -> KeyValueAction {
    let (_, value) = event.split_once(":value ").expect("every field is there");
    let text = value
        .trim_end_matches('}')
        .trim_matches('"')
        .replace("nil", "")
        .into();
    match field(event, ":f ") {
        ":get" => KeyValueAction::Get(text),
        ":put" => KeyValueAction::Put(text),
        ":append" => KeyValueAction::Append(text),
        other => panic!("unknown operation {other}"),
    }
}

/// One violation answers for the whole file: no key needs to be searched for ever.
const LIMITS: Limits = Limits {
    steps: 100_000,
    remembered: 4 << 20,
};

fn verdicts(name: &str) -> Vec<Verdict> {
    let keys = read(name);
    assert!(!keys.is_empty());
    keys.values()
        .map(|history| {
            assert_eq!(in_order(history), Ok(()));
            let verdict = search(&KeyValue, &["".into()], history, &LIMITS);
            if let Verdict::Violated { at } = verdict {
                let why = explain::explain(&KeyValue, &["".into()], history, at);
                assert!(
                    why.shown.iter().any(|operation| operation.is_culprit),
                    "{why}"
                );
                assert!(why.shown.len() < history.len(), "{why}");
            }
            verdict
        })
        .collect()
}

#[test]
fn linearizable_histories_are_accepted() {
    for name in ["c01-ok.txt", "c10-ok.txt", "c50-ok.txt"] {
        let all = verdicts(name);
        assert!(
            all.iter().all(|verdict| *verdict == Verdict::Linearizable),
            "{name}: {all:?}"
        );
    }
}

#[test]
fn others_are_rejected() {
    for name in ["c01-bad.txt", "c10-bad.txt", "c50-bad.txt"] {
        let all = verdicts(name);
        assert!(
            all.iter()
                .any(|verdict| matches!(verdict, Verdict::Violated { .. })),
            "{name}: {all:?}"
        );
    }
}
