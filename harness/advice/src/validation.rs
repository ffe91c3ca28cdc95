//! What makes no sense in a workload that parses: values out of range, and sections that contradict each other.

use std::fmt::Display;
use std::ops::RangeInclusive;

use model::scenario::{Keys, RecordKind};
use model::trace::Operation;

use super::workload::{Allocation, Part, Workload};

/// Operations a second of a thread: from one in eleven days to more than a thread does of anything.
const RATES: RangeInclusive<f64> = 1e-6..=1e7;
const NS_PER_S: f64 = 1e9;
/// What scenarios can hold.
const RECORDS_MAX: usize = 10_000_000;
const THREADS_MAX: usize = 1_024;

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

    fn validate_table(&self) -> Validity {
        let table = &self.table;
        let bytes = table.record_bytes;
        let largest = RecordKind::Padded4Ki.size();
        let inserts = self.writers.and_then(|writers| writers.inserts);
        let both_mixes = inserts.is_some() && self.mixed.is_some();
        let both_records = bytes.is_some() && self.needs.heap_records;
        let cold = table.hot_share.is_some() && table.skew != Keys::Hot;
        within("table.records", table.records, 1..=RECORDS_MAX)?;
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
                "table.record_bytes and needs.heap_records: give one of them",
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
        let never = needs.allocates == Allocation::Never && needs.heap_records;
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
        ("section_ns", part.section_ns),
        ("writes", part.writes),
        ("inserts", part.inserts),
        ("scans", part.scans),
    ];
    let mut given = given.into_iter().filter(|(_, value)| value.is_some());
    if let Some((field, _)) = given.find(|(field, _)| !side.fields().contains(field)) {
        return Err(format!("[{side}] takes no {field}"));
    }
    within(format!("{side}.threads"), *threads, 1..=THREADS_MAX)?;
    let Some(rate) = part.rate_per_s else {
        return Ok(());
    };
    within(format!("{side}.rate_per_s"), rate, RATES)?;
    let most = NS_PER_S / part.section_ns.unwrap_or(0.0);
    let why = format!("with its section_ns a thread does at most {most:.0} in a second");
    refuse([(rate > most, &*format!("{side}.rate_per_s = {rate}: {why}"))])
}
