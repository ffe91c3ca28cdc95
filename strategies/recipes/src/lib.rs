//! Recipes: how to put each strategy in the place of a `Mutex<HashMap<K, V>>` in a program of one's own.
//!
//! A recipe has the dependency, the type, each step before and after (read, change, iterate, ...), what breaks, and what
//! does not translate. Nothing in it is written twice:
//!
//! - the code is that of `tests/recipes`, where it is compiled and run; a recipe shows the regions that the files mark;
//! - the words are those of `src/text`;
//! - the versions are the lock file's, and come from whoever asks.
//!
//! A new strategy takes an entry in `list.rs`, a file of code and a text.

mod list;
#[cfg(test)]
mod tests;

use list::RECIPES;

/// How to put a strategy in the place of a mutex.
#[derive(Debug)]
pub struct Recipe {
    /// The strategies that it is for.
    pub strategies: &'static [&'static str],
    /// The libraries of the registry that the code uses.
    pub libraries: &'static [&'static str],
    /// The crates of this workspace that the code uses, each with its folder. They are not published.
    pub crates: &'static [(&'static str, &'static str)],
    /// Libraries of the registry that derive a trait for values, each with the feature for it.
    pub derived: &'static [(&'static str, &'static str)],
    /// What is replaced: a region is that of the first file which has it.
    before: &'static [&'static str],
    /// What replaces it, likewise.
    after: &'static [&'static str],
    text: &'static str,
}

/// A step of a program, before and after; what does not translate is missing after, and what is new is missing before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The name of its regions.
    pub region: &'static str,
    /// What it does.
    pub title: &'static str,
    /// Its code with the mutex.
    pub before: Option<String>,
    /// Its code with the strategy.
    pub after: Option<String>,
}

/// The regions of the code, in the order in which they are shown, each with its title.
const STEPS: [(&str, &str); 14] = [
    ("record", "The values"),
    ("type", "The type"),
    ("helper", "What the type is made of, once in the program"),
    ("plain", "The values, as plain data"),
    ("make", "Make it"),
    ("handle", "In each thread"),
    ("read", "Read"),
    ("keep", "Keep what was read"),
    ("insert", "Insert or replace"),
    ("update", "Read, modify, write"),
    ("entry", "Insert if absent, then change"),
    ("remove", "Remove"),
    ("iterate", "Iterate"),
    ("expire", "Remove those that match"),
];

/// All recipes.
pub fn all() -> &'static [Recipe] {
    &RECIPES
}

/// The recipe of a strategy.
pub fn recipe(strategy: &str) -> Option<&'static Recipe> {
    let mut recipes = RECIPES.iter();
    recipes.find(|recipe| recipe.strategies.contains(&strategy))
}

impl Recipe {
    /// The lines of `[dependencies]`, with the versions that somebody knows; nothing for the standard library.
    pub fn dependencies(&self, version: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let version = |library: &str| version(library).unwrap_or_else(|| "*".into());
        let libraries = self.libraries.iter();
        let libraries = libraries.map(|library| format!("{library} = \"{}\"", version(library)));
        let crates = self.crates.iter();
        let crates =
            crates.map(|(name, folder)| format!("{name} = {{ path = \"PATH/{folder}\" }}"));
        let derived = self.derived.iter();
        let derived = derived.map(|(library, feature)| {
            let version = version(library);
            format!("{library} = {{ version = \"{version}\", features = [\"{feature}\"] }}")
        });
        libraries.chain(crates).chain(derived).collect()
    }

    /// The type of the table with the mutex, and with the strategy.
    ///
    /// # Panics
    ///
    /// Never: a test asks every recipe.
    pub fn types(&self) -> [String; 2] {
        self.region("type").map(|code| {
            let code = code.expect("every recipe has a type");
            // The table's, or that of its readers.
            let start = ["type Sessions = ", "type Quotas = "].map(|start| code.split_once(start));
            let (_, rest) = start
                .into_iter()
                .flatten()
                .next()
                .expect("the table has a name");
            let (meaning, _) = rest.split_once(';').expect("statements end");
            joined(meaning)
        })
    }

    /// What a step is in one line, before and after: `read` or `update`.
    pub fn line(&self, region: &str) -> [Option<String>; 2] {
        self.region(region).map(|code| code.as_deref().map(joined))
    }

    /// Whether the type is code to be copied.
    pub fn is_copied(&self) -> bool {
        let [_, after] = self.region("helper");
        self.crates.is_empty() && after.is_some()
    }

    /// All steps that there are before or after.
    pub fn steps(&self) -> Vec<Step> {
        let steps = STEPS.into_iter().map(|(region, title)| {
            let [before, after] = self.region(region);
            Step {
                region,
                title,
                before,
                after,
            }
        });
        let some = steps.filter(|step| step.before.is_some() || step.after.is_some());
        some.collect()
    }

    /// The items of the text below `What breaks`.
    pub fn breaks(&self) -> Vec<String> {
        items(section(self.text, "What breaks"))
    }

    /// The whole recipe for one of its strategies, in Markdown.
    pub fn markdown(&self, strategy: &str, version: impl Fn(&str) -> Option<String>) -> String {
        let (intro, rest) = self.text.split_once("\n## ").unwrap_or((self.text, ""));
        let mut out = format!(
            "## How to adopt {strategy}\n\n{}\n\n## In Cargo.toml\n\n",
            intro.trim()
        );
        let dependencies = self.dependencies(version);
        if dependencies.is_empty() {
            out.push_str("Nothing: the standard library is enough.\n\n");
        } else {
            out.push_str(&fenced("toml", &dependencies.join("\n")));
        }
        if !self.crates.is_empty() {
            out.push_str(
                "It is not published. PATH is a checkout of this workspace; with `git = \"URL\"` instead of `path` cargo \
                 fetches the workspace itself. Its functions may change without notice: name a commit with `rev`.\n\n",
            );
        }
        for Step {
            region,
            title,
            before,
            after,
        } in self.steps()
        {
            let code = match (before, after) {
                (Some(before), Some(after)) => format!("// before\n{before}\n// after\n{after}"),
                (Some(before), None) if region == "record" => before,
                (Some(before), None) if region == "helper" => {
                    format!("// before\n{before}\n// after: nothing")
                }
                (Some(before), None) => {
                    format!("// before\n{before}\n// after: see what does not translate")
                }
                (None, after) => after.unwrap_or_default(),
            };
            out.push_str(&format!("## {title}\n\n{}", fenced("rust", &code)));
        }
        out + "## " + rest
    }

    /// A region of the code, before and after.
    fn region(&self, name: &str) -> [Option<String>; 2] {
        [self.before, self.after].map(|files| files.iter().find_map(|file| region(file, name)))
    }
}

fn fenced(language: &str, code: &str) -> String {
    format!("```{language}\n{code}\n```\n\n")
}

/// The lines of a file from `// [name]` to the next such line, without the indentation that they share.
fn region(file: &str, name: &str) -> Option<String> {
    let mark = format!("// [{name}]");
    let mut lines = file.lines().skip_while(|line| line.trim() != mark);
    lines.next()?;
    let lines: Vec<&str> = lines
        .take_while(|line| !line.trim().starts_with("// ["))
        .collect();
    let filled = lines.iter().filter(|line| !line.trim().is_empty());
    let indent = filled
        .map(|line| line.len() - line.trim_start().len())
        .min()?;
    let lines = lines
        .iter()
        .map(|line| line.get(indent..).unwrap_or_default());
    let code = lines.collect::<Vec<_>>().join("\n");
    // What other files of the tests use need not be public in a program.
    let code = code.replace("pub(crate) ", "");
    Some(code.trim().to_owned())
}

/// Code in one line, as it would be written if lines had no end.
fn joined(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    for line in code
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
    {
        let is_close = line.starts_with(['.', ')', ']', '?']);
        if is_close && out.ends_with(',') {
            out.pop();
        }
        if !(out.is_empty() || is_close || out.ends_with(['(', '['])) {
            out.push(' ');
        }
        out.push_str(line);
    }
    out
}

/// What stands below a heading of a text, up to the next one.
fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let mut sections = text.split("\n## ").skip(1);
    let body = sections.find_map(|section| section.strip_prefix(heading)?.strip_prefix('\n'));
    body.unwrap_or_default()
}

/// The items of a list, each in one line.
fn items(text: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match (line.strip_prefix("- "), items.last_mut()) {
            (Some(item), _) => items.push(item.to_owned()),
            (None, Some(item)) => *item += &format!(" {}", line.trim()),
            (None, None) => {}
        }
    }
    items
}
