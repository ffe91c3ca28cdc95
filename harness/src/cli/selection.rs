//! From names and patterns on the command line to what they mean in this workspace.

use std::path::{Path, PathBuf};

use contract::{Profile, Role};
use model::error::{Error, Result};
use model::scenario::{RecordKind, Scenario, load_folder};
use regex_lite::Regex;
use registry::strategies::{self, Entry};

use crate::arguments::{Choice, Contest};

/// The workspace that the current folder is in; where there is none, the one this was built in.
pub(crate) fn workspace() -> PathBuf {
    let built_in = || Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    folder_with("benches/scenarios").unwrap_or_else(built_in)
}

/// Of the current folder and those that it is in, the nearest one that has this one in it.
pub(crate) fn folder_with(part: &str) -> Option<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let mut folders = here.ancestors();
    let folder = folders.find(|folder| folder.join(part).is_dir())?;
    Some(folder.to_owned())
}

/// The process trace that comes with the workspace.
pub(crate) fn shipped_trace() -> PathBuf {
    workspace().join("benches/traces/parallel-build.jsonl")
}

/// The scenarios that a choice asks for: those whose name, or whose sweep's name, matches; without a
/// pattern all, the optional ones only if `with_optional` says so.
pub(crate) fn scenarios(choice: &Choice, with_optional: bool) -> Result<Vec<Scenario>> {
    let folder = choice.scenarios.clone();
    let folder = folder.unwrap_or_else(|| workspace().join("benches/scenarios"));
    let pattern = choice.scenario.as_ref();
    let mut scenarios = load_folder(&folder)?;
    let names = scenarios.iter();
    let names = names.flat_map(|scenario| [scenario.name.clone(), scenario.family().to_owned()]);
    choose("scenario", pattern, names.collect())?;
    scenarios.retain(|scenario| match pattern {
        Some(pattern) => pattern.is_match(&scenario.name) || pattern.is_match(scenario.family()),
        None => with_optional || !scenario.optional,
    });
    if scenarios.is_empty() {
        return Err(Error::input(format!(
            "every scenario in {} is optional; choose with --scenario, or use --preset full",
            folder.display()
        )));
    }
    Ok(scenarios)
}

/// The names of the strategies that match a pattern; controls and optional ones only if it names them.
pub(crate) fn contenders(pattern: Option<&Regex>) -> Result<Vec<String>> {
    let mut chosen = matching(strategies::entries(RecordKind::Status), pattern)?;
    let is_usual = |profile: &Profile| profile.role == Role::Contender && !profile.optional;
    chosen.retain(|profile| pattern.is_some() || is_usual(profile));
    Ok(names(&chosen))
}

/// The strategies and controls that match, those of the baseline's doubles that do among them.
pub(crate) fn listed(contest: &Contest) -> Result<Vec<Profile>> {
    strategy(contest.baseline())?;
    let entries = strategies::entries_beside(contest.baseline(), RecordKind::Status);
    matching(entries, contest.strategy.as_ref())
}

/// A strategy by its name.
pub(crate) fn strategy(name: &str) -> Result<Profile> {
    let all = matching(strategies::entries(RecordKind::Status), None)?;
    let profile = all.iter().find(|profile| profile.name == name).copied();
    profile.ok_or_else(|| unknown("strategy", name, &names(&all)))
}

/// The names of the strategies that a run needs: those chosen, the controls, and the baseline. Without a pattern all
/// are chosen but the optional ones.
pub(crate) fn contest(contest: &Contest) -> Result<Vec<String>> {
    let chosen = listed(contest)?;
    let entries = strategies::entries_beside(contest.baseline(), RecordKind::Status);
    let mut needed = matching(entries, None)?;
    needed.retain(|profile| {
        let is_usual = contest.strategy.is_some() || !profile.optional;
        let is_chosen = is_usual && chosen.iter().any(|chosen| chosen.name == profile.name);
        is_chosen || profile.role == Role::Control || profile.name == contest.baseline()
    });
    Ok(names(&needed))
}

fn matching(entries: Vec<Entry>, pattern: Option<&Regex>) -> Result<Vec<Profile>> {
    let mut profiles: Vec<Profile> = entries.into_iter().map(|entry| entry.profile).collect();
    choose("strategy", pattern, names(&profiles))?;
    profiles.retain(|profile| pattern.is_none_or(|pattern| pattern.is_match(profile.name)));
    Ok(profiles)
}

fn names(profiles: &[Profile]) -> Vec<String> {
    profiles.iter().map(|profile| profile.name.into()).collect()
}

/// The names that match a pattern, at least one; all without one.
pub(crate) fn choose(
    what: &str,
    pattern: Option<&Regex>,
    names: Vec<String>,
) -> Result<Vec<String>> {
    let Some(pattern) = pattern else {
        return Ok(names);
    };
    let mut matches = names.clone();
    matches.retain(|name| pattern.is_match(name));
    if matches.is_empty() {
        return Err(unknown(what, pattern.as_str(), &names));
    }
    Ok(matches)
}

/// More names than these are not listed in a line.
const NAMED_MAX: usize = 8;

/// Names at least this similar are taken for one another.
const SIMILAR: f64 = 0.85;

fn unknown(what: &str, name: &str, names: &[String]) -> Error {
    let similarity = |candidate: &String| {
        let parts = candidate.split('/').chain([candidate.as_str()]);
        let similarities = parts.map(|part| strsim::jaro_winkler(name, part));
        similarities.fold(0.0, f64::max)
    };
    // Of several the first.
    let candidates = names.iter().rev().map(|name| (similarity(name), name));
    let hint = match candidates.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
        Some((SIMILAR.., name)) => format!("did you mean {name}? "),
        _ => String::new(),
    };
    let all = match names.len() {
        0..=NAMED_MAX => format!("there are {}", names.join(", ")),
        _ => "`pivot list` shows all".into(),
    };
    Error::input(format!("no {what} matches {name:?}; {hint}{all}"))
}

#[cfg(test)]
mod tests {
    use model::controls::BASELINE;

    use super::*;

    #[test]
    fn an_optional_strategy_takes_part_only_where_it_is_named() {
        let choice = |strategy: Option<&str>, baseline: &str| Contest {
            strategy: strategy.map(|pattern| Regex::new(pattern).expect("it is a pattern")),
            baseline: Some(baseline.into()),
        };
        let all = listed(&choice(None, BASELINE)).expect("there are some");
        let optional: Vec<&str> = all
            .iter()
            .filter_map(|profile| profile.optional.then_some(profile.name))
            .collect();
        assert!(!optional.is_empty(), "all of them are listed");
        for name in optional {
            let takes_part = |choice: Contest| {
                let run = contest(&choice).expect("the baseline exists");
                let checked = contenders(choice.strategy.as_ref()).expect("something matches");
                [run, checked].map(|names| names.iter().any(|chosen| chosen == name))
            };
            assert_eq!(takes_part(choice(None, BASELINE)), [false, false]);
            assert_eq!(
                takes_part(choice(Some("^mutex/"), BASELINE)),
                [false, false]
            );
            assert_eq!(takes_part(choice(Some(name), BASELINE)), [true, true]);
            assert_eq!(
                takes_part(choice(None, name)),
                [true, false],
                "the baseline of a run"
            );
        }
    }

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
            let error = unknown("strategy", name, &names).to_string();
            let hint = suggested.map(|name| format!("did you mean {name}?"));
            match hint {
                Some(hint) => assert!(error.contains(&hint), "{error}"),
                None => assert!(!error.contains("did you mean"), "{error}"),
            }
        }
    }
}
