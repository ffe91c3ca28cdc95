//! How it was measured, what could have refuted it, what it favours, where it ran, and how to repeat it: mostly words.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::controls;

use results::{Machine, Results};

use super::draft::Draft;
use super::facts;
use super::view::Section;

/// What the words of any section may say about a machine.
pub(super) fn about(machine: &Machine) -> Value {
    let decisions = machine.recommendations.iter();
    let decisions = decisions.map(|known| (known.strategy.as_str(), known.decision));
    context! {
        decisions => Serde(decisions.collect::<BTreeMap<_, _>>()),
        environment => Serde(&machine.environment),
        protocol => Serde(&machine.protocol),
        settings => machine.environment.build.settings(),
        warnings => machine.warnings.clone(),
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
            |machine| context! { controls => Serde(&machine.controls), limits => limits(machine) },
        )
        .section()
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
