//! What makes no sense in a workload that parses: values out of range, and sections that contradict each other.
//! `templates/workload_refused.toml` says why, and what would be right.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use model::refusal::{Validity, within};
use model::scenario::{Keys, RecordKind};
use model::trace::Operation;

use super::workload::{
    Allocation, KeyKind, Part, Pattern, RunAs, Shape, Side, Times, ValueKind, Workload,
};

/// Operations a second of a thread: from one in eleven days to more than a thread does of anything.
pub(super) const RATES: RangeInclusive<f64> = 1e-6..=1e7;
pub(super) const NS_PER_S: f64 = 1e9;
/// What scenarios can hold.
pub(super) const RECORDS_MAX: usize = 10_000_000;
pub(super) const THREADS_MAX: usize = 1_024;
/// Shares below this are not measured.
pub(super) const SHARE_LEAST: f64 = 0.000_5;
const SECTION_NS_MAX: f64 = 1_000_000.0;
const BURST_MAX: u32 = 1_000;
const KEY_BYTES_MAX: usize = 4_096;

/// The words for each contradiction, by its name.
static REFUSALS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let text = include_str!("../../templates/workload_refused.toml");
    toml::from_str(text).expect("the refusals are part of the program")
});

/// Refuses the first of some contradictions that there is.
fn refuse<const N: usize>(contradictions: [(bool, &str); N]) -> Validity {
    let first = contradictions.into_iter().find(|(is_there, _)| *is_there);
    first.map_or(Ok(()), |(_, name)| Err(REFUSALS[name].clone()))
}

impl Workload {
    /// Whether it makes sense, or the first thing that does not.
    pub(super) fn validate(&self) -> Validity {
        let parts = self.parts();
        self.validate_table(&parts)?;
        parts.iter().try_for_each(|part| {
            let refusal = validate_part(part);
            refusal.map_err(|why| why.replace("SIDE", &part.side.to_string()))
        })?;
        let busy = parts.iter().filter(|part| part.rate_per_s.is_none());
        let busy: usize = busy.map(|part| part.threads).sum();
        within(
            "threads without rate_per_s, together",
            busy,
            0..=THREADS_MAX,
        )?;
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

    fn validate_table(&self, parts: &[Part]) -> Validity {
        let table = &self.table;
        let is_cell = table.shape == Shape::Cell;
        let has_keys = table.hashed().is_some() || table.keys != KeyKind::Integers;
        let is_keyed = has_keys || table.hit_rate.is_some();
        let has_strings = table.keys == KeyKind::Strings;
        let inserts = parts.iter().any(|part| part.inserts.is_some());
        let across_await = self.run_as == RunAs::TasksAcrossAwait;
        refuse([
            (parts.is_empty(), "no-threads"),
            (across_await, "tasks-across-await"),
            (table.shape == Shape::Counter, "counter"),
            (table.shape == Shape::BoundedCache, "bounded-cache"),
            (table.shape == Shape::Queue, "queue"),
            (table.shape == Shape::Nothing, "nothing"),
            (!is_cell && table.records.is_none(), "no-records"),
            (is_cell && table.records() != 1, "cell-of-several"),
            (is_cell && is_keyed, "cell-with-keys"),
            (is_cell && inserts, "cell-with-inserts"),
            (has_strings != table.key_bytes.is_some(), "key-bytes"),
        ])?;
        let bytes = table.record_bytes;
        let largest = RecordKind::Padded4Ki.size();
        let inserts = self.writers.as_ref().and_then(|writers| writers.inserts);
        within("table.records", table.records(), 1..=RECORDS_MAX)?;
        within("table.record_bytes", bytes.unwrap_or(1), 1..=largest)?;
        // As many changes remove a record.
        within("writers.inserts", inserts.unwrap_or(0.0), 0.0..=0.5)?;
        within(
            "table.key_bytes",
            table.key_bytes.unwrap_or(1),
            1..=KEY_BYTES_MAX,
        )?;
        let is_cold = table.hot_share.is_some() && table.skew != Keys::Hot;
        let has_heap = self.owns_memory() || self.needs.heap_records;
        let is_plain = table.value == Some(ValueKind::Plain);
        refuse([
            (is_cold, "hot-share"),
            (table.skew == Keys::Latest, "latest"),
            (inserts.is_some() && self.mixed.is_some(), "both-mixes"),
            (bytes.is_some() && has_heap, "both-records"),
            (is_plain && self.needs.heap_records, "plain-heap"),
        ])
    }

    fn validate_needs(&self) -> Validity {
        let needs = &self.needs;
        let (reads, writes) = (self.does(Operation::ReadHit), self.writes());
        let scans = self.does(Operation::Scan);
        let spares_reads = needs.allocates == Allocation::NotInReads;
        let of_reads = needs.linearizable || needs.readers_never_wait || spares_reads;
        let of_writes = needs.readers_never_wait || needs.writers_never_wait;
        let has_heap = self.owns_memory() || needs.heap_records;
        let never = needs.allocates == Allocation::Never && has_heap;
        refuse([
            (of_reads && !reads, "no-reads"),
            (of_writes && !writes, "no-writes"),
            (needs.snapshot_scans && !scans, "no-scans"),
            (never && writes, "heap-writes"),
        ])
    }
}

/// Whether a part makes sense; what does not names it SIDE.
fn validate_part(part: &Part) -> Validity {
    let Part { side, inserts, .. } = part;
    let is_mixed = *side == Side::Mixed;
    let inserts_may_be = is_mixed || *side == Side::Writers;
    let (reads, writes) = (&part.section_ns, &part.write_section_ns);
    // A field, whether it is given, and whether it may be.
    let fields = [
        ("section_ns", reads.is_some(), *side != Side::Scanners),
        ("write_section_ns", writes.is_some(), is_mixed),
        ("writes", part.writes.is_some(), is_mixed),
        ("inserts", inserts.is_some(), inserts_may_be),
        ("scans", part.scans.is_some(), is_mixed),
    ];
    let mut given = fields.into_iter().filter(|(_, is_given, _)| *is_given);
    if let Some((field, ..)) = given.find(|(.., may_be)| !may_be) {
        return Err(format!("[SIDE] takes no {field}"));
    }
    within("SIDE.threads", part.threads, 1..=THREADS_MAX)?;
    for (field, share) in [
        ("SIDE.writes", part.writes),
        ("SIDE.inserts", *inserts),
        ("SIDE.scans", part.scans),
    ] {
        validate_share(field, share.unwrap_or(0.0))?;
    }
    validate_times("SIDE.section_ns", reads.as_ref())?;
    validate_times("SIDE.write_section_ns", writes.as_ref())?;
    let changing = part.writes().unwrap_or(0.0);
    let changes = changing > 0.0;
    let spends = part.write_times().is_some();
    refuse([
        (changes && changing < SHARE_LEAST, "few-changes"),
        (
            part.read_times().is_some() && part.reads() <= 0.0,
            "reads-nothing",
        ),
        (spends && !changes, "changes-nothing"),
    ])?;
    let is_arranged = part.arrivals != Pattern::Steady;
    let is_burst = part.arrivals == Pattern::Bursts;
    refuse([
        (is_arranged && part.rate_per_s.is_none(), "unpaced"),
        (is_burst != part.burst.is_some(), "burst"),
    ])?;
    within("SIDE.burst", part.burst.unwrap_or(1), 1..=BURST_MAX)?;
    let Some(rate) = part.rate_per_s else {
        return Ok(());
    };
    within("SIDE.rate_per_s", rate, RATES)?;
    let most = part.rate_most();
    if rate > most {
        return Err(format!(
            "SIDE.rate_per_s = {rate}: with its section_ns a thread does at most {most:.0} in a second"
        ));
    }
    Ok(())
}

/// A share of operations is none, or large enough to be measured.
fn validate_share(field: &str, share: f64) -> Validity {
    match share {
        0.0 => Ok(()),
        _ => within(field, share, SHARE_LEAST..=1.0),
    }
}

fn validate_times(field: &str, times: Option<&Times>) -> Validity {
    let sections = times.map(Times::sections).unwrap_or_default();
    let is_empty = matches!(times, Some(Times::Shares(all)) if all.is_empty());
    refuse([(is_empty, "no-times")]).map_err(|why| format!("{field}: {why}"))?;
    for section in &sections {
        within(field, section.ns, 0.0..=SECTION_NS_MAX)?;
        within(&format!("{field}: share"), section.share, SHARE_LEAST..=1.0)?;
    }
    let sum: f64 = sections.iter().map(|section| section.share).sum();
    if !sections.is_empty() && (sum - 1.0).abs() > SHARE_LEAST {
        return Err(format!(
            "{field}: the shares add up to {sum:.4}, and must add up to 1"
        ));
    }
    Ok(())
}
