//! The choice among the strategies that meet the needs: adopt one, stay with the baseline, or say that these samples
//! do not decide. Who qualifies and who of them is best is the rule of the report's use cases.

#[cfg(test)]
mod tests;

use analysis::{Candidate, best};
use serde::{Deserialize, Serialize};

use results::{Decision, Machine};

/// What to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "kebab-case")]
pub enum Choice {
    /// Replace the baseline.
    Adopt {
        /// By this.
        strategy: String,
        /// Those that the best does not gain more than by the margin, as measured.
        as_good: Vec<String>,
        /// Why.
        why: Why,
    },
    /// Keep the baseline.
    Stay {
        /// The best of the others, if any was measured: of the hopeful ones, if there are any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        best: Option<String>,
        /// Those whose intervals do not exclude that they qualify, the best first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        hopeful: Vec<String>,
        /// Those that improve one part of the workload by more than the margin and worsen another.
        trades: Vec<String>,
        /// The share of one processor that the baseline takes for what decides, where that is too little to gain
        /// anything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        busy: Option<f64>,
    },
    /// These samples do not decide it.
    Undecided {
        /// Those that may be better by more than the margin, the best first.
        hopeful: Vec<String>,
    },
}

impl Default for Choice {
    fn default() -> Self {
        Self::Stay {
            best: None,
            hopeful: Vec::new(),
            trades: Vec::new(),
            busy: None,
        }
    }
}

/// Why something is adopted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It improves on the baseline by more than the margin, and slows nothing that decides down by more than is
    /// tolerated, as measured.
    Faster,
    /// The baseline does not meet the needs.
    Needed,
}

/// What takes a smaller share of one processor than this is not worth a change, however much faster it could be.
pub const NEGLIGIBLE: f64 = 0.01;

/// Chooses between `candidates` and a baseline that `lacks` something that is needed or does not, and is `busy` so much
/// of one processor, if that is known. `has_contenders`: strategies were measured, if not in all parts that decide.
pub(super) fn choose(
    results: &Machine,
    candidates: &[Candidate<'_>],
    has_contenders: bool,
    lacks: bool,
    busy: Option<f64>,
) -> Choice {
    let mut ranked: Vec<&Candidate<'_>> = candidates.iter().collect();
    ranked.sort_by(|a, b| b.times().total_cmp(&a.times()));
    let decided = |wanted: &[Decision]| {
        let mut decided = ranked.clone();
        decided.retain(|candidate| wanted.contains(&candidate.decision));
        decided
    };
    let stay = |hopeful: &[&Candidate<'_>], trades, busy| Choice::Stay {
        best: names(hopeful).into_iter().chain(names(&ranked)).next(),
        hopeful: names(hopeful),
        trades,
        busy,
    };
    let negligible = busy.filter(|busy| !lacks && *busy < NEGLIGIBLE);
    if negligible.is_some() {
        return stay(&[], Vec::new(), negligible);
    }
    let (qualified, why) = match lacks {
        false => (decided(&[Decision::Adopt]), Why::Faster),
        true if results.decides() => (ranked.clone(), Why::Needed),
        true => (Vec::new(), Why::Needed),
    };
    if let Some((chosen, tied)) = best(results, &qualified) {
        return Choice::Adopt {
            strategy: chosen.card.name.clone(),
            as_good: names(&tied),
            why,
        };
    }
    let open = decided(&[Decision::Undecided, Decision::TooFew]);
    let hopeful = names(if lacks { &ranked } else { &open });
    if lacks || !hopeful.is_empty() || ranked.is_empty() && has_contenders {
        return Choice::Undecided { hopeful };
    }
    let mut hopeful = ranked.clone();
    hopeful.retain(|candidate| candidate.may_qualify);
    stay(&hopeful, names(&decided(&[Decision::AdoptForSome])), None)
}

fn names(candidates: &[&Candidate<'_>]) -> Vec<String> {
    let name = |candidate: &&Candidate<'_>| candidate.card.name.clone();
    candidates.iter().map(name).collect()
}

impl Choice {
    /// The strategies that the evidence is about, beside the baseline: the one to adopt and those that are as good,
    /// or those that came closest, the best first.
    pub fn named(&self) -> Vec<&str> {
        let (first, others) = match self {
            Choice::Adopt {
                strategy, as_good, ..
            } => (Some(strategy), as_good),
            Choice::Stay { best, trades, .. } => (best.as_ref(), trades),
            Choice::Undecided { hopeful } => (None, hopeful),
        };
        let others = others.iter().filter(|&other| Some(other) != first);
        let named = first.into_iter().chain(others);
        named.map(String::as_str).collect()
    }

    /// The first of them.
    pub fn protagonist(&self) -> Option<&str> {
        self.named().first().copied()
    }
}
