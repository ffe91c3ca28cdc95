//! Refusing what can be read and makes no sense: the rules are code, and the words for each are in a file.

use std::collections::HashMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

/// What is wrong, in a line without the file's name.
pub type Validity = Result<(), String>;

/// The words for each contradiction, by its name.
static REFUSALS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    toml::from_str(include_str!("refusals.toml")).expect("the refusals are part of the program")
});

/// Refuses the first of some contradictions that there is. In its words, `{0}` is the first of the values.
pub(crate) fn refuse(contradictions: &[(bool, &str)], values: &[&dyn Display]) -> Validity {
    let mut found = contradictions.iter().filter(|(is_there, _)| *is_there);
    let Some((_, name)) = found.next() else {
        return Ok(());
    };
    let fill = |words: String, (place, value): (usize, &&dyn Display)| {
        words.replace(&format!("{{{place}}}"), &value.to_string())
    };
    Err(values
        .iter()
        .enumerate()
        .fold(REFUSALS[*name].clone(), fill))
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

    use regex_lite::Regex;

    use super::*;

    #[test]
    fn every_contradiction_has_words_and_all_words_are_of_one() {
        let sources = [
            include_str!("assumption.rs"),
            include_str!("scenario/sweep.rs"),
            include_str!("scenario/validation.rs"),
            include_str!("workload/format.rs"),
        ];
        let sources = sources.map(|source| source.split("#[cfg(test)]").next().unwrap());
        let named = Regex::new(r#", "([a-z-]+)"\)"#).unwrap();
        let all = sources
            .iter()
            .flat_map(|source| named.captures_iter(source));
        let names: BTreeSet<&str> = all.map(|name| name.get(1).unwrap().as_str()).collect();
        let known: BTreeSet<&str> = REFUSALS.keys().map(String::as_str).collect();
        let others: Vec<&&str> = known.symmetric_difference(&names).collect();
        // These are fields that a replay cannot have.
        assert_eq!(others, [&"hashed", &"ids", &"keys", &"operations"]);
        let text = refuse(&[(true, "few-operations")], &[&1, &"x", &2, &3]);
        let words = "operations are divided among the threads; of 3 each needs at least 20";
        assert_eq!(text, Err(words.into()));
    }
}
