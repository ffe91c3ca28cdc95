//! Whether a later and longer measurement of a workload bears out an earlier advice.

use std::path::{Path, PathBuf};

use model::error::{Error, Result};
use serde::{Deserialize, Serialize};

use super::choice::Choice;
use super::workload::Workload;
use super::{Conclusion, SCHEMA};

/// An earlier advice, from its `advice.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Earlier {
    /// Where it was read.
    #[serde(skip_deserializing)]
    pub place: PathBuf,
    /// What it recommended.
    #[serde(rename = "conclusion")]
    pub decision: Choice,
    schema: String,
    baseline: String,
    workload: Workload,
}

/// How two advices for one workload go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// They say the same.
    Same,
    /// What one adopts is as fast as what the other does, as far as was measured.
    AsGood,
    /// What was recommended improves on the baseline here, too, but something else is faster still.
    Sound,
    /// One of them did not decide, or the later one does not judge what the earlier one recommended.
    Open,
    /// What was recommended is not borne out.
    Differs,
}

impl Earlier {
    /// Reads an earlier advice for this workload: its `advice.json`, or that of a folder.
    ///
    /// # Errors
    ///
    /// When it is no advice, or is for another workload or baseline.
    pub fn load(place: &Path, workload: &Workload, baseline: &str) -> Result<Self> {
        let mut place = place.to_owned();
        if place.is_dir() {
            place.push("advice.json");
        }
        let text = std::fs::read_to_string(&place);
        let text = text.map_err(|error| Error::file("read", &place, &error))?;
        let wrong = |what: String| Error::input(format!("--against {}: {what}", place.display()));
        let earlier: Self = serde_json::from_str(&text)
            .map_err(|error| wrong(format!("is no advice.json of `pivot advise`: {error}")))?;
        let (schema, about) = (&earlier.schema, &earlier.baseline);
        let why = if schema != SCHEMA {
            format!("is {schema:?}, and not {SCHEMA:?}")
        } else if earlier.workload != *workload {
            "is for another workload than this file has now".into()
        } else if about != baseline {
            format!("is about {about} instead of {baseline}")
        } else {
            return Ok(Self { place, ..earlier });
        };
        Err(wrong(why))
    }
}

/// Whether an earlier advice is borne out by what was measured now.
pub fn agreement(earlier: &Earlier, now: &Conclusion) -> Agreement {
    use Choice::{Adopt, Stay, Undecided};
    let (before, after) = (&earlier.decision, &now.decision);
    match (before, after) {
        (Undecided { .. }, _) | (_, Undecided { .. }) => Agreement::Open,
        (Stay { .. }, Stay { .. }) => Agreement::Same,
        (Adopt { .. }, Adopt { .. }) => {
            let (theirs, ours) = (before.named(), after.named());
            let is_among = |names: &[String]| names.iter().any(|name| name == theirs[0]);
            match theirs[0] {
                name if name == ours[0] => Agreement::Same,
                name if ours.contains(&name) || theirs.contains(&ours[0]) => Agreement::AsGood,
                _ if is_among(&now.sound) => Agreement::Sound,
                _ if is_among(&now.open) => Agreement::Open,
                _ => Agreement::Differs,
            }
        }
        _ => Agreement::Differs,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Why;
    use super::*;

    fn adopt(strategy: &str, as_good: &[&str]) -> Choice {
        Choice::Adopt {
            strategy: strategy.into(),
            as_good: as_good.iter().map(|&name| name.to_owned()).collect(),
            why: Why::Faster,
        }
    }

    fn agreed(earlier: Choice, now: Choice) -> Agreement {
        let text = "name = \"w\"\n[table]\nrecords = 4\n[readers]\nthreads = 1\n";
        let earlier = Earlier {
            place: "advice.json".into(),
            decision: earlier,
            schema: SCHEMA.into(),
            baseline: "mutex/std".into(),
            workload: Workload::parse(text, "w.toml").unwrap(),
        };
        let now = Conclusion {
            decision: now,
            sound: vec!["a/sound".into()],
            open: vec!["a/open".into()],
            ..Conclusion::default()
        };
        agreement(&earlier, &now)
    }

    #[test]
    fn what_is_recommended_again_or_is_as_good_agrees() {
        assert_eq!(
            agreed(Choice::default(), Choice::default()),
            Agreement::Same
        );
        let (a, b) = (adopt("a/a", &[]), adopt("a/b", &["a/a"]));
        assert_eq!(agreed(a.clone(), a.clone()), Agreement::Same);
        assert_eq!(agreed(a.clone(), b.clone()), Agreement::AsGood);
        assert_eq!(agreed(b, a.clone()), Agreement::AsGood);
        assert_eq!(agreed(adopt("a/sound", &[]), a), Agreement::Sound);
    }

    #[test]
    fn what_is_not_borne_out_differs_and_what_is_undecided_does_not() {
        let adopted = || adopt("a/a", &[]);
        assert_eq!(agreed(adopted(), adopt("a/b", &[])), Agreement::Differs);
        assert_eq!(agreed(adopted(), Choice::default()), Agreement::Differs);
        assert_eq!(agreed(Choice::default(), adopted()), Agreement::Differs);
        assert_eq!(agreed(adopt("a/open", &[]), adopted()), Agreement::Open);
        let hopeful = Vec::new();
        assert_eq!(
            agreed(Choice::Undecided { hopeful }, adopted()),
            Agreement::Open
        );
    }
}
