//! The words of each model: from `f`, `key` and `value` to actions.

use std::collections::HashMap;
use std::rc::Rc;

use conformance::{Known, RegistryAction, Seen};
use contract::{Change, State};
use histories::models::{CasRegisterAction, KeyValueAction, RegisterAction};
use serde_json::Value;

/// What a history is a history of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ModelName {
    /// `read` and `write`.
    Register,
    /// `read`, `write` and `cas` with `[expected, new]`.
    CasRegister,
    /// `get`, `put` and `append` of texts.
    Kv,
    /// `read`, `insert`, `remove`, `start`, `heartbeat`, `stop`, `exit` and `restart` of a process.
    Registry,
}

impl ModelName {
    /// The model that has this `f`, the smallest one first.
    pub(super) fn with(f: &str) -> Option<Self> {
        match f {
            "read" | "write" => Some(ModelName::Register),
            "cas" => Some(ModelName::CasRegister),
            "get" | "put" | "append" => Some(ModelName::Kv),
            "insert" | "remove" | "start" | "heartbeat" | "stop" | "exit" | "restart" => {
                Some(ModelName::Registry)
            }
            _ => None,
        }
    }

    /// The smallest model that has what this one has and `f`, too.
    pub(super) fn and(self, f: &str) -> Option<Self> {
        let other = Self::with(f)?;
        match (self, other) {
            (a, b) if a == b => Some(a),
            (ModelName::Register | ModelName::CasRegister, ModelName::CasRegister)
            | (ModelName::CasRegister, ModelName::Register) => Some(ModelName::CasRegister),
            // `read` is the registry's, too.
            (ModelName::Register, ModelName::Registry) if f != "write" => Some(ModelName::Registry),
            (ModelName::Registry, ModelName::Register) if f == "read" => Some(ModelName::Registry),
            _ => None,
        }
    }

    /// What it knows.
    pub(super) const fn words(self) -> &'static str {
        match self {
            ModelName::Register => "read, write",
            ModelName::CasRegister => "read, write, cas",
            ModelName::Kv => "get, put, append",
            ModelName::Registry => "read, insert, remove, start, heartbeat, stop, exit, restart",
        }
    }
}

/// An operation as its events say it: `answer` is missing if it never returned.
pub(super) struct Said<'e> {
    pub(super) f: &'e str,
    pub(super) asked: &'e Value,
    pub(super) answer: Option<&'e Value>,
}

/// Values of registers as numbers: only whether they are equal matters.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, u64>);

/// Names from here on stand for values that are no numbers.
const LABELS: u64 = 1 << 63;

impl Names {
    fn of(&mut self, value: &Value) -> Option<u64> {
        if value.is_null() {
            return None;
        }
        // A number is its own name, so that it is shown as it was written.
        if let Some(number) = value.as_u64().filter(|&number| number < LABELS) {
            return Some(number);
        }
        let next = LABELS + self.0.len() as u64;
        Some(*self.0.entry(value.to_string()).or_insert(next))
    }
}

/// A register's action; `None` for one that says nothing.
pub(super) fn register(
    said: &Said<'_>,
    names: &mut Names,
) -> Result<Option<CasRegisterAction>, String> {
    let action = match said.f {
        "read" => match said.answer {
            Some(answer) => CasRegisterAction::Plain(RegisterAction::Read(names.of(answer))),
            None => return Ok(None),
        },
        "write" => match names.of(said.asked) {
            Some(value) => CasRegisterAction::Plain(RegisterAction::Write(value)),
            None => return Err("a write has a value other than null".into()),
        },
        _ => {
            let pair = said.asked.as_array().filter(|pair| pair.len() == 2);
            let pair = pair.ok_or("the value of a cas is [expected, new]")?;
            let new = names
                .of(&pair[1])
                .ok_or("a cas has a new value other than null")?;
            let expected = names.of(&pair[0]);
            CasRegisterAction::Swap { expected, new }
        }
    };
    Ok(Some(action))
}

/// A key-value store's action; `None` for one that says nothing.
pub(super) fn key_value(said: &Said<'_>) -> Result<Option<KeyValueAction>, String> {
    // A key that was never written reads as null or as an empty text.
    let text = |value: &Value| -> Result<Rc<str>, String> {
        match value {
            Value::Null => Ok("".into()),
            Value::String(text) => Ok(text.as_str().into()),
            other => Err(format!("a text and not {other} is expected as value")),
        }
    };
    Ok(match (said.f, said.answer) {
        ("get", None) => None,
        ("get", Some(answer)) => Some(KeyValueAction::Get(text(answer)?)),
        ("put", _) => Some(KeyValueAction::Put(text(said.asked)?)),
        _ => Some(KeyValueAction::Append(text(said.asked)?)),
    })
}

/// A registry's action; `None` for one that says nothing.
pub(super) fn registry(said: &Said<'_>) -> Result<Option<RegistryAction>, String> {
    let before = || -> Result<Known<Option<Seen>>, String> {
        said.answer
            .map_or(Ok(Known::No), |answer| record(answer).map(Known::Yes))
    };
    let change = match said.f {
        "read" => {
            let seen = said.answer.map(record).transpose()?;
            return Ok(seen.map(RegistryAction::Read));
        }
        "insert" => {
            let record = record(said.asked)?.ok_or("an insert has a record other than null")?;
            let displaced = before()?;
            return Ok(Some(RegistryAction::Insert { record, displaced }));
        }
        "remove" => return Ok(Some(RegistryAction::Remove(before()?))),
        "start" => Change::Start,
        "heartbeat" => Change::Heartbeat {
            cpu_ns: 0,
            rss_bytes: 0,
        },
        "stop" => Change::Stop,
        "exit" => Change::Exit {
            code: said.asked.as_i64().map_or(0, |code| code as i32),
        },
        _ => Change::Restart,
    };
    let outcome = match said.answer {
        None => Known::No,
        Some(Value::Null) => Known::Yes(None),
        Some(Value::String(word)) if word == "rejected" => Known::Yes(Some(Err(()))),
        Some(answer) => match answer.as_u64() {
            Some(revision) => Known::Yes(Some(Ok(revision))),
            None => {
                return Err(format!(
                    "an event is answered by the new revision, \"rejected\" or null, not {answer}"
                ));
            }
        },
    };
    Ok(Some(RegistryAction::Apply { change, outcome }))
}

/// `{"state":"running","revision":3}`, or null.
fn record(value: &Value) -> Result<Option<Seen>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let state = value.get("state").and_then(Value::as_str).and_then(|name| {
        State::ALL
            .into_iter()
            .find(|state| state.to_string() == name)
    });
    let revision = value.get("revision").and_then(Value::as_u64);
    match (state, revision) {
        (Some(state), Some(revision)) => Ok(Some(Seen { state, revision })),
        _ => Err(format!(
            "a record is like {{\"state\":\"running\",\"revision\":3}} or null, not {value}"
        )),
    }
}
