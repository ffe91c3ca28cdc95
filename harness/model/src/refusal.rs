//! Refusing what can be read and makes no sense: the rules are code, and the words for each are in a file.

use std::collections::HashMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use regex_lite::{Captures, Regex};

/// What is wrong, in a line without the file's name.
pub type Validity = Result<(), String>;

/// The words for each contradiction, by its name.
static REFUSALS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    toml::from_str(include_str!("refusals.toml")).expect("the refusals are part of the program")
});

/// Refuses the first of some contradictions that there is.
pub(crate) fn refuse(contradictions: &[(bool, &str)], values: &[&dyn Display]) -> Validity {
    let first = contradictions.iter().find(|(is_there, _)| *is_there);
    first.map_or(Ok(()), |(_, name)| Err(refusal(name, values)))
}

/// The words for a contradiction, in which `{0}` is the first of the values.
pub(crate) fn refusal(name: &str, values: &[&dyn Display]) -> String {
    let places = Regex::new(r"\{(\d)\}").expect("it is a constant");
    let fill = |place: &Captures<'_>| {
        let value = place[1]
            .parse()
            .ok()
            .and_then(|place: usize| values.get(place));
        value.map(ToString::to_string).unwrap_or_default()
    };
    places.replace_all(&REFUSALS[name], fill).into_owned()
}

/// Refuses a value out of its range, if there is one.
///
/// # Errors
///
/// What it is called, and its range.
pub fn within<T: Copy + PartialOrd + Display>(
    field: &str,
    value: impl Into<Option<T>>,
    range: RangeInclusive<T>,
) -> Validity {
    let Some(value) = value.into().filter(|value| !range.contains(value)) else {
        return Ok(());
    };
    let (least, most) = range.into_inner();
    Err(format!(
        "{field} = {value} must lie between {least} and {most}"
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_contradiction_has_words_and_all_words_are_of_one() {
        let sources = [
            include_str!("assumption.rs"),
            include_str!("lock.rs"),
            include_str!("output.rs"),
            include_str!("sample/packing.rs"),
            include_str!("sample/pool.rs"),
            include_str!("sample/reading.rs"),
            include_str!("sample/writer.rs"),
            include_str!("scenario/effort.rs"),
            include_str!("scenario/folder.rs"),
            include_str!("scenario/sweep.rs"),
            include_str!("scenario/validation.rs"),
            include_str!("workload/format.rs"),
        ];
        let sources = sources.map(|source| source.split("mod tests {").next().unwrap());
        let pattern = r#", "([a-z-]+)"\)|(?:=> |refusal\()"([a-z-]+)","#;
        let pattern = Regex::new(pattern).unwrap();
        let all = sources
            .iter()
            .flat_map(|source| pattern.captures_iter(source));
        let names = all.map(|name| name.get(1).or(name.get(2)).unwrap().as_str());
        let names: BTreeSet<&str> = names.collect();
        let known: BTreeSet<&str> = REFUSALS.keys().map(String::as_str).collect();
        let others: Vec<&&str> = known.symmetric_difference(&names).collect();
        // These are fields that a replay cannot have.
        assert_eq!(others, [&"hashed", &"ids", &"keys", &"operations"]);
        let text = refuse(&[(true, "few-operations")], &[&1, &"x", &2, &3]);
        let words = "operations are divided among the threads; of 3 each needs at least 20";
        assert_eq!(text, Err(words.into()));
    }
}
