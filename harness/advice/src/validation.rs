//! What makes no sense in a workload that parses: values out of range, and sections that contradict each other.

use std::fmt::Display;
use std::ops::RangeInclusive;

use model::scenario::{Keys, RecordKind};

use super::workload::{Allocation, Part, Workload};

/// Operations a second of a thread: fewer are no load, and no thread does more of anything.
const RATES: RangeInclusive<f64> = 1.0..=1e7;
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
        refuse([(
            parts.is_empty(),
            "no thread uses the table: give at least one of [readers], [writers], [scanners] and [mixed]",
        )])?;
        self.validate_table()?;
        parts.iter().try_for_each(validate_part)?;
        self.validate_needs()?;
        for side in &self.decision.by {
            if parts.iter().all(|part| part.side != *side) {
                return Err(format!(
                    "decision.by names {side}, and there is no [{side}]"
                ));
            }
        }
        self.machines()?;
        self.questions().map(|_| ())
    }

    fn validate_table(&self) -> Validity {
        let table = &self.table;
        let bytes = table.record_bytes;
        let inserts = self.writers.and_then(|writers| writers.inserts);
        within("table.records", table.records, 1..=RECORDS_MAX)?;
        within(
            "table.record_bytes",
            bytes.unwrap_or(1),
            1..=RecordKind::Padded4Ki.size(),
        )?;
        // As many changes remove a record.
        within("writers.inserts", inserts.unwrap_or(0.0), 0.0..=0.5)?;
        refuse([
            (
                table.hot_share.is_some() && table.skew != Keys::Hot,
                "table.hot_share needs table.skew = \"hot\": give skew = \"hot\", or leave it out",
            ),
            (
                table.skew == Keys::Latest,
                "table.skew = \"latest\" is not measured: some scenarios insert nothing; use \"zipf\"",
            ),
            (
                inserts.is_some() && self.mixed.is_some(),
                "writers.inserts beside [mixed]: two mixes cannot be told apart; give mixed.inserts instead",
            ),
            (
                bytes.is_some() && self.needs.heap_records,
                "table.record_bytes is of plain data, needs.heap_records of other: give one of them",
            ),
        ])
    }

    fn validate_needs(&self) -> Validity {
        let needs = &self.needs;
        let (reads, writes) = (self.reads(), self.writes());
        let not_in_reads = needs.allocates == Allocation::NotInReads;
        let never = needs.allocates == Allocation::Never;
        let of_reads = needs.linearizable || needs.readers_never_wait || not_in_reads;
        let of_writes = needs.readers_never_wait || needs.writers_never_wait;
        refuse([
            (
                of_reads && !reads,
                "no thread reads: leave out linearizable, readers_never_wait and allocates = \"not-in-reads\"",
            ),
            (
                of_writes && !writes,
                "no thread writes: leave out readers_never_wait and writers_never_wait",
            ),
            (
                needs.snapshot_scans && !self.scans(),
                "no thread scans: leave out snapshot_scans",
            ),
            (
                never && needs.heap_records && writes,
                "writing heap_records allocates, so allocates = \"never\" cannot be met; ask for \"not-in-reads\"",
            ),
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
    for (field, value) in given {
        if value.is_some() && !side.fields().contains(&field) {
            return Err(format!("[{side}] takes no {field}"));
        }
    }
    within(format!("{side}.threads"), *threads, 1..=THREADS_MAX)?;
    let Some(rate) = part.rate_per_s else {
        return Ok(());
    };
    within(format!("{side}.rate_per_s"), rate, RATES)?;
    let most = NS_PER_S / part.section_ns.unwrap_or(0.0);
    if rate > most {
        return Err(format!(
            "{side}.rate_per_s = {rate}: with its section_ns a thread does at most {most:.0} in a second"
        ));
    }
    Ok(())
}
