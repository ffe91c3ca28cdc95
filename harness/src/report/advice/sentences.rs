//! The sentences of an advice.

use crate::advice::{
    Allocation, Basis, Choice, Conclusion, Loss, Need, Questions, Subject, Why, Workload, operation,
};
use crate::report::format;
use crate::results::{Cell, Machine, TOLERATED};

/// All that a sentence can be about.
pub(super) struct Told<'t> {
    pub(super) workload: &'t Workload,
    pub(super) questions: &'t Questions,
    pub(super) results: &'t Machine,
    pub(super) conclusion: &'t Conclusion,
}

impl Told<'_> {
    /// What to do.
    pub(super) fn answer(&self) -> String {
        let baseline = &self.results.baseline;
        let margin = format::margin(self.results.margin);
        match &self.conclusion.decision {
            Choice::Adopt {
                strategy,
                why: Why::Faster,
                ..
            } => format!(
                "Adopt `{strategy}`: it improves on `{baseline}` by more than {margin}{}.",
                self.at_no_loss()
            ),
            Choice::Adopt {
                strategy,
                why: Why::Needed,
                ..
            } => format!(
                "Adopt `{strategy}`: `{baseline}` does not offer what is needed, and of those that do it is the best."
            ),
            Choice::Stay { best: None, .. } => {
                format!("Stay with `{baseline}`: nothing else offers what is needed.")
            }
            Choice::Stay { trades, .. } if !trades.is_empty() => format!(
                "Stay with `{baseline}`: whoever improves on one part of this workload by more than {margin} \
                 is slower by more than {} in another.",
                format::margin(TOLERATED)
            ),
            Choice::Stay { .. } => format!(
                "Stay with `{baseline}`: nothing that offers what is needed improves on it by more than {margin}."
            ),
            Choice::Undecided { .. } => format!(
                "Undecided: these samples do not tell whether anything improves on `{baseline}` by more than \
                 {margin}; measure longer with --preset full."
            ),
        }
    }

    /// What goes without saying where one part decides alone.
    fn at_no_loss(&self) -> String {
        let subjects = self.questions.subjects.iter();
        match subjects.filter(|subject| subject.decides).count() {
            0 | 1 => String::new(),
            parts => format!(
                " in at least one of the {parts} parts that decide, and in none of them it is slower by more than \
                 {} for certain",
                format::margin(TOLERATED)
            ),
        }
    }

    /// Figure by figure.
    pub(super) fn because(&self) -> Vec<String> {
        let mut all = Vec::new();
        if let Some(name) = self.conclusion.decision.protagonist() {
            for subject in &self.questions.subjects {
                all.extend(self.figure(subject, name));
            }
        }
        all.extend(self.choice());
        for subject in &self.questions.subjects {
            all.extend(self.load(subject));
        }
        all
    }

    pub(super) fn cell(&self, subject: &Subject, strategy: &str) -> Option<&Cell> {
        self.results
            .cell(&subject.scenario, strategy, subject.metric)
    }

    fn figure(&self, subject: &Subject, strategy: &str) -> Option<String> {
        let ours = self.cell(subject, strategy)?;
        let theirs = self.cell(subject, &self.results.baseline)?;
        let ratio = ours.ratio.as_ref()?;
        let told = if (ratio.ci_low..=ratio.ci_high).contains(&1.0) {
            format!("{}, no difference seen", format::ratio(ratio))
        } else if ratio.median < 1.0 {
            format!("{} slower", format::slower_by(ratio))
        } else {
            format!("{} faster", format::ratio(ratio))
        };
        let weight = if subject.decides {
            ""
        } else {
            " (does not decide)"
        };
        Some(format!(
            "{} of {}, {}: `{strategy}` is {told}, with {} instead of {}{weight}.",
            format::sentence(operation(subject.metric)),
            subject.side.name(),
            format::counted(subject.threads, "thread", "threads"),
            format::measured(ours),
            format::measured(theirs)
        ))
    }

    /// Why this one and not another.
    fn choice(&self) -> Option<String> {
        let quoted = |names: &[String]| {
            format::list(
                &names
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>(),
            )
        };
        match &self.conclusion.decision {
            Choice::Adopt {
                strategy, as_good, ..
            } if !as_good.is_empty() => Some(format!(
                "As fast, as far as was measured: {}. Of all of them `{strategy}` gives up least (parts of the \
                 workload that get slower first, then guarantees), or is the fastest of those that give up as \
                 little.",
                quoted(as_good)
            )),
            Choice::Stay { trades, .. } if !trades.is_empty() => Some(format!(
                "Better in one part and worse in another: {}. If only one part matters, say so with `decision.by`.",
                quoted(trades)
            )),
            Choice::Undecided { hopeful } if !hopeful.is_empty() => Some(format!(
                "May improve by more than the margin: {}.",
                quoted(hopeful)
            )),
            _ => None,
        }
    }

    /// What a rate makes of it: the share of a processor that is spent in the table.
    fn load(&self, subject: &Subject) -> Option<String> {
        let per_s = subject.per_s?;
        // A cell is wall time by the operations of all who have a processor.
        let share = |name: &str| {
            let running = subject.threads.min(self.results.environment.cpus) as f64;
            Some(self.cell(subject, name)?.median * running * per_s / 1e7)
        };
        let baseline = &self.results.baseline;
        let mut told = format!(
            "At {} {}s a second, `{baseline}` keeps about {} % of one processor busy",
            format::thousands(per_s),
            operation(subject.metric),
            format::significant(share(baseline)?)
        );
        let now = share(baseline)?;
        let other = self.conclusion.decision.protagonist();
        if let Some((name, then)) = other.and_then(|name| Some((name, share(name)?))) {
            told.push_str(&format!(", `{name}` {} %", format::significant(then)));
            if then < now {
                told.push_str(": that is all there is to gain");
            }
        }
        told.push('.');
        Some(told)
    }

    /// The workload as it was given.
    pub(super) fn workload(&self) -> Vec<String> {
        let table = &self.workload.table;
        let record = self.workload.record();
        let mut all = vec![format!(
            "{} of {record}, {} as identifiers; which of them are asked for how often: {}.",
            format::counted(table.records, "record", "records"),
            table.ids,
            table.skew
        )];
        for (side, crew) in self.workload.sides() {
            let pace = match crew.rate_per_s {
                None => "as fast as they can".to_owned(),
                Some(rate) => format!("{} a second each", format::thousands(rate)),
            };
            let threads = format::counted(crew.threads, "thread", "threads");
            all.push(format!("{}: {threads}, {pace}.", side.name()));
        }
        if let Some(ns) = self.workload.section_ns() {
            all.push(format!("A lookup holds its record for {ns} ns."));
        }
        all
    }

    /// What is asked for.
    pub(super) fn needs(&self) -> Vec<String> {
        let needs = &self.workload.needs;
        let asked = needs.asked(self.workload).into_iter();
        let named = asked.filter(|need| *need != Need::Correct).map(|need| {
            let detail = match (need, needs.allocates) {
                (Need::Allocates, Allocation::Never) => ": never",
                (Need::Allocates, _) => ": not in reads",
                _ => "",
            };
            format!("`{need}`{detail}")
        });
        let heap = needs
            .heap_records
            .then(|| format!("`{}`", Need::HeapRecords));
        named.chain(heap).collect()
    }

    /// What gets worse, or would if what came closest were adopted.
    pub(super) fn lost(&self) -> Vec<String> {
        let decision = &self.conclusion.decision;
        let Some(name) = decision.protagonist() else {
            return Vec::new();
        };
        let mut all: Vec<String> = self.conclusion.losses.iter().map(loss).collect();
        let card = self.results.contenders().find(|card| card.name == name);
        if let Some(card) = card.filter(|card| !card.avoid_when.is_empty()) {
            all.push(format!("The wrong choice when: {}.", card.avoid_when));
        }
        if !matches!(decision, Choice::Adopt { .. }) {
            for told in &mut all {
                *told = format!("With `{name}`, if it were adopted: {told}");
            }
        }
        all
    }

    /// Who was left out: need by need.
    pub(super) fn excluded(&self) -> Vec<String> {
        let conclusion = self.conclusion;
        let all = conclusion.baseline_lacks.iter().chain(&conclusion.excluded);
        all.map(|one| {
            format!(
                "`{}`, need `{}`, {}: {}.",
                one.strategy, one.need, one.basis, one.reason
            )
        })
        .collect()
    }

    /// What the needs rest on: seen of the one that the advice is about, or only claimed.
    pub(super) fn grounds(&self) -> Vec<String> {
        let conclusion = self.conclusion;
        let protagonist = conclusion.decision.protagonist();
        let of_it = conclusion
            .kept
            .iter()
            .filter(|one| Some(one.strategy.as_str()) == protagonist);
        let mut all: Vec<String> = of_it
            .map(|one| {
                format!(
                    "`{}`, {} of `{}`: {}.",
                    one.need, one.basis, one.strategy, one.evidence
                )
            })
            .collect();
        let others = conclusion.kept.iter().filter(|one| {
            one.basis == Basis::Claimed && Some(one.strategy.as_str()) != protagonist
        });
        let others: Vec<String> = others
            .map(|one| format!("`{}` of `{}`", one.need, one.strategy))
            .collect();
        if !others.is_empty() {
            all.push(format!(
                "Only claimed of others that were measured: {}.",
                format::list(&others)
            ));
        }
        if self.workload.needs.heap_records && !all.is_empty() {
            all.push("Faults and stops are tried with records of plain data.".into());
        }
        all
    }

    /// What a reader has to know besides.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut all = Vec::new();
        if self.results.partial {
            all.push("The run was cut short: this rests on what there is.".to_owned());
        }
        let scenarios: Vec<&str> = {
            let subjects = self.questions.subjects.iter();
            subjects.map(|subject| subject.scenario.as_str()).collect()
        };
        let matters = |warning: &&String| {
            scenarios
                .iter()
                .any(|name| warning.starts_with(&format!("{name}:")))
        };
        all.extend(self.results.warnings.iter().filter(matters).cloned());
        let failed =
            self.results.controls.iter().filter(|control| {
                !control.passed && scenarios.contains(&control.scenario.as_str())
            });
        all.extend(failed.map(|control| {
            format!(
                "{}: `{}` should be {} and is {}.",
                control.scenario, control.control, control.expected, control.observed
            )
        }));
        all
    }
}

fn loss(loss: &Loss) -> String {
    let seen = match loss.seen.as_str() {
        "" => "stated by its profile".to_owned(),
        seen if seen == loss.after => "seen".to_owned(),
        seen => format!("seen: {seen}"),
    };
    format!(
        "{}: {} instead of {} ({seen}).",
        format::sentence(&loss.property),
        loss.after,
        loss.before
    )
}
