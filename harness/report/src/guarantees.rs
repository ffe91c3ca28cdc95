//! What each strategy promises, and what the checks saw of it.

use minijinja::context;
use minijinja::value::{Serde, Value};

use results::{Guaranteed, Machine, Results};

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
    let seen = machine.faults.iter().map(|seen| {
        context! {
            strategy => &seen.strategy,
            fault => seen.fault.title(),
            name => Serde(seen.consequence),
            words => seen.consequence.to_string(),
        }
    });
    context! {
        properties => Serde(properties),
        faults => faults.iter().map(|fault| fault.title()).collect::<Vec<_>>(),
        seen => seen.collect::<Vec<_>>(),
        guarantees => Serde(&machine.guarantees),
        promises => pivots::listed(machine.contenders(), |_| context! {}),
    }
}
