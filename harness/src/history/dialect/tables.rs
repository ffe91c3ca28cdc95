//! A store of texts, and a registry of processes.

use conformance::{Known, Registry, RegistryAction, Seen};
use contract::{Change, State};
use histories::models::{KeyValue, KeyValueAction, Text};

use super::super::value::Value;
use super::{Dialect, Said};

/// `get`, `put` and `append` of texts.
#[derive(Default)]
pub(in super::super) struct Texts;

impl Dialect for Texts {
    type Model = KeyValue;

    fn model(&self) -> KeyValue {
        KeyValue
    }

    fn start(&mut self, given: Option<&Value>) -> Result<Text, String> {
        match given {
            None | Some(Value::Nil) => Ok("".into()),
            Some(value) => text(value),
        }
    }

    fn action(&mut self, said: &Said<'_>) -> Result<Option<KeyValueAction>, String> {
        Ok(match said.f {
            "get" => match said.seen() {
                None => None,
                // A key that was never written reads as null or as an empty text.
                Some(Value::Nil) => Some(KeyValueAction::Get("".into())),
                Some(seen) => Some(KeyValueAction::Get(text(seen)?)),
            },
            "put" => Some(KeyValueAction::Put(text(said.asked)?)),
            _ => Some(KeyValueAction::Append(text(said.asked)?)),
        })
    }
}

/// A text that is expected as value.
fn text(value: &Value) -> Result<Text, String> {
    match value {
        Value::Text(text) => Ok(text.clone().into()),
        other => Err(format!(
            "a text and not {} is expected as value",
            other.shown()
        )),
    }
}

/// What can be done to a process of a registry.
#[derive(Default)]
pub(in super::super) struct Registries;

impl Dialect for Registries {
    type Model = Registry;

    fn model(&self) -> Registry {
        Registry
    }

    fn start(&mut self, given: Option<&Value>) -> Result<Option<Seen>, String> {
        given.map_or(Ok(None), record)
    }

    fn action(&mut self, said: &Said<'_>) -> Result<Option<RegistryAction>, String> {
        let before = || -> Result<Known<Option<Seen>>, String> {
            said.answer
                .map_or(Ok(Known::No), |answer| record(answer).map(Known::Yes))
        };
        let change = match said.f {
            "read" => {
                let seen = said.seen().map(record).transpose()?;
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
                code: exit_code(said.asked)?,
            },
            _ => Change::Restart,
        };
        let outcome = match said.answer {
            None => Known::No,
            Some(answer) => Known::Yes(outcome(answer)?),
        };
        Ok(Some(RegistryAction::Apply { change, outcome }))
    }
}

/// Without a value, 0.
fn exit_code(value: &Value) -> Result<i32, String> {
    if value.is_nil() {
        return Ok(0);
    }
    value.integer().ok_or_else(|| {
        format!(
            "an exit code is a whole number from {} to {}, not {}",
            i32::MIN,
            i32::MAX,
            value.shown()
        )
    })
}

fn outcome(answer: &Value) -> Result<Option<Result<u64, ()>>, String> {
    match (answer, answer.name(), answer.integer()) {
        (Value::Nil, ..) => Ok(None),
        (_, Some("rejected"), _) => Ok(Some(Err(()))),
        (_, _, Some(revision)) => Ok(Some(Ok(revision))),
        _ => Err(format!(
            "an event is answered by the new revision, \"rejected\" or null, not {}",
            answer.shown()
        )),
    }
}

/// `{"state":"running","revision":3}`, or null.
fn record(value: &Value) -> Result<Option<Seen>, String> {
    if value.is_nil() {
        return Ok(None);
    }
    let state = value.get("state").and_then(Value::name).and_then(|name| {
        State::ALL
            .into_iter()
            .find(|state| state.to_string() == name)
    });
    let revision = value.get("revision").and_then(Value::integer);
    match (state, revision) {
        (Some(state), Some(revision)) => Ok(Some(Seen { state, revision })),
        _ => Err(format!(
            "a record is like {{\"state\":\"running\",\"revision\":3}} or null, not {}",
            value.shown()
        )),
    }
}
