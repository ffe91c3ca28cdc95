//! What sets two runs' surroundings apart.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::Environment;

/// A fact that is not the same in two environments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The field, with a dot between levels: `build.rustc`, `libraries.papaya`.
    pub what: String,
    /// Its value in the first; empty if it has none.
    pub a: String,
    /// Its value in the second; empty if it has none.
    pub b: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &str| if value.is_empty() { "none" } else { value }.to_owned();
        write!(f, "{}: {} / {}", self.what, shown(&self.a), shown(&self.b))
    }
}

/// Fields that differ between any two runs and explain nothing.
const INCIDENTAL: [&str; 4] = ["command", "load_before", "seed", "started_at"];

impl Environment {
    /// The facts that differ, in alphabetical order. Whatever field an environment has is compared,
    /// but for those that belong to the single run: its command, seed, time and load.
    pub fn differences(a: &Self, b: &Self) -> Vec<Difference> {
        let mut facts: BTreeMap<String, [String; 2]> = BTreeMap::new();
        for (side, environment) in [a, b].into_iter().enumerate() {
            let value = serde_json::to_value(environment).unwrap_or_default();
            flatten("", &value, &mut |name, text| {
                facts.entry(name).or_default()[side] = text;
            });
        }
        facts.retain(|name, [a, b]| a != b && !INCIDENTAL.contains(&name.as_str()));
        let differences = facts.into_iter();
        differences
            .map(|(what, [a, b])| Difference { what, a, b })
            .collect()
    }
}

/// Adds the facts below a field, each by its name and as text.
fn flatten(name: &str, value: &Value, add: &mut dyn FnMut(String, String)) {
    let dot = if name.is_empty() { "" } else { "." };
    let below = |key: &str| format!("{name}{dot}{key}");
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (key, value) in fields {
                flatten(&below(key), value, add);
            }
        }
        Value::Array(items) if pairs(items).next().is_some() => {
            pairs(items).for_each(|(key, value)| add(below(key), value.to_owned()));
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            add(name.to_owned(), items.join(", "));
        }
        single => add(name.to_owned(), text(single)),
    }
}

/// The items that are a name with a value, such as a library with its version.
fn pairs(items: &[Value]) -> impl Iterator<Item = (&str, &str)> {
    items
        .iter()
        .filter_map(|item| match item.as_array()?.as_slice() {
            [Value::String(key), Value::String(value)] => Some((key.as_str(), value.as_str())),
            _ => None,
        })
}

fn text(value: &Value) -> String {
    let text = value.as_str();
    text.map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_and_what_belongs_to_the_run_is_not() {
        let a = Environment {
            started_at: "yesterday".into(),
            seed: 1,
            cpu: "one".into(),
            cpus: 2,
            libraries: vec![
                ("papaya".into(), "0.2.4".into()),
                ("scc".into(), "3".into()),
            ],
            ..Environment::default()
        };
        assert_eq!(Environment::differences(&a, &a), []);
        let mut b = Environment {
            started_at: "today".into(),
            seed: 2,
            cpus: 4,
            ..a.clone()
        };
        b.libraries[0].1 = "0.2.5".into();
        b.build.rustc = "rustc 1.95.0".into();
        b.commit = Some(super::super::Commit {
            id: "0123".into(),
            dirty: false,
        });
        let said: Vec<String> = Environment::differences(&a, &b)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            said,
            [
                "build.rustc: none / rustc 1.95.0",
                "commit.dirty: none / false",
                "commit.id: none / 0123",
                "cpus: 2 / 4",
                "libraries.papaya: 0.2.4 / 0.2.5",
            ]
        );
    }
}
