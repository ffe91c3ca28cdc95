//! The sentences of an advice about other situations: neighbours, and other machines.

use super::sentences::Told;
use crate::advice::{Choice, Outlook, Ranked, Standing, Subject, Why, operation};
use crate::report::{format, scaling};
use crate::results::{Change, Flip, Ratio, TOLERATED};

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
        if let Choice::Adopt {
            why: Why::Needed, ..
        } = &self.conclusion.decision
        {
            return vec![self.givable(name)];
        }
        let deciding = self
            .questions
            .subjects
            .iter()
            .filter(|subject| subject.decides);
        deciding
            .filter_map(|subject| self.threshold(subject, name))
            .collect()
    }

    /// Where the baseline does not meet the needs, only they can make it stay.
    fn givable(&self, name: &str) -> String {
        let lacks = self.conclusion.baseline_lacks.iter();
        let needs: Vec<String> = lacks.map(|one| format!("`{}`", one.need)).collect();
        format!(
            "`{}` stays if what it does not offer is given up: {}. `{name}` is then judged by its times alone.",
            self.results.baseline,
            format::list(&needs)
        )
    }

    fn threshold(&self, subject: &Subject, name: &str) -> Option<String> {
        let ours = self.cell(subject, name)?;
        let theirs = self.cell(subject, &self.results.baseline)?;
        let ratio: &Ratio = ours.ratio.as_ref()?;
        let (baseline, margin) = (&self.results.baseline, self.results.margin);
        let what = match operation(subject.metric) {
            what @ "operation" => format!("an {what}"),
            what => format!("a {what}"),
        };
        let side = subject.side.name();
        Some(match &self.conclusion.decision {
            Choice::Adopt { .. } if ratio.median > margin => format!(
                "`{baseline}` stays if {what} of the {side} takes it at most {} {} instead of {}: within {} of \
                 `{name}`.",
                format::significant(theirs.median / ratio.median * margin),
                theirs.unit,
                format::significant(theirs.median),
                format::margin(margin)
            ),
            Choice::Adopt { .. } => format!(
                "{} of the {side} does not speak for `{name}`: {}.",
                format::sentence(&what),
                format::ratio(ratio)
            ),
            Choice::Stay { trades, .. } if trades.iter().any(|trade| trade == name) => {
                if ratio.median * TOLERATED > 1.0 {
                    return None;
                }
                format!(
                    "`{name}` replaces `{baseline}` if {what} of the {side} takes it at most {} {} instead of \
                     {}: no more than {} longer.",
                    format::significant(theirs.median * TOLERATED),
                    theirs.unit,
                    format::significant(ours.median),
                    format::margin(TOLERATED)
                )
            }
            Choice::Stay { .. } | Choice::Undecided { .. } => format!(
                "`{name}` replaces `{baseline}` if {what} of the {side} takes it less than {} {}; now {}.",
                format::significant(theirs.median / margin),
                theirs.unit,
                format::significant(ours.median)
            ),
        })
    }

    /// What is predicted where it will run.
    pub(super) fn outlook(&self) -> Vec<String> {
        let conclusion = self.conclusion;
        let Some(name) = conclusion.decision.protagonist() else {
            return Vec::new();
        };
        if let Some(why) = &conclusion.unpredicted {
            return vec![format!("{}.", format::sentence(why))];
        }
        let deployment = &conclusion.deployment;
        let mut all = Vec::new();
        for ranked in &deployment.rankings {
            all.push(self.everywhere(name, ranked));
            all.extend(overtaken(name, ranked));
        }
        if !deployment.too_small.is_empty() {
            all.push(format!(
                "Not asked, with fewer processors than that: {}.",
                format::list(&deployment.too_small)
            ));
        }
        all.push(
            "Predictions are of all processors doing that one operation, from traces and a calibration; bands are limits \
             and no confidence intervals."
                .into(),
        );
        all
    }

    /// A ranking only if every machine agrees; otherwise what each of them says.
    fn everywhere(&self, name: &str, ranked: &Ranked) -> String {
        let baseline = &self.results.baseline;
        let operation = format::sentence(ranked.operation.title());
        if let Some(reason) = &ranked.reason {
            return format!("{operation}: nothing is predicted; {reason}.");
        }
        let all = self.conclusion.deployment.outlook.iter();
        let outlooks: Vec<&Outlook> = all
            .filter(|one| one.operation == ranked.operation)
            .collect();
        let than = match ranked.standing {
            Standing::Faster => "faster",
            Standing::Slower => "slower",
            Standing::Open => {
                return format!(
                    "{operation}: no ranking of `{name}` and `{baseline}` holds on every machine asked for: {}.",
                    disagreement(&outlooks, ranked)
                );
            }
        };
        let figures = outlooks.iter().map(|one| {
            format!(
                "{}: {} ns against {} ns",
                place(one),
                scaling::band(one.strategy_ns),
                scaling::band(one.baseline_ns)
            )
        });
        format!(
            "{operation}: `{name}` is predicted to be {than} than `{baseline}` on every machine asked for; {}.",
            figures.collect::<Vec<_>>().join("; ")
        )
    }
}

/// Machine by machine: `faster on desktop (16 of its processors); the bands overlap on server (...)`.
fn disagreement(outlooks: &[&Outlook], ranked: &Ranked) -> String {
    let on = |standing: Standing, told: &str| {
        let those = outlooks.iter().filter(|one| one.standing == standing);
        let places: Vec<String> = those.map(|one| place(one)).collect();
        (!places.is_empty()).then(|| format!("{told} on {}", format::list(&places)))
    };
    let missing = &ranked.unpredicted;
    let unpredicted =
        (!missing.is_empty()).then(|| format!("not predicted on {}", format::list(missing)));
    let told = [
        on(Standing::Faster, "faster"),
        on(Standing::Slower, "slower"),
        on(Standing::Open, "the bands overlap"),
        unpredicted,
    ];
    told.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Who is better there than the one that the advice is about.
fn overtaken(name: &str, ranked: &Ranked) -> Option<String> {
    if ranked.overtaken_by.is_empty() {
        return None;
    }
    let rivals = ranked.overtaken_by.iter().map(|one| format!("`{one}`"));
    Some(format!(
        "{}: predicted to be faster than `{name}` on every machine asked for: {}.",
        format::sentence(ranked.operation.title()),
        format::list(&rivals.collect::<Vec<_>>())
    ))
}

fn place(one: &Outlook) -> String {
    format!("{} ({} of its processors)", one.machine, one.cpus)
}
