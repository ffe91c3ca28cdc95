//! `pivot new`: a strategy to start from, registered, as a variant of a family or as a family of its own.
//!
//! What is made is in `templates/new.toml`; the code is that of `strategies/strategy-template`, a crate of the
//! workspace, which is tested as all others are. Everything is checked before anything is written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use model::error::{Error, Result};
use model::output::{self, Existing};
use regex_lite::{Captures, Regex};
use serde::Deserialize;

use crate::arguments::NewOptions;
use crate::terminal;

/// Makes the strategy, and prints what was made and what is left to do.
pub(crate) fn new(options: &NewOptions) -> Result<()> {
    let name = Name::parse(&options.name)?;
    let root = checkout()?;
    let scaffold: Scaffold = toml::from_str(include_str!("../../../templates/new.toml"))
        .expect("the scaffold is part of the program");
    let is_family = root.join(format!("strategies/{}/src/lib.rs", name.family));
    let part = if is_family.is_file() {
        name.check_variant(&root)?;
        scaffold.variant
    } else {
        name.check_family(&root)?;
        scaffold.family
    };
    let mut plan: Vec<_> = plan(&root, &name, &part)?.into_iter().collect();
    // First what others then refer to.
    plan.sort_by_key(|(_, (existing, _))| *existing == Existing::Replace);
    let mut lines = Vec::new();
    for (file, (existing, text)) in &plan {
        let path = root.join(file);
        let folder = output::folder_of(&path);
        fs::create_dir_all(folder).map_err(|error| Error::file("create", folder, &error))?;
        output::write(&path, *existing, text.as_bytes())?;
        let verb = match existing {
            Existing::Keep => "made   ",
            Existing::Replace => "changed",
        };
        lines.push(format!("{verb} {file}\n"));
    }
    terminal::print(&format!(
        "{}\n{}",
        lines.concat(),
        name.put_into(&part.next)
    ))
}

/// What `templates/new.toml` says of both kinds.
#[derive(Debug, Deserialize)]
struct Scaffold {
    family: Part,
    variant: Part,
}

#[derive(Debug, Deserialize)]
struct Part {
    /// Files of the template.
    copy: Vec<String>,
    #[serde(default)]
    write: Vec<NewFile>,
    insert: Vec<Insertion>,
    /// What a person does then.
    next: String,
}

#[derive(Debug, Deserialize)]
struct NewFile {
    file: String,
    text: String,
}

#[derive(Debug, Deserialize)]
struct Insertion {
    file: String,
    /// Where: at the empty group of this pattern.
    at: String,
    text: String,
    /// Left out where the pattern does not match.
    #[serde(default)]
    optional: bool,
}

/// All files to be written, none of which is yet, with their new contents.
fn plan(root: &Path, name: &Name<'_>, part: &Part) -> Result<BTreeMap<String, (Existing, String)>> {
    let mut plan = BTreeMap::new();
    let mut make = |file: String, text: String| {
        if root.join(&file).exists() {
            return Err(Error::input(format!("{file} is there already")));
        }
        plan.insert(file, (Existing::Keep, text));
        Ok(())
    };
    for file in &part.copy {
        make(name.put_into(file), name.put_into(&read(root, file)?))?;
    }
    for NewFile { file, text } in &part.write {
        make(name.put_into(file), name.put_into(text))?;
    }
    for insertion in &part.insert {
        let file = name.put_into(&insertion.file);
        let text = name.put_into(&insertion.text);
        let before = read(root, &file)?;
        if before.contains(text.trim()) {
            let line = text.trim().lines().next().unwrap_or_default();
            return Err(Error::input(format!("{file} has `{line}` already")));
        }
        let pattern =
            Regex::new(&name.put_into(&insertion.at)).expect("the scaffold is part of the program");
        let (_, content) = plan
            .entry(file.clone())
            .or_insert((Existing::Replace, before));
        let place = pattern.captures_iter(content).last();
        match place.and_then(|captures| captures.get(1)) {
            Some(place) => content.insert_str(place.start(), &text),
            None if insertion.optional => {}
            None => {
                return Err(Error::input(format!(
                    "{file} has no place for `{}`: it is not written as those of this workspace are",
                    text.trim().lines().next().unwrap_or_default()
                )));
            }
        }
    }
    Ok(plan)
}

fn read(root: &Path, file: &str) -> Result<String> {
    let path = root.join(file);
    fs::read_to_string(&path).map_err(|error| Error::file("read", &path, &error))
}

/// The checkout that the current folder is in.
fn checkout() -> Result<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let mut folders = here.ancestors();
    let root = folders.find(|folder| folder.join(TEMPLATE).is_dir());
    root.map(Path::to_path_buf).ok_or_else(|| {
        Error::input(format!(
            "{} is not in the workspace: run this in a checkout of it, where {TEMPLATE} is",
            here.display()
        ))
    })
}

const TEMPLATE: &str = "strategies/strategy-template";

/// What a crate cannot be called: Rust's words, and the crates that every crate sees.
const RESERVED: &str = "abstract as async await become box break const continue crate do dyn else enum extern \
    false final fn for gen if impl in let loop macro match mod move mut override priv pub ref return self static \
    struct super trait true try type typeof unsafe unsized use virtual where while yield alloc core std test";

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
    fn check_variant(&self, root: &Path) -> Result<()> {
        let family = self.family;
        let folder = root.join("strategies").join(family).join("src");
        let lib = read(root, &format!("strategies/{family}/src/lib.rs"))?;
        if !lib.contains("\nimpl Family for Variants") || root.join(TEMPLATE).join("src") == folder
        {
            return Err(Error::input(format!(
                "strategies/{family} is no family of strategies; choose another name"
            )));
        }
        let failed = |error: std::io::Error| Error::file("read", &folder, &error);
        let quoted = format!("\"{family}/{}\"", self.variant);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_file() && fs::read_to_string(&path).is_ok_and(|text| text.contains(&quoted))
            {
                return Err(Error::input(format!(
                    "{family}/{} is there already, in {}",
                    self.variant,
                    path.strip_prefix(root).unwrap_or(&path).display()
                )));
            }
        }
        Ok(())
    }

    /// Refuses a name that a crate cannot have, here or anywhere.
    fn check_family(&self, root: &Path) -> Result<()> {
        let family = self.family;
        let manifest = read(root, "Cargo.toml")?;
        let is_dependency = manifest.lines().any(|line| {
            let key = line.split_once(" = ").map(|(key, _)| key);
            key == Some(family) || line.contains(&format!("\"pivot-{family}\""))
        });
        let is_reserved = RESERVED.split_whitespace().any(|word| word == family);
        // The family of the yardsticks, which has no folder.
        if is_reserved || is_dependency || family == "control" {
            return Err(Error::input(format!(
                "a family cannot be called {family}: the name has another meaning here; choose another"
            )));
        }
        Ok(())
    }

    /// A text of the template, with these words in place of its own.
    fn put_into(&self, text: &str) -> String {
        let words =
            Regex::new("strategy[-_]template|one[-_]lock|OneLock").expect("it is a constant");
        let put = |found: &Captures<'_>| match &found[0] {
            "strategy-template" => self.family.to_owned(),
            "strategy_template" => self.family.replace('-', "_"),
            "one-lock" => self.variant.to_owned(),
            "one_lock" => self.variant.replace('-', "_"),
            _ => self.variant.split('-').map(capitalized).collect(),
        };
        words.replace_all(text, put).into_owned()
    }
}

/// A longer name breaks lines and the columns of tables.
const LENGTH_MAX: usize = 24;

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_uppercase() + rest
}
