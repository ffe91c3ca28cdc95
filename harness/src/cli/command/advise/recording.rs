//! A recording of a program's locks in the place of a workload file.

use std::fs;
use std::path::Path;

use ::advice::{Conclusion, Program, Questions, RecordedWorkload, Workload, chosen, gain_of};
use locks::analyse;
use locks::verdict::Verdict;
use model::error::{Error, Result};
use model::output::{self, Existing};
use report::advice;
use results::Machine;

use super::super::{content, environment};
use super::print;
use crate::arguments::AdviseOptions;

/// The file that keeps the workload of a recording beside its answer.
const WORKLOAD: &str = "workload.toml";

/// A lock of a recording, and the workload file that it becomes.
#[derive(Debug)]
pub(super) struct Recorded {
    lock: RecordedWorkload,
    text: String,
    place: String,
}

impl Recorded {
    /// Reads a recording and chooses one of its locks; nothing if the file is none, as it does not begin as JSON does.
    pub(super) fn load(file: &Path, lock: Option<&str>) -> Result<Option<Self>> {
        let (bytes, place) = content(file)?;
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if first != Some(&b'{') {
            let misplaced = "--lock names a lock of a recording, and this is a workload file";
            return match lock {
                None => Ok(None),
                Some(_) => Err(Error::input(format!("{place}: {misplaced}"))),
            };
        }
        let recording = locks::read(&bytes, &place)?;
        let analysis = analyse(&recording);
        let wrong = |what| Error::input(format!("{place}: {what}"));
        let lock = chosen(&analysis, lock).map_err(wrong)?;
        let lock = RecordedWorkload::new(&recording, lock);
        Ok(Some(Self {
            text: advice::workload_file(&lock),
            lock,
            place,
        }))
    }

    /// What it says of the program.
    pub(super) const fn program(&self) -> &Program {
        &self.lock.program
    }

    /// Whether a free lock would gain next to nothing.
    pub(super) fn is_left(&self) -> bool {
        self.program().verdict == Verdict::Leave
    }

    /// The workload.
    pub(super) fn workload(&self) -> Result<Workload> {
        let place = format!("{}: the lock {}", self.place, self.program().lock);
        Workload::parse(&self.text, &place)
    }

    /// The workload file.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Keeps the workload file in the folder of the answer, where its reader may correct it.
    pub(super) fn keep(&self, folder: &Path) -> Result<()> {
        let file = folder.join(WORKLOAD);
        match fs::read_to_string(&file) {
            Ok(there) if there == self.text => Ok(()),
            Ok(_) => Err(Error::input(format!(
                "{} is not what this recording makes: advise with that file, or give another folder with --out",
                file.display()
            ))),
            Err(_) => {
                fs::create_dir_all(folder)
                    .map_err(|error| Error::file("create", folder, &error))?;
                output::write(&file, Existing::Keep, self.text.as_bytes())
            }
        }
    }

    /// What the program gains by each strategy that was measured.
    pub(super) fn gained(
        &self,
        conclusion: &Conclusion,
        workload: &Workload,
        questions: &Questions,
        results: &Machine,
    ) -> Program {
        let program = self.program();
        let names = conclusion.candidates.iter();
        let names = names.filter(|_| !program.is_stand_in);
        let gains = names.filter_map(|name| gain_of(program, workload, questions, results, name));
        Program {
            gains: gains.collect(),
            ..program.clone()
        }
    }

    /// Says to leave the lock as it is; nothing is measured for that.
    pub(super) fn leave(&self, options: &AdviseOptions) -> Result<()> {
        let advice = advice::left(&self.lock, &environment(&options.effort));
        print(&advice, options)
    }
}
