//! `pivot check`: whether a recorded history is linearizable.

use std::fs::File;
use std::io::{self, BufReader};

use basis::error::{Error, Result};
use harness::history::{Answer, judge, read};

use crate::arguments::CheckOptions;
use crate::terminal;

/// Judges a file; a violation, or a question that stays open, is exit code 1.
pub(crate) fn check(options: &CheckOptions) -> Result<()> {
    let path = &options.file;
    let name = path.display().to_string();
    let history = if name == "-" {
        read(io::stdin().lock(), "standard input", options.model)?
    } else {
        let file = File::open(path).map_err(|error| Error::file("read", path, &error))?;
        read(BufReader::new(file), &name, options.model)?
    };
    let judgement = judge(&history);
    let counted = |number: usize, one: &str, more: &str| {
        format!("{number} {}", if number == 1 { one } else { more })
    };
    let size = format!(
        "{} of {}",
        counted(judgement.operations, "operation", "operations"),
        counted(judgement.keys, "key", "keys")
    );
    match judgement.answer {
        Answer::Linearizable => terminal::print(&format!("linearizable: {size}")),
        Answer::Violated { key, line, why } => {
            terminal::print(&format!("key {key}, {why}"))?;
            Err(Error::Check(format!(
                "{name}:{line}: not linearizable: no order of the operations of key {key} explains this answer"
            )))
        }
        Answer::Open { decided, key, line } => Err(Error::Check(format!(
            "{name}: open after the longest search: {decided} of {} are linearizable, key {key} is up to line {line}",
            counted(judgement.keys, "key", "keys")
        ))),
    }
}
