//! What readers come with: for each use case what to use instead of the baseline, what it gains, what it costs elsewhere and
//! how far it holds. The first screen has a line for each, and each has a section.
//!
//! To use a strategy in a program of one's own takes: what to depend on, the type, and the two most frequent steps before and
//! after; `templates/adoption.txt` has the words.

use std::collections::BTreeSet;

use results::{Answer, Flip, Gain, Machine, PLAIN, Ratio, Results, UseCase, Verdict, is_plain};

use super::charts::{RATIO_MIN, Scale, drawing, intervals};
use super::draft::Draft;
use super::facts::{self, Serde, Value, context, grouped, list, unique};
use super::view::{Block, Figure, Section};
use super::{decisions, flips, format, headline};

/// A use case, as each machine answers it that measured it whole.
struct Case<'r>(Vec<(&'r Machine, &'r UseCase)>);

fn cases(results: &Results) -> Vec<Case<'_>> {
    let answers = results.machines.iter().flat_map(|machine| {
        compared(machine).map(move |use_case| (&use_case.id, (machine, use_case)))
    });
    let cases = grouped(answers).into_iter();
    cases.map(|(_, answers)| Case(answers)).collect()
}

/// The use cases in which anything was compared with the baseline.
fn compared(machine: &Machine) -> impl Iterator<Item = &UseCase> {
    let cases = machine.use_cases.iter();
    cases.filter(|use_case| !use_case.gains.is_empty())
}

impl<'r> Case<'r> {
    /// As the first machine has it.
    fn first(&self) -> &'r UseCase {
        self.0[0].1
    }

    /// Whether published crates have an answer of their own: one was measured, and the answer is another.
    fn has_published(&self) -> bool {
        let gist = |answer: &'r Answer| {
            let choice = answer.choice.as_ref();
            (choice.map(|choice| &choice.strategy), answer.is_open)
        };
        self.0.iter().any(|(machine, use_case)| {
            let is_published = |gain: &Gain| {
                let card = machine.card(&gain.strategy);
                card.is_some_and(|card| !card.is_own())
            };
            gist(&use_case.of_published) != gist(&use_case.of_all)
                && use_case.gains.iter().any(is_published)
        })
    }

    /// The sweep that says how far its answers hold.
    fn sweep(&self) -> Option<&'r str> {
        let mut sweeps = self.0.iter().map(|(_, use_case)| &use_case.holds_along);
        sweeps.find_map(|sweep| sweep.as_deref())
    }

    fn on(&self, machine: &Machine) -> Option<&'r UseCase> {
        let mut answers = self.0.iter();
        answers.find_map(|(other, use_case)| (other.name == machine.name).then_some(*use_case))
    }

    /// What a machine answers; of published crates, too, where any machine has another answer for them.
    fn facts(&self, machine: &Machine) -> Value {
        let use_case = self.on(machine);
        let published = self.has_published();
        let answers = use_case.map(|use_case| {
            let of_published = published.then_some(&use_case.of_published);
            let answers = [&use_case.of_all].into_iter().chain(of_published);
            list(answers, |answer| answer_facts(machine, use_case, answer))
        });
        context! {
            title => &self.first().title,
            ceiling => use_case.and_then(|use_case| use_case.ceiling),
            is_swept => use_case.is_some_and(|use_case| use_case.holds_along.is_some()),
            published,
            failed => use_case.map(|use_case| Serde(failed_controls(machine, use_case))),
            answers,
        }
    }
}

/// An answer with what it costs elsewhere, and what happens to it along the sweep of its use case.
fn answer_facts(machine: &Machine, use_case: &UseCase, answer: &Answer) -> Value {
    let (choice, nearest) = (answer.choice.as_ref(), answer.nearest.as_ref());
    let is_about = |flip: &&Flip| {
        let is_along = use_case.holds_along.as_ref() == Some(&flip.sweep);
        is_along && choice.is_some_and(|choice| choice.strategy == flip.strategy)
    };
    let loss = choice.or(nearest).and_then(|choice| choice.loss.as_ref());
    let loss = loss.map(|loss| {
        let row = facts::label(std::slice::from_ref(machine), &loss.scenario, loss.metric);
        context! { row, slower => 1.0 / loss.times }
    });
    let reaches_margin = nearest.is_some_and(|nearest| nearest.high > machine.margin);
    context! {
        is_near => answer.is_open || reaches_margin || loss.is_some(),
        may_gain => !answer.is_open && reaches_margin,
        loss,
        lost => choice.map(|choice| facts::tradeoffs(machine, &choice.strategy)),
        flips => list(machine.flips.iter().filter(is_about), flips::crossing),
        ..Value::from(Serde(answer))
    }
}

/// The first screen: what to use instead of the baseline in each situation, how sure that is, and how to repeat it.
pub(super) fn first(results: &Results) -> Section {
    let cases = cases(results);
    let runs = facts::all(results, |machine| &machine.runs);
    let picture = picture(results, &cases).map(Block::Figure);
    Draft::new("first", results)
        .fact("is_compared", decisions::is_compared(results))
        .fact("is_quick", !results.machines.iter().any(Machine::decides))
        .fact("are_builds", facts::are_builds(results))
        .fact("runs", runs.collect::<Vec<_>>())
        .of_each(|machine| {
            context! {
                cases => list(&cases, |case| case.facts(machine)),
                records => records(machine),
                controls => facts::controls(machine),
                plain => plain(machine),
                channel => headline::channel(machine),
                broken => Serde(facts::broken(machine)),
                has_open_end => compared(machine).any(has_open_end),
            }
        })
        .place("picture", picture)
        .section()
}

/// Whether an answer is shown with an interval that begins at 0 or has no upper end.
fn has_open_end(use_case: &UseCase) -> bool {
    let answers = [&use_case.of_all, &use_case.of_published].into_iter();
    let mut shown = answers.filter_map(|answer| answer.choice.as_ref().or(answer.nearest.as_ref()));
    shown.any(|choice| choice.high.is_infinite() || choice.low <= 0.0)
}

/// How many records the tables hold that decide, ascending.
fn records(machine: &Machine) -> Value {
    let rows = facts::judged(machine, compared(machine).flat_map(|case| &case.decided_by));
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
    let is_decided = |ratio: &&&Ratio| ratio.verdict != Verdict::Inconclusive;
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
        let drawn_in = earlier.find(|it| case.sweep().is_some() && it.sweep() == case.sweep());
        section(results, case, drawn_in)
    });
    of_cases.chain([costs(results)]).collect()
}

fn costs(results: &Results) -> Section {
    let named = results.machines.iter().flat_map(|machine| {
        let answers = compared(machine).flat_map(|it| [&it.of_all, &it.of_published]);
        let choices = answers.filter_map(|answer| answer.choice.as_ref());
        choices.map(move |choice| (choice.strategy.as_str(), machine))
    });
    let named = grouped(named);
    let adoptions = named.iter().filter_map(|(strategy, machines)| {
        let anchor = format!("adopt-{}", format::slug(strategy));
        Some(context! { anchor, ..adoption(machines[0], strategy)? })
    });
    Draft::new("costs", results)
        .fact("adoptions", adoptions.collect::<Vec<_>>())
        .of_each(|machine| {
            // Named on one machine, it costs something on each that measured it.
            let here = named.iter().map(|(strategy, _)| *strategy);
            let here = here.filter(|strategy| machine.card(strategy).is_some());
            let costs = list(here, |strategy| {
                let is_ranked = machine.is_ranked(strategy);
                context! { strategy, lost => is_ranked.then(|| facts::tradeoffs(machine, strategy)) }
            });
            context! { costs }
        })
        .section()
}

fn section(results: &Results, case: &Case<'_>, drawn_in: Option<&Case<'_>>) -> Section {
    let rows = facts::united(results, |machine| {
        let use_case = case.on(machine).into_iter();
        facts::judged(machine, use_case.flat_map(|case| &case.decided_by)).collect()
    });
    let is_meant = |name: &str| {
        let mut gains = case.0.iter().flat_map(|(_, use_case)| &use_case.gains);
        gains.any(|gain| gain.strategy == name)
    };
    let contenders = intervals(results, &rows, is_meant);
    let rows = list(&rows, |row| row.facts(results));
    let section = Draft::new("case", results)
        .fact("rows", rows)
        .fact("drawn_in", drawn_in.map(|case| &case.first().title))
        .of_each(|machine| context! { case => case.facts(machine) })
        .place("contenders", contenders)
        .figures("sweep", |machine| {
            let use_case = case.on(machine).filter(|_| drawn_in.is_none());
            let sweep = use_case.and_then(|use_case| use_case.holds_along.as_ref());
            sweep.and_then(|sweep| flips::along(machine, sweep))
        })
        .section();
    let id = format!("case-{}", case.first().id);
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
    let panels = panels.map(|(machine, left)| {
        let values = compared(machine).flat_map(|use_case| {
            let choice = use_case.of_all.choice.iter();
            let ends = choice.flat_map(|choice| [choice.low, choice.high]);
            let gains = use_case.gains.iter().map(|gain| gain.times);
            ends.chain(use_case.ceiling).chain(gains)
        });
        let values = values.filter(|value| value.is_finite() && *value >= RATIO_MIN);
        let values = values.chain([1.0, machine.margin]);
        Some((machine, Scale::over(values, 1.15, [left, left + length])?))
    });
    let panels: Vec<(&Machine, Scale)> = panels.collect::<Option<_>>()?;
    let facts = context! {
        several,
        titles => TITLES,
        width => lefts.clone().nth(panels.len()),
        gap => GAP,
        panels => list(&panels, |(machine, axis)| {
            let [left, right] = axis.pixels;
            context! { left, right, title => &machine.name, axis => axis.ratios(machine.margin) }
        }),
        lines => list(cases, |case| {
            let cells = list(&panels, |(machine, axis)| Some(line(case.on(machine)?, axis)));
            context! { title => &case.first().title, cells }
        }),
        baseline => &results.baseline,
    };
    let description = format::counted(cases.len(), "situation", None);
    (!cases.is_empty()).then(|| drawing("situations", description, facts))
}

/// What a panel has in the line of a use case.
fn line(use_case: &UseCase, axis: &Scale) -> Value {
    let choice = |answer: &Answer| {
        let choice = answer.choice.as_ref()?;
        let [from, x, to] = [choice.low, choice.times, choice.high].map(|value| axis.at(value));
        Some(context! { from, x, to, ..Value::from(Serde(choice)) })
    };
    context! {
        gains => list(&use_case.gains, |gain| {
            let is_below = axis.is_below(gain.times);
            context! { strategy => &gain.strategy, x => axis.at(gain.times), is_below }
        }),
        ceiling => use_case.ceiling.map(|ceiling| axis.at(ceiling)),
        published => choice(&use_case.of_published),
        choice => choice(&use_case.of_all),
        is_open => use_case.of_all.is_open,
    }
}

/// The facts for a strategy with a card, with the versions that were measured.
pub(super) fn adoption(machine: &Machine, strategy: &str) -> Option<Value> {
    let card = machine.card(strategy)?;
    let recipe = recipes::recipe(strategy);
    let used: Vec<&str> = match recipe {
        Some(recipe) => recipe.libraries.to_vec(),
        None => card.library.split(", ").collect(),
    };
    let libraries = machine.environment.libraries.iter();
    let libraries = libraries.filter(|(library, _)| used.contains(&library.as_str()));
    let steps = recipe.map(|recipe| {
        let steps = [("Read", "read"), ("Read, modify, write", "update")];
        let steps = steps.into_iter().filter_map(|(title, region)| {
            let [before, after] = recipe.line(region);
            Some(context! { title, before => before?, after => after? })
        });
        steps.collect::<Value>()
    });
    Some(context! {
        strategy,
        summary => &card.summary,
        family => facts::family(strategy),
        is_own => card.is_own(),
        libraries => Serde(libraries.collect::<Vec<_>>()),
        crates => recipe.map(|recipe| Serde(recipe.crates)),
        is_copied => recipe.is_some_and(recipes::Recipe::is_copied),
        types => recipe.map(|recipe| recipe.types().to_vec()),
        steps,
        breaks => recipe.map(recipes::Recipe::breaks),
    })
}
