//! One event of a history, and the calls that events make up.

use super::value::{Terms, Value};

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
        let kind = field("type");
        let kind = match kind.name() {
            None if kind.is_nil() => None,
            Some("invoke") => Some(Kind::Invoke),
            Some("ok") => Some(Kind::Ok),
            Some("fail") => Some(Kind::Fail),
            Some("info") => Some(Kind::Info),
            _ => return Err(kind.mismatch("a type is invoke, ok, fail or info")),
        };
        let process = match field("process") {
            Value::Nil => None,
            process @ (Value::Integer(_) | Value::Text(_) | Value::Word(_)) => Some(process),
            other => return Err(other.mismatch("a process is a number or a name")),
        };
        let f = field("f");
        if !f.is_nil() && f.name().is_none() {
            return Err(f.mismatch("an operation f is a name"));
        }
        Ok(Self {
            process,
            kind,
            f: f.name().map(str::to_owned),
            key: field("key"),
            value: field("value"),
        })
    }
}

/// An operation between its call and its answer.
#[derive(Debug)]
pub(super) struct Call {
    /// The number of its event; the first is 1.
    pub(super) at: u64,
    pub(super) process: u64,
    pub(super) f: String,
    pub(super) key: Value,
    pub(super) asked: Value,
    /// The event and the value of the answer; `None` if it never came.
    pub(super) answer: Option<(u64, Value)>,
}

impl Call {
    /// The value of the answer, if it came.
    pub(super) fn answered(&self) -> Option<&Value> {
        self.answer.as_ref().map(|(_, value)| value)
    }

    /// What a read was answered; `None` if that is not known.
    pub(super) fn observed(&self, terms: &Terms) -> Option<&Value> {
        self.answered().filter(|answer| terms.is_known(answer))
    }
}
