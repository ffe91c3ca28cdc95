//! What readers come with: for each use case what to use instead of the baseline, what it gains, what it costs elsewhere and
//! how far it holds. The first screen has a line for each, and each has a section.

use std::collections::BTreeSet;

use minijinja::context;
use minijinja::value::{Serde, Value};

use results::{Answer, Flip, Machine, PLAIN, Results, UseCase, Verdict, is_plain};

use super::adoption::Tradeoffs;
use super::charts::{RATIO_MIN, Scale, drawing, intervals};
use super::collect::{grouped, unique};
use super::draft::Draft;
use super::facts::{self, Row};
use super::view::{Block, Figure, Section};
use super::{adoption, decisions, flips, format, headline};

/// A use case, as each machine answers it that measured it whole.
struct Case<'r> {
    id: &'r str,
    answers: Vec<(&'r Machine, &'r UseCase)>,
}

fn cases(results: &Results) -> Vec<Case<'_>> {
    let answers = results.machines.iter().flat_map(|machine| {
        compared(machine).map(move |use_case| (use_case.id.as_str(), (machine, use_case)))
    });
    let cases = grouped(answers).into_iter();
    cases.map(|(id, answers)| Case { id, answers }).collect()
}

/// The use cases in which anything was compared with the baseline.
fn compared(machine: &Machine) -> impl Iterator<Item = &UseCase> {
    let cases = machine.use_cases.iter();
    cases.filter(|use_case| !use_case.gains.is_empty())
}

impl<'r> Case<'r> {
    /// Whether published crates have an answer of their own: one was measured, and the answer is another.
    fn has_published(&self) -> bool {
        let gist = |answer: &'r Answer| {
            let choice = answer.choice.as_ref();
            (choice.map(|choice| &choice.strategy), answer.is_open)
        };
        self.answers.iter().any(|(machine, use_case)| {
            let is_published = |name: &str| {
                let mut cards = machine.strategies.iter();
                cards.any(|card| card.name == name && !card.is_own())
            };
            gist(&use_case.of_published) != gist(&use_case.of_all)
                && use_case
                    .gains
                    .iter()
                    .any(|gain| is_published(&gain.strategy))
        })
    }

    /// The sweep that says how far its answers hold.
    fn sweep(&self) -> Option<&'r str> {
        let mut sweeps = self.answers.iter();
        sweeps.find_map(|(_, use_case)| use_case.holds_along.as_deref())
    }

    fn on(&self, machine: &Machine) -> Option<&'r UseCase> {
        let mut answers = self.answers.iter();
        answers.find_map(|(other, use_case)| (other.name == machine.name).then_some(*use_case))
    }

    /// What a machine answers; of published crates, too, where any machine has another answer for them.
    fn facts(&self, machine: &Machine) -> Value {
        let use_case = self.on(machine);
        let answers = use_case.map(|use_case| {
            let of_published = self.has_published().then_some(&use_case.of_published);
            let answers = [&use_case.of_all].into_iter().chain(of_published);
            let answers = answers.map(|answer| answer_facts(machine, use_case, answer));
            answers.collect::<Vec<_>>()
        });
        context! {
            title => &self.answers[0].1.title,
            ceiling => use_case.and_then(|use_case| use_case.ceiling),
            is_swept => use_case.is_some_and(|use_case| use_case.holds_along.is_some()),
            published => self.has_published(),
            failed => use_case.map(|use_case| Serde(failed_controls(machine, use_case))),
            answers => answers,
        }
    }
}

/// An answer with what it costs elsewhere, and what happens to it along the sweep of its use case.
fn answer_facts(machine: &Machine, use_case: &UseCase, answer: &Answer) -> Value {
    let choice = answer.choice.as_ref();
    let is_about = |flip: &&Flip| {
        let is_along = use_case.holds_along.as_ref() == Some(&flip.sweep);
        is_along && choice.is_some_and(|choice| choice.strategy == flip.strategy)
    };
    let loss = choice.or(answer.nearest.as_ref());
    let loss = loss.and_then(|choice| choice.loss.as_ref());
    let loss = loss.map(|loss| {
        let row = facts::label(std::slice::from_ref(machine), &loss.scenario, loss.metric);
        context! { row, slower => 1.0 / loss.times }
    });
    let flips = machine.flips.iter().filter(is_about);
    let nearest = answer.nearest.as_ref();
    let reaches_margin = nearest.is_some_and(|nearest| nearest.high > machine.margin);
    context! {
        is_near => answer.is_open || reaches_margin || loss.is_some(),
        may_gain => !answer.is_open && reaches_margin,
        loss,
        lost => choice.map(|choice| Value::from(Serde(Tradeoffs::from_machine(machine, &choice.strategy)))),
        flips => flips.map(flips::crossing).collect::<Vec<_>>(),
        ..Value::from(Serde(answer))
    }
}

/// The first screen: what to use instead of the baseline in each situation, how sure that is, and how to repeat it.
pub(super) fn first(results: &Results) -> Section {
    let cases = cases(results);
    let is_quick = !results.machines.iter().any(Machine::decides);
    let runs = results.machines.iter().flat_map(|machine| &machine.runs);
    Draft::new("first", results)
        .fact("is_compared", decisions::is_compared(results))
        .fact("is_quick", is_quick)
        .fact("are_builds", facts::are_builds(results))
        .fact("runs", runs.collect::<Vec<_>>())
        .of_each(|machine| {
            context! {
                cases => cases.iter().map(|case| case.facts(machine)).collect::<Vec<_>>(),
                records => records(machine),
                controls => facts::controls(machine),
                plain => plain(machine),
                channel => headline::channel(machine),
                broken => Serde(facts::broken(machine)),
                has_open_end => compared(machine).any(has_open_end),
            }
        })
        .place(
            "picture",
            picture(results, &cases)
                .map(Block::Figure)
                .into_iter()
                .collect(),
        )
        .section()
}

/// Whether an answer is shown with an interval that begins at 0 or has no upper end.
fn has_open_end(use_case: &UseCase) -> bool {
    let answers = [&use_case.of_all, &use_case.of_published].into_iter();
    let mut shown = answers.filter_map(|answer| answer.choice.as_ref().or(answer.nearest.as_ref()));
    shown.any(|choice| choice.high.is_infinite() || choice.low <= 0.0)
}

/// How many records the tables hold that decide, ascending.
fn records(machine: &Machine) -> Vec<usize> {
    let rows = compared(machine).flat_map(|use_case| &use_case.decided_by);
    let rows = rows.filter_map(|judged| facts::row(machine, &judged.scenario, judged.metric));
    let records: BTreeSet<usize> = rows.map(|row| row.scenario.processes).collect();
    records.into_iter().collect()
}

/// Of the differences in the main rows that are plain to see, how many have a verdict.
fn plain(machine: &Machine) -> Value {
    let rows = facts::all_rows(machine);
    let rows = rows.iter().filter(|row| row.scenario.point.is_none());
    let ratios = rows
        .flat_map(|row| facts::ranked(machine).filter_map(move |name| row.ratio(machine, name)));
    let plain: Vec<_> = ratios.filter(|ratio| is_plain(ratio.median)).collect();
    let [worse, better] = PLAIN;
    let is_decided = |ratio: &&&results::Ratio| ratio.verdict != Verdict::Inconclusive;
    context! { worse, better, all => plain.len(), decided => plain.iter().filter(is_decided).count() }
}

/// The controls that failed in a scenario that decides.
fn failed_controls<'r>(machine: &'r Machine, use_case: &UseCase) -> Vec<&'r str> {
    let failed = machine.controls.iter().filter(|control| {
        let mut rows = use_case.decided_by.iter();
        !control.passed && rows.any(|row| row.scenario == control.scenario)
    });
    unique(failed.map(|control| control.control.as_str()))
}

/// A section for each use case: every contender in the rows that decide it, and where its answer changes. Then what the
/// strategies cost elsewhere that any of them names.
pub(super) fn sections(results: &Results) -> Vec<Section> {
    let cases = cases(results);
    let of_cases = cases.iter().enumerate().map(|(index, case)| {
        let mut earlier = cases[..index].iter();
        let drawn_in =
            earlier.find(|other| case.sweep().is_some() && other.sweep() == case.sweep());
        section(results, case, drawn_in)
    });
    of_cases.chain([costs(results)]).collect()
}

fn costs(results: &Results) -> Section {
    let named = results.machines.iter().flat_map(|machine| {
        let answers =
            compared(machine).flat_map(|use_case| [&use_case.of_all, &use_case.of_published]);
        let named = answers.filter_map(|answer| answer.choice.as_ref());
        named.map(move |choice| (choice.strategy.as_str(), machine))
    });
    let named = grouped(named);
    let adoptions = named.iter().filter_map(|(strategy, machines)| {
        let anchor = format!("adopt-{}", format::slug(strategy));
        Some(context! { anchor, ..adoption::adoption(machines[0], strategy)? })
    });
    Draft::new("costs", results)
        .fact("adoptions", adoptions.collect::<Vec<_>>())
        .of_each(|machine| {
            // Named on one machine, it costs something on each that measured it.
            let here = named.iter().map(|&(strategy, _)| strategy);
            let here = here.filter(|strategy| machine.card(strategy).is_some());
            let costs = here.map(|strategy| {
                let lost = Tradeoffs::from_machine(machine, strategy);
                let lost = machine.is_ranked(strategy).then_some(Serde(lost));
                context! { strategy, lost }
            });
            context! { costs => costs.collect::<Vec<_>>() }
        })
        .section()
}

fn section(results: &Results, case: &Case<'_>, drawn_in: Option<&Case<'_>>) -> Section {
    let decided_by = |machine| -> Vec<Row<'_>> {
        let rows = case
            .on(machine)
            .into_iter()
            .flat_map(|use_case| &use_case.decided_by);
        rows.filter_map(|judged| facts::row(machine, &judged.scenario, judged.metric))
            .collect()
    };
    let rows = facts::united(results, decided_by);
    let is_meant = |name: &str| {
        let mut gains = case
            .answers
            .iter()
            .flat_map(|(_, use_case)| &use_case.gains);
        gains.any(|gain| gain.strategy == name)
    };
    let contenders = intervals::figures(results, &rows, is_meant);
    let rows = rows.iter().map(|row| {
        context! {
            label => facts::label(&results.machines, &row.scenario.name, row.metric),
            question => row.scenario.question.as_str(),
            threads => row.scenario.threads(),
            records => row.scenario.processes,
        }
    });
    let section = Draft::new("case", results)
        .fact("rows", rows.collect::<Vec<_>>())
        .fact("drawn_in", drawn_in.map(|case| &case.answers[0].1.title))
        .of_each(|machine| context! { case => case.facts(machine) })
        .place("contenders", contenders)
        .figures("sweep", |machine| {
            let use_case = case.on(machine).filter(|_| drawn_in.is_none());
            let sweep = use_case.and_then(|use_case| use_case.holds_along.as_ref());
            sweep.and_then(|sweep| flips::along(machine, sweep))
        })
        .section();
    let id = format!("case-{}", case.id);
    Section { id, ..section }
}

/// Where the titles of the picture's lines end, how long the axis of its only machine is and that of each of several, and
/// how long the words behind it, in pixels.
const TITLES: i32 = 380;
const AXES: [i32; 2] = [370, 230];
const WORDS: i32 = 230;
const GAP: i32 = 10;

/// A line for each use case, and a panel for each machine, whose axis is of times better.
fn picture(results: &Results, cases: &[Case<'_>]) -> Option<Figure> {
    let several = results.machines.len() > 1;
    let length = AXES[usize::from(several)];
    let lefts = (0..).map(|panel| TITLES + GAP + panel * (length + WORDS + GAP));
    let panels = results.machines.iter().zip(lefts.clone());
    let panels =
        panels.map(|(machine, left)| Some((machine, axis(machine, [left, left + length])?)));
    let panels: Vec<(&Machine, Scale)> = panels.collect::<Option<_>>()?;
    let lines = cases.iter().map(|case| {
        let cells = panels
            .iter()
            .map(|(machine, axis)| Some(line(case.on(machine)?, axis)));
        context! { title => &case.answers[0].1.title, cells => cells.collect::<Vec<_>>() }
    });
    let grounds = panels.iter().map(|(machine, axis)| {
        let [left, right] = axis.ends();
        context! { left, right, title => &machine.name, axis => axis.ratios(machine.margin) }
    });
    let facts = context! {
        several,
        titles => TITLES,
        width => lefts.clone().nth(panels.len()),
        gap => GAP,
        panels => grounds.collect::<Vec<_>>(),
        lines => lines.collect::<Vec<_>>(),
        baseline => &results.baseline,
    };
    let description = format::counted(cases.len(), "situation", None);
    (!cases.is_empty()).then(|| drawing("situations", description, facts))
}

/// The axis of a machine's panel.
fn axis(machine: &Machine, ends: [i32; 2]) -> Option<Scale> {
    let values = compared(machine).flat_map(|use_case| {
        let choice = use_case.of_all.choice.iter();
        let ends = choice.flat_map(|choice| [choice.low, choice.high]);
        let gains = use_case.gains.iter().map(|gain| gain.times);
        ends.chain(use_case.ceiling).chain(gains)
    });
    let values = values.filter(|value| value.is_finite() && *value >= RATIO_MIN);
    Scale::over(values.chain([1.0, machine.margin]), 1.15, ends)
}

/// What a panel has in the line of a use case.
fn line(use_case: &UseCase, axis: &Scale) -> Value {
    let gains = use_case.gains.iter();
    let gains = gains.map(|gain| {
        let is_below = axis.is_below(gain.times);
        context! { strategy => &gain.strategy, x => axis.at(gain.times), is_below }
    });
    let choice = |answer: &Answer| {
        let choice = answer.choice.as_ref()?;
        let [from, x, to] = [choice.low, choice.times, choice.high].map(|value| axis.at(value));
        Some(context! { from, x, to, ..Value::from(Serde(choice)) })
    };
    context! {
        gains => gains.collect::<Vec<_>>(),
        ceiling => use_case.ceiling.map(|ceiling| axis.at(ceiling)),
        published => choice(&use_case.of_published),
        choice => choice(&use_case.of_all),
        is_open => use_case.of_all.is_open,
    }
}
