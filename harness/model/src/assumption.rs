//! What is assumed about a replacement, as data: `benches/assumptions.toml`.

use std::path::Path;

use regex_lite::Regex;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::is_name;
use crate::metric::Metric;
use crate::refusal::{Validity, refuse};

/// An assumption, judged for every strategy by every run.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    /// Its name in results: lower case, digits and hyphens.
    pub id: String,
    /// What is claimed, in words.
    pub claim: String,
    /// The metrics it is about; none for one that a check judges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
    /// Only scenarios whose name matches this regular expression.
    pub scenarios: Option<String>,
    /// Better than the baseline by more than this share.
    pub improves_by_more_than: Option<f64>,
    /// Above the baseline by less than this share.
    pub grows_by_less_than: Option<f64>,
    /// At most this, in the metric's unit.
    pub at_most: Option<f64>,
    /// A conformance check that has to pass.
    pub check: Option<String>,
}

/// What has to be true.
#[derive(Clone, Debug, PartialEq)]
pub enum Criterion {
    /// The ratio to the baseline lies above this.
    RatioAbove(f64),
    /// The value lies at or below this.
    AtMost(f64),
    /// The check of this name passes.
    Check(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    assumption: Vec<Assumption>,
}

impl Assumption {
    /// What has to be true, if the assumption says exactly one thing.
    pub fn criterion(&self) -> Option<Criterion> {
        let improves = self.improves_by_more_than.map(|share| 1.0 + share);
        let grows = self.grows_by_less_than.map(|share| 1.0 / (1.0 + share));
        let given = [
            improves.map(Criterion::RatioAbove),
            grows.map(Criterion::RatioAbove),
            self.at_most.map(Criterion::AtMost),
            self.check.clone().map(Criterion::Check),
        ];
        let mut given = given.into_iter().flatten();
        given.next().filter(|_| given.next().is_none())
    }

    /// Whether it is judged in a scenario.
    pub fn is_about(&self, scenario: &str) -> bool {
        let is_match = |pattern| Regex::new(pattern).is_ok_and(|regex| regex.is_match(scenario));
        self.scenarios.as_deref().is_none_or(is_match)
    }

    /// Refuses what is nonsensical.
    fn validate(&self) -> Validity {
        let criterion = self.criterion();
        let (ratio, most) = match criterion {
            Some(Criterion::RatioAbove(bound)) => (Some(bound), None),
            Some(Criterion::AtMost(bound)) => (None, Some(bound)),
            _ => (None, None),
        };
        let is_checked = matches!(criterion, Some(Criterion::Check(_)));
        let has_metrics = !self.metrics.is_empty();
        let lone = self.metrics.iter().find(|metric| !metric.has_ratio());
        let pattern = self.scenarios.as_deref().map(Regex::new);
        let error = pattern.and_then(Result::err).map(|error| error.to_string());
        let is_wrong = |bound: Option<f64>, least: f64| {
            bound.is_some_and(|bound| !(bound >= least && bound.is_finite()))
        };
        let id = format!("{:?}", self.id);
        refuse(&[(!is_name(&self.id), "name")], &[&"id", &id])?;
        refuse(
            &[
                (criterion.is_none(), "no-criterion"),
                (is_checked && has_metrics, "checked-metrics"),
                (is_checked && self.scenarios.is_some(), "checked-scenarios"),
                (!is_checked && !has_metrics, "no-metrics"),
                (is_wrong(ratio, f64::MIN_POSITIVE), "no-share"),
                (is_wrong(most, 0.0), "negative"),
                (ratio.is_some() && lone.is_some(), "no-ratio"),
                (error.is_some(), "no-pattern"),
            ],
            &[
                &id,
                &lone.map_or("", |metric| metric.name()),
                &error.unwrap_or_default(),
            ],
        )
    }
}

/// Reads a file of assumptions.
///
/// # Errors
///
/// What is wrong and what would be right, with the file, and with line and column where one cannot be parsed.
pub fn load(path: &Path) -> Result<Vec<Assumption>> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| Error::file("read assumptions", path, &error))?;
    parse(&text, &path.display().to_string())
}

/// Parses assumptions; `place` names the text in errors.
///
/// # Errors
///
/// As [`load`].
pub fn parse(text: &str, place: &str) -> Result<Vec<Assumption>> {
    let file: File = toml::from_str(text).map_err(|error| Error::toml(place, text, &error))?;
    let all = file.assumption;
    let validate = |(index, assumption): (usize, &Assumption)| {
        let is_taken = all[..index]
            .iter()
            .any(|earlier| earlier.id == assumption.id);
        assumption.validate()?;
        let id = format!("{:?}", assumption.id);
        refuse(&[(is_taken, "taken-id")], &[&id])
    };
    refuse(&[(all.is_empty(), "no-assumption")], &[])
        .and_then(|()| all.iter().enumerate().try_for_each(validate))
        .map_err(|fault| Error::input(format!("{place}: {fault}")))?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_assumptions_that_ship_are_sound() {
        let text = include_str!("../../../benches/assumptions.toml");
        let ids: Vec<String> = parse(text, "assumptions.toml")
            .unwrap()
            .into_iter()
            .map(|assumption| assumption.id)
            .collect();
        for id in ["performance", "memory", "allocation", "deadlock"] {
            assert!(ids.contains(&id.to_owned()), "{id} is missing");
        }
    }

    #[test]
    fn faults_are_named() {
        let fault = |lines: &str| {
            let text = format!("[[assumption]]\nid = \"a\"\nclaim = \"b\"\n{lines}");
            parse(&text, "f.toml").unwrap_err().to_string()
        };
        assert!(fault("").contains("exactly one of"));
        let empty = parse("# nothing yet\n", "f.toml").unwrap_err().to_string();
        assert!(empty.starts_with("f.toml: no [[assumption]]"), "{empty}");
        assert!(fault("check = \"deadlock\"\nat_most = 1.0").contains("exactly one of"));
        assert!(fault("at_most = 1.0").contains("needs metrics"));
        assert!(fault("at_most = -1.0\nmetrics = [\"read_ns\"]").contains("0 or more"));
        assert!(fault("check = \"deadlock\"\nmetrics = [\"read_ns\"]").contains("no metrics"));
        assert!(fault("check = \"deadlock\"\nscenarios = \"churn\"").contains("no scenarios"));
        let alone = "grows_by_less_than = 0.1\nmetrics = [\"read_ns\", \"lost\"]";
        assert!(fault(alone).contains("compares lost"));
        assert!(fault("metrics = [\"speed\"]\nat_most = 1.0").contains("f.toml:4:"));
        let pattern = "at_most = 1.0\nmetrics = [\"read_ns\"]\nscenarios = \"(\"";
        assert!(fault(pattern).contains("regular expression"));
    }
}
