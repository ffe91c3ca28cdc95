//! What can be nonsensical about a workload that parses, and which of its parts contradict each other.

use basis::scenario::{Keys, RecordKind};

use super::needs::Allocation;
use super::workload::{Crew, Side, Workload};

/// More operations a second than one thread does of anything.
const RATE_MAX: f64 = 1e7;
/// Fewer are no load.
const RATE_MIN: f64 = 1.0;
const NS_PER_S: f64 = 1e9;
/// What scenarios can hold.
const RECORDS_MAX: usize = 10_000_000;
const THREADS_MAX: usize = 1_024;

impl Workload {
    /// The first thing that is nonsensical about it, if anything.
    pub(super) fn fault(&self) -> Option<String> {
        if self.sides().is_empty() {
            return Some(
                "nobody uses the table: needs at least one of [readers], [writers], [scanners] and [mixed]".into(),
            );
        }
        self.fault_of_table()
            .or_else(|| {
                self.sides()
                    .into_iter()
                    .find_map(|(side, crew)| self.fault_of_pace(side, crew))
            })
            .or_else(|| self.fault_of_needs())
            .or_else(|| self.fault_of_criterion())
            .or_else(|| self.machines().err())
            .or_else(|| self.questions().err())
    }

    fn fault_of_table(&self) -> Option<String> {
        let records = self.table.records;
        if !(1..=RECORDS_MAX).contains(&records) {
            return Some(format!(
                "table.records = {records} must lie between 1 and {RECORDS_MAX}"
            ));
        }
        if let (Some(share), false) = (self.table.hot_share, self.table.skew == Keys::Hot) {
            return Some(format!(
                "table.hot_share = {share} says nothing with table.skew = \"{}\": give skew = \"hot\", or leave it out",
                self.table.skew
            ));
        }
        let bytes = self.table.record_bytes;
        let largest = RecordKind::Padded4Ki.size();
        if let Some(bytes) = bytes.filter(|bytes| !(1..=largest).contains(bytes)) {
            return Some(format!(
                "table.record_bytes = {bytes} must lie between 1 and {largest}"
            ));
        }
        if self.table.skew == Keys::Latest {
            return Some(
                "table.skew = \"latest\" is not measured with neighbours that insert nothing; use \"zipf\"".into(),
            );
        }
        let inserts = self.writers.and_then(|one| one.inserts);
        if let Some(share) = inserts.filter(|share| !(0.0..=0.5).contains(share)) {
            return Some(format!(
                "writers.inserts = {share} must lie between 0 and 0.5: as many changes remove a record"
            ));
        }
        if let (Some(_), Some(inserts)) = (self.mixed, inserts) {
            return Some(format!(
                "writers.inserts = {inserts} beside [mixed]: two mixes at a time cannot be told apart; give \
                 mixed.inserts instead"
            ));
        }
        bytes.filter(|_| self.needs.heap_records).map(|bytes| {
            format!(
                "table.record_bytes = {bytes} is plain data, and needs.heap_records asks for records that own \
                 memory: give one of them"
            )
        })
    }

    fn fault_of_pace(&self, side: Side, crew: Crew) -> Option<String> {
        let name = side.name();
        if crew.threads == 0 {
            return Some(format!(
                "{name}.threads = 0: leave [{name}] out, or give at least 1"
            ));
        }
        if crew.threads > THREADS_MAX {
            return Some(format!(
                "{name}.threads = {} must lie between 1 and {THREADS_MAX}",
                crew.threads
            ));
        }
        let rate = crew.rate_per_s?;
        if !(RATE_MIN..=RATE_MAX).contains(&rate) {
            return Some(format!(
                "{name}.rate_per_s = {rate} must lie between {RATE_MIN} and {RATE_MAX:.0}, for each thread; \
                 leave it out for as many as possible"
            ));
        }
        let section = match side {
            Side::Readers => self.readers?.section_ns?,
            Side::Mixed => self.mixed?.section_ns?,
            Side::Writers | Side::Scanners => return None,
        };
        (rate * section > NS_PER_S).then(|| {
            format!(
                "{name}.rate_per_s = {rate} is beyond what is possible: with {name}.section_ns = {section} a \
                 thread does at most {:.0} in a second",
                NS_PER_S / section
            )
        })
    }

    fn fault_of_needs(&self) -> Option<String> {
        let needs = &self.needs;
        let pointless = |need: &str, nobody: &str| {
            Some(format!(
                "needs.{need}, but nobody {nobody}: leave it out, or say who does"
            ))
        };
        if needs.linearizable && !self.reads() {
            pointless("linearizable", "reads")
        } else if needs.readers_never_wait && !self.reads() {
            pointless("readers_never_wait", "reads")
        } else if needs.readers_never_wait && !self.writes() {
            pointless(
                "readers_never_wait",
                "writes, so readers have nobody to wait for",
            )
        } else if needs.writers_never_wait && !self.writes() {
            pointless("writers_never_wait", "writes")
        } else if needs.snapshot_scans && !self.scans() {
            pointless("snapshot_scans", "scans")
        } else if needs.allocates == Allocation::NotInReads && !self.reads() {
            pointless("allocates = \"not-in-reads\"", "reads")
        } else if needs.allocates == Allocation::Never && needs.heap_records && self.writes() {
            Some(
                "needs.allocates = \"never\" contradicts needs.heap_records: a record that owns memory is \
                 allocated by whoever writes it; ask for \"not-in-reads\""
                    .into(),
            )
        } else {
            None
        }
    }

    fn fault_of_criterion(&self) -> Option<String> {
        let sides = self.sides();
        let is_there = |wanted: &Side| sides.iter().any(|(side, _)| side == wanted);
        let missing = self.decision.by.iter().find(|side| !is_there(side))?;
        Some(format!(
            "decision.by names {:?}, and there is no [{}]",
            missing.name(),
            missing.name()
        ))
    }
}
