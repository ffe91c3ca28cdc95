//! Values of a history, whichever notation they were written in.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

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
            Json::Number(number) => match (number.as_i128(), number.as_f64()) {
                (Some(number), _) => Value::Integer(number),
                (None, Some(number)) => Value::real(number)?,
                (None, None) => return Err(format!("{number} is no number")),
            },
            Json::String(text) => Value::Text(text.into()),
            Json::Array(all) => {
                let all = all.into_iter().map(Value::from_json);
                Value::List(all.collect::<Result<_, _>>()?)
            }
            Json::Object(all) => {
                let named = all
                    .into_iter()
                    .map(|(name, value)| Ok((Value::Text(name.into()), Value::from_json(value)?)));
                Value::Map(named.collect::<Result<_, String>>()?)
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
        let Value::List(all) = self else { return None };
        Some(all)
    }

    /// Both of a list of two.
    pub(super) fn pair(&self) -> Option<(&Value, &Value)> {
        let [first, second] = self.list()?.as_array::<2>()?;
        Some((first, second))
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
        let Value::Integer(number) = *self else {
            return None;
        };
        N::try_from(number).ok()
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

    /// That it is not what was `expected`.
    pub(super) fn mismatch(&self, expected: &str) -> String {
        format!("{expected}, not {}", self.shown())
    }
}

/// Much as JSON: what is only EDN's is written as there.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &mut dyn Iterator<Item = String>| values.collect::<Vec<_>>().join(", ");
        match self {
            Value::Nil => f.write_str("null"),
            Value::Bool(truth) => truth.fmt(f),
            Value::Integer(number) => number.fmt(f),
            Value::Text(text) => Json::from(&**text).fmt(f),
            Value::Real(text) | Value::Word(text) => f.write_str(text),
            Value::List(all) => write!(f, "[{}]", list(&mut all.iter().map(Value::to_string))),
            Value::Set(all) => write!(f, "#{{{}}}", list(&mut all.iter().map(Value::to_string))),
            Value::Map(all) => {
                let mut entries = all.iter().map(|(key, value)| format!("{key}: {value}"));
                write!(f, "{{{}}}", list(&mut entries))
            }
        }
    }
}

/// A value as the checker compares it, by number, which decides before the text does, and as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name {
    pub(super) number: u32,
    text: Rc<str>,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What the values of a history mean: each has a name.
#[derive(Debug, Default)]
pub(super) struct Terms {
    pub(super) names: HashMap<Value, Name>,
    /// Whether a read that was answered null says nothing.
    pub(super) nil_is_unknown: bool,
}

impl Terms {
    /// Whether a read that was answered so says anything.
    pub(super) fn is_known(&self, value: &Value) -> bool {
        !(self.nil_is_unknown && value.is_nil())
    }

    pub(super) fn name(&mut self, value: &Value) -> Name {
        let number = self.names.len() as u32;
        let name = self.names.entry(value.clone()).or_insert_with(|| Name {
            number,
            text: value.shown().into(),
        });
        name.clone()
    }

    /// `None` for nothing.
    pub(super) fn some(&mut self, value: &Value) -> Option<Name> {
        (!value.is_nil()).then(|| self.name(value))
    }

    /// The elements of a list or a set, of which null has none.
    ///
    /// # Errors
    ///
    /// `what` it is, unless it is one.
    pub(super) fn all<C: FromIterator<Name>>(
        &mut self,
        value: &Value,
        what: &str,
    ) -> Result<C, String> {
        let all = match value.elements() {
            None if value.is_nil() => Vec::new(),
            all => all.ok_or_else(|| value.mismatch(what))?,
        };
        Ok(all.into_iter().map(|value| self.name(value)).collect())
    }
}
