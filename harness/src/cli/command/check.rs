//! `pivot check`: whether a recorded history is linearizable.

use std::fs;
use std::io::{self, Read};

use clap::ValueEnum;
use history::{Answer, History, ModelName, judge, read};
use model::error::{Error, Result};

use crate::arguments::CheckOptions;
use crate::terminal;

/// Judges a file. A violation is exit code 1, a question that stays open 3.
pub(crate) fn check(options: &CheckOptions) -> Result<()> {
    let path = &options.file;
    let (bytes, name) = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut bytes);
        read.map_err(|error| Error::input(format!("cannot read standard input: {error}")))?;
        (bytes, "standard input".to_owned())
    } else {
        let bytes = fs::read(path).map_err(|error| Error::file("read", path, &error))?;
        (bytes, path.display().to_string())
    };
    let history = read(&bytes, &name, &options.reading())?;
    drop(bytes);
    if history.is_empty && !options.allow_empty {
        return Err(Error::input(format!(
            "{name}: it has no operation{}; --allow-empty accepts that",
            match history.passed_over {
                0 => String::new(),
                events => format!(
                    ", {} passed over",
                    counted(events, "event is", "events are")
                ),
            }
        )));
    }
    let judgement = judge(&history)?;
    let keys = counted(judgement.keys, "key", "keys");
    let what = model_name(history.model);
    match judgement.answer {
        Answer::Linearizable => {
            terminal::print(&format!(
                "linearizable: {} of {keys} ({what})",
                counted(judgement.operations, "operation", "operations")
            ))?;
            say_how_it_was_read(&history)
        }
        Answer::Violated { key, at, why } => {
            terminal::print(&format!("key {key}, {why}"))?;
            say_how_it_was_read(&history)?;
            say_what_was_assumed(options, history.model)?;
            Err(Error::Check(format!(
                "{}: not linearizable ({what}): no order of the operations of key {key} explains this answer",
                history.place(at)
            )))
        }
        Answer::Open { decided, key, at } => Err(Error::Undecided(format!(
            "{name}: open after the longest search ({what}): {decided} of {keys} are linearizable, key {key} is up to {}",
            history.place(at)
        ))),
    }
}

fn counted(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

fn model_name(model: ModelName) -> String {
    let value = model.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

/// What is not plain from the file.
fn say_how_it_was_read(history: &History) -> Result<()> {
    if history.is_independent {
        terminal::print("values are read as [key, value]")?;
    }
    if history.passed_over > 0 {
        let events = counted(history.passed_over, "event", "events");
        terminal::print(&format!("{events} of no operation passed over"))?;
    }
    Ok(())
}

/// What a violation may hang on.
fn say_what_was_assumed(options: &CheckOptions, model: ModelName) -> Result<()> {
    let begins = match model {
        ModelName::Mutex => "free",
        ModelName::Counter => "with 0",
        _ => "empty",
    };
    if options.initial.is_none() {
        terminal::print(&format!("assumed: it begins {begins} (--initial VALUE)"))?;
    }
    let reads_nothing = !matches!(
        model,
        ModelName::Mutex | ModelName::Counter | ModelName::Queue | ModelName::UnorderedQueue
    );
    if reads_nothing && !options.nil_is_unknown {
        terminal::print("assumed: a read answered null found nothing (--nil-is-unknown)")?;
    }
    if model == ModelName::Queue {
        terminal::print("assumed: first in, first out (--model unordered-queue)")?;
    }
    Ok(())
}
