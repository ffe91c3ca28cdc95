//! Values of a history, whichever notation they were written in.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use serde_json::Value as Json;

/// A value. Numbers that are equal are equal however they were written; a text is never a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Value {
    /// `null`, `nil`.
    Nil,
    Bool(bool),
    Integer(i128),
    /// A number that is not whole, as its shortest decimal form.
    Real(Rc<str>),
    Text(Rc<str>),
    /// EDN's keywords, with their colon, and symbols.
    Word(Rc<str>),
    List(Vec<Value>),
    Set(BTreeSet<Value>),
    Map(BTreeMap<Value, Value>),
}

/// Whole numbers from here on are not told apart by a floating-point number.
const EXACT: f64 = (1_u64 << 53) as f64;

impl Value {
    /// A floating-point number.
    ///
    /// # Errors
    ///
    /// If it may stand for another number that was written.
    pub(super) fn real(number: f64) -> Result<Self, String> {
        if number.fract() != 0.0 || !number.is_finite() {
            return Ok(Value::Real(number.to_string().into()));
        }
        if number.abs() >= EXACT {
            return Err(format!(
                "the number {number} is too large to be told from others: write it as a text"
            ));
        }
        Ok(Value::Integer(number as i128))
    }

    /// What JSON says.
    ///
    /// # Errors
    ///
    /// A number that cannot be told from others.
    pub(super) fn from_json(json: Json) -> Result<Self, String> {
        Ok(match json {
            Json::Null => Value::Nil,
            Json::Bool(truth) => Value::Bool(truth),
            Json::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => Value::Integer(number.into()),
                (_, Some(number), _) => Value::Integer(number.into()),
                (.., Some(number)) => Value::real(number)?,
                _ => return Err(format!("{number} is no number")),
            },
            Json::String(text) => Value::Text(text.into()),
            Json::Array(all) => Value::List(
                all.into_iter()
                    .map(Value::from_json)
                    .collect::<Result<_, _>>()?,
            ),
            Json::Object(all) => {
                let entry = |(name, value): (String, Json)| {
                    Ok((Value::Text(name.into()), Value::from_json(value)?))
                };
                Value::Map(all.into_iter().map(entry).collect::<Result<_, String>>()?)
            }
        })
    }

    pub(super) fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }

    /// A text or a keyword, without its colon.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Word(word) => Some(word.strip_prefix(':').unwrap_or(word)),
            _ => None,
        }
    }

    /// The field of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let Value::Map(entries) = self else {
            return None;
        };
        let mut entries = entries.iter();
        entries.find_map(|(key, value)| (key.name() == Some(name)).then_some(value))
    }

    pub(super) fn list(&self) -> Option<&[Value]> {
        match self {
            Value::List(all) => Some(all),
            _ => None,
        }
    }

    /// Both of a list of two.
    pub(super) fn pair(&self) -> Option<(&Value, &Value)> {
        match self.list()? {
            [first, second] => Some((first, second)),
            _ => None,
        }
    }

    /// What is in a list or a set.
    pub(super) fn elements(&self) -> Option<Vec<&Value>> {
        match self {
            Value::List(all) => Some(all.iter().collect()),
            Value::Set(all) => Some(all.iter().collect()),
            _ => None,
        }
    }

    pub(super) fn integer<N: TryFrom<i128>>(&self) -> Option<N> {
        match self {
            Value::Integer(number) => N::try_from(*number).ok(),
            _ => None,
        }
    }
}

/// Longer values are cut where they are shown.
const SHOWN_MAX: usize = 80;

impl Value {
    /// As it is shown in a message, on one line and not for ever.
    pub(super) fn shown(&self) -> String {
        let text = self.to_string();
        match text.char_indices().nth(SHOWN_MAX) {
            Some((end, _)) => format!("{}...", &text[..end]),
            None => text,
        }
    }
}

/// Much as JSON: what is only EDN's is written as there.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn all<'v>(
            f: &mut fmt::Formatter<'_>,
            (open, close): (&str, &str),
            values: impl Iterator<Item = &'v Value>,
        ) -> fmt::Result {
            f.write_str(open)?;
            for (number, value) in values.enumerate() {
                write!(f, "{}{value}", if number == 0 { "" } else { ", " })?;
            }
            f.write_str(close)
        }
        match self {
            Value::Nil => f.write_str("null"),
            Value::Bool(truth) => truth.fmt(f),
            Value::Integer(number) => number.fmt(f),
            Value::Text(text) => Json::from(&**text).fmt(f),
            Value::Real(text) | Value::Word(text) => f.write_str(text),
            Value::List(list) => all(f, ("[", "]"), list.iter()),
            Value::Set(set) => all(f, ("#{", "}"), set.iter()),
            Value::Map(map) => {
                f.write_str("{")?;
                for (number, (key, value)) in map.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if number == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
        }
    }
}

/// A value as the checker compares it, by number, and as it is shown.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) number: u32,
    text: Rc<str>,
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number.cmp(&other.number)
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u32(self.number);
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A name for each value.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<Value, Name>);

impl Names {
    pub(super) fn name(&mut self, value: &Value) -> Name {
        if let Some(name) = self.0.get(value) {
            return name.clone();
        }
        let name = Name {
            number: self.0.len() as u32,
            text: value.shown().into(),
        };
        self.0.insert(value.clone(), name.clone());
        name
    }

    /// `None` for nothing.
    pub(super) fn some(&mut self, value: &Value) -> Option<Name> {
        (!value.is_nil()).then(|| self.name(value))
    }
}
