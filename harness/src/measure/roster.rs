//! Who takes part: the registry, as names, claims and contestants.

use contract::{
    Concurrency, ProcessSnapshot, ProcessStatus, Profile, Record, Role, Specimen, Strategy, Visitor,
};

use super::contest::Contestant;
use super::field::Field;
use crate::registry;
use crate::sample::{Card, Exclusion};
use crate::scenario::{RecordKind, Scenario};

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
        RecordKind::Status => registry::visit_plain::<ProcessStatus>(&mut collect),
        RecordKind::Snapshot => registry::visit_any::<ProcessSnapshot>(&mut collect),
    }
    collect.0
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
        match excluded.or(alone.then_some("one thread only")) {
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

/// Sets the named strategies up on a field.
pub fn contestants<'f>(
    scenario: &'f Scenario,
    field: &'f Field,
    names: &[String],
) -> Vec<Contestant<'f>> {
    struct Prepare<'f, 'n> {
        scenario: &'f Scenario,
        field: &'f Field,
        names: &'n [String],
        ready: Vec<Contestant<'f>>,
    }
    impl<R: Specimen> Visitor<R> for Prepare<'_, '_> {
        fn visit<S: Strategy<R>>(&mut self) {
            let name = S::PROFILE.name;
            if self.names.iter().any(|wanted| wanted == name) {
                self.ready
                    .push(Contestant::new::<S, R>(self.scenario, self.field));
            }
        }
        fn exclude(&mut self, _: Profile, _: &'static str) {}
    }
    let mut prepare = Prepare {
        scenario,
        field,
        names,
        ready: Vec::new(),
    };
    match scenario.record {
        RecordKind::Status => registry::visit_plain::<ProcessStatus>(&mut prepare),
        RecordKind::Snapshot => registry::visit_any::<ProcessSnapshot>(&mut prepare),
    }
    prepare.ready
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
