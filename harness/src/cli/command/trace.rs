//! `pivot trace`: what operations execute, and which cache lines two threads share while they do.

use analysis::merge;

use harness::run::{Plan, Recording, traces};
use model::error::{Error, Result};
use model::trace::{Counts, TraceSeen};
use serde_json::Value;
use trace::TraceTask;

use super::{analysed, attended};
use crate::arguments::{Format, TraceOptions};
use crate::table::{Shown as _, Table};
use crate::{selection, terminal};

/// Traces the strategies; one that does not survive it is exit code 1.
pub(crate) fn trace(options: &TraceOptions) -> Result<()> {
    let profiles = selection::contenders(options.strategy.as_ref())?;
    trace::available().map_err(|why| Error::input(format!("cannot trace: {why}")))?;
    let plan = Plan {
        strategies: selection::names(&profiles),
        ..Plan::default()
    };
    let tasks = plan.strategies.iter().map(|strategy| TraceTask {
        strategy: strategy.clone(),
        operations: options.operation.clone(),
        states: options.state.clone(),
        layouts: options.layouts,
    });
    let mut recording = Recording::in_memory();
    attended(&mut recording, |run| run.carry_out(traces(tasks), 1.0))?;
    let results = merge(vec![analysed(&plan, &recording)]);
    let all = &results.machines[0].traces;
    match options.format {
        Format::Json => terminal::print_json(all)?,
        Format::Csv => footprints(all).print(Format::Csv)?,
        format @ (Format::Table | Format::Md) => {
            terminal::print(&report::evidence(&results, terminal::form(format)))?;
        }
    }
    let died = all.iter().filter_map(|trace| {
        let why = trace.died.as_ref()?;
        Some(format!("{} did not survive: {why}", trace.strategy))
    });
    match died.collect::<Vec<_>>().join("; ") {
        died if died.is_empty() => Ok(()),
        died => Err(Error::Check(died)),
    }
}

/// All counts, for programs: a row for each operation of a strategy in a state, with the fields of `results.json`. They
/// are empty where the operation waits until the state is over.
fn footprints(all: &[TraceSeen]) -> Table {
    let fields = |counts: &Counts| match serde_json::to_value(counts) {
        Ok(Value::Object(fields)) => fields,
        _ => unreachable!("counts are plain data"),
    };
    let names: Vec<String> = fields(&Counts::default())
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let titles = ["strategy", "operation", "state", "is_cut_short"].map(String::from);
    let mut table = Table::new(titles.iter().chain(&names));
    for trace in all {
        for footprint in &trace.footprints {
            let head = [
                trace.strategy.clone(),
                footprint.operation.to_string(),
                footprint.state.to_string(),
                footprint.is_cut_short.to_string(),
            ];
            let counts = footprint.counts.as_ref().map(fields).unwrap_or_default();
            let counts = counts.into_iter().map(|(_, count)| count.to_string());
            table.row(head.into_iter().chain(counts));
        }
    }
    table
}
