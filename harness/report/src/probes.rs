//! What the throughput does not show: latency, visibility, garbage, stalls, fairness, shutdown.

use model::probe::Situation as S;

use results::{Machine, Metric as M, Results};

use super::draft::Draft;
use super::view::{Cell, Group, Row, Section, Table};
use super::{facts, format, latency, pivots};

/// What a column shows of a strategy.
type Shown = fn(&Probed<'_>) -> Option<Cell>;

/// The tables, their columns in the template's order.
const TABLES: [(&str, &[Shown]); 5] = [
    (
        "latency",
        &[
            |s| s.latency(S::HalfLoad, READ),
            |s| s.latency(S::HalfLoad, WRITE),
            |s| s.latency(S::HighLoad, READ),
            |s| s.latency(S::HighLoad, WRITE),
        ],
    ),
    (
        "visibility",
        &[
            |s| s.visibility(),
            |s| s.counts([M::AgeP99, M::AgeMax]),
            |s| s.counts([M::Pending, M::Lost]),
            |s| s.claimed(),
        ],
    ),
    (
        "garbage",
        &[
            |s| s.garbage(S::GarbageOfUpdates),
            |s| s.garbage(S::GarbageOfChurn),
            |s| s.garbage(S::HeldGuardUpdates),
            |s| s.garbage(S::HeldGuardChurn),
        ],
    ),
    (
        "stuck",
        &[
            |s| s.kept(S::StalledReader, READ),
            |s| s.kept(S::StalledReader, WRITE),
            |s| s.kept(S::StalledWriter, READ),
            |s| s.kept(S::StalledWriter, WRITE),
        ],
    ),
    (
        "contention",
        &[
            |s| s.kept(S::Scan, WRITE),
            |s| s.fairness(S::FairnessReadWrite),
            |s| s.fairness(S::FairnessTwoWriters),
            |s| s.shutdown(),
        ],
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

pub(super) fn section(results: &Results) -> Section {
    let mut situations = Vec::new();
    for situation in results.machines.iter().flat_map(|one| &one.situations) {
        if !situations.contains(&situation) {
            situations.push(situation);
        }
    }
    let draft = Draft::new("probes", results).fact("situations", situations);
    let tables = TABLES.into_iter();
    let draft = tables.fold(draft, |draft, (name, columns)| {
        draft.table(name, |machine| table(machine, columns))
    });
    latency::plots(draft, results).section()
}

fn table(machine: &Machine, columns: &[Shown]) -> Table {
    if machine.situations.is_empty() {
        return Table::default();
    }
    let row = |strategy: &str| {
        let probed = Probed { machine, strategy };
        let cell = |shown: &Shown| shown(&probed);
        let cells = columns
            .iter()
            .map(|shown| cell(shown).unwrap_or_else(|| Cell::absent("not measured")));
        Row::named(strategy, cells.collect())
    };
    let families = facts::by_family(machine.contenders());
    let controls = machine.strategies.iter().filter(|card| card.control);
    let controls = controls.filter(|card| {
        let mut cells = machine.cells.iter();
        cells.any(|cell| cell.strategy == card.name && cell.metric.is_probed())
    });
    let controls = Group::new("Controls", controls.map(|card| row(&card.name)));
    let contenders = pivots::groups(families, |card| Some(row(&card.name)));
    Table::of(contenders.into_iter().chain([controls]))
}

/// What there is about one strategy.
struct Probed<'r> {
    machine: &'r Machine,
    strategy: &'r str,
}

impl Probed<'_> {
    fn value(&self, situation: S, metric: M) -> Option<f64> {
        let cell = self.machine.cell(situation.name(), self.strategy, metric)?;
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

    fn claimed(&self) -> Option<Cell> {
        let mut cards = self.machine.strategies.iter();
        let card = cards.find(|card| card.name == self.strategy)?;
        Some(Cell::text(card.claims.read_consistency.to_string()))
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

    /// Two counts of the probe of visibility.
    fn counts(&self, metrics: [M; 2]) -> Option<Cell> {
        let count = |metric| self.value(S::Visibility, metric).map(format::thousands);
        let [first, second] = metrics.map(count);
        Some(Cell::figure(format!("{} / {}", first?, second?)))
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
        let waits = [("read", M::ReadMaxNs), ("write", M::WriteMaxNs)];
        let waits = waits.into_iter().filter_map(|(operation, metric)| {
            let worst = self.value(situation, metric)?;
            Some(format!("{operation} {}", duration(worst)))
        });
        let waits: Vec<String> = waits.collect();
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
