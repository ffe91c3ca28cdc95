//! What the throughput does not show: latency, visibility, garbage, stalls, fairness, shutdown.

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::controls;

use results::{Card, Machine, Results};

use super::collect::unique;
use super::draft::Draft;
use super::view::Section;
use super::{facts, latency, pivots};

pub(super) fn section(results: &Results) -> Section {
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
