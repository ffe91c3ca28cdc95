//! Jobs for other processes, which are this program once more.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use model::trace::Operation;
use serde::{Deserialize, Serialize};
use trace::TraceTask;

/// What another process is to do.
#[derive(Serialize, Deserialize)]
pub(crate) enum Job {
    /// Trace, and write down what was seen.
    See { task: TraceTask, out: PathBuf },
    /// Do something at full speed.
    Rehearse {
        strategy: String,
        operation: Operation,
        times: u64,
    },
}

const JOB: &str = "PIVOT_JOB";

#[test]
#[ignore = "what another process does for a test"]
fn job() {
    let Ok(job) = std::env::var(JOB) else { return };
    match serde_json::from_str(&job).unwrap() {
        Job::See { task, out } => {
            let observed = trace::observe(&task);
            fs::write(out, serde_json::to_string_pretty(&observed).unwrap()).unwrap();
        }
        Job::Rehearse {
            strategy,
            operation,
            times,
        } => trace::rehearse(&strategy, operation, times).unwrap(),
    }
}

impl Job {
    /// Has another process do it, started by `launcher` if there is one; `variables` are added to its
    /// environment.
    pub(crate) fn carry_out<'v>(
        &self,
        launcher: &[&OsStr],
        variables: impl IntoIterator<Item = (&'v str, &'v str)>,
    ) {
        let program = std::env::current_exe().unwrap();
        let words = launcher.iter().copied().chain([program.as_os_str()]);
        let words: Vec<&OsStr> = words.collect();
        let output = Command::new(words[0])
            .args(&words[1..])
            .args(["--ignored", "--exact", "job::job"])
            .env(JOB, serde_json::to_string(self).unwrap())
            .envs(variables)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

/// A file of a test's own.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}
