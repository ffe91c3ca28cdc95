//! What each strategy promises, and what the checks saw of it.

use minijinja::context;
use minijinja::value::{Serde, Value};

use results::{Grade, Guaranteed, Machine, Results};

use super::collect::unique;
use super::draft::Draft;
use super::pivots;
use super::view::Section;

pub(super) fn section(results: &Results) -> Section {
    let mut stalls = results.machines.iter().flat_map(|machine| &machine.stalls);
    Draft::new("guarantees", results)
        .fact("stopped", stalls.next().is_some())
        .of_each(facts_of)
        .section()
}

/// What the strategies of a machine claim, what was seen of it, and what faults did to them.
fn facts_of(machine: &Machine) -> Value {
    let claimed = machine.guarantees.iter();
    let claimed = claimed.filter_map(|guarantee| match guarantee.property {
        Guaranteed::Claim(property) => Some(property),
        Guaranteed::ByAll(_) => None,
    });
    let mut properties = unique(claimed);
    properties.sort_unstable();
    let mut faults = unique(machine.faults.iter().map(|seen| seen.fault));
    faults.sort_unstable();
    let is_usual = |grade| matches!(grade, Grade::Acceptable | Grade::Unchecked);
    let unusual = machine.guarantees.iter();
    let unusual = unusual.filter(|guarantee| !is_usual(guarantee.grade));
    let promises = pivots::listed(machine.contenders(), |card| {
        let seen = machine.guarantees.iter();
        let seen = seen.filter(|guarantee| guarantee.strategy == card.name);
        let faults = machine
            .faults
            .iter()
            .filter(|seen| seen.strategy == card.name);
        let faults = faults.map(|seen| {
            let words = seen.consequence.to_string();
            context! { fault => seen.fault.title(), name => Serde(seen.consequence), words }
        });
        context! {
            seen => Serde(seen.collect::<Vec<_>>()),
            faults => faults.collect::<Vec<_>>(),
        }
    });
    context! {
        properties => Serde(properties),
        faults => faults.iter().map(|fault| fault.title()).collect::<Vec<_>>(),
        unusual => Serde(unusual.collect::<Vec<_>>()),
        promises,
    }
}
