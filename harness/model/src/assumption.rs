//! What is assumed about a replacement, as data: `benches/assumptions.toml`.

use std::path::Path;

use regex_lite::Regex;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::metric::Metric;
use crate::{NAME, is_name};

/// An assumption, judged for every strategy by every run.
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenarios: Option<String>,
    /// Better than the baseline by more than this share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub improves_by_more_than: Option<f64>,
    /// Above the baseline by less than this share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grows_by_less_than: Option<f64>,
    /// At most this, in the metric's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// A conformance check that has to pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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

    /// What is nonsensical about it, if anything.
    fn fault(&self) -> Option<String> {
        use Criterion::{AtMost, Check, RatioAbove};
        let id = &self.id;
        if !is_name(id) {
            return Some(format!("id {id:?} {NAME}"));
        }
        let has_metrics = !self.metrics.is_empty();
        let mut metrics = self.metrics.iter();
        let lone = metrics.find(|metric| !metric.has_ratio());
        let fault = match self.criterion() {
            None => {
                "needs exactly one of improves_by_more_than, grows_by_less_than, at_most and check"
            }
            Some(Check(_)) if has_metrics => "is judged by a check and so has no metrics",
            Some(Check(_)) if self.scenarios.is_some() => {
                "is judged by a check and so has no scenarios"
            }
            Some(RatioAbove(_) | AtMost(_)) if !has_metrics => {
                "needs metrics, for example [\"read_ns\"]"
            }
            Some(RatioAbove(bound)) if !(bound.is_finite() && bound > 0.0) => {
                "has a share that is no share: 0.20 means 20 %"
            }
            Some(AtMost(bound)) if !(bound.is_finite() && bound >= 0.0) => {
                "needs an at_most of 0 or more"
            }
            Some(RatioAbove(_)) if lone.is_some() => {
                let name = lone?.name();
                return Some(format!(
                    "assumption {id:?} compares {name} with the baseline's, which no result does; give it at_most"
                ));
            }
            Some(_) => {
                let error = Regex::new(self.scenarios.as_deref()?).err()?;
                let fault = "has scenarios that are no regular expression";
                return Some(format!("assumption {id:?} {fault}: {error}"));
            }
        };
        Some(format!("assumption {id:?} {fault}"))
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
    let refuse = |what| Err(Error::input(format!("{place}: {what}")));
    let file: File = toml::from_str(text).map_err(|error| Error::toml(place, text, &error))?;
    if file.assumption.is_empty() {
        let what = "no [[assumption]] in it, so there is nothing to judge; benches/assumptions.toml shows how \
                    they look";
        return refuse(what.into());
    }
    for (index, assumption) in file.assumption.iter().enumerate() {
        if let Some(fault) = assumption.fault() {
            return refuse(fault);
        }
        let (id, mut earlier) = (&assumption.id, file.assumption[..index].iter());
        if earlier.any(|other| other.id == *id) {
            return refuse(format!(
                "the id {id:?} is taken by an earlier assumption; give it one of its own"
            ));
        }
    }
    Ok(file.assumption)
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
