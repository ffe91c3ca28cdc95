//! One event of a history.

use super::value::Value;

/// What an event says.
#[derive(Debug)]
pub(super) struct Event {
    /// Whose it is: a number or a name.
    pub(super) process: Option<Value>,
    pub(super) kind: Option<Kind>,
    pub(super) f: Option<String>,
    pub(super) key: Value,
    pub(super) value: Value,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Invoke,
    Ok,
    Fail,
    Info,
}

impl Event {
    /// Takes what matters out of a map.
    ///
    /// # Errors
    ///
    /// What a field cannot be.
    pub(super) fn new(map: &Value) -> Result<Self, String> {
        let field = |name| map.get(name).cloned().unwrap_or(Value::Nil);
        let kind = match field("type") {
            Value::Nil => None,
            kind => Some(match kind.name() {
                Some("invoke") => Kind::Invoke,
                Some("ok") => Kind::Ok,
                Some("fail") => Kind::Fail,
                Some("info") => Kind::Info,
                _ => {
                    return Err(format!(
                        "a type is invoke, ok, fail or info, not {}",
                        kind.shown()
                    ));
                }
            }),
        };
        let process = match field("process") {
            Value::Nil => None,
            process @ (Value::Integer(_) | Value::Text(_) | Value::Word(_)) => Some(process),
            other => {
                return Err(format!(
                    "a process is a number or a name, not {}",
                    other.shown()
                ));
            }
        };
        let f = match field("f") {
            Value::Nil => None,
            f => Some(
                f.name()
                    .ok_or_else(|| format!("an operation f is a name, not {}", f.shown()))?
                    .to_owned(),
            ),
        };
        Ok(Self {
            process,
            kind,
            f,
            key: field("key"),
            value: field("value"),
        })
    }
}
