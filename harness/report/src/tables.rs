//! Sections that are tables and nothing else: what was counted, probed, checked and promised, what could have refuted the
//! measurement, and what it favours.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::controls;

use results::{Card, Guaranteed, Machine, Metric, Results};

use super::collect::{grouped, unique};
use super::draft::Draft;
use super::view::{Block, Section};
use super::{decisions, evidence, facts, format, latency, pivots};

/// The report's memory columns: what reads, writes and scans allocate, and what a record keeps alive.
pub(super) fn memory(results: &Results) -> Section {
    let machines = || results.machines.iter();
    let cells = machines().flat_map(|machine| &machine.cells);
    let counts = cells.filter(|cell| !cell.metric.is_timed());
    let counted = grouped(counts.map(|cell| (cell.scenario.as_str(), cell.metric)));
    let scenarios = machines().flat_map(|machine| &machine.scenarios);
    let scenarios = scenarios.filter_map(|scenario| {
        let mut counted = counted.iter();
        let (_, metrics) = counted.find(|(name, _)| *name == scenario.name)?;
        Some((&scenario.record, (scenario, metrics)))
    });
    // For each kind of record the largest table, where fixed costs weigh least; of equal ones the first.
    let largest = grouped(scenarios).into_iter().filter_map(|(_, same)| {
        let same = same.into_iter().rev();
        same.max_by_key(|(scenario, _)| scenario.processes)
    });
    let scenarios = largest.map(|(scenario, metrics)| {
        let operations = [
            Metric::AllocBytesRead,
            Metric::AllocBytesWrite,
            Metric::AllocBytesScan,
        ];
        let operations = operations
            .into_iter()
            .filter(|bytes| metrics.contains(bytes));
        let operations = operations.map(format::operation);
        context! {
            name => scenario.name.as_str(),
            processes => scenario.processes,
            record => scenario.record.to_string(),
            operations => operations.collect::<Vec<_>>(),
        }
    });
    Draft::new("memory", results)
        .fact("scenarios", scenarios.collect::<Vec<_>>())
        .of_each(|machine| {
            let weighed = pivots::listed(machine.contenders(), |card| {
                context! { at => Serde(facts::counts(machine, &card.name)) }
            });
            let (assumptions, exclusions) = (&machine.assumptions, &machine.exclusions);
            context! { weighed, assumptions => Serde(assumptions), exclusions => Serde(exclusions) }
        })
        .section()
}

/// The report's deadlock row: the check, and the timed test.
pub(super) fn deadlock(results: &Results) -> Section {
    let rows = facts::united(results, facts::totals);
    let mut judged = results
        .machines
        .iter()
        .flat_map(|machine| &machine.assumptions);
    let is_checked = judged.any(|judged| judged.id == "deadlock");
    Draft::new("deadlock", results)
        .fact("is_tested", is_checked || !rows.is_empty())
        .of_each(|machine| {
            let timed = rows.iter().map(|row| {
                context! { threads => row.scenario.threads(), scenario => Serde(row.scenario) }
            });
            let tested = pivots::listed(machine.contenders(), |card| {
                context! { figures => facts::figures(machine, &rows, &card.name) }
            });
            let assumptions = Serde(&machine.assumptions);
            context! { rows => timed.collect::<Vec<_>>(), tested, assumptions }
        })
        .section()
}

/// What the throughput does not show: latency, visibility, garbage, stalls, fairness, shutdown.
pub(super) fn probes(results: &Results) -> Section {
    let machines = results.machines.iter();
    let probes = unique(machines.flat_map(|machine| &machine.situations));
    let draft = Draft::new("probes", results)
        .fact("probes", probes)
        .of_each(|machine| context! { probed => probed(machine) });
    latency::facts(draft, results).section()
}

/// Every contender by its pivot, and the controls that were probed, with what was measured of each, probe by probe. The
/// baseline under its second name stands above the columns that it is for.
fn probed(machine: &Machine) -> Vec<Value> {
    if machine.situations.is_empty() {
        return Vec::new();
    }
    let is_probed = |card: &&Card| {
        let mut cells = machine.cells.iter();
        cells.any(|cell| cell.strategy == card.name && cell.metric.is_probed())
    };
    let controls = machine.strategies.iter().filter(|card| card.control);
    let controls = controls.filter(|card| card.name != controls::SAME && is_probed(card));
    pivots::listed(machine.contenders().chain(controls), |card| {
        context! {
            claimed => card.claims.read_consistency.to_string(),
            at => Serde(facts::counts(machine, &card.name)),
        }
    })
}

/// What each strategy promises, and what the checks saw of it.
pub(super) fn guarantees(results: &Results) -> Section {
    let mut stalls = results.machines.iter().flat_map(|machine| &machine.stalls);
    Draft::new("guarantees", results)
        .fact("stopped", stalls.next().is_some())
        .of_each(promised)
        .section()
}

/// What the strategies of a machine claim, what was seen of it, and what faults did to them.
fn promised(machine: &Machine) -> Value {
    let claimed = machine.guarantees.iter();
    let claimed = claimed.filter_map(|guarantee| match guarantee.property {
        Guaranteed::Claim(property) => Some(property),
        Guaranteed::ByAll(_) => None,
    });
    let mut properties = unique(claimed);
    properties.sort_unstable();
    let mut faults = unique(machine.faults.iter().map(|faulted| faulted.fault));
    faults.sort_unstable();
    let outcomes = machine.faults.iter().map(|faulted| {
        context! {
            strategy => &faulted.strategy,
            fault => faulted.fault.title(),
            name => Serde(faulted.consequence),
            words => faulted.consequence.to_string(),
        }
    });
    context! {
        properties => Serde(properties),
        faults => faults.iter().map(|fault| fault.title()).collect::<Vec<_>>(),
        seen => outcomes.collect::<Vec<_>>(),
        guarantees => Serde(&machine.guarantees),
        promises => pivots::listed(machine.contenders(), |_| context! {}),
    }
}

/// What could have refuted the measurement, and how much of the baseline's cost is the table itself, which no strategy can
/// gain.
pub(super) fn controls(results: &Results) -> Section {
    let limits = |machine| {
        let rows = facts::all_rows(machine).into_iter();
        let limits = rows.filter_map(|row| {
            let limit = row.cell(machine, controls::UNSYNCHRONISED)?;
            let baseline = row.cell(machine, &machine.baseline)?;
            let title = row.title(machine);
            let facts = context! { title, limit => Serde(limit), baseline => Serde(baseline) };
            limit.ratio.is_some().then_some(facts)
        });
        limits.collect::<Vec<_>>()
    };
    Draft::new("controls", results)
        .of_each(
            |machine| {
                let mut cells = machine.cells.iter();
                let is_measured = cells.any(|cell| controls::is_control(&cell.strategy));
                context! { controls => Serde(&machine.controls), is_measured, limits => limits(machine) }
            },
        )
        .section()
}

/// A card per strategy, from the profile that its code states: what it is, claims and came to.
pub(super) fn cards(results: &Results) -> Section {
    Draft::new("cards", results)
        .place("cards", vec![Block::Cards])
        .section()
}

/// The cards of all contenders.
pub(super) fn all_cards(results: &Results) -> Vec<Value> {
    let cards = facts::contenders(results).into_iter();
    cards.map(|card| card_of(results, card)).collect()
}

/// The anchor of each card, by the head of the rows about its strategy.
pub(super) fn card_links(results: &Results) -> BTreeMap<String, String> {
    let cards = facts::contenders(results).into_iter();
    cards
        .map(|card| (format!("`{}`", card.name), card_anchor(&card.name)))
        .collect()
}

fn card_anchor(strategy: &str) -> String {
    format!("card-{}", format::slug(strategy))
}

/// What a card says: what its strategy is, claims, needs and came to.
fn card_of(results: &Results, card: &Card) -> Value {
    let name = &card.name;
    let overall = facts::overall(results, name);
    let (decision, tone) = match overall {
        Some(overall) => (
            format::decision(overall.decision, &results.baseline),
            Value::from(Serde(overall.decision)),
        ),
        None if *name == results.baseline => ("baseline".to_owned(), "plain".into()),
        None => ("not compared".to_owned(), "absent".into()),
    };
    let claims = card.claims.all();
    let claims = claims.map(|(property, claim)| vec![property.to_string(), claim.to_string()]);
    let mut machines = results.machines.iter();
    let has_evidence = machines.any(|machine| evidence::has_evidence(machine, name));
    context! {
        id => card_anchor(name),
        name => name.as_str(),
        summary => format::sentence(&card.summary),
        decision => decision,
        tone => tone,
        library => (!card.is_own()).then_some(card.library.as_str()),
        avoid_when => card.avoid_when.as_str(),
        decisions => overall.filter(|_| results.machines.len() > 1).map(|overall| decisions::of_machines(results, overall)),
        // What a reader may look for.
        properties => claims.collect::<Vec<_>>(),
        evidence => match (has_evidence, results.machines.len()) {
            (false, _) => String::new(),
            (true, 1) => evidence::anchor(name),
            // Each machine has a page about it.
            (true, _) => evidence::ID.into(),
        },
    }
}

const BIASES: &str = include_str!("../../../reports/BIASES.md");

/// The items of the list of biases, as Markdown.
fn items() -> impl Iterator<Item = &'static str> {
    BIASES.trim_end().split("\n- ").skip(1)
}

/// What the harness favours, and what it cannot see, which every report has.
pub(super) fn biases(results: &Results) -> Section {
    let biases: Vec<String> = items().map(|item| item.replace('*', "")).collect();
    Draft::new("biases", results)
        .fact("biases", biases)
        .section()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bias_is_a_sentence_with_a_direction() {
        assert!(items().count() > 20);
        for item in items() {
            let (name, rest) = item.split_once(".** ").expect("it has a name");
            assert!(name.starts_with("**") && !name.ends_with('.'), "{name}");
            let words: Vec<&str> = rest.split_whitespace().collect();
            let words = words.join(" ");
            let (what, favours) = words.split_once(" *Favours ").expect("it has a direction");
            assert!(what.ends_with('.') && favours.ends_with(".*"), "{name}");
            assert!(!what.contains('*'), "{name}");
        }
    }
}
