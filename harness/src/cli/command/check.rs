//! `pivot check`: whether a recorded history is linearizable.

use clap::ValueEnum;
use history::{Answer, Judgement, judge, read};

use model::error::{Error, Result};
use serde_json::json;

use super::content;
use crate::arguments::CheckOptions;
use crate::terminal;

/// Judges a file. A violation is exit code 1, a question that stays open 3.
pub(crate) fn check(options: &CheckOptions) -> Result<()> {
    let (bytes, name) = content(&options.file)?;
    let history = read(&bytes, &name, &options.reading)?;
    drop(bytes);
    if history.is_empty && !options.allow_empty {
        let events = match history.passed_over {
            0 => String::new(),
            events => format!(" in {events} events"),
        };
        return Err(Error::input(format!(
            "{name}: it has no operation{events}; --allow-empty accepts that"
        )));
    }
    let Judgement {
        answer,
        keys,
        operations,
    } = judge(&history)?;
    let model = history.model.to_possible_value();
    let model = model.map_or_else(String::new, |model| model.get_name().to_owned());
    let print = |violation: Option<(&str, &str)>| {
        let document = json!({
            "violation": violation.map(|(key, why)| json!({ "key": key, "why": why })),
            "operations": operations,
            "keys": keys,
            "model": model,
            "is_independent": history.is_independent,
            "passed_over": history.passed_over,
            "initial": options.reading.initial,
            "nil_is_unknown": options.reading.nil_is_unknown,
        });
        terminal::print(report::render("history.txt", &document).trim_end())
    };
    match answer {
        Answer::Linearizable => print(None),
        Answer::Violated { key, at, why } => {
            print(Some((&key, &why)))?;
            Err(Error::Check(format!(
                "{}: not linearizable ({model}): no order of the operations of key {key} explains this answer",
                history.place(at)
            )))
        }
        Answer::Open { decided, key, at } => Err(Error::Undecided(format!(
            "{name}: open after the longest search ({model}): {decided} of {keys} keys are linearizable, key {key} is \
             up to {}",
            history.place(at)
        ))),
    }
}
