//! The events of a file, in JSON or in EDN, one after the other or in lists.

use model::error::{Error, Result};
use serde_json::{Deserializer, Value as Json};

use super::edn::{self, Fault};
use super::value::Value;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    /// JSON.
    Json,
    /// Clojure's.
    Edn,
}

/// What an event looks like, for messages.
pub(super) const LIKE: &str =
    r#"an event is like {"process":0,"type":"invoke","f":"read","key":1,"value":null}"#;

impl Notation {
    /// By how the first event begins: Clojure's has keywords, and comments may stand before it.
    fn of(text: &str) -> Self {
        let begins = text.trim_start_matches(|c: char| c.is_whitespace() || c == ',' || c == '[');
        let inside = begins.strip_prefix('{').unwrap_or("").trim_start();
        if begins.starts_with([';', '(', '#']) || inside.starts_with(':') {
            Notation::Edn
        } else {
            Notation::Json
        }
    }

    fn skip(self, text: &str, at: usize) -> std::result::Result<usize, Fault> {
        match self {
            Notation::Edn => edn::skip(text, at),
            Notation::Json => {
                let blank = |c: char| c.is_whitespace() || c == ',';
                Ok(text.len() - text[at..].trim_start_matches(blank).len())
            }
        }
    }

    fn value(self, text: &str, at: usize) -> std::result::Result<(Value, usize), Fault> {
        if self == Notation::Edn {
            return edn::value(text, at);
        }
        let mut values = Deserializer::from_str(&text[at..]).into_iter::<Json>();
        let read = values.next();
        let end = at + values.byte_offset();
        match read {
            Some(Ok(json)) => {
                let value = Value::from_json(json).map_err(|what| (at, what))?;
                Ok((value, end))
            }
            Some(Err(error)) => Err((place(&text[at..], &error) + at, without_place(&error))),
            None => Err((at, "the file ends".into())),
        }
    }

    /// A value that a user gave beside the file, in its notation; what is none is a text.
    pub(super) fn given(self, text: &str) -> Value {
        match self.value(text, 0) {
            Ok((value, end)) if text[end..].trim().is_empty() => value,
            _ => Value::Text(text.into()),
        }
    }
}

/// The offset of an error: line and column begin with 1, and a column may be 0.
fn place(text: &str, error: &serde_json::Error) -> usize {
    let mut lines = text.split_inclusive('\n').map(str::len);
    let before = lines.by_ref().take(error.line().saturating_sub(1));
    before.sum::<usize>() + error.column().saturating_sub(1)
}

fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text[..text.rfind(" at line ").unwrap_or(text.len())].to_owned()
}

/// Hands the events of a file to `take`, each with its line; `name` is what messages call the file.
///
/// # Errors
///
/// The first place that is none of an event, and what `take` refuses.
pub(super) fn read(
    bytes: &[u8],
    name: &str,
    mut take: impl FnMut(u64, Value) -> Result<()>,
) -> Result<Notation> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.split(|&byte| byte == b'\n').count();
        Error::input(format!("{name}:{line}: not a text in UTF-8"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let notation = Notation::of(text);
    let line_ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line_of = |at: usize| 1 + line_ends.partition_point(|&end| end < at) as u64;
    let located = |(at, what): Fault| {
        let before = &text[..text.floor_char_boundary(at)];
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        let line = line_of(before.len());
        Error::input(format!("{name}:{line}: column {column}: {what}; {LIKE}"))
    };
    let mut list: Option<(usize, char)> = None;
    let mut at = 0;
    loop {
        at = notation.skip(text, at).map_err(located)?;
        let Some(next) = text[at..].chars().next() else {
            break;
        };
        match (next, list) {
            (close, Some((_, expected))) if close == expected => {
                list = None;
                at += 1;
            }
            ('[', None) => {
                list = Some((at, ']'));
                at += 1;
            }
            ('(', None) if notation == Notation::Edn => {
                list = Some((at, ')'));
                at += 1;
            }
            _ => {
                let (event, end) = notation.value(text, at).map_err(located)?;
                if !matches!(event, Value::Map(_)) {
                    let what = format!("{} is no event", event.shown());
                    return Err(located((at, what)));
                }
                take(line_of(at), event)?;
                at = end;
            }
        }
    }
    match list {
        Some((begin, _)) => Err(located((begin, "this list of events does not end".into()))),
        None => Ok(notation),
    }
}
