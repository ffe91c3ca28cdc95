//! What a report is about: one machine, or several side by side.

use basis::environment::Environment;

use super::{
    Entry, File, comment, csv, files, headline, json, merged, merged_files, verdict_table,
};
use crate::results::{Merged, Results};

/// What samples say: of one machine, or of several.
#[derive(Clone, Debug)]
pub enum Findings {
    /// Runs of one machine.
    OfOne(Box<Results>),
    /// Runs of several, each machine's analysed on its own.
    OfSeveral(Box<Merged>),
}

impl Findings {
    /// Where it was measured: an environment for each machine.
    pub fn environments(&self) -> Vec<&Environment> {
        match self {
            Findings::OfOne(results) => vec![&results.environment],
            Findings::OfSeveral(merged) => {
                let machines = merged.machines.iter();
                machines.map(|one| &one.results.environment).collect()
            }
        }
    }

    /// The files of the report, as [`files()`].
    pub fn files(&self) -> Vec<File> {
        match self {
            Findings::OfOne(results) => files(results),
            Findings::OfSeveral(merged) => merged_files(merged),
        }
    }

    /// As `results.json` has it.
    pub fn json(&self) -> String {
        match self {
            Findings::OfOne(results) => json(results),
            Findings::OfSeveral(merged) => merged::json(merged),
        }
    }

    /// As `cells.csv` has it.
    pub fn csv(&self) -> String {
        match self {
            Findings::OfOne(results) => csv(results),
            Findings::OfSeveral(merged) => merged::csv(merged),
        }
    }

    /// A comment for a pull request, as [`comment()`].
    pub fn comment(&self) -> String {
        match self {
            Findings::OfOne(results) => comment(results),
            Findings::OfSeveral(merged) => merged::comment(merged),
        }
    }

    /// The table that a README shows, as [`headline()`].
    pub fn headline(&self) -> String {
        match self {
            Findings::OfOne(results) => headline(results),
            Findings::OfSeveral(merged) => merged::headline(merged),
        }
    }

    /// The table for the terminal, as [`verdict_table()`].
    pub fn verdict_table(&self) -> String {
        match self {
            Findings::OfOne(results) => verdict_table(results),
            Findings::OfSeveral(merged) => merged::verdict_table(merged),
        }
    }

    /// What the index says of it in the folder of this name.
    pub fn entry(&self, name: &str) -> Entry {
        match self {
            Findings::OfOne(results) => Entry::of(name, results),
            Findings::OfSeveral(merged) => Entry::of_merged(name, merged),
        }
    }
}
