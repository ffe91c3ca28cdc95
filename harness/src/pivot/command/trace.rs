//! `pivot trace`: what operations execute, and which cache lines two threads share while they do.

use basis::error::{Error, Result};
use basis::sample::{Card, Line};
use basis::trace::{Counts, Footprint, Operation, Pair, State, TraceSeen, blamed};
use harness::run::{Recording, Traces};
use trace::TraceTask;

use super::{attended, or_all};
use crate::arguments::{Format, TraceOptions};
use crate::selection;
use crate::table::{Shown as _, Table};
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
            terminal::print(LEGEND)?;
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

const LEGEND: &str = "\
medians over heap layouts, threads and repetitions; a line has 64 bytes; the own stack is left out, and the\n\
system's allocator is apart; a state without a row is like the first; `--format json` has everything\n\
shared: lines that two threads both write, doing this with the same process / with another one\n\
dirty: lines it uses that another thread's event has just written\n\
pairs: W both write a line, r one writes what the other reads, a only in the allocator, . nothing;\n\
a tick: false sharing, they use different bytes of it";

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
    let mut table = Table::new([
        "strategy",
        "operation",
        "state",
        "instr",
        "loads",
        "stores",
        "locked",
        "fences",
        "syscalls",
        "allocs",
        "bytes",
        "in malloc",
        "lines",
        "written",
        "shared",
        "dirty",
    ]);
    for seen in all {
        for footprint in seen
            .footprints
            .iter()
            .filter(|footprint| is_shown(footprint))
        {
            table.row(row(seen, footprint));
        }
    }
    table
}

fn row(seen: &TraceSeen, footprint: &Footprint) -> [String; 16] {
    let Footprint {
        operation,
        state,
        counts,
        is_cut_short,
        called: _,
    } = footprint;
    let title = |what: &str| what.to_owned();
    let mut row: [String; 16] = Default::default();
    row[0] = title(&seen.strategy);
    row[1] = title(operation.title());
    row[2] = title(state.title());
    let Some(counts) = counts else {
        row[3] = "waits".into();
        return row;
    };
    let at_least = if *is_cut_short { ">" } else { "" };
    let numbers = columns(counts);
    for (field, number) in row[3..].iter_mut().zip(numbers) {
        *field = number.to_string();
    }
    row[3].insert_str(0, at_least);
    let both_write = |same_process| {
        let pair = seen.pair(*operation, *operation, same_process)?;
        let shared = &pair.at_64;
        Some((shared.both_write + shared.both_write_apart).to_string())
    };
    let is_at_rest = *state == State::Quiescent;
    let with = [true, false]
        .into_iter()
        .filter_map(both_write)
        .filter(|_| is_at_rest);
    row[14] = with.collect::<Vec<_>>().join("/");
    row[15] = match state {
        State::AfterWrite => counts.lines_dirtied.to_string(),
        _ => String::new(),
    };
    row
}

const fn columns(counts: &Counts) -> [u64; 11] {
    [
        counts.instructions,
        counts.loads,
        counts.stores,
        counts.locked,
        counts.fences,
        counts.system_calls,
        counts.allocations,
        counts.allocated_bytes,
        counts.allocator_instructions,
        counts.lines_touched,
        counts.lines_written,
    ]
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
