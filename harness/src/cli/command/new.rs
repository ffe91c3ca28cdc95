//! `pivot new`: a strategy to start from, registered, as a variant of a family or as a family of its own.
//!
//! What is made is in `templates/new.toml`; the code is that of `strategies/strategy-template`, a crate of the
//! workspace, which is tested as all others are. Everything is checked before anything is written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use model::error::{Error, Result};
use model::output::{self, Existing};
use model::scenario::RecordKind;
use regex_lite::{Captures, Regex};
use registry::strategies;
use serde::Deserialize;

use crate::{selection, terminal};

/// What `templates/new.toml` says.
#[derive(Debug, Deserialize)]
struct Scaffold {
    reserved: String,
    family: Part,
    variant: Part,
}

/// How a family or a variant is made.
#[derive(Debug, Deserialize)]
struct Part {
    change: Vec<Change>,
    /// What a person does then.
    next: String,
}

#[derive(Debug, Deserialize)]
struct Change {
    file: String,
    /// Where to insert the text: at the empty group of this pattern. A new file has none.
    at: Option<String>,
    /// The text; nothing where the file of the template is copied.
    text: Option<String>,
    /// Whether it is left out where the pattern does not match.
    #[serde(default)]
    optional: bool,
}

const TEMPLATE: &str = "strategies/strategy-template";

/// Makes the strategy, and prints what was made and what is left to do.
pub(crate) fn new(name: &str) -> Result<()> {
    let name = Name::parse(name)?;
    let root = selection::folder_with(TEMPLATE).ok_or_else(|| {
        Error::input(format!(
            "the current folder is not in the workspace: run this in a checkout of it, where {TEMPLATE} is"
        ))
    })?;
    let scaffold: Scaffold = toml::from_str(include_str!("../../../templates/new.toml"))
        .expect("the scaffold is part of the program");
    let lib = format!("strategies/{}/src/lib.rs", name.family);
    let part = if root.join(&lib).is_file() {
        name.check_variant(&read(&root, &lib)?)?;
        scaffold.variant
    } else {
        name.check_family(&root, &scaffold.reserved)?;
        scaffold.family
    };
    let mut plan: Vec<_> = name.plan(&root, &part.change)?.into_iter().collect();
    // First what others then refer to.
    plan.sort_by_key(|(_, (existing, _))| *existing == Existing::Replace);
    let mut lines = Vec::new();
    for (file, (existing, text)) in &plan {
        let path = root.join(file);
        let folder = output::folder_of(&path);
        fs::create_dir_all(folder).map_err(|error| Error::file("create", folder, &error))?;
        output::write(&path, *existing, text.as_bytes())?;
        let is_new = *existing == Existing::Keep;
        let verb = if is_new { "made   " } else { "changed" };
        lines.push(format!("{verb} {file}\n"));
    }
    // When all is made: what is printed may not be taken.
    terminal::print(&format!(
        "{}\n{}",
        lines.concat(),
        name.put_into(&part.next)
    ))
}

fn read(root: &Path, file: &str) -> Result<String> {
    let path = root.join(file);
    fs::read_to_string(&path).map_err(|error| Error::file("read", &path, &error))
}

/// What happens to each file, and what it says then.
type Plan = BTreeMap<String, (Existing, String)>;

/// A longer name breaks lines and the columns of tables.
const LENGTH_MAX: usize = 24;

/// `family/name`.
#[derive(Debug)]
struct Name<'n> {
    family: &'n str,
    variant: &'n str,
}

impl<'n> Name<'n> {
    fn parse(text: &'n str) -> Result<Self> {
        let word = "[a-z][a-z0-9]*(-[a-z0-9]+)*";
        let pattern = Regex::new(&format!("^{word}/{word}$")).expect("it is a constant");
        let parts = text.split_once('/').filter(|(family, variant)| {
            pattern.is_match(text) && family.len().max(variant.len()) <= LENGTH_MAX
        });
        let (family, variant) = parts.ok_or_else(|| {
            Error::input(format!(
                "{text:?} is no name of a strategy: it is FAMILY/NAME, each in lower-case letters, digits and hyphens, \
                 and of {LENGTH_MAX} letters at most, such as sharded/padded"
            ))
        })?;
        Ok(Self { family, variant })
    }

    /// Refuses what is no family, and a variant that it has.
    fn check_variant(&self, lib: &str) -> Result<()> {
        let Self { family, variant } = self;
        let folder = format!("strategies/{family}");
        if !lib.contains("\nimpl Family for Variants") || folder == TEMPLATE {
            return Err(Error::input(format!(
                "{folder} is no family of strategies; choose another name"
            )));
        }
        let name = format!("{family}/{variant}");
        let entries = strategies::entries(RecordKind::Status);
        if entries.iter().any(|entry| entry.profile.name == name) {
            return Err(Error::input(format!(
                "{name} is there already; `pivot explain {name}` shows it"
            )));
        }
        Ok(())
    }

    /// Refuses a name that a crate cannot have, here or anywhere.
    fn check_family(&self, root: &Path, reserved: &str) -> Result<()> {
        let family = self.family;
        let manifest = read(root, "Cargo.toml")?;
        let [key, package] = [format!("{family} = "), format!("\"pivot-{family}\"")];
        let mut lines = manifest.lines();
        let is_dependency = lines.any(|line| line.starts_with(&key) || line.contains(&package));
        if is_dependency || reserved.split_whitespace().any(|word| word == family) {
            return Err(Error::input(format!(
                "a family cannot be called {family}: the name has another meaning here; choose another"
            )));
        }
        Ok(())
    }

    /// All files to be written, none of which is yet, with their new contents.
    fn plan(&self, root: &Path, changes: &[Change]) -> Result<Plan> {
        let mut plan = Plan::new();
        for change in changes {
            let copied = || read(root, &change.file);
            let text = self.put_into(&change.text.clone().map_or_else(copied, Ok)?);
            let file = self.put_into(&change.file);
            let Some(at) = &change.at else {
                if root.join(&file).exists() {
                    return Err(Error::input(format!("{file} is there already")));
                }
                plan.insert(file, (Existing::Keep, text));
                continue;
            };
            let line = text.trim().lines().next().unwrap_or_default();
            let before = read(root, &file)?;
            if before.contains(text.trim()) {
                return Err(Error::input(format!("{file} has `{line}` already")));
            }
            let entry = plan.entry(file.clone());
            let (_, content) = entry.or_insert((Existing::Replace, before));
            let pattern = Regex::new(&self.put_into(at)).expect("it is part of the program");
            let last = pattern.captures_iter(content).last();
            match last.and_then(|captures| Some(captures.get(1)?.start())) {
                Some(place) => content.insert_str(place, &text),
                None if change.optional => {}
                None => {
                    return Err(Error::input(format!(
                        "{file} has no place for `{line}`: it is not written as those of this workspace are"
                    )));
                }
            }
        }
        Ok(plan)
    }

    /// A text of the template, with these words in place of its own.
    fn put_into(&self, text: &str) -> String {
        let words =
            Regex::new("strategy[-_]template|one[-_]lock|OneLock").expect("it is a constant");
        let put = |captures: &Captures<'_>| match &captures[0] {
            "strategy-template" => self.family.to_owned(),
            "strategy_template" => self.family.replace('-', "_"),
            "one-lock" => self.variant.to_owned(),
            "one_lock" => self.variant.replace('-', "_"),
            _ => self.variant.split('-').map(capitalized).collect(),
        };
        words.replace_all(text, put).into_owned()
    }
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_uppercase() + rest
}
