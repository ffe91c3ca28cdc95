//! The adoption rule: what one ratio says for a strategy or against it, what all of its ratios decide, and what
//! several machines decide together. Reports, merged reports and advice decide by this, and every sign in a table is
//! made of it. Whether a measured ratio lies above the margin is asked in `analysis/src/verdicts.rs`.

use stats::GROUPS_99;

use super::{Decision, Ratio, Verdict};

/// The adoption rule's margin: better by more than 20 %.
pub const MARGIN: f64 = 1.20;

/// What gets worse by less than this factor speaks against nobody. With enough samples any difference is
/// certain, so a rule without a tolerance turns on differences that no one would notice; this one is what
/// `control/slower-5` shows to be found.
pub const TOLERATED: f64 = 1.05;

/// Measuring processes without which a ratio says nothing: whatever a process does to all its operations at
/// once cannot be told from the strategy by one, and two have no middle. A verdict takes more of them.
pub const PROCESSES_LEAST: usize = 3;

/// Whether something that is so many times better, and at best at that, is worse by more than is tolerated.
pub fn is_worse(times_better: f64) -> bool {
    times_better < 1.0 / TOLERATED
}

/// A ratio beyond these two is so far from the margin that a run has to decide it: plain to see.
pub const PLAIN: [f64; 2] = [0.95, 1.6];

/// Whether something that is so many times better differs plainly from the baseline.
pub fn is_plain(times_better: f64) -> bool {
    let [worse, better] = PLAIN;
    times_better < worse || times_better > better
}

/// Whether the bounds of what so many processes measured are no interval of 99 % but their range. Counts, of none, are
/// exact.
pub fn is_range(processes: usize) -> bool {
    (1..GROUPS_99).contains(&processes)
}

/// What the ratios of a strategy are about.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'r> {
    /// Parts of one workload, which has one strategy: it gains in a part at least, and is measured to lose in none. Where an
    /// interval leaves it open, the median decides whether there is a loss, and whether there is a gain to hope for: more
    /// processes would rather confirm it than not.
    Workload,
    /// Situations, each with strategies of its own: one is adopted for all of them if it gains in each of these
    /// and perhaps loses in none; `None` is one of these that was not compared. Otherwise it is adopted for those
    /// in which it gains.
    Situations(&'r [Option<&'r Ratio>]),
}

/// What all ratios of a strategy decide: a gain is to be better by more than the `margin`, and a loss is worse by more
/// than is tolerated.
pub fn decide(ratios: &[&Ratio], margin: f64, scope: Scope<'_>) -> Decision {
    let any = |says: &dyn Fn(&Ratio) -> bool| ratios.iter().any(|ratio| says(ratio));
    let is_adopted = match scope {
        Scope::Workload => any(&Ratio::gains) && !any(&|ratio| is_worse(ratio.median)),
        Scope::Situations(required) => {
            let gains = |ratio: Option<&Ratio>| ratio.is_some_and(Ratio::gains);
            // Too few processes to be sure of a loss are no proof of the contrary.
            !required.is_empty()
                && required.iter().copied().all(gains)
                && !any(&|ratio| is_worse(ratio.ci_high))
        }
    };
    let is_workload = matches!(scope, Scope::Workload);
    let is_lost = is_workload && any(&Ratio::loses);
    let is_hopeless = |ratio: &Ratio| is_workload && ratio.is_known() && ratio.median <= margin;
    let is_open = any(&|ratio| ratio.is_open(margin) && !is_hopeless(ratio));
    if !any(&Ratio::is_known) {
        Decision::TooFew
    } else if is_adopted {
        Decision::Adopt
    } else if any(&Ratio::gains) {
        Decision::AdoptForSome
    } else if is_lost || !is_open {
        Decision::StayWithBaseline
    } else {
        Decision::Undecided
    }
}

/// Whether the intervals leave it possible that a strategy with these ratios is adopted for a workload: in a part at least it
/// may gain more than the `margin`, and in none is it certain to lose.
pub fn may_qualify(ratios: &[&Ratio], margin: f64) -> bool {
    let may_gain = |ratio: &&Ratio| ratio.gains() || ratio.is_open(margin);
    ratios.iter().any(may_gain) && !ratios.iter().any(|ratio| ratio.loses())
}

/// What machines decide together, each by itself (`None`: it did not compare the strategy): nothing is recommended
/// that one of them speaks against. `gains_everywhere`: they all gain in the same situation at least.
pub fn decide_together(machines: &[Option<Decision>], gains_everywhere: bool) -> Decision {
    let any = |wanted: Decision| machines.contains(&Some(wanted));
    let all = |wanted: Decision| machines.iter().all(|decision| *decision == Some(wanted));
    let gains = any(Decision::Adopt) || any(Decision::AdoptForSome);
    let is_open = any(Decision::Undecided) || any(Decision::TooFew) || machines.contains(&None);
    if any(Decision::Disqualified) {
        Decision::Disqualified
    } else if all(Decision::Adopt) {
        Decision::Adopt
    } else if gains && any(Decision::StayWithBaseline) {
        Decision::MachinesDiffer
    } else if all(Decision::TooFew) {
        Decision::TooFew
    } else if is_open {
        Decision::Undecided
    } else if gains && gains_everywhere {
        Decision::AdoptForSome
    } else if gains {
        Decision::MachinesDiffer
    } else {
        Decision::StayWithBaseline
    }
}

impl Ratio {
    /// Whether it rests on enough processes to say anything.
    pub const fn is_known(&self) -> bool {
        self.processes >= PROCESSES_LEAST
    }

    /// Whether it improves by more than the margin for certain.
    pub fn gains(&self) -> bool {
        self.verdict == Verdict::Holds
    }

    /// Whether it is worse by more than is tolerated for certain.
    pub fn loses(&self) -> bool {
        self.is_known() && is_worse(self.ci_high)
    }

    /// Whether it does not tell if it improves by more than the margin. An interval that lies below the margin
    /// altogether leaves nothing to hope for, even where it is not certain enough for a verdict among so many.
    pub fn is_open(&self, margin: f64) -> bool {
        let is_decided = matches!(self.verdict, Verdict::Holds | Verdict::Rejected);
        !self.is_known() || !is_decided && self.ci_high > margin
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Decision::{
        Adopt, AdoptForSome, Disqualified, MachinesDiffer, StayWithBaseline, TooFew, Undecided,
    };

    /// Judged between these ends.
    fn ratio(low: f64, high: f64, processes: usize) -> Ratio {
        let verdict = match (low > MARGIN, high < MARGIN) {
            (true, _) => Verdict::Holds,
            (_, true) => Verdict::Rejected,
            _ => Verdict::Inconclusive,
        };
        Ratio {
            vs: "mutex/std".into(),
            median: f64::midpoint(low, high),
            ci_low: low,
            ci_high: high,
            n: 40,
            processes,
            p: None,
            withheld: None,
            verdict,
        }
    }

    #[test]
    fn parts_of_a_workload_are_decided_together_and_situations_each() {
        let (gain, loss) = (&ratio(2.0, 2.2, 24), &ratio(0.8, 0.9, 24));
        let (tolerated, open) = (&ratio(0.96, 0.97, 24), &ratio(1.1, 1.3, 24));
        let (unsure, wide) = (&ratio(0.8, 0.9, 2), &ratio(0.7, 1.1, 24));
        let (hopeful, hopeless) = (&ratio(1.1, 1.5, 24), &ratio(0.9, 1.3, 24));
        let cases: [(&[&Ratio], Decision, Decision); 11] = [
            (&[], TooFew, TooFew),
            (&[gain, tolerated], Adopt, Adopt),
            (&[gain, open], Adopt, Adopt),
            (&[gain, loss], AdoptForSome, AdoptForSome),
            (&[gain, unsure], AdoptForSome, AdoptForSome),
            // A median that loses speaks against a workload, and not against all situations at once.
            (&[gain, wide], AdoptForSome, Adopt),
            (&[tolerated, loss], StayWithBaseline, StayWithBaseline),
            (&[open, loss], StayWithBaseline, Undecided),
            (&[unsure], TooFew, TooFew),
            (&[hopeful], Undecided, Undecided),
            (&[hopeless], StayWithBaseline, Undecided),
        ];
        for (ratios, as_parts, as_situations) in cases {
            let decided = |scope| decide(ratios, MARGIN, scope);
            assert_eq!(decided(Scope::Workload), as_parts, "{ratios:?}");
            // Those that gain nothing do not gain where it is required either.
            let required = [ratios.iter().find(|ratio| ratio.gains()).copied()];
            let of_required = decided(Scope::Situations(&required));
            assert_eq!(of_required, as_situations, "{ratios:?}");
        }
        // A median that leaves nothing to hope for does not exclude what the interval contains; a certain loss does.
        let cases: [(&[&Ratio], bool); 5] = [
            (&[hopeless, tolerated], true),
            (&[gain, wide], true),
            (&[gain, loss], false),
            (&[tolerated], false),
            (&[], false),
        ];
        for (ratios, expected) in cases {
            assert_eq!(may_qualify(ratios, MARGIN), expected, "{ratios:?}");
        }
        let partly = [Some(gain), None];
        for required in [&[][..], &partly] {
            let decision = decide(&[gain], MARGIN, Scope::Situations(required));
            assert_eq!(decision, AdoptForSome, "{required:?}");
        }
    }

    #[test]
    fn nothing_is_recommended_that_a_machine_speaks_against() {
        let cases = [
            ([Some(Adopt), Some(Adopt)], true, Adopt),
            ([Some(Adopt), Some(AdoptForSome)], true, AdoptForSome),
            ([Some(Adopt), Some(StayWithBaseline)], false, MachinesDiffer),
            (
                [Some(AdoptForSome), Some(AdoptForSome)],
                false,
                MachinesDiffer,
            ),
            ([Some(Adopt), Some(Disqualified)], true, Disqualified),
            ([Some(Adopt), Some(Undecided)], false, Undecided),
            ([Some(Adopt), None], false, Undecided),
            ([Some(StayWithBaseline), Some(Undecided)], false, Undecided),
            ([Some(Adopt), Some(TooFew)], false, Undecided),
            (
                [Some(StayWithBaseline), Some(StayWithBaseline)],
                false,
                StayWithBaseline,
            ),
            ([Some(TooFew), Some(TooFew)], false, TooFew),
        ];
        for (decisions, gains, expected) in cases {
            assert_eq!(
                decide_together(&decisions, gains),
                expected,
                "{decisions:?}"
            );
            let turned = [decisions[1], decisions[0]];
            assert_eq!(decide_together(&turned, gains), expected, "{turned:?}");
        }
        // Alone, a machine decides for all.
        for decision in [
            Adopt,
            AdoptForSome,
            StayWithBaseline,
            Undecided,
            TooFew,
            Disqualified,
        ] {
            let gains = matches!(decision, Adopt | AdoptForSome);
            assert_eq!(decide_together(&[Some(decision)], gains), decision);
        }
    }
}
