//! Who takes part: the registry, as names and claims.

use contract::{
    Concurrency, Padded, ProcessSnapshot, ProcessStatus, Profile, Record, Role, Strategy, Visitor,
    WriteCost,
};

use basis::sample::{Card, Exclusion};
use basis::scenario::{RecordKind, Scenario};

/// A strategy of the registry and, for a kind of record, why it cannot hold it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its claims.
    pub profile: Profile,
    /// Why it cannot hold the record, if it cannot.
    pub excluded: Option<&'static str>,
}

/// All strategies, contenders and controls, for one kind of record, in the registry's order.
pub fn entries(record: RecordKind) -> Vec<Entry> {
    #[derive(Default)]
    struct Collect(Vec<Entry>);
    impl<R: Record> Visitor<R> for Collect {
        fn visit<S: Strategy<R>>(&mut self) {
            self.0.push(Entry {
                profile: S::PROFILE,
                excluded: None,
            });
        }
        fn exclude(&mut self, profile: Profile, reason: &'static str) {
            self.0.push(Entry {
                profile,
                excluded: Some(reason),
            });
        }
    }
    let mut collect = Collect::default();
    match record {
        RecordKind::Status => crate::visit_plain::<ProcessStatus>(&mut collect),
        RecordKind::Snapshot => crate::visit_any::<ProcessSnapshot>(&mut collect),
        RecordKind::Padded16 => crate::visit_plain::<Padded<2>>(&mut collect),
        RecordKind::Padded1Ki => crate::visit_plain::<Padded<128>>(&mut collect),
        RecordKind::Padded4Ki => crate::visit_plain::<Padded<512>>(&mut collect),
    }
    collect.0
}

/// A table that copies itself for each write may copy this much to be filled once: about a second.
const COPIED_BYTES_MAX: u128 = 4 << 30;
/// What a table keeps for a record beside it: its identifier, and a word to find it by.
const ENTRY_OVERHEAD: u128 = 16;

/// What a table that copies itself for each write copies until it is full: half of its final size for
/// each record, on average.
fn bytes_copied_to_fill(scenario: &Scenario) -> u128 {
    let records = scenario.processes as u128;
    records * records / 2 * (scenario.record.size() as u128 + ENTRY_OVERHEAD)
}

/// Which of the `wanted` strategies take part in a scenario, and which cannot.
pub fn participants(scenario: &Scenario, wanted: &[String]) -> (Vec<String>, Vec<Exclusion>) {
    let mut taking_part = Vec::new();
    let mut exclusions = Vec::new();
    for Entry { profile, excluded } in entries(scenario.record) {
        if !wanted.iter().any(|name| name == profile.name) {
            continue;
        }
        let alone = profile.concurrency == Concurrency::OneThread && scenario.threads() > 1;
        let endless = profile.write_cost == WriteCost::CopiesTable
            && bytes_copied_to_fill(scenario) > COPIED_BYTES_MAX;
        let reason = excluded
            .or(alone.then_some("one thread only"))
            .or(endless.then_some("each write copies the table, too large to be filled that way"));
        match reason {
            None => taking_part.push(profile.name.to_owned()),
            Some(reason) => exclusions.push(Exclusion {
                scenario: scenario.name.clone(),
                strategy: profile.name.into(),
                reason: reason.into(),
            }),
        }
    }
    (taking_part, exclusions)
}

/// A profile in words.
pub fn card(profile: &Profile) -> Card {
    let claims = [
        ("reads", profile.reads.to_string()),
        ("updates", profile.updates.to_string()),
        ("inserts and removes", profile.resizes.to_string()),
        ("read consistency", profile.read_consistency.to_string()),
        ("scan consistency", profile.scan_consistency.to_string()),
        (
            "after a panic in an update",
            profile.after_panic.to_string(),
        ),
        (
            "after a thread dies while reading",
            profile.after_dead_thread.to_string(),
        ),
        ("inside a read", profile.inside_read.to_string()),
        ("inside a scan", profile.inside_scan.to_string()),
        ("capacity", profile.capacity.to_string()),
        ("reclamation", profile.reclamation.to_string()),
        ("a write", profile.write_cost.to_string()),
    ];
    Card {
        name: profile.name.into(),
        summary: profile.summary.into(),
        library: profile.library.into(),
        avoid_when: profile.avoid_when.into(),
        control: profile.role == Role::Control,
        read_allocates: profile.read_allocates,
        plain_data_only: profile.plain_data_only,
        claims: claims
            .into_iter()
            .map(|(property, claim)| (property.into(), claim))
            .collect(),
    }
}
