//! One line of a history.

use basis::error::{Error, Result};
use serde::Deserialize;
use serde_json::Value;

/// What a line says.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    pub(super) process: Process,
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    pub(super) f: String,
    #[serde(default)]
    pub(super) key: Value,
    #[serde(default)]
    pub(super) value: Value,
}

/// Who an event is of.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Process {
    /// A process of the history.
    Number(u64),
    /// Whoever disturbs it: Jepsen's `nemesis`. Does nothing to the object.
    Name(String),
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Invoke,
    Ok,
    Fail,
    Info,
}

impl Event {
    /// Reads a line; `place` names it.
    pub(super) fn parse(text: &str, place: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| {
            Error::input(format!(
                "{place}: {}; a line is like {{\"process\":0,\"type\":\"invoke\",\"f\":\"read\",\"key\":1,\"value\":null}}",
                without_position(&error)
            ))
        })
    }
}

/// An error without its own line number, which is always 1.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let cut = text.rfind(" at line ").unwrap_or(text.len());
    format!("column {}: {}", error.column(), &text[..cut])
}
