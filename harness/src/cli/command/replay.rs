//! `pivot replay`: whether every strategy ends with the table that a process trace says.

use contract::Concurrency;
use harness::replay::replay;
use harness::run::Observer;
use model::error::{Error, Result};
use model::workload::Workload;

use crate::arguments::ReplayOptions;
use crate::progress::Progress;
use crate::selection;
use crate::table::{Shown as _, Table};

/// A trace of more operations takes seconds with strategies that copy the table for each: its length times
/// the records that live. That is shown.
const LONG: usize = 20_000;

/// Replays on one strategy after the other; a table that is not as the model's is exit code 1. A control may store
/// nothing: it is tried only if somebody names it.
pub(crate) fn replay_all(options: &ReplayOptions) -> Result<()> {
    let file = options.file.clone();
    let workload = Workload::load(&file.unwrap_or_else(selection::shipped_trace))?;
    let operations = workload.operations();
    let profiles = selection::contenders(options.strategy.as_ref())?;
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
    for (number, profile) in profiles.iter().enumerate() {
        let Some(make) = experiments::subject::strategy(profile.name) else {
            continue;
        };
        if let Some(progress) = &mut progress {
            let share = number as f64 / profiles.len() as f64;
            progress.progress("replaying on", profile.name, share);
        }
        let is_shared = profile.concurrency != Concurrency::OneThread;
        let [scans, lookups, records, verdict] =
            match replay(&make(workload.peak()), &operations, is_shared) {
                Ok(end) => [
                    end.scans.to_string(),
                    end.lookups.to_string(),
                    end.records.to_string(),
                    "as the model's".into(),
                ],
                Err(fault) => {
                    broken.get_or_insert_with(|| format!("{}: {fault}", profile.name));
                    [String::new(), String::new(), String::new(), fault]
                }
            };
        let operations = operations.len().to_string();
        table.row([
            profile.name.into(),
            operations,
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
