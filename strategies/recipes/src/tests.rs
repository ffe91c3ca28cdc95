//! Every recipe is whole.

use std::collections::BTreeSet;

use super::*;

/// What every text speaks of.
const BREAKS: [&str; 5] = ["Guards", "Stale reads", "Clones", "Iteration", "Memory"];
const TYPES: [&str; 4] = [
    "Keys",
    "Values with heap memory",
    "`Arc` values",
    "Plain data",
];

#[test]
fn a_strategy_has_one_recipe() {
    let all = RECIPES.iter().flat_map(|recipe| recipe.strategies);
    let all: Vec<&str> = all.copied().collect();
    let different: BTreeSet<&str> = all.iter().copied().collect();
    assert_eq!(all.len(), different.len());
    for name in all {
        let recipe = recipe(name).unwrap();
        assert!(recipe.strategies.contains(&name), "{name}");
    }
    assert!(recipe("mutex/none").is_none());
}

#[test]
fn a_recipe_has_all_that_a_reader_needs() {
    for recipe in &RECIPES {
        let name = recipe.strategies[0];
        let [before, after] = recipe.types();
        assert!(!before.is_empty() && !after.is_empty(), "{name}");
        for region in ["make", "read", "update", "insert", "remove", "iterate"] {
            let both = recipe.line(region).into_iter().flatten().count();
            assert_eq!(both, 2, "{name} lacks {region}");
        }
        for (heading, labels) in [("What breaks", &BREAKS[..]), ("Which types", &TYPES)] {
            let items = items(section(recipe.text, heading));
            let mut items = items
                .iter()
                .map(|item| item.split_once(": ").unwrap_or_default().0);
            assert!(
                labels
                    .iter()
                    .all(|label| items.by_ref().any(|item| item == *label)),
                "{name}: {heading}"
            );
        }
        let lost = items(section(recipe.text, "What does not translate"));
        assert!(!lost.is_empty(), "{name}");
    }
}

/// All code of a recipe stands in a file of the tests, and is no wider than a terminal.
#[test]
fn code_is_that_of_the_tests() {
    for recipe in &RECIPES {
        let name = recipe.strategies[0];
        assert!(
            !recipe.text.contains("```"),
            "{name}: code that nobody compiles"
        );
        for Step {
            title,
            before,
            after,
            ..
        } in recipe.steps()
        {
            for code in [before, after].into_iter().flatten() {
                for line in code.lines() {
                    assert!(line.len() <= 92, "{name}, {title}: {line}");
                }
            }
        }
    }
}

#[test]
fn a_recipe_is_written_with_the_versions_that_are_known() {
    let text = recipe("concurrent-map/papaya")
        .unwrap()
        .markdown("concurrent-map/papaya", |_| Some("1.2.3".into()));
    for part in [
        "## How to adopt concurrent-map/papaya\n",
        "struct Session {\n    user: String,",
        "```toml\npapaya = \"1.2.3\"\n```",
        "// before\nlet hits = sessions.lock().unwrap().get(\"ann\").map(|ann| ann.hits);\n// after\nlet hits = sessions.pin()",
        "## What breaks\n",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn regions_lose_their_indentation_and_fit_in_a_line() {
    let file = "fn f() {\n    // [a]\n    x\n        .y(\n            1,\n        );\n\n    // [b]\n    z\n}\n";
    assert_eq!(region(file, "a").unwrap(), "x\n    .y(\n        1,\n    );");
    assert_eq!(joined(&region(file, "a").unwrap()), "x.y(1);");
    assert_eq!(region(file, "c"), None);
}
