//! What can go wrong, and with which exit code the command ends.

use std::path::Path;

use regex_lite::Regex;

/// A failure, as one line for the user: what, where, and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The user's input or surroundings: exit code 2.
    #[error("{0}")]
    Input(String),
    /// A check did not pass: exit code 1.
    #[error("{0}")]
    Check(String),
    /// A check came to no answer: exit code 3.
    #[error("{0}")]
    Undecided(String),
    /// The user interrupted the command; the text says what is kept. The exit code tells the signal:
    /// 128 and its number.
    #[error("interrupted: {0}")]
    Interrupted(String),
}

/// The result of everything that a user can get wrong.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A fault in the user's input or surroundings, as a rule finds it.
impl From<String> for Error {
    fn from(text: String) -> Self {
        Self::Input(text)
    }
}

impl Error {
    /// A fault in the user's input or surroundings.
    pub fn input(text: impl Into<String>) -> Self {
        Self::Input(text.into())
    }

    /// A file operation that failed.
    pub fn file(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::Input(format!("cannot {doing} {}: {error}", path.display()))
    }

    /// A TOML file that does not parse, with line and column on one line.
    pub fn toml(place: &str, text: &str, error: &toml::de::Error) -> Self {
        let position = error.span().map_or_else(String::new, |span| {
            let before = &text[..span.start.min(text.len())];
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
            format!(":{line}:{column}")
        });
        let message = plain(&error.message().replace('\n', "; "));
        Self::Input(format!("{place}{position}: {message}"))
    }
}

/// The error of a line of JSON, without the number of the line within itself.
pub(crate) fn complaint(error: &serde_json::Error) -> String {
    let text = error.to_string();
    plain(&text.replace(" at line 1 column ", " at column "))
}

/// A parser's complaint without the names of our types, which mean nothing to the author of a file.
///
/// # Panics
///
/// Never: a test reads the patterns.
#[must_use]
pub fn plain(complaint: &str) -> String {
    let mut text = complaint.to_owned();
    for line in include_str!("complaints.txt").lines() {
        let (pattern, words) = line.split_once(" => ").expect("a test reads it");
        let regex = Regex::new(pattern).expect("a test reads it");
        text = regex.replace_all(&text, words).into_owned();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn complaints_name_no_types() {
        for (complaint, expected) in [
            (
                "invalid value: integer `-1`, expected usize",
                "invalid value: integer `-1`, expected a whole number, not negative",
            ),
            (
                "invalid type: integer `12`, expected struct Any at column 2",
                "invalid type: integer `12`, expected named fields at column 2",
            ),
            (
                "data did not match any variant of untagged enum Process at column 9",
                "it has none of the forms that fit here at column 9",
            ),
            ("missing field `pid`", "missing field `pid`"),
        ] {
            assert_eq!(plain(complaint), expected);
        }
    }
}
