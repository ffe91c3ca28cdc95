//! What it takes to use a strategy in a program of one's own: what to depend on, the type, and the two most frequent steps
//! before and after. `templates/adoption.txt` has the words.

use minijinja::context;
use minijinja::value::{Serde, Value};

use results::Machine;

/// The facts for a strategy with a card, with the versions that were measured.
pub(super) fn facts(machine: &Machine, strategy: &str) -> Option<Value> {
    let card = machine.card(strategy)?;
    let measured = &machine.environment.libraries;
    let recipe = recipes::recipe(strategy);
    let used: Vec<&str> = match recipe {
        Some(recipe) => recipe.libraries.to_vec(),
        None => card.library.split(", ").collect(),
    };
    let libraries = measured.iter();
    let libraries = libraries.filter(|(library, _)| used.contains(&library.as_str()));
    let steps = recipe.map(|recipe| {
        let steps = [("Read", "read"), ("Read, modify, write", "update")];
        let steps = steps.into_iter().filter_map(|(title, region)| {
            let [before, after] = recipe.line(region);
            Some(context! { title, before => before?, after => after? })
        });
        steps.collect::<Vec<_>>()
    });
    Some(context! {
        strategy,
        summary => &card.summary,
        family => strategy.split('/').next(),
        is_own => card.is_own(),
        libraries => Serde(libraries.collect::<Vec<_>>()),
        crates => recipe.map(|recipe| Serde(recipe.crates)),
        is_copied => recipe.is_some_and(recipes::Recipe::is_copied),
        types => recipe.map(|recipe| recipe.types().to_vec()),
        steps,
        breaks => recipe.map(recipes::Recipe::breaks),
    })
}
