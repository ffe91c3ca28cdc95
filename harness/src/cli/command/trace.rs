//! `pivot trace`: what operations execute, and which cache lines two threads share while they do.

use harness::run::{Recording, Traces};
use model::error::{Error, Result};
use model::sample::{Card, Line};
use model::trace::{Counts, Footprint, Operation, Pair, State, TraceSeen, blamed};
use trace::TraceTask;

use super::{attended, or_all};
use crate::arguments::{Format, TraceOptions};
use crate::selection;
use crate::table::{Shown as _, Table, table};
use crate::terminal;

/// Traces the strategies; one that does not survive it is exit code 1.
pub(crate) fn trace(options: &TraceOptions) -> Result<()> {
    let tasks = tasks(options)?;
    trace::available().map_err(|why| Error::input(format!("cannot trace: {why}")))?;
    let mut recording = Recording::in_memory();
    attended(&mut recording, |run| {
        run.carry_out(&Traces(tasks.clone()), 1.0)
    })?;
    let traced = recording.lines().iter().filter_map(|line| match line {
        Line::Trace(seen) => Some(seen.clone()),
        _ => None,
    });
    let mut traced: Vec<TraceSeen> = traced.collect();
    traced.sort_by_key(|seen| tasks.iter().position(|task| task.strategy == seen.strategy));
    match options.format {
        Format::Json => terminal::print_json(&traced)?,
        Format::Csv => rows(&traced, |_| true).print(Format::Csv)?,
        Format::Table | Format::Md => {
            for seen in &traced {
                terminal::print(&card(seen, options.format))?;
            }
            terminal::print(LEGEND.trim_end())?;
        }
    }
    match traced
        .iter()
        .find_map(|seen| seen.died.as_ref().map(|why| (&seen.strategy, why)))
    {
        Some((strategy, why)) => Err(Error::Check(format!("{strategy} did not survive: {why}"))),
        None => Ok(()),
    }
}

fn tasks(options: &TraceOptions) -> Result<Vec<TraceTask>> {
    let cards = selection::looked_at(options.strategy.as_deref())?;
    let task = |card: Card| TraceTask {
        strategy: card.name,
        operations: or_all(&options.operation),
        states: or_all(&options.state),
        layouts: options.layouts,
    };
    Ok(cards.into_iter().map(task).collect())
}

const LEGEND: &str = include_str!("../../../templates/terminal/trace.txt");

/// All that is shown of one strategy.
fn card(seen: &TraceSeen, format: Format) -> String {
    let mut text = format!("{}, {} records\n", seen.strategy, seen.records);
    if let Some(why) = &seen.died {
        return text + &format!("did not survive: {why}\n");
    }
    let is_news = |footprint: &Footprint| {
        let at_rest = seen.counts(footprint.operation, State::Quiescent);
        footprint.state == State::Quiescent || footprint.counts.as_ref() != at_rest
    };
    text += &rows(std::slice::from_ref(seen), is_news).text(format);
    text.push('\n');
    if !seen.pairs.is_empty() {
        text += &matrix(seen);
        text += &blame(&seen.pairs);
    }
    text
}

/// A row for each operation in each state.
fn rows(all: &[TraceSeen], is_shown: impl Fn(&Footprint) -> bool) -> Table {
    let rows = all.iter().flat_map(|seen| {
        let footprints = seen.footprints.iter();
        footprints.map(move |footprint| Row { seen, footprint })
    });
    let rows = rows.filter(|row| is_shown(row.footprint));
    table(
        rows,
        &[
            ("strategy", |row| row.seen.strategy.clone()),
            ("operation", |row| row.footprint.operation.to_string()),
            ("state", |row| row.footprint.state.to_string()),
            ("instr", Row::instructions),
            ("loads", |row| row.count(|counts| counts.loads)),
            ("stores", |row| row.count(|counts| counts.stores)),
            ("locked", |row| row.count(|counts| counts.locked)),
            ("fences", |row| row.count(|counts| counts.fences)),
            ("syscalls", |row| row.count(|counts| counts.system_calls)),
            ("allocs", |row| row.count(|counts| counts.allocations)),
            ("bytes", |row| row.count(|counts| counts.allocated_bytes)),
            ("in malloc", |row| {
                row.count(|counts| counts.allocator_instructions)
            }),
            ("lines", |row| row.count(|counts| counts.lines_touched)),
            ("written", |row| row.count(|counts| counts.lines_written)),
            ("shared", Row::shared),
            ("dirty", |row| match row.footprint.state {
                State::AfterWrite => row.count(|counts| counts.lines_dirtied),
                _ => String::new(),
            }),
        ],
    )
}

/// An operation in a state.
struct Row<'s> {
    seen: &'s TraceSeen,
    footprint: &'s Footprint,
}

impl Row<'_> {
    fn count(&self, of: impl Fn(&Counts) -> u64) -> String {
        let counts = self.footprint.counts.as_ref();
        counts.map_or_else(String::new, |counts| of(counts).to_string())
    }

    fn instructions(&self) -> String {
        let at_least = if self.footprint.is_cut_short { ">" } else { "" };
        match &self.footprint.counts {
            Some(counts) => format!("{at_least}{}", counts.instructions),
            None => "waits".into(),
        }
    }

    /// Lines that two threads write that both do this: with one process, and with two.
    fn shared(&self) -> String {
        let Footprint {
            operation, state, ..
        } = self.footprint;
        if self.footprint.counts.is_none() || *state != State::Quiescent {
            return String::new();
        }
        let both_write = |same_process| {
            let pair = self.seen.pair(*operation, *operation, same_process)?;
            let lines = &pair.at_64;
            Some((lines.both_write + lines.both_write_apart).to_string())
        };
        let with = [true, false].into_iter().filter_map(both_write);
        with.collect::<Vec<_>>().join("/")
    }
}

/// Operation by operation, with the same process on the left and with another on the right.
fn matrix(seen: &TraceSeen) -> String {
    let is_there = |operation: &Operation| {
        seen.footprints
            .iter()
            .any(|one| one.operation == *operation)
    };
    let operations: Vec<Operation> = Operation::ALL.iter().copied().filter(is_there).collect();
    let heads = operations.iter().map(|one| format!("{:>10}", one.title()));
    let heads: String = heads.collect::<Vec<_>>().concat();
    let width = heads.len();
    let mut text = format!(
        "{:9} {:>width$}   {:>width$}\n",
        "", "same process", "another process"
    );
    text += &format!("{:9} {heads}   {heads}\n", "");
    for &one in &operations {
        let cells = |same_process: bool| -> String {
            let cell = |&other: &Operation| {
                let has_scan = one == Operation::Scan || other == Operation::Scan;
                let pair = seen.pair(one, other, same_process || has_scan);
                format!("{:>10}", pair.map_or_else(String::new, Pair::symbol))
            };
            operations.iter().map(cell).collect()
        };
        text += &format!("{one:9} {}   {}\n", cells(true), cells(false));
    }
    text
}

/// Places that are named; `--format json` has them all.
const BLAMED_MAX: usize = 6;

/// The places that most pairs of operations share, those that both write first.
fn blame(pairs: &[Pair]) -> String {
    let places = blamed(pairs).into_iter().take(BLAMED_MAX);
    let lines = places.map(|place| {
        let more = match place.between.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more pairs"),
        };
        let (first, second) = place.between[0];
        let [one, other] = &place.line.by;
        format!(
            "{} {}\n    {first} and {second}{more}: {one}; {other}\n",
            place.line.conflict.symbol(),
            place.line.place
        )
    });
    lines.collect()
}
