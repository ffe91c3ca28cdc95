//! What each strategy promises, and what the checks saw of it.

use model::claims::Property;
use model::fault::{Consequence, Fault};
use strum::IntoEnumIterator;

use minijinja::context;
use minijinja::value::{Serde, Value};

use results::{Card, Grade, Guarantee, Guaranteed, Machine, Results};

use super::draft::Draft;
use super::view::{Cell, Column, Section, Table, Tone};
use super::{format, pivots};

pub(super) fn section(results: &Results) -> Section {
    let stopped = results
        .machines
        .iter()
        .any(|machine| !machine.stalls.is_empty());
    Draft::new("guarantees", results)
        .fact("stopped", stopped)
        .of_each(|machine| context! { unusual => Value::from(Serde(unusual(machine))) })
        .table("claims", claims)
        .table("checks", checks)
        .table("faults", faults)
        .section()
}

fn claims(machine: &Machine) -> Table {
    // What records it holds is said among its needs.
    let is_shown = |property: &Property| {
        let mut cards = machine.contenders();
        *property != Property::Records && cards.any(|card| card.claims.of(*property).is_some())
    };
    let properties: Vec<Property> = Property::iter().filter(is_shown).collect();
    let titles = properties
        .iter()
        .map(|property| format::sentence(&property.to_string()));
    let table = pivots::table(machine.contenders(), |card| {
        let claimed = properties.iter().map(|&property| {
            card.claims.of(property).map_or_else(
                || Cell::absent("not stated"),
                |claim| observed(Cell::text(claim.to_string()), machine, card, property),
            )
        });
        let last = [Cell::text(needs(card)), Cell::text(&card.avoid_when)];
        Some(claimed.chain(last).collect())
    });
    table.columns(Column::titled(titles))
}

fn needs(card: &Card) -> String {
    let library = match card.library.as_str() {
        "own" => "nothing but this crate".to_owned(),
        library => format!("`{library}`"),
    };
    if card.claims.plain_data_only {
        format!("{library}; plain data only")
    } else {
        library
    }
}

/// A claim, with what was seen of it.
fn observed(claim: Cell, machine: &Machine, card: &Card, property: Property) -> Cell {
    let property = Guaranteed::Claim(property);
    let Some(seen) = graded(machine)
        .find(|guarantee| guarantee.strategy == card.name && guarantee.property == property)
    else {
        return claim.detail("not checked");
    };
    match seen.grade {
        Grade::Forbidden => claim.detail(&seen.observed).judged("FORBIDDEN", Tone::Bad),
        Grade::Interesting => claim
            .detail(&seen.observed)
            .judged("interesting", Tone::Open),
        Grade::Acceptable | Grade::Unchecked => claim.judged("seen", Tone::Good),
    }
}

/// What was graded: all but the claims that no check looks at.
fn graded(machine: &Machine) -> impl Iterator<Item = &Guarantee> {
    machine
        .guarantees
        .iter()
        .filter(|guarantee| guarantee.grade != Grade::Unchecked)
}

/// The promises that all make alike: how many checks a strategy passed, and which it did not.
fn checks(machine: &Machine) -> Table {
    pivots::table(machine.contenders(), |card| {
        let of_card = graded(machine).filter(|guarantee| {
            guarantee.strategy == card.name && matches!(guarantee.property, Guaranteed::ByAll(_))
        });
        let (passed, broken): (Vec<_>, Vec<_>) =
            of_card.partition(|guarantee| guarantee.grade != Grade::Forbidden);
        if passed.is_empty() && broken.is_empty() {
            return None;
        }
        let names: Vec<String> = broken.iter().map(|one| one.property.to_string()).collect();
        let broken = if names.is_empty() {
            Cell::text("none")
        } else {
            Cell::text(names.join(", ")).judged("FORBIDDEN", Tone::Bad)
        };
        Some(vec![Cell::text(passed.len().to_string()), broken])
    })
}

/// What faults did.
fn faults(machine: &Machine) -> Table {
    let of_machine = || machine.faults.iter();
    let columns = Fault::ALL.iter().copied();
    let columns = columns.filter(|&fault| of_machine().any(|one| one.fault == fault));
    let columns: Vec<Fault> = columns.collect();
    let titles = columns.iter().map(|fault| format::sentence(fault.title()));
    let table = pivots::table(machine.contenders(), |card| {
        let cells = columns.iter().map(|&fault| {
            let tried = of_machine().find(|one| one.strategy == card.name && one.fault == fault);
            tried.map_or_else(
                || Cell::absent("not tried"),
                |tried| consequence(tried.consequence),
            )
        });
        (!columns.is_empty()).then(|| cells.collect())
    });
    table.columns(Column::titled(titles))
}

fn consequence(seen: Consequence) -> Cell {
    let tone = match seen {
        Consequence::Harmless => Tone::Good,
        Consequence::WritersWait
        | Consequence::ReadersWait
        | Consequence::VersionKept
        | Consequence::GarbageKept => Tone::Open,
        Consequence::EveryoneWaits
        | Consequence::ProcessEnds
        | Consequence::OthersPanic
        | Consequence::RecordLost
        | Consequence::TornRecord
        | Consequence::OldState => Tone::Bad,
    };
    Cell::verdict(seen.to_string(), tone)
}

/// What was not as claimed, in full.
fn unusual(machine: &Machine) -> Vec<&Guarantee> {
    graded(machine)
        .filter(|guarantee| guarantee.grade != Grade::Acceptable)
        .collect()
}
