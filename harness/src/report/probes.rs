//! What the throughput does not show: latency, visibility, garbage, stalls, fairness, shutdown.

use basis::probe::Situation as S;
use basis::sample::Card;

use crate::results::{Machine, Metric as M};

use super::view::{Block, Cell, Column, Group, Row, Section, Table, prose};
use super::{facts, format, latency, pivots};

/// One column: its title and note, and what it shows of a strategy.
type Shown = (&'static str, &'static str, fn(&Seen<'_>) -> Option<Cell>);

/// A table: its caption, its columns, and what has to be said about them.
type Asked = (&'static str, &'static [Shown], &'static [&'static str]);

const P: &str = "p50 / p99 / p99.9 / worst";

const TABLES: [Asked; 5] = [
    (
        "Latency under a schedule",
        &[
            ("Read at 50 %", P, |s| s.latency(S::HalfLoad, READ)),
            ("Write at 50 %", P, |s| s.latency(S::HalfLoad, WRITE)),
            ("Read at 80 %", P, |s| s.latency(S::HighLoad, READ)),
            ("Write at 80 %", P, |s| s.latency(S::HighLoad, WRITE)),
        ],
        &[
            "From the intended start. Of each strategy's own saturation, so rates differ between rows: \
             they stand below the latencies. The no-op control shows what the clock and the machine add.",
            "Unfinished: requests not begun when the schedule ended. They are in the percentiles by \
             their age then.",
        ],
    ),
    (
        "Visibility",
        &[
            ("Seen after", P, |s| s.visibility()),
            ("Revisions behind", "p99 / worst", |s| s.age()),
            ("Not seen", "until published / ever", |s| s.unseen()),
            ("Claimed", "", |s| {
                Some(Cell::text(s.card.claims.read_consistency.to_string()))
            }),
        ],
        &[],
    ),
    (
        "Garbage",
        &[
            ("Updates", "peak / not freed", |s| {
                s.garbage(S::GarbageOfUpdates)
            }),
            ("Inserts and removes", "peak / not freed", |s| {
                s.garbage(S::GarbageOfChurn)
            }),
            ("Updates, guard held", "peak / not freed", |s| {
                s.garbage(S::HeldGuardUpdates)
            }),
            ("Inserts and removes, guard held", "peak / not freed", |s| {
                s.garbage(S::HeldGuardChurn)
            }),
        ],
        &[
            "After 10,000 overwrites, above the filled table, where nothing else is said. What a table grew \
            by, for entries that are gone again, and what a library makes once for a thread that has to \
            wait, is in it.",
        ],
    ),
    (
        "A thread is stuck",
        &[
            ("In a read: reads", "kept", |s| {
                s.kept(S::StalledReader, READ)
            }),
            ("In a read: writes", "kept", |s| {
                s.kept(S::StalledReader, WRITE)
            }),
            ("In an update: reads", "kept", |s| {
                s.kept(S::StalledWriter, READ)
            }),
            ("In an update: writes", "kept", |s| {
                s.kept(S::StalledWriter, WRITE)
            }),
        ],
        &[
            "Of the undisturbed rate. A stall lasts 5 ms, so a worst wait of 5 ms is the whole stall. More \
            than 100 %: one of the others is stopped, and the one left has the table, or the \
            processor, to itself.",
        ],
    ),
    (
        "Two at once, and the end",
        &[
            ("Writes under scans", "kept", |s| s.kept(S::Scan, WRITE)),
            ("Reader and writer", "fairness", |s| {
                s.fairness(S::FairnessReadWrite)
            }),
            ("Two writers", "fairness", |s| {
                s.fairness(S::FairnessTwoWriters)
            }),
            ("Shutdown", "worst / threads and bytes left", |s| {
                s.shutdown()
            }),
        ],
        &["Fairness: the smaller share divided by the larger, 1 is fair."],
    ),
];

/// p50, p99, p99.9, worst; rate; unfinished; kept.
struct Operation {
    waits: [M; 4],
    rate: M,
    unfinished: M,
    kept: M,
}

const READ: &Operation = &Operation {
    waits: [M::ReadP50Ns, M::ReadP99Ns, M::ReadP999Ns, M::ReadMaxNs],
    rate: M::ReadsPerS,
    unfinished: M::ReadsUnfinished,
    kept: M::ReadsKept,
};

const WRITE: &Operation = &Operation {
    waits: [M::WriteP50Ns, M::WriteP99Ns, M::WriteP999Ns, M::WriteMaxNs],
    rate: M::WritesPerS,
    unfinished: M::WritesUnfinished,
    kept: M::WritesKept,
};

pub(super) fn section(machine: &Machine) -> Section {
    let mut blocks = Vec::new();
    if machine.situations.is_empty() {
        blocks.push(prose("No probe was part of this run."));
    } else {
        blocks.push(prose(
            "Short measurements of one strategy at a time, each in a process of its own. Medians over \
             the processes; worst values and counts are the worst of any process. They show orders of \
             magnitude and what is possible, not small differences: `results.json` has the intervals.",
        ));
        blocks.extend(
            TABLES
                .iter()
                .map(|asked| Block::Table(table(machine, asked))),
        );
        blocks.extend(latency::figures(machine).into_iter().map(Block::Figure));
        blocks.push(Block::Heading {
            text: "What was asked".into(),
        });
        blocks.push(Block::List {
            items: machine
                .situations
                .iter()
                .map(|one| format!("{} (`{}`). {}", one.title, one.name, one.question))
                .collect(),
        });
    }
    Section {
        id: "probes",
        title: "What the throughput does not show".into(),
        blocks,
    }
}

fn table(machine: &Machine, (caption, shown, notes): &Asked) -> Table {
    let row = |card: &Card| {
        let seen = Seen { machine, card };
        let cells = shown
            .iter()
            .map(|(_, _, show)| show(&seen).unwrap_or_else(|| Cell::absent("not measured")))
            .collect();
        Row::named(&card.name, cells)
    };
    let mut groups = pivots::groups(facts::by_family(machine.contenders()), |card| {
        Some(row(card))
    });
    groups.push(Group {
        title: "Controls".into(),
        rows: machine
            .strategies
            .iter()
            .filter(|card| card.control && was_probed(machine, card))
            .map(row)
            .collect(),
    });
    Table {
        caption: (*caption).into(),
        corner: "Strategy".into(),
        columns: shown
            .iter()
            .map(|(title, note, _)| Column::new(*title, *note))
            .collect(),
        groups,
        notes: notes.iter().map(|&note| note.into()).collect(),
    }
}

fn was_probed(machine: &Machine, card: &Card) -> bool {
    machine
        .cells
        .iter()
        .any(|cell| cell.strategy == card.name && cell.metric.is_probed())
}

/// What there is about one strategy.
struct Seen<'r> {
    machine: &'r Machine,
    card: &'r Card,
}

impl Seen<'_> {
    fn value(&self, situation: S, metric: M) -> Option<f64> {
        let cell = self
            .machine
            .cell(situation.name(), &self.card.name, metric)?;
        Some(cell.median)
    }

    fn durations<const N: usize>(&self, situation: S, metrics: [M; N]) -> Option<String> {
        let texts: Option<Vec<String>> = metrics
            .into_iter()
            .map(|metric| self.value(situation, metric).map(duration))
            .collect();
        Some(texts?.join(" / "))
    }

    fn latency(&self, situation: S, operation: &Operation) -> Option<Cell> {
        let waits = self.durations(situation, operation.waits)?;
        let rate = self.value(situation, operation.rate)?;
        let unfinished = match self.value(situation, operation.unfinished)? {
            0.0 => String::new(),
            number => format!(", {} unfinished", format::thousands(number)),
        };
        let rate = format::significant(rate / 1e3);
        Some(Cell::figure(waits).detail(format!("{rate}k/s{unfinished}")))
    }

    fn visibility(&self) -> Option<Cell> {
        let metrics = [
            M::VisibleP50Ns,
            M::VisibleP99Ns,
            M::VisibleP999Ns,
            M::VisibleMaxNs,
        ];
        Some(Cell::figure(self.durations(S::Visibility, metrics)?))
    }

    fn age(&self) -> Option<Cell> {
        let count = |metric| self.value(S::Visibility, metric).map(format::thousands);
        Some(Cell::figure(format!(
            "{} / {}",
            count(M::AgeP99)?,
            count(M::AgeMax)?
        )))
    }

    fn unseen(&self) -> Option<Cell> {
        let count = |metric| self.value(S::Visibility, metric).map(format::thousands);
        Some(Cell::figure(format!(
            "{} / {}",
            count(M::Pending)?,
            count(M::Lost)?
        )))
    }

    fn garbage(&self, situation: S) -> Option<Cell> {
        let peak = self.value(situation, M::PeakBytes)?;
        let left = self.value(situation, M::UnfreedBytes)?;
        let done = self.value(situation, M::Overwrites)?;
        let cell = Cell::figure(format!("{} / {}", bytes(peak), bytes(left)));
        let done = format::thousands(done);
        Some(match self.value(situation, M::Blocked) {
            Some(blocked) if blocked > 0.0 => cell.detail(format!("writer blocked after {done}")),
            _ if done == "10,000" => cell,
            _ => cell.detail(format!("after {done}")),
        })
    }

    fn kept(&self, situation: S, operation: &Operation) -> Option<Cell> {
        let kept = self.value(situation, operation.kept)?;
        let cell = Cell::figure(format!("{} %", format::significant(kept * 100.0)));
        let [_, p99, _, worst] = operation.waits;
        Some(match self.durations(situation, [p99, worst]) {
            Some(waits) => cell.detail(format!("p99 / worst wait {waits}")),
            None => cell,
        })
    }

    fn fairness(&self, situation: S) -> Option<Cell> {
        let share = self.value(situation, M::FairShare)?;
        let worst = |metric| self.value(situation, metric).map(duration);
        let waits: Vec<String> = [
            worst(M::ReadMaxNs).map(|wait| format!("read {wait}")),
            worst(M::WriteMaxNs).map(|wait| format!("write {wait}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let cell = Cell::figure(format!("{share:.2}"));
        Some(cell.detail(format!("worst wait: {}", waits.join(", "))))
    }

    fn shutdown(&self) -> Option<Cell> {
        let worst_ms = self.value(S::Shutdown, M::TeardownMs)?;
        let left = self.value(S::Shutdown, M::BytesLeft)?;
        let threads = self.value(S::Shutdown, M::ThreadsLeft).map_or_else(
            || "threads not observable".into(),
            |left| match format::thousands(left).as_str() {
                "1" => "1 thread".into(),
                left => format!("{left} threads"),
            },
        );
        let left = bytes(left);
        Some(Cell::figure(duration(worst_ms * 1e6)).detail(format!("{threads}, {left} left")))
    }
}

/// A time in the unit that suits it.
pub(super) fn duration(ns: f64) -> String {
    let (value, unit) = match ns {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "us"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    format!("{} {unit}", format::significant(value))
}

/// A size in the unit that suits it.
pub(super) fn bytes(bytes: f64) -> String {
    let (value, unit) = match bytes.abs() {
        size if size < 1024.0 => (bytes, "B"),
        size if size < 1_048_576.0 => (bytes / 1024.0, "KiB"),
        _ => (bytes / 1_048_576.0, "MiB"),
    };
    format!("{} {unit}", format::count(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_the_unit_that_suits_them() {
        assert_eq!(duration(41.0), "41.0 ns");
        assert_eq!(duration(1_500.0), "1.50 us");
        assert_eq!(duration(100_000_000.0), "100 ms");
        assert_eq!(bytes(0.0), "0 B");
        assert_eq!(bytes(-4_096.0), "-4 KiB");
        assert_eq!(bytes(64.0 * 1_048_576.0), "64 MiB");
    }
}
