//! From names and patterns on the command line to what they mean in this workspace.

use std::path::{Path, PathBuf};

use contract::{Profile, Role};
use model::error::{Error, Result};
use model::preset::Preset;
use model::sample::Card;
use model::scenario::{self, Effort, RecordKind, Scenario, load_folder};
use regex_lite::Regex;
use registry::roster::{self, Entry};
use stats::GROUPS_95;

use crate::arguments::Choice;

/// The workspace that the current folder is in; where there is none, the one this was built in.
pub(crate) fn workspace() -> PathBuf {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let here = std::env::current_dir().unwrap_or_default();
    here.ancestors()
        .find(|folder| folder.join("benches/scenarios").is_dir())
        .map_or(built_in, Path::to_path_buf)
}

/// The process trace that comes with the workspace.
pub(crate) fn shipped_trace() -> PathBuf {
    workspace().join("benches/traces/parallel-build.jsonl")
}

/// The scenarios that a choice asks for: those whose name, or whose sweep's name, matches; without a
/// pattern all, the optional ones only if `with_optional` says so.
pub(crate) fn scenarios(choice: &Choice, with_optional: bool) -> Result<Vec<Scenario>> {
    let folder = choice
        .scenarios
        .clone()
        .unwrap_or_else(|| workspace().join("benches/scenarios"));
    let mut scenarios = load_folder(&folder)?;
    let Some(pattern) = choice.scenario.as_deref() else {
        scenarios.retain(|scenario| with_optional || !scenario.optional);
        return if scenarios.is_empty() {
            Err(Error::input(format!(
                "every scenario in {} is optional; choose with --scenario, or use --preset full",
                folder.display()
            )))
        } else {
            Ok(scenarios)
        };
    };
    let mut names: Vec<String> = Vec::new();
    for scenario in &scenarios {
        for name in [scenario.name.as_str(), scenario.family()] {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    let chosen = choose("scenario", Some(pattern), &names)?;
    let is_chosen = |name: &str| chosen.iter().any(|chosen| chosen == name);
    scenarios.retain(|scenario| is_chosen(&scenario.name) || is_chosen(scenario.family()));
    Ok(scenarios)
}

/// The strategies that are looked at instruction by instruction; controls only if a pattern names them.
pub(crate) fn looked_at(pattern: Option<&str>) -> Result<Vec<Card>> {
    let chosen = strategies(pattern)?;
    let is_wanted =
        |card: &Card| (!card.control || pattern.is_some()) && chosen.contains(&card.name);
    Ok(roster::entries(RecordKind::Status)
        .iter()
        .map(|entry| Card::from(&entry.profile))
        .filter(is_wanted)
        .collect())
}

/// Refuses sweeps that would take longer than the preset has.
pub(crate) fn affordable(
    scenarios: &[Scenario],
    strategies: &[String],
    baseline: &str,
    preset: Preset,
) -> Result<()> {
    let taking_part =
        |scenario: &Scenario| roster::participants(scenario, strategies, baseline).0.len();
    let effort = Effort {
        slice: preset.ramp() + preset.window(false),
        blocks: PROCESSES_MIN,
        processes: PROCESSES_MIN,
    };
    let is_largest = preset == Preset::Full;
    scenario::affordable(
        scenarios,
        taking_part,
        effort,
        preset.measuring(),
        is_largest,
    )
}

/// Fewer processes than this make no interval, and each has a block at least.
const PROCESSES_MIN: u32 = GROUPS_95 as u32;

/// The strategies with tables of their own that match a pattern, contenders and controls, in the
/// registry's order.
pub(crate) fn strategies(pattern: Option<&str>) -> Result<Vec<String>> {
    choose(
        "strategy",
        pattern,
        &names(&roster::entries(RecordKind::Status)),
    )
}

/// The same, and those of the baseline's doubles that match.
pub(crate) fn listed(choice: &Choice) -> Result<Vec<String>> {
    choose(
        "strategy",
        choice.strategy.as_deref(),
        &names(&entries_of(choice)?),
    )
}

/// A strategy by its name.
pub(crate) fn strategy(name: &str) -> Result<Profile> {
    let entries = roster::entries(RecordKind::Status);
    let found = entries.iter().find(|entry| entry.profile.name == name);
    found
        .map(|entry| entry.profile)
        .ok_or_else(|| unknown("strategy", name, &names(&entries)))
}

/// The strategies that a run needs: those chosen, the controls, and the baseline.
pub(crate) fn contest(choice: &Choice) -> Result<Vec<String>> {
    let chosen = listed(choice)?;
    let is_needed = |entry: &Entry| {
        let name = entry.profile.name;
        let is_chosen = chosen.iter().any(|chosen| chosen == name);
        is_chosen || entry.profile.role == Role::Control || name == choice.baseline
    };
    let mut entries = entries_of(choice)?;
    entries.retain(is_needed);
    Ok(names(&entries))
}

/// All strategies, and the doubles of the baseline that was chosen.
fn entries_of(choice: &Choice) -> Result<Vec<Entry>> {
    let all = names(&roster::entries(RecordKind::Status));
    if all.contains(&choice.baseline) {
        Ok(roster::entries_beside(&choice.baseline, RecordKind::Status))
    } else {
        Err(unknown("strategy", &choice.baseline, &all))
    }
}

fn names(entries: &[Entry]) -> Vec<String> {
    let all = entries.iter();
    all.map(|entry| entry.profile.name.to_owned()).collect()
}

/// The names that match, or all without a pattern.
pub(crate) fn choose(what: &str, pattern: Option<&str>, names: &[String]) -> Result<Vec<String>> {
    let Some(pattern) = pattern else {
        return Ok(names.to_vec());
    };
    let regex = Regex::new(pattern).map_err(|error| {
        Error::input(format!(
            "--{what} {pattern:?} is not a regular expression: {error}"
        ))
    })?;
    let chosen: Vec<String> = names
        .iter()
        .filter(|name| regex.is_match(name))
        .cloned()
        .collect();
    if chosen.is_empty() {
        Err(unknown(what, pattern, names))
    } else {
        Ok(chosen)
    }
}

/// Names at least this similar are taken for one another.
const SIMILAR: f64 = 0.85;

fn unknown(what: &str, name: &str, names: &[String]) -> Error {
    let similarity = |candidate: &str| {
        let parts = candidate.split('/').chain([candidate]);
        parts
            .map(|part| strsim::jaro_winkler(name, part))
            .fold(0.0, f64::max)
    };
    let closest = names
        .iter()
        .map(|candidate| (similarity(candidate), candidate))
        .rev()
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .filter(|(similarity, _)| *similarity >= SIMILAR);
    let hint = closest.map_or_else(String::new, |(_, name)| format!("did you mean {name}? "));
    Error::input(format!(
        "no {what} matches {name:?}; {hint}`pivot list` shows all"
    ))
}

#[cfg(test)]
mod tests {
    use super::unknown;

    #[test]
    fn only_what_is_close_is_suggested() {
        let names = ["mutex/std", "atomics/seqlock", "single-reader"].map(str::to_owned);
        for (name, suggested) in [
            ("mutx", Some("mutex/std")),
            ("mutex", Some("mutex/std")),
            ("atomic/seqlok", Some("atomics/seqlock")),
            ("seqlok", Some("atomics/seqlock")),
            ("singel-reader", Some("single-reader")),
            ("redis", None),
            ("writer", None),
            ("x", None),
            ("a lock that never waits", None),
        ] {
            let said = unknown("strategy", name, &names).to_string();
            let hint = suggested.map(|name| format!("did you mean {name}?"));
            match hint {
                Some(hint) => assert!(said.contains(&hint), "{said}"),
                None => assert!(!said.contains("did you mean"), "{said}"),
            }
        }
    }
}
