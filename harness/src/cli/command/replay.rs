//! `pivot replay`: whether every strategy ends with the table that a process trace says.

use contract::{Concurrency, Role};
use harness::replay::replay;
use harness::run::Observer;
use model::error::{Error, Result};
use model::scenario::RecordKind;
use model::workload::Workload;
use registry::roster;

use crate::arguments::ReplayOptions;
use crate::progress::Progress;
use crate::selection;
use crate::table::{Shown as _, Table};

/// A trace of more operations takes seconds with strategies that copy the table for each: its length times
/// the records that live. That is shown.
const LONG: usize = 20_000;

/// Replays on one strategy after the other; a table that is not as the model's is exit code 1.
pub(crate) fn replay_all(options: &ReplayOptions) -> Result<()> {
    let file = options
        .file
        .clone()
        .unwrap_or_else(selection::shipped_trace);
    let workload = Workload::load(&file)?;
    let operations = workload.operations();
    let chosen = selection::strategies(options.strategy.as_deref())?;
    let mut table = Table::new([
        "strategy",
        "operations",
        "scans meanwhile",
        "lookups meanwhile",
        "records at the end",
        "final table",
    ]);
    let mut broken: Option<String> = None;
    let mut progress = (operations.len() > LONG).then(Progress::new);
    let entries = roster::entries(RecordKind::Status);
    for (number, entry) in entries.iter().enumerate() {
        let profile = entry.profile;
        // A yardstick may store nothing: it is tried only if somebody names it.
        let is_wanted = profile.role == Role::Contender || options.strategy.is_some();
        if !is_wanted || !chosen.iter().any(|name| name == profile.name) {
            continue;
        }
        let Some(make) = experiments::subject::strategy(profile.name) else {
            continue;
        };
        if let Some(progress) = &mut progress {
            let share = number as f64 / entries.len() as f64;
            progress.progress("replaying on", profile.name, share);
        }
        let is_shared = profile.concurrency != Concurrency::OneThread;
        let replayed = replay(&make(workload.peak()), &operations, is_shared);
        let [scans, lookups, records, verdict] = match replayed {
            Ok(seen) => [
                seen.scans.to_string(),
                seen.lookups.to_string(),
                seen.records.to_string(),
                "as the model's".into(),
            ],
            Err(fault) => {
                broken.get_or_insert_with(|| format!("{}: {fault}", profile.name));
                [String::new(), String::new(), String::new(), fault]
            }
        };
        table.row([
            profile.name.into(),
            operations.len().to_string(),
            scans,
            lookups,
            records,
            verdict,
        ]);
    }
    drop(progress);
    table.print(options.format)?;
    broken.map_or(Ok(()), |fault| Err(Error::Check(fault)))
}
