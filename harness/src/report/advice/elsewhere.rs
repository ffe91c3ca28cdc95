//! The sentences of an advice about other situations: neighbours, and other machines.

use std::collections::BTreeMap;

use super::sentences::Told;
use crate::advice::{Decision, Outlook, Subject, operation};
use crate::report::format;
use crate::results::{Change, Flip, Ratio};

impl Told<'_> {
    /// Where the answer flips.
    pub(super) fn flips(&self) -> Vec<String> {
        let mut told: Vec<String> = Vec::new();
        for flip in &self.conclusion.flips {
            told.push(self.flip(flip));
        }
        told.dedup();
        told
    }

    fn flip(&self, flip: &Flip) -> String {
        let margin = format::margin(self.results.margin);
        let swept = |place: Option<f64>, beyond: &str| {
            place.map_or_else(|| beyond.to_owned(), format::significant)
        };
        let place = format!(
            "{} [{}, {}]",
            swept(flip.at, "?"),
            swept(flip.ci_low, "below"),
            swept(flip.ci_high, "beyond")
        );
        let axis = flip.axis.words();
        let of = &flip.strategy;
        let what = operation(flip.metric);
        match &flip.change {
            Change::FallsBelowMargin => format!(
                "`{of}` improves the {what} by more than {margin} only below a {axis} of {place}."
            ),
            Change::RisesAboveMargin => {
                format!(
                    "`{of}` improves the {what} by more than {margin} from a {axis} of {place} on."
                )
            }
            Change::AlwaysAboveMargin => format!(
                "`{of}` improves the {what} by more than {margin} wherever the {axis} was varied: {}.",
                self.range(flip)
            ),
            Change::NeverAboveMargin => format!(
                "`{of}` improves the {what} by more than {margin} nowhere, whatever the {axis}: {}.",
                self.range(flip)
            ),
            Change::OvertakenBy(other) => {
                format!("From a {axis} of {place} on, `{other}` has the faster {what}.")
            }
        }
    }

    /// What was swept.
    fn range(&self, flip: &Flip) -> String {
        let points = self.results.scenarios.iter();
        let mut values: Vec<f64> = points
            .filter(|point| point.family() == flip.sweep)
            .filter_map(|point| point.coordinate(flip.axis))
            .collect();
        values.sort_by(f64::total_cmp);
        match (values.first(), values.last()) {
            (Some(low), Some(high)) => format!("{low} to {high}"),
            _ => "one place".into(),
        }
    }

    /// What would turn the decision round.
    pub(super) fn reversal(&self) -> Vec<String> {
        let Some(name) = self.conclusion.decision.protagonist() else {
            let met = "A strategy that offers what is needed, or a need that is given up.";
            return vec![met.into()];
        };
        let deciding = self
            .questions
            .subjects
            .iter()
            .filter(|subject| subject.decides);
        deciding
            .filter_map(|subject| self.threshold(subject, name))
            .collect()
    }

    fn threshold(&self, subject: &Subject, name: &str) -> Option<String> {
        let ours = self.cell(subject, name)?;
        let theirs = self.cell(subject, &self.results.baseline)?;
        let ratio: &Ratio = ours.ratio.as_ref()?;
        let (baseline, margin) = (&self.results.baseline, self.results.margin);
        let what = operation(subject.metric);
        let side = subject.side.name();
        Some(match &self.conclusion.decision {
            Decision::Adopt { .. } if ratio.median > margin => format!(
                "`{baseline}` stays if a {what} of the {side} takes it at most {} {} instead of {}: within {} of \
                 `{name}`.",
                format::significant(theirs.median / ratio.median * margin),
                theirs.unit,
                format::significant(theirs.median),
                format::margin(margin)
            ),
            Decision::Adopt { .. } => format!(
                "A {what} of the {side} does not speak for `{name}`: {}.",
                format::ratio(ratio)
            ),
            Decision::Stay { .. } | Decision::Undecided { .. } => format!(
                "`{name}` replaces `{baseline}` if a {what} of the {side} takes it less than {} {}; now {}.",
                format::significant(theirs.median / margin),
                theirs.unit,
                format::significant(ours.median)
            ),
        })
    }

    /// What is predicted where it will run.
    pub(super) fn outlook(&self) -> Vec<String> {
        let conclusion = self.conclusion;
        if conclusion.decision.protagonist().is_none() {
            return Vec::new();
        }
        if let Some(why) = &conclusion.unpredicted {
            return vec![format!("{}.", format::sentence(why))];
        }
        let mut by_operation: BTreeMap<&str, Vec<&Outlook>> = BTreeMap::new();
        for one in &conclusion.outlook {
            by_operation
                .entry(one.operation.title())
                .or_default()
                .push(one);
        }
        let name = conclusion.decision.protagonist().unwrap_or_default();
        let mut all: Vec<String> = by_operation
            .into_iter()
            .map(|(operation, outlooks)| self.everywhere(name, operation, &outlooks))
            .collect();
        all.push(
            "Predictions are of all processors doing that one operation, from traces and a calibration; bands are limits \
             and no confidence intervals."
                .into(),
        );
        all
    }

    fn everywhere(&self, name: &str, operation: &str, outlooks: &[&Outlook]) -> String {
        let baseline = &self.results.baseline;
        let place = |one: &&Outlook| format!("{} ({} of its processors)", one.machine, one.cpus);
        let holds: Vec<String> = outlooks
            .iter()
            .filter(|one| one.holds)
            .map(|one| {
                format!(
                    "{}: {} ns against {} ns",
                    place(one),
                    band(one.strategy_ns),
                    band(one.baseline_ns)
                )
            })
            .collect();
        let open: Vec<String> = outlooks
            .iter()
            .filter(|one| !one.holds)
            .map(place)
            .collect();
        match (holds.is_empty(), open.is_empty()) {
            (false, true) => format!(
                "{}: `{name}` is predicted to be faster than `{baseline}` on every machine asked for; {}.",
                format::sentence(operation),
                holds.join("; ")
            ),
            (false, false) => format!(
                "{}: no prediction holds on all machines; the bands overlap on {}.",
                format::sentence(operation),
                format::list(&open)
            ),
            (true, _) => format!(
                "{}: no prediction sets `{name}` and `{baseline}` apart on {}.",
                format::sentence(operation),
                format::list(&open)
            ),
        }
    }
}

fn band(band: predict::Band) -> String {
    format!(
        "{} [{}, {}]",
        format::significant(band.mid),
        format::significant(band.low),
        format::significant(band.high)
    )
}
