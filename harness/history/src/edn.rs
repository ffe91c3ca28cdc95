//! EDN, the notation of Clojure's data, in which Jepsen writes: <https://github.com/edn-format/edn>.
//!
//! All of it that histories hold. What a value is tagged with is passed over, so that
//! `#jepsen.history.Op{...}` is a map; a character, a ratio and a symbol are a word each.

use std::collections::BTreeMap;

use super::value::Value;

/// What is wrong with a text, and where: an offset in bytes.
pub(super) type Fault = (usize, String);

/// Values inside each other, at most, so that nobody's file needs more stack than there is.
const DEPTH_MAX: usize = 100;

/// Reads the value at the beginning of `text`, of which `at` bytes are behind; returns it with its end.
pub(super) fn value(text: &str, at: usize) -> Result<(Value, usize), Fault> {
    let mut reader = Reader { text, at };
    let value = reader.value(0)?;
    Ok((value, reader.at))
}

/// Where the next value begins, behind white space, commas, comments and values that are discarded.
pub(super) fn skip(text: &str, at: usize) -> Result<usize, Fault> {
    let mut reader = Reader { text, at };
    reader.skip(0)?;
    Ok(reader.at)
}

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

    fn fault<T>(&self, what: impl Into<String>) -> Result<T, Fault> {
        Err((self.at, what.into()))
    }

    fn skip(&mut self, depth: usize) -> Result<(), Fault> {
        loop {
            let rest = self.rest();
            let blank = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            self.at += rest.len() - blank.len();
            if blank.starts_with(';') {
                self.at += blank.find('\n').unwrap_or(blank.len());
            } else if blank.starts_with("#_") {
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
        if !all.len().is_multiple_of(2) {
            return Err((begin, "a map has a key without a value".into()));
        }
        let mut all = all.into_iter();
        let mut entries = BTreeMap::new();
        while let (Some(key), Some(value)) = (all.next(), all.next()) {
            entries.insert(key, value);
        }
        Ok(Value::Map(entries))
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
        let length = rest[known..]
            .find(ends_token)
            .map_or(rest.len(), |length| known + length);
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
                real.transpose().map_err(|what| (begin, what))?
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
            let (read, _) = value(text, 0).unwrap();
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
            let (at, what) = value(text, 0).unwrap_err();
            assert_eq!(at, place, "{what}");
            assert!(what.contains(expected), "{what}");
        }
    }
}
