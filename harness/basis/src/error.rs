//! What can go wrong, and with which exit code the command ends.

use std::path::Path;

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
    /// The user interrupted the run; what was measured is kept: exit code 130.
    #[error("interrupted: {0}")]
    Interrupted(String),
}

/// The result of everything that a user can get wrong.
pub type Result<T, E = Error> = std::result::Result<T, E>;

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
        Self::Input(format!(
            "{place}{position}: {}",
            error.message().replace('\n', "; ")
        ))
    }

    /// The exit code of the command.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Check(_) => 1,
            Error::Input(_) => 2,
            Error::Undecided(_) => 3,
            Error::Interrupted(_) => 130,
        }
    }
}
