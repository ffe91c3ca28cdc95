//! The choice among candidates, from what the adoption rule decides of each: adopt one, stay with the baseline, or
//! say that these samples do not decide.

use serde::{Deserialize, Serialize};

use super::questions::Subject;
use results::{Decision, Machine, Ratio, Rule, Scope, decide};

/// A strategy that meets the needs, with what was measured of it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// `crate/variant`.
    pub strategy: String,
    /// Its ratio in each part of the workload that decides; none where it was not measured.
    pub ratios: Vec<Option<Ratio>>,
    /// What it takes for that.
    pub price: Price,
}

/// What a strategy gives up, in the order in which that weighs: a part of this workload gets slower for
/// certain, a guarantee may never be missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price {
    /// How many parts of the workload are slower than with the baseline by more than is tolerated, or were not
    /// compared; those that do not decide among them.
    pub parts: usize,
    /// How many guarantees the baseline gives and it does not.
    pub guarantees: usize,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "kebab-case")]
pub enum Choice {
    /// Replace the baseline.
    Adopt {
        /// By this.
        strategy: String,
        /// These are as fast, as far as was measured; the chosen one gives up no more than they do.
        as_good: Vec<String>,
        /// Why.
        why: Why,
    },
    /// Keep the baseline.
    Stay {
        /// The best of the others, if any was measured.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        best: Option<String>,
        /// Those that improve one part of the workload by more than the margin and worsen another.
        trades: Vec<String>,
    },
    /// These samples do not decide it.
    Undecided {
        /// Those that may be better by more than the margin, the best first.
        hopeful: Vec<String>,
    },
}

/// Why something is adopted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It improves on the baseline by more than the margin, and slows nothing that decides down by more than is
    /// tolerated, for certain.
    Faster,
    /// The baseline does not meet the needs.
    Needed,
}

impl Candidate {
    /// A strategy's ratios in the parts that decide, and its price: `guarantees` of the baseline, and
    /// what gets slower.
    pub fn of(results: &Machine, subjects: &[Subject], strategy: &str, guarantees: usize) -> Self {
        let ratio = |subject: &Subject| subject.cell(results, strategy)?.ratio.clone();
        let deciding = subjects.iter().filter(|subject| subject.decides);
        let is_slower = |subject: &&Subject| ratio(subject).is_none_or(|ratio| ratio.loses());
        Self {
            strategy: strategy.to_owned(),
            ratios: deciding.map(ratio).collect(),
            price: Price {
                parts: subjects.iter().filter(is_slower).count(),
                guarantees,
            },
        }
    }

    fn measured(&self) -> impl Iterator<Item = &Ratio> {
        self.ratios.iter().flatten()
    }

    fn is_complete(&self) -> bool {
        !self.ratios.is_empty() && self.ratios.iter().all(Option::is_some)
    }

    /// Whether it improves something that decides by more than the margin, and slows nothing that does down by
    /// more than is tolerated, for certain.
    pub fn is_sound(&self, margin: f64) -> bool {
        self.decision(margin) == Decision::Adopt
    }

    /// What its ratios decide in the workload; too few if it was not measured in each part that decides.
    fn decision(&self, margin: f64) -> Decision {
        if !self.is_complete() {
            return Decision::TooFew;
        }
        let ratios: Vec<&Ratio> = self.measured().collect();
        decide(&ratios, Rule::new(margin, Scope::Workload))
    }

    /// The geometric mean of its ratios.
    fn mean(&self) -> f64 {
        let logs: Vec<f64> = self.measured().map(|ratio| ratio.median.ln()).collect();
        (logs.iter().sum::<f64>() / logs.len().max(1) as f64).exp()
    }

    /// Whether no interval sets the two apart, and the mean does not by more than the margin.
    fn is_as_fast_as(&self, other: &Self, margin: f64) -> bool {
        let overlaps = |(a, b): (&Ratio, &Ratio)| a.ci_low <= b.ci_high && b.ci_low <= a.ci_high;
        self.measured().zip(other.measured()).all(overlaps) && self.mean() * margin > other.mean()
    }
}

/// Chooses between `candidates` and a baseline that meets the needs or does not.
pub fn choose(candidates: &[Candidate], margin: f64, baseline_is_fit: bool) -> Choice {
    let mut ranked: Vec<&Candidate> = candidates.iter().filter(|one| one.is_complete()).collect();
    ranked.sort_by(|a, b| b.mean().total_cmp(&a.mean()));
    let decided = |wanted: &[Decision]| -> Vec<&Candidate> {
        let is_wanted = |one: &&Candidate| wanted.contains(&one.decision(margin));
        ranked.iter().copied().filter(is_wanted).collect()
    };
    let (eligible, why) = if baseline_is_fit {
        (decided(&[Decision::Adopt]), Why::Faster)
    } else {
        (ranked.clone(), Why::Needed)
    };
    if let Some(fastest) = eligible.first() {
        let mut as_fast = eligible.clone();
        as_fast.retain(|one| std::ptr::eq(*one, *fastest) || one.is_as_fast_as(fastest, margin));
        // Stable: among equals the fastest stays first.
        as_fast.sort_by_key(|one| one.price);
        let mut as_good = names(&as_fast);
        let strategy = as_good.remove(0);
        return Choice::Adopt {
            strategy,
            as_good,
            why,
        };
    }
    let hopeful = if baseline_is_fit {
        decided(&[Decision::Undecided, Decision::TooFew])
    } else {
        candidates.iter().collect()
    };
    let is_unmeasured = ranked.is_empty() && !candidates.is_empty();
    if !baseline_is_fit || !hopeful.is_empty() || is_unmeasured {
        return Choice::Undecided {
            hopeful: names(&hopeful),
        };
    }
    Choice::Stay {
        best: ranked.first().map(|best| best.strategy.clone()),
        trades: names(&decided(&[Decision::AdoptForSome])),
    }
}

fn names(candidates: &[&Candidate]) -> Vec<String> {
    let all = candidates.iter();
    all.map(|candidate| candidate.strategy.clone()).collect()
}

impl Choice {
    /// The strategy that the evidence is about, beside the baseline: the one to adopt, or the one that came closest.
    pub fn protagonist(&self) -> Option<&str> {
        match self {
            Choice::Adopt { strategy, .. } => Some(strategy),
            Choice::Stay { best, .. } => best.as_deref(),
            Choice::Undecided { hopeful } => hopeful.first().map(String::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use results::Verdict;

    fn ratio(median: f64, spread: f64) -> Ratio {
        let (low, high) = (median / spread, median * spread);
        let verdict = match (low > 1.2, high < 1.2) {
            (true, _) => Verdict::Holds,
            (_, true) => Verdict::Rejected,
            _ => Verdict::Inconclusive,
        };
        Ratio {
            vs: "mutex/std".into(),
            median,
            ci_low: low,
            ci_high: high,
            processes: 24,
            n: 40,
            p: Some(0.0),
            withheld: None,
            verdict,
        }
    }

    fn candidate(name: &str, ratios: &[(f64, f64)], guarantees: usize) -> Candidate {
        let ratios = ratios
            .iter()
            .map(|&(median, spread)| Some(ratio(median, spread)));
        Candidate {
            strategy: name.into(),
            ratios: ratios.collect(),
            price: Price {
                parts: 0,
                guarantees,
            },
        }
    }

    fn decided(candidates: &[Candidate]) -> Choice {
        choose(candidates, 1.2, true)
    }

    fn adopted(strategy: &str, as_good: &[&str], why: Why) -> Choice {
        Choice::Adopt {
            strategy: strategy.into(),
            as_good: as_good.iter().map(|name| (*name).to_owned()).collect(),
            why,
        }
    }

    #[test]
    fn the_fastest_is_adopted_where_it_worsens_nothing() {
        let all = [
            candidate("a/reads-only", &[(9.0, 1.1), (0.5, 1.1)], 0),
            candidate("a/both", &[(4.0, 1.1), (1.1, 1.02)], 3),
            candidate("a/slow", &[(0.9, 1.05), (0.9, 1.05)], 0),
        ];
        assert_eq!(decided(&all), adopted("a/both", &[], Why::Faster));
    }

    #[test]
    fn of_those_that_are_as_fast_the_one_that_gives_up_least_is_adopted() {
        let all = [
            candidate("a/fast", &[(4.1, 1.1)], 2),
            candidate("a/faithful", &[(3.9, 1.1)], 0),
            // Its interval overlaps, too, but nobody gives a quarter of the gain away for nothing.
            candidate("a/vague", &[(3.0, 1.3)], 0),
        ];
        assert_eq!(
            decided(&all),
            adopted("a/faithful", &["a/fast"], Why::Faster)
        );
    }

    #[test]
    fn what_slows_another_part_down_for_certain_weighs_more_than_guarantees() {
        let mut copies = candidate("a/copies-the-table", &[(4.1, 1.1)], 1);
        copies.price.parts = 1;
        let all = [copies, candidate("a/packed", &[(3.9, 1.1)], 4)];
        assert_eq!(
            decided(&all),
            adopted("a/packed", &["a/copies-the-table"], Why::Faster)
        );
    }

    #[test]
    fn who_gains_here_and_loses_there_is_a_trade_and_no_recommendation() {
        let all = [
            candidate("a/reads-only", &[(9.0, 1.1), (0.5, 1.1)], 0),
            candidate("a/slow", &[(0.9, 1.05), (0.9, 1.05)], 0),
        ];
        let expected = Choice::Stay {
            best: Some("a/reads-only".into()),
            trades: vec!["a/reads-only".into()],
        };
        assert_eq!(decided(&all), expected);
    }

    #[test]
    fn a_difference_that_nobody_would_notice_is_no_loss_however_certain() {
        let all = |write| [candidate("a/reads", &[(2.2, 1.02), (write, 1.001)], 0)];
        assert_eq!(decided(&all(0.97)), adopted("a/reads", &[], Why::Faster));
        let decision = decided(&all(0.94));
        assert!(matches!(decision, Choice::Stay { .. }), "{decision:?}");
    }

    #[test]
    fn what_improves_by_less_than_the_margin_is_no_reason_to_move() {
        let all = [candidate("a/little", &[(1.1, 1.02)], 0)];
        let expected = Choice::Stay {
            best: Some("a/little".into()),
            trades: Vec::new(),
        };
        assert_eq!(decided(&all), expected);
    }

    #[test]
    fn an_interval_around_the_margin_decides_nothing() {
        let all = [
            candidate("a/noisy", &[(1.4, 1.3)], 0),
            candidate("a/slow", &[(0.5, 1.1)], 0),
        ];
        let expected = Choice::Undecided {
            hopeful: vec!["a/noisy".into()],
        };
        assert_eq!(decided(&all), expected);
    }

    #[test]
    fn a_baseline_that_does_not_meet_the_needs_is_replaced_even_by_what_is_slower() {
        let all = [
            candidate("a/slower", &[(0.7, 1.05)], 0),
            candidate("a/slowest", &[(0.2, 1.05)], 0),
        ];
        let decision = choose(&all, 1.2, false);
        assert_eq!(decision, adopted("a/slower", &[], Why::Needed));
        assert_eq!(decision.protagonist(), Some("a/slower"));
    }

    #[test]
    fn who_was_not_measured_everywhere_is_not_chosen() {
        let mut partly = candidate("a/partly", &[(9.0, 1.1), (9.0, 1.1)], 0);
        partly.ratios[1] = None;
        assert_eq!(
            decided(&[partly]),
            Choice::Undecided {
                hopeful: Vec::new()
            }
        );
        let nobody = Choice::Stay {
            best: None,
            trades: Vec::new(),
        };
        assert_eq!(decided(&[]), nobody);
    }
}
