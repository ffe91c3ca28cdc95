//! Who takes part: the registry, as names and claims.

use contract::{Concurrency, Profile, Record, Role, Strategy, Visitor, WriteCost};
use model::controls::{How, PLANTED, planted};
use model::sample::Exclusion;
use model::scenario::{Activity, Group, RecordKind, Scenario};

/// A strategy of the registry and, for a kind of record, why it cannot hold it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its claims.
    pub profile: Profile,
    /// Why it cannot hold the record, if it cannot.
    pub excluded: Option<&'static str>,
}

/// All strategies with tables of their own, contenders and controls, for one kind of record, in the
/// registry's order.
pub fn entries(record: RecordKind) -> Vec<Entry> {
    #[derive(Default)]
    struct Collect(Vec<Entry>);
    impl<R: Record> Visitor<R> for Collect {
        fn visit<S: Strategy<R>>(&mut self) {
            let (profile, excluded) = (S::PROFILE, None);
            self.0.push(Entry { profile, excluded });
        }
        fn exclude(&mut self, profile: Profile, reason: &'static str) {
            let excluded = Some(reason);
            self.0.push(Entry { profile, excluded });
        }
    }
    let mut collect = Collect::default();
    crate::visit(record, &mut collect);
    collect.0
}

/// The same, and the doubles of the baseline ([`PLANTED`]): each holds and claims what the baseline
/// does. None if there is no strategy of that name.
pub fn entries_beside(baseline: &str, record: RecordKind) -> Vec<Entry> {
    let mut all = entries(record);
    let named = |entry: &&Entry| entry.profile.name == baseline;
    if let Some(&original) = all.iter().find(named) {
        all.extend(PLANTED.iter().map(|planted| Entry {
            profile: Profile {
                name: planted.name,
                summary: planted.summary,
                avoid_when: "always: it is a yardstick",
                role: Role::Control,
                ..original.profile
            },
            ..original
        }));
    }
    all
}

/// Why a double that spends time in plain reads and updates says nothing in a scenario.
fn spends_no_time_in(scenario: &Scenario) -> Option<&'static str> {
    let is_plain = |group: &Group| {
        matches!(group.does, Activity::Read | Activity::Update) && !group.follows_script()
    };
    let all_plain = scenario.groups.iter().all(is_plain);
    (scenario.record.is_scripted() || scenario.replay.is_some() || !all_plain)
        .then_some("it spends its time in plain reads and updates only")
}

/// A table that copies itself for each write may be so large, in bytes: a copy takes some hundredths of a second.
const COPIED_BYTES_MAX: usize = 64 << 20;
/// What a table keeps for a record beside it: its identifier, and a word to find it by.
const ENTRY_OVERHEAD: usize = 16;

/// Which of the `wanted` strategies take part in a scenario beside the baseline, and which cannot.
pub fn participants(
    scenario: &Scenario,
    wanted: &[String],
    baseline: &str,
) -> (Vec<String>, Vec<Exclusion>) {
    let mut taking_part = Vec::new();
    let mut exclusions = Vec::new();
    for Entry { profile, excluded } in entries_beside(baseline, scenario.record) {
        if !wanted.iter().any(|name| name == profile.name) {
            continue;
        }
        let is_private = profile.concurrency == Concurrency::OneThread && scenario.replay.is_some();
        let endless = profile.write_cost == WriteCost::CopiesTable
            && scenario.processes * (scenario.record.size() + ENTRY_OVERHEAD) > COPIED_BYTES_MAX;
        let spends = planted(profile.name).is_some_and(|planted| planted.how == How::Spent);
        let reason = excluded
            .or(spends.then(|| spends_no_time_in(scenario)).flatten())
            .or(is_private.then_some("no thread sees what another one writes"))
            .or(endless.then_some("each write copies the table, and it is too large for that"));
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

#[cfg(test)]
mod tests {
    use model::controls::{SAME, SLOWER_20_INSIDE};

    use super::*;

    fn scenario(does: Activity, record: RecordKind) -> Scenario {
        Scenario {
            processes: 8,
            record,
            groups: vec![Group {
                does,
                threads: 2,
                ..Group::default()
            }],
            ..Scenario::default()
        }
    }

    #[test]
    fn doubles_claim_and_hold_what_the_baseline_does() {
        for entry in entries(RecordKind::Snapshot) {
            let all = entries_beside(entry.profile.name, RecordKind::Snapshot);
            let doubles = &all[all.len() - PLANTED.len()..];
            for (double, planted) in doubles.iter().zip(&PLANTED) {
                assert_eq!(double.profile.name, planted.name);
                assert_eq!(double.profile.role, Role::Control);
                assert_eq!(double.excluded, entry.excluded, "{}", entry.profile.name);
                assert_eq!(double.profile.reads, entry.profile.reads);
            }
        }
        let none = entries_beside("no/such", RecordKind::Status);
        assert_eq!(none.len(), entries(RecordKind::Status).len());
    }

    #[test]
    fn a_double_takes_part_where_the_baseline_can_and_it_says_something() {
        let wanted = ["mutex/std", "atomics/seqlock", SAME, SLOWER_20_INSIDE].map(String::from);
        let taking_part =
            |does, record, baseline| participants(&scenario(does, record), &wanted, baseline).0;
        let [status, snapshot] = [RecordKind::Status, RecordKind::Snapshot];
        let all = taking_part(Activity::Update, status, "atomics/seqlock");
        assert_eq!(all, wanted);
        let scanning = taking_part(Activity::Scan, status, "mutex/std");
        assert_eq!(scanning, wanted[..3]);
        let on_the_heap = taking_part(Activity::Read, snapshot, "atomics/seqlock");
        assert_eq!(on_the_heap, wanted[..1]);
    }
}
