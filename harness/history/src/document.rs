//! The events of a file, in JSON or in EDN, one after the other or in lists.
//!
//! EDN is the notation of Clojure's data, in which Jepsen writes: <https://github.com/edn-format/edn>. All of it that
//! histories hold is read. What a value is tagged with is passed over, so that
//! `#jepsen.history.Op{...}` is a map; a character, a ratio and a symbol are a word each.

use model::error::{Error, Result};
use serde_json::{Deserializer, Value as Json};

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
    fn from_text(text: &str) -> Self {
        let begins = text.trim_start_matches(|c: char| c.is_whitespace() || c == ',' || c == '[');
        let inside = begins.strip_prefix('{').unwrap_or("").trim_start();
        if begins.starts_with([';', '(', '#']) || inside.starts_with(':') {
            Notation::Edn
        } else {
            Notation::Json
        }
    }

    fn skip(self, text: &str, at: usize) -> std::result::Result<usize, Fault> {
        let mut reader = Reader { text, at };
        match self {
            Notation::Edn => reader.skip(0)?,
            Notation::Json => reader.skip_blank(),
        }
        Ok(reader.at)
    }

    fn value(self, text: &str, at: usize) -> std::result::Result<(Value, usize), Fault> {
        if self == Notation::Edn {
            let mut reader = Reader { text, at };
            let value = reader.value(0)?;
            return Ok((value, reader.at));
        }
        let mut values = Deserializer::from_str(&text[at..]).into_iter::<Json>();
        let read = values.next();
        let end = at + values.byte_offset();
        match read.transpose() {
            Ok(Some(json)) => match Value::from_json(json) {
                Ok(value) => Ok((value, end)),
                Err(message) => Err((at, message)),
            },
            Ok(None) => Err((at, "the file ends".into())),
            Err(error) => Err((place(&text[at..], &error) + at, without_place(&error))),
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
    let notation = Notation::from_text(text);
    let line_ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line_of = |at: usize| 1 + line_ends.partition_point(|&end| end < at) as u64;
    let located = |(at, message): Fault| {
        let before = &text[..text.floor_char_boundary(at)];
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        let line = line_of(before.len());
        Error::input(format!("{name}:{line}: column {column}: {message}; {LIKE}"))
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
            ('[' | '(', None) if next == '[' || notation == Notation::Edn => {
                list = Some((at, if next == '[' { ']' } else { ')' }));
                at += 1;
            }
            _ => {
                let (event, end) = notation.value(text, at).map_err(located)?;
                if !matches!(event, Value::Map(_)) {
                    let message = format!("{} is no event", event.shown());
                    return Err(located((at, message)));
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

/// What is wrong with a text, and where: an offset in bytes.
type Fault = (usize, String);

/// Values inside each other, at most, so that nobody's file needs more stack than there is.
const DEPTH_MAX: usize = 100;

/// Reads EDN, from so many bytes of the text on.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

fn ends_token(c: char) -> bool {
    c.is_whitespace() || ",;\"()[]{}".contains(c)
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn fault<T>(&self, message: impl Into<String>) -> Result<T, Fault> {
        Err((self.at, message.into()))
    }

    fn skip_blank(&mut self) {
        let is_blank = |c: char| c.is_whitespace() || c == ',';
        self.at = self.text.len() - self.rest().trim_start_matches(is_blank).len();
    }

    fn skip(&mut self, depth: usize) -> Result<(), Fault> {
        loop {
            self.skip_blank();
            let rest = self.rest();
            if rest.starts_with(';') {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("#_") {
                self.at += 2;
                self.value(depth + 1)?;
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        if depth > DEPTH_MAX {
            return self.fault("values are too deep inside each other");
        }
        self.skip(depth)?;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return self.fault("the file ends inside a value");
        };
        match first {
            '(' => Ok(Value::List(self.until(1, ')', depth)?)),
            '[' => Ok(Value::List(self.until(1, ']', depth)?)),
            '{' => self.map(depth),
            '"' => self.string(),
            '\\' => {
                // A character may be one that ends a word elsewhere.
                let length = rest.chars().nth(1).map_or(1, |c| 1 + c.len_utf8());
                Ok(Value::Word(self.token(length).into()))
            }
            '#' if rest.starts_with("#{") => {
                Ok(Value::Set(self.until(2, '}', depth)?.into_iter().collect()))
            }
            '#' => {
                let tag = self.token(1);
                if tag.starts_with("##") {
                    return Ok(Value::Word(tag.into()));
                }
                self.value(depth + 1)
            }
            ')' | ']' | '}' => self.fault(format!("{first} closes nothing")),
            _ => self.word(),
        }
    }

    /// Values up to `close`, behind an opening of so many bytes.
    fn until(&mut self, opening: usize, close: char, depth: usize) -> Result<Vec<Value>, Fault> {
        self.at += opening;
        let mut all = Vec::new();
        loop {
            self.skip(depth)?;
            if self.rest().starts_with(close) {
                self.at += 1;
                return Ok(all);
            }
            all.push(self.value(depth + 1)?);
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, Fault> {
        let begin = self.at;
        let all = self.until(1, '}', depth)?;
        let (entries, rest) = all.as_chunks::<2>();
        if !rest.is_empty() {
            return Err((begin, "a map has a key without a value".into()));
        }
        let entries = entries.iter().cloned().map(|[key, value]| (key, value));
        Ok(Value::Map(entries.collect()))
    }

    fn string(&mut self) -> Result<Value, Fault> {
        let rest = self.rest();
        // The opening quote ends nothing.
        let mut is_escaped = true;
        let end = rest.find(|c| {
            let ends = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            ends
        });
        let Some(end) = end else {
            return self.fault("a text does not end");
        };
        // A text of JSON has the same escapes, but no line breaks and the like.
        let mut json = String::with_capacity(end + 1);
        for c in rest[..=end].chars() {
            match c {
                '\0'..' ' => json += &format!("\\u{:04x}", u32::from(c)),
                _ => json.push(c),
            }
        }
        let text: String = serde_json::from_str(&json).map_err(|error| {
            // The column is that behind the escape's first two characters.
            let at = self.at + error.column().saturating_sub(2);
            (at, "a text has an unknown escape".to_owned())
        })?;
        self.at += end + 1;
        Ok(Value::Text(text.into()))
    }

    /// Takes what belongs together, of which the first bytes are known to.
    fn token(&mut self, known: usize) -> &'t str {
        let rest = self.rest();
        let rest_of_it = rest[known..].find(ends_token);
        let length = rest_of_it.map_or(rest.len(), |length| known + length);
        self.at += length;
        &rest[..length]
    }

    /// A number, a keyword, a symbol, or one of the three words that are values.
    fn word(&mut self) -> Result<Value, Fault> {
        let begin = self.at;
        let token = self.token(0);
        let digits = token.trim_start_matches(['-', '+']);
        let is_number = digits.starts_with(|c: char| c.is_ascii_digit()) && !digits.contains('/');
        let number = token.trim_end_matches(['N', 'M']);
        let before_digits = number.trim_end_matches(|c: char| c.is_ascii_digit());
        let parsed = match token {
            "nil" => Some(Value::Nil),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ if !is_number => Some(Value::Word(token.into())),
            _ if ["", "-", "+"].contains(&before_digits) => number.parse().ok().map(Value::Integer),
            _ => {
                let real = number.parse().ok().map(Value::real);
                real.transpose().map_err(|message| (begin, message))?
            }
        };
        parsed.ok_or_else(|| {
            let shown: String = token.chars().take(40).collect();
            (begin, format!("{shown} is no number"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_are_written() {
        let cases = [
            ("nil", "null"),
            ("[1 -2, +3 4N]", "[1, -2, 3, 4]"),
            (
                "(:a b \"c\\n\\u0041\" \\c \\space)",
                "[:a, b, \"c\\nA\", \\c, \\space]",
            ),
            ("{:f :read, :value nil}", "{:f: :read, :value: null}"),
            ("#{3 1 2 1}", "#{1, 2, 3}"),
            ("#jepsen.history.Op{:index 0} rest", "{:index: 0}"),
            ("; first\n #_ (gone) 1.50M", "1.5"),
            ("2.0", "2"),
            ("1/2", "1/2"),
            ("##NaN", "##NaN"),
            ("[#inst \"2026-01-01\"]", "[\"2026-01-01\"]"),
        ];
        for (text, expected) in cases {
            let (read, _) = Notation::Edn.value(text, 0).unwrap();
            assert_eq!(read.to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_value_is_told_with_its_place() {
        let deep = "[".repeat(100_000);
        let cases = [
            ("", 0, "ends"),
            ("[1 2", 4, "ends"),
            ("{:a}", 0, "without a value"),
            ("}", 0, "closes nothing"),
            ("\"abc", 0, "does not end"),
            ("\"a\\qb\"", 2, "escape"),
            ("12x", 0, "12x is no number"),
            ("1e300", 0, "too large"),
            (&deep, DEPTH_MAX + 1, "too deep"),
        ];
        for (text, place, expected) in cases {
            let (at, message) = Notation::Edn.value(text, 0).unwrap_err();
            assert_eq!(at, place, "{message}");
            assert!(message.contains(expected), "{message}");
        }
    }
}
