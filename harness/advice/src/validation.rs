//! What makes no sense in a workload that parses: values out of range, and sections that contradict each other.

use std::fmt::Display;
use std::ops::RangeInclusive;

use model::scenario::{Keys, RecordKind};
use model::trace::Operation;

use super::language::{KeyKind, Pattern, RunAs, Shape, Times, ValueKind};
use super::workload::{Allocation, Part, Workload};

/// Operations a second of a thread: from one in eleven days to more than a thread does of anything.
const RATES: RangeInclusive<f64> = 1e-6..=1e7;
const NS_PER_S: f64 = 1e9;
/// What scenarios can hold.
const RECORDS_MAX: usize = 10_000_000;
const THREADS_MAX: usize = 1_024;
const SECTION_NS_MAX: f64 = 1_000_000.0;
const BURST_MAX: u32 = 1_000;

/// What is wrong, in a line without the file's name.
type Validity = Result<(), String>;

/// Refuses a value out of its range.
pub(super) fn within<T: Copy + Display + PartialOrd>(
    field: impl Display,
    value: T,
    range: RangeInclusive<T>,
) -> Validity {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    Err(format!(
        "{field} = {value} must lie between {least} and {most}"
    ))
}

/// Refuses the first of some statements that holds.
fn refuse<const N: usize>(statements: [(bool, &str); N]) -> Validity {
    let wrong = statements.into_iter().find(|(holds, _)| *holds);
    wrong.map_or(Ok(()), |(_, why)| Err(why.to_owned()))
}

impl Workload {
    /// Whether it makes sense, or the first thing that does not.
    pub(super) fn validate(&self) -> Validity {
        let parts = self.parts();
        let none = "no thread uses the table: give at least one of [readers], [writers], [scanners], [mixed]";
        refuse([(parts.is_empty(), none)])?;
        let across = "run_as = \"tasks-across-await\" is not measured: no strategy here is a lock for tasks; let the guard \
                      go before the task waits, and say \"tasks\"";
        refuse([(self.run_as == RunAs::TasksAcrossAwait, across)])?;
        self.validate_shape()?;
        self.validate_table()?;
        parts.iter().try_for_each(validate_part)?;
        self.validate_needs()?;
        let by = self.decision.by.iter();
        let mut absent = by.filter(|by| parts.iter().all(|part| part.side != **by));
        if let Some(side) = absent.next() {
            return Err(format!(
                "decision.by names {side}, and there is no [{side}]"
            ));
        }
        self.machines()?;
        self.questions().map(|_| ())
    }

    /// What is guarded, and whether the rest of the table goes together with that.
    fn validate_shape(&self) -> Validity {
        let table = &self.table;
        let shape = table.shape;
        if let Some(refusal) = shape.refusal() {
            return Err(refusal.to_owned());
        }
        let is_cell = shape == Shape::Cell;
        let is_one = table.records() == 1;
        let has_keys = table.hashed().is_some() || table.keys != KeyKind::Integers;
        let inserts = self.parts().iter().any(|part| part.inserts.is_some());
        refuse([
            (
                !is_cell && table.records.is_none(),
                "table.records: say how many records the table holds",
            ),
            (
                is_cell && !is_one,
                "table.records: a cell is one value; leave it out, or say shape = \"table\"",
            ),
            (
                is_cell && (has_keys || table.hit_rate.is_some()),
                "a cell has no keys: leave out keys, key_bytes, hasher and hit_rate",
            ),
            (
                is_cell && inserts,
                "inserts: the value of a cell is changed, and none comes or goes; leave it out",
            ),
            (
                (table.keys == KeyKind::Strings) != table.key_bytes.is_some(),
                "table.key_bytes is the length of keys = \"strings\": give both or none",
            ),
        ])
    }

    fn validate_table(&self) -> Validity {
        let table = &self.table;
        let bytes = table.record_bytes;
        let largest = RecordKind::Padded4Ki.size();
        let inserts = self.writers.as_ref().and_then(|writers| writers.inserts);
        let both_mixes = inserts.is_some() && self.mixed.is_some();
        let owns_memory = matches!(table.value, Some(ValueKind::Heap | ValueKind::Arc));
        let both_records = bytes.is_some() && (owns_memory || self.needs.heap_records);
        let neither = table.value == Some(ValueKind::Plain) && self.needs.heap_records;
        let cold = table.hot_share.is_some() && table.skew != Keys::Hot;
        within("table.records", table.records(), 1..=RECORDS_MAX)?;
        within("table.record_bytes", bytes.unwrap_or(1), 1..=largest)?;
        // As many changes remove a record.
        within("writers.inserts", inserts.unwrap_or(0.0), 0.0..=0.5)?;
        let latest =
            "table.skew = \"latest\" is not measured: some scenarios insert nothing; use \"zipf\"";
        refuse([
            (
                cold,
                "table.hot_share: give skew = \"hot\" with it, or leave it out",
            ),
            (table.skew == Keys::Latest, latest),
            (
                both_mixes,
                "writers.inserts beside [mixed]: give mixed.inserts instead",
            ),
            (
                both_records,
                "table.record_bytes and needs.heap_records or a value that owns memory: give one of them",
            ),
            (
                neither,
                "table.value = \"plain\" and needs.heap_records: give one of them",
            ),
        ])
    }

    fn validate_needs(&self) -> Validity {
        let needs = &self.needs;
        let (reads, writes) = (self.does(Operation::ReadHit), self.writes());
        let scans = self.does(Operation::Scan);
        let spares_reads = needs.allocates == Allocation::NotInReads;
        let of_reads = needs.linearizable || needs.readers_never_wait || spares_reads;
        let of_writes = needs.readers_never_wait || needs.writers_never_wait;
        let owns_memory = matches!(self.table.value, Some(ValueKind::Heap | ValueKind::Arc));
        let never = needs.allocates == Allocation::Never && (needs.heap_records || owns_memory);
        let no_reads = "no thread reads: leave out linearizable, readers_never_wait, allocates = \"not-in-reads\"";
        let no_writes = "no thread writes: leave out readers_never_wait and writers_never_wait";
        let heap = "writing heap_records allocates: ask for allocates = \"not-in-reads\" instead of \"never\"";
        refuse([
            (of_reads && !reads, no_reads),
            (of_writes && !writes, no_writes),
            (
                needs.snapshot_scans && !scans,
                "no thread scans: leave out snapshot_scans",
            ),
            (never && writes, heap),
        ])
    }
}

fn validate_part(part: &Part) -> Validity {
    let Part { side, threads, .. } = part;
    let given = [
        ("section_ns", part.section_ns.is_some()),
        ("write_section_ns", part.write_section_ns.is_some()),
        ("writes", part.writes.is_some()),
        ("inserts", part.inserts.is_some()),
        ("scans", part.scans.is_some()),
    ];
    let mut given = given.into_iter().filter(|(_, is_given)| *is_given);
    if let Some((field, _)) = given.find(|(field, _)| !side.fields().contains(field)) {
        return Err(format!("[{side}] takes no {field}"));
    }
    within(format!("{side}.threads"), *threads, 1..=THREADS_MAX)?;
    let times = [
        ("section_ns", &part.section_ns),
        ("write_section_ns", &part.write_section_ns),
    ];
    for (field, times) in times {
        if let Some(Times::Shares(all)) = times {
            let none = format!("{side}.{field}: give a number, or shares of times");
            refuse([(all.is_empty(), &*none)])?;
        }
        let longest = times.as_ref().map_or(0.0, Times::longest);
        within(format!("{side}.{field}"), longest, 0.0..=SECTION_NS_MAX)?;
    }
    validate_arrivals(part)?;
    let Some(rate) = part.rate_per_s else {
        return Ok(());
    };
    within(format!("{side}.rate_per_s"), rate, RATES)?;
    let most = NS_PER_S / part.inside_ns();
    let why = format!("with its section_ns a thread does at most {most:.0} in a second");
    refuse([(rate > most, &*format!("{side}.rate_per_s = {rate}: {why}"))])
}

fn validate_arrivals(part: &Part) -> Validity {
    let side = part.side;
    let unpaced = part.arrivals != Pattern::Steady && part.rate_per_s.is_none();
    let is_burst = part.arrivals == Pattern::Bursts;
    let unpaced_why = format!("{side}.arrivals say how a rate lies in time: give rate_per_s, too");
    let burst_why = format!("{side}.burst is the size of arrivals = \"bursts\": give both or none");
    refuse([
        (unpaced, &*unpaced_why),
        (is_burst != part.burst.is_some(), &*burst_why),
    ])?;
    within(
        format!("{side}.burst"),
        part.burst.unwrap_or(1),
        1..=BURST_MAX,
    )
}
