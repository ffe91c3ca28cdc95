//! What each strategy promises, and what the checks saw of it.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::claims::Property;
use model::fault::Fault;
use strum::IntoEnumIterator;

use results::{Card, Grade, Guarantee, Guaranteed, Machine, Results};

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

fn facts_of(machine: &Machine) -> Value {
    // What records it holds is said among its needs.
    let is_shown = |property: &Property| {
        let mut cards = machine.contenders();
        *property != Property::Records && cards.any(|card| card.claims.of(*property).is_some())
    };
    let properties = Property::iter().filter(is_shown);
    let faults = Fault::ALL.iter();
    let faults = faults.filter(|&&fault| machine.faults.iter().any(|one| one.fault == fault));
    let faults = faults.map(|fault| context! { fault => Serde(fault), title => fault.title() });
    let cards = pivots::titled(machine.contenders()).into_iter();
    let unusual = graded(machine).filter(|guarantee| guarantee.grade != Grade::Acceptable);
    context! {
        properties => properties.map(|property| property.to_string()).collect::<Vec<_>>(),
        faults => faults.collect::<Vec<_>>(),
        promises => cards.map(|(pivot, card)| promises(machine, pivot, card)).collect::<Vec<_>>(),
        unusual => Serde(unusual.collect::<Vec<_>>()),
    }
}

/// What was graded: all but the claims that no check looks at.
fn graded(machine: &Machine) -> impl Iterator<Item = &Guarantee> {
    let all = machine.guarantees.iter();
    all.filter(|guarantee| guarantee.grade != Grade::Unchecked)
}

/// What a strategy claims and needs, what was observed of it, and what faults did to it.
fn promises(machine: &Machine, pivot: String, card: &Card) -> Value {
    let of_card = graded(machine).filter(|guarantee| guarantee.strategy == card.name);
    let (checks, claims): (Vec<_>, Vec<_>) =
        of_card.partition(|guarantee| matches!(guarantee.property, Guaranteed::ByAll(_)));
    let claimed = card.claims.all();
    let claimed = claimed.map(|(property, claim)| (property.to_string(), claim.to_string()));
    let observed = claims.iter().map(|seen| (seen.property.to_string(), seen));
    let faults = machine
        .faults
        .iter()
        .filter(|seen| seen.strategy == card.name);
    let faults = faults.map(|seen| {
        let words = seen.consequence.to_string();
        let consequence = context! { name => Serde(seen.consequence), words => words };
        (Value::from(Serde(seen.fault)).to_string(), consequence)
    });
    context! {
        pivot => pivot,
        name => card.name.as_str(),
        library => card.library.as_str(),
        plain_data_only => card.claims.plain_data_only,
        avoid_when => card.avoid_when.as_str(),
        claims => claimed.collect::<BTreeMap<_, _>>(),
        observed => Serde(observed.collect::<BTreeMap<_, _>>()),
        checks => Serde(checks),
        faults => faults.collect::<BTreeMap<_, _>>(),
    }
}
