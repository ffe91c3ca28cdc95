//! From names and patterns on the command line to what they mean in this workspace.

use std::path::{Path, PathBuf};

use harness::error::{Error, Result};
use harness::measure::roster;
use harness::scenario::{RecordKind, Scenario, load_folder};
use regex_lite::Regex;

use crate::arguments::Choice;

/// The workspace that the current folder is in; where there is none, the one this was built in.
pub(crate) fn workspace() -> PathBuf {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let here = std::env::current_dir().unwrap_or_default();
    here.ancestors()
        .find(|folder| folder.join("benches/scenarios").is_dir())
        .map_or(built_in, Path::to_path_buf)
}

/// The scenarios that a choice asks for.
pub(crate) fn scenarios(choice: &Choice) -> Result<Vec<Scenario>> {
    let folder = choice
        .scenarios
        .clone()
        .unwrap_or_else(|| workspace().join("benches/scenarios"));
    let mut scenarios = load_folder(&folder)?;
    let names: Vec<String> = scenarios
        .iter()
        .map(|scenario| scenario.name.clone())
        .collect();
    let chosen = choose("scenario", choice.scenario.as_deref(), &names)?;
    scenarios.retain(|scenario| chosen.contains(&scenario.name));
    Ok(scenarios)
}

/// The strategies that match a pattern, contenders and controls, in the registry's order.
pub(crate) fn strategies(pattern: Option<&str>) -> Result<Vec<String>> {
    choose("strategy", pattern, &all_strategies())
}

/// The strategies that a run needs: those chosen, the controls, and the baseline.
pub(crate) fn contest(choice: &Choice) -> Result<Vec<String>> {
    let all = all_strategies();
    if !all.contains(&choice.baseline) {
        return Err(unknown("strategy", &choice.baseline, &all));
    }
    let chosen = strategies(choice.strategy.as_deref())?;
    let controls: Vec<String> = roster::entries(RecordKind::Status)
        .iter()
        .map(|entry| roster::card(&entry.profile))
        .filter(|card| card.control)
        .map(|card| card.name)
        .collect();
    let needed = |name: &String| {
        chosen.contains(name) || controls.contains(name) || *name == choice.baseline
    };
    Ok(all.into_iter().filter(needed).collect())
}

fn all_strategies() -> Vec<String> {
    roster::entries(RecordKind::Status)
        .iter()
        .map(|entry| entry.profile.name.to_owned())
        .collect()
}

/// The names that match, or all without a pattern.
fn choose(what: &str, pattern: Option<&str>, names: &[String]) -> Result<Vec<String>> {
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

fn unknown(what: &str, name: &str, names: &[String]) -> Error {
    let closest = names
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .filter(|(similarity, _)| *similarity > 0.6);
    let hint = closest.map_or_else(String::new, |(_, name)| format!("did you mean {name}? "));
    Error::input(format!(
        "no {what} matches {name:?}; {hint}`pivot list` shows all"
    ))
}
