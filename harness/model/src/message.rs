//! What a measuring process says to the one that started it, line by line.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::sample::{Line, SliceKey};

/// What a child process says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "says", rename_all = "kebab-case")]
pub enum Message {
    /// It begins with this: if nothing follows, this is what hangs.
    Begin {
        /// What it begins with.
        what: String,
        /// The slice, if it is one.
        slice: Option<SliceKey>,
    },
    /// It sets a strategy up, or accounts for its heap, before the first of its slices: if nothing follows, this
    /// strategy is what hangs.
    SetUp {
        /// What it does, with whom.
        what: String,
        /// The strategy, where the process begins to measure.
        slice: SliceKey,
    },
    /// It has found this.
    Found {
        /// A line for the sample file.
        line: Line,
    },
}

/// Says something to the parent process, at once.
///
/// # Errors
///
/// When the parent is gone.
pub fn say(out: &mut impl Write, message: &Message) -> io::Result<()> {
    let mut text = serde_json::to_string(message)?;
    text.push('\n');
    out.write_all(text.as_bytes())?;
    out.flush()
}
