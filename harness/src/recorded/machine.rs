//! What a recorded run's folder is called: its day and its machine.

use model::environment::{Environment, Machine};
use model::error::{Error, Result};

/// `2026-11-24-epyc-2cpu`: the day on which the run began, in UTC, and the machine: as named, or its
/// processor's model and how many there are. Of a merged report, the day of its last run, and the machines:
/// `2026-11-24-epyc-2cpu-and-xeon-2cpu`.
///
/// # Errors
///
/// When the samples do not say the day, or a name has other characters than letters, digits, `.`, `_` and
/// `-`.
pub fn folder_name(machines: &[&Environment], machine: Option<&str>) -> Result<String> {
    let started = machines.iter().map(|one| one.started_at.as_str()).max();
    let started = started.unwrap_or_default();
    let day = day(started).ok_or_else(|| {
        Error::input(format!(
            "the samples began at {started:?}, which is no time like 2026-11-24T05:41:33Z: a recorded run is \
             named by its day"
        ))
    })?;
    match machine {
        None => {
            let machines: Vec<Machine> = machines.iter().map(|one| one.machine()).collect();
            Ok(format!("{day}-{}", Machine::names(&machines).join("-and-")))
        }
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
