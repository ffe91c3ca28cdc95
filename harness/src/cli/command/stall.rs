//! `pivot stall`: who can go on while another thread is stopped in the middle of an operation.

use std::path::{Path, PathBuf};
use std::time::Duration;

use analysis::{Samples, analyse, graded_by_stalls, merge};
use harness::run::{Recording, Stalls};
use model::error::{Error, Result};
use model::lock::FolderLock;
use model::output;
use model::sample::{self, Card, Line};
use model::stall::{StallPair, StallSeen, TwoStops};
use model::trace::Operation;
use report::{self, Source};
use results::Grade;
use trace::StallTask;

use super::{attended, or_all, verify};
use crate::arguments::{Format, StallOptions};
use crate::selection;
use crate::table::{Shown as _, Table, table};
use crate::terminal;

/// Instructions that are stepped of a read that is stopped twice: what all strategies do in some minutes.
const TWO_STOPS: usize = 40_000;
/// The same where every point is to be tried: all pairs of most operations.
const TWO_STOPS_EVERY: usize = 1_000_000;

/// Stops the strategies' threads; a claim that is refuted is exit code 1.
pub(crate) fn stall(options: &StallOptions) -> Result<()> {
    let cards = selection::looked_at(options.strategy.as_deref())?;
    // Before minutes are spent on it.
    let run = options.into.as_deref().map(Run::take).transpose()?;
    trace::available().map_err(|why| Error::input(format!("cannot stop threads: {why}")))?;
    let mut recording = Recording::in_memory();
    let stalls = Stalls {
        tasks: tasks(options, &cards),
        budget: Duration::MAX,
    };
    attended(&mut recording, |run| run.carry_out(&stalls, 1.0))?;
    let seen = recording.lines().iter().filter_map(|line| match line {
        Line::Stall(seen) => Some(seen.clone()),
        _ => None,
    });
    let mut seen: Vec<StallSeen> = seen.collect();
    seen.sort_by_key(|one| cards.iter().position(|card| card.name == one.strategy));
    print(&seen, &cards, options.format)?;
    if let Some(run) = run {
        run.keep(&seen)?;
    }
    refuted(&seen, &cards)
}

fn tasks(options: &StallOptions, cards: &[Card]) -> Vec<StallTask> {
    let task = |card: &Card| StallTask {
        strategy: card.name.clone(),
        stalled: or_all(&options.stalled),
        peers: or_all(&options.peer),
        every: options.every,
        two_stops: if options.every {
            TWO_STOPS_EVERY
        } else {
            TWO_STOPS
        },
    };
    cards.iter().map(task).collect()
}

/// The run that what is seen is entered into; nothing else writes to its folder meanwhile.
struct Run {
    samples: PathBuf,
    _lock: FolderLock,
}

impl Run {
    /// Takes the run of a folder, if lines can be added to its samples.
    fn take(folder: &Path) -> Result<Self> {
        let samples = sample::locate(folder)?;
        let lock = FolderLock::acquire(output::folder_of(&samples))?;
        let run = Self {
            samples,
            _lock: lock,
        };
        run.with(&[]).map(|_| run)
    }

    /// The samples, with what was seen instead of what was seen of the same strategies before.
    fn with(&self, seen: &[StallSeen]) -> Result<Vec<u8>> {
        let path = &self.samples;
        let content = std::fs::read(path).map_err(|error| Error::file("read", path, &error))?;
        let is_old = |line: &Line| match line {
            Line::Stall(old) => seen.iter().any(|one| one.strategy == old.strategy),
            _ => false,
        };
        let new: Vec<Line> = seen.iter().cloned().map(Line::Stall).collect();
        sample::amended(&content, &path.display().to_string(), is_old, &new)
    }

    /// Enters what was seen, and makes the report anew.
    fn keep(&self, seen: &[StallSeen]) -> Result<()> {
        let content = self.with(seen)?;
        let place = self.samples.display().to_string();
        let reading = sample::parse_any(&content, &place)?;
        reading
            .notes(&place)
            .iter()
            .for_each(|note| terminal::warn(note));
        let samples =
            Samples::from_lines(reading.lines).expect("what was read begins with a header");
        let folder = output::folder_of(&self.samples);
        let results = merge(vec![analyse(&samples)]);
        let written = report::write(&results, &Source::Amended(content), folder)?;
        terminal::print(&format!("report: {}", written.html.display()))
    }
}

fn print(seen: &[StallSeen], cards: &[Card], format: Format) -> Result<()> {
    match format {
        Format::Json => terminal::print_json(&seen),
        Format::Csv => pairs(seen.iter().flat_map(|one| each(one, &one.pairs))).print(format),
        Format::Table | Format::Md => {
            for (one, card) in with_cards(seen, cards) {
                terminal::print(&page(one, card, format))?;
            }
            terminal::print(LEGEND.trim_end())
        }
    }
}

const LEGEND: &str = include_str!("../../../templates/terminal/stall.txt");

fn with_cards<'a>(
    seen: &'a [StallSeen],
    cards: &'a [Card],
) -> impl Iterator<Item = (&'a StallSeen, &'a Card)> {
    seen.iter().filter_map(|one| {
        let card = cards.iter().find(|card| card.name == one.strategy)?;
        Some((one, card))
    })
}

/// All that is shown of one strategy.
fn page(seen: &StallSeen, card: &Card, format: Format) -> String {
    let mut text = format!("{}\n", seen.strategy);
    if let Some(why) = &seen.died {
        return text + &format!("did not survive: {why}\n");
    }
    text += &matrix(seen).text(format);
    let told: Vec<&StallPair> = seen
        .pairs
        .iter()
        .filter(|pair| is_worst(seen, pair))
        .collect();
    if !told.is_empty() {
        text += "\n";
        text += &pairs(each(seen, told)).text(format);
    }
    if !seen.two_stops.is_empty() {
        text += "\n";
        text += &two_stops(&seen.two_stops).text(format);
    }
    text += "\n";
    text += &claims(seen, card).text(format);
    text.push('\n');
    text
}

/// The first of the pairs that wait the longest for an operation, and whatever saw something wrong.
fn is_worst(seen: &StallSeen, pair: &StallPair) -> bool {
    let of_operation = || seen.pairs.iter().filter(|one| one.stalled == pair.stalled);
    let most = of_operation().map(|one| one.blocked).max();
    let first = of_operation().find(|one| Some(one.blocked) == most && one.blocked > 0);
    pair.wrong > 0 || first == Some(pair)
}

fn matrix(seen: &StallSeen) -> Table {
    let is_stopped = |operation: &Operation| seen.pairs.iter().any(|one| one.stalled == *operation);
    let stopped = Operation::ALL.iter().copied().filter(is_stopped);
    let mut table = Table::new(
        ["stopped in".to_owned()]
            .into_iter()
            .chain(Operation::ALL.iter().map(ToString::to_string)),
    );
    for stalled in stopped {
        let shares = Operation::ALL.iter().map(|&peer| {
            let both = [true, false].map(|same| seen.pair(stalled, peer, same).map(share));
            both.into_iter().flatten().collect::<Vec<_>>().join(" / ")
        });
        table.row([stalled.to_string()].into_iter().chain(shares));
    }
    table
}

/// The share of the points at which a peer waits.
fn share(pair: &StallPair) -> String {
    let waits = match pair.blocked_by_strategy() {
        0 => "·".to_owned(),
        _ => format!("{:.0} %", 100.0 * pair.share()),
    };
    let allocator = if pair.in_allocator > 0 { "+a" } else { "" };
    let wrong = if pair.wrong > 0 { "!" } else { "" };
    format!("{waits}{allocator}{wrong}")
}

fn each<'a>(
    seen: &'a StallSeen,
    pairs: impl IntoIterator<Item = &'a StallPair>,
) -> impl Iterator<Item = (&'a str, &'a StallPair)> {
    pairs.into_iter().map(|pair| (seen.strategy.as_str(), pair))
}

fn pairs<'a>(all: impl Iterator<Item = (&'a str, &'a StallPair)>) -> Table {
    table(
        all,
        &[
            ("strategy", |(strategy, _)| (*strategy).to_owned()),
            ("stopped in", |(_, pair)| pair.stalled.to_string()),
            ("peer", |(_, pair)| pair.peer.to_string()),
            ("process", |(_, pair)| {
                if pair.same_process { "same" } else { "other" }.to_owned()
            }),
            ("points", |(_, pair)| pair.points.to_string()),
            ("blocked", |(_, pair)| pair.blocked.to_string()),
            ("in malloc", |(_, pair)| pair.in_allocator.to_string()),
            ("untried", |(_, pair)| pair.untried.to_string()),
            ("from", |(_, pair)| number(pair.first)),
            ("to", |(_, pair)| number(pair.last)),
            ("in", |(_, pair)| pair.held_by.clone().unwrap_or_default()),
            ("wrong", |(_, pair)| {
                pair.evidence.clone().unwrap_or_default()
            }),
        ],
    )
}

fn number(point: Option<u64>) -> String {
    point.map_or_else(String::new, |point| point.to_string())
}

/// What operations answered that were stopped twice.
fn two_stops(all: &[TwoStops]) -> Table {
    table(
        all,
        &[
            ("stopped twice in", |two| two.stalled.to_string()),
            ("written at both stops", |two| two.writes.to_string()),
            ("points", |two| two.points.to_string()),
            ("pairs tried", |two| two.tried.to_string()),
            ("blocked", |two| two.blocked.to_string()),
            ("untried", |two| two.untried.to_string()),
            ("wrong", |two| two.wrong.to_string()),
            ("what", |two| two.evidence.clone().unwrap_or_default()),
        ],
    )
}

/// What the profile claims, beside what was seen.
fn claims(seen: &StallSeen, card: &Card) -> Table {
    let graded = graded_by_stalls(card, seen);
    table(graded.iter().map(verify::Line::from), &verify::columns())
}

/// The first claim that does not hold, or the first process that did not survive.
fn refuted(seen: &[StallSeen], cards: &[Card]) -> Result<()> {
    for (one, card) in with_cards(seen, cards) {
        if let Some(why) = &one.died {
            return Err(Error::Check(format!("{}: {why}", one.strategy)));
        }
        let graded = graded_by_stalls(card, one);
        if let Some(broken) = graded.iter().find(|claim| claim.grade == Grade::Forbidden) {
            return Err(Error::Check(format!(
                "{} claims {} for {}, and: {}",
                one.strategy, broken.claimed, broken.property, broken.evidence
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(blocked: u64, in_allocator: u64, wrong: u64) -> StallPair {
        StallPair {
            stalled: Operation::Apply,
            peer: Operation::ReadHit,
            same_process: true,
            points: 200,
            blocked,
            in_allocator,
            untried: 0,
            first: None,
            last: None,
            held_by: None,
            wrong,
            evidence: None,
        }
    }

    #[test]
    fn a_cell_says_who_blocks_and_what_is_wrong() {
        assert_eq!(share(&pair(0, 0, 0)), "·");
        assert_eq!(share(&pair(100, 0, 0)), "50 %");
        assert_eq!(share(&pair(10, 10, 0)), "·+a");
        assert_eq!(share(&pair(110, 10, 3)), "50 %+a!");
    }
}
