//! What a recorded run's folder is called: its day and its machine.

use basis::environment::Environment;
use basis::error::{Error, Result};

/// Words of a processor's name that do not tell it from others.
const COMMON: [&str; 5] = ["amd", "intel", "cpu", "processor", "core"];

/// `2026-11-24-epyc-2cpu`: the day on which the run began, in UTC, and the machine: as named, or its
/// processor's model and how many there are.
///
/// # Errors
///
/// When the samples do not say the day, or a name has other characters than letters, digits, `.`, `_` and
/// `-`.
pub fn folder_name(environment: &Environment, machine: Option<&str>) -> Result<String> {
    let day = day(&environment.started_at).ok_or_else(|| {
        Error::input(format!(
            "the samples began at {:?}, which is no time like 2026-11-24T05:41:33Z: a recorded run is named \
             by its day",
            environment.started_at
        ))
    })?;
    match machine {
        None => Ok(format!("{day}-{}", known(environment))),
        Some(name) if is_name(name) => Ok(format!("{day}-{name}")),
        Some(name) => Err(Error::input(format!(
            "--record={name:?}: a machine's name has letters, digits, '.', '_' and '-', and begins with a \
             letter or digit"
        ))),
    }
}

fn day(started_at: &str) -> Option<&str> {
    let day = started_at.get(..10)?;
    let is_day = day.bytes().enumerate().all(|(place, byte)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    is_day.then_some(day)
}

fn is_name(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric();
    name.bytes().next().is_some_and(is_word)
        && name
            .bytes()
            .all(|byte| is_word(byte) || b"._-".contains(&byte))
}

/// `epyc-2cpu`.
fn known(environment: &Environment) -> String {
    let model = environment.cpu.to_lowercase();
    // After an @ is the frequency, and in parentheses a trade mark.
    let model = model.split('@').next().unwrap_or_default();
    let model = model.replace("(r)", " ").replace("(tm)", " ");
    let words = model
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty() && !COMMON.contains(word));
    let mut parts: Vec<&str> = words.collect();
    let cpus = format!("{}cpu", environment.cpus);
    parts.push(&cpus);
    parts.join("-")
}
