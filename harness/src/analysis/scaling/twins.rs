//! Scenarios that differ in their threads and in nothing else: found by what they ask, not by name.

use basis::sample::asks_the_same;
use basis::scenario::{Activity, Scenario};
use basis::trace::Operation;

use crate::results::Metric;

/// What all threads of a scenario do, as fast as they can; nothing if they do different things.
pub(super) fn operation(scenario: &Scenario) -> Option<(Operation, Metric)> {
    let [group] = scenario.groups.as_slice() else {
        return None;
    };
    let is_paced = group.is_paced() || group.section_ns.is_some();
    if is_paced || group.follows_script() || scenario.operations.is_some() {
        return None;
    }
    match group.does {
        Activity::Read => Some((Operation::ReadHit, Metric::ReadNs)),
        Activity::Update => Some((Operation::Apply, Metric::WriteNs)),
        Activity::Churn | Activity::Scan | Activity::Mix | Activity::Replay => None,
    }
}

/// A scenario of one thread, and the same of two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Twins<'s> {
    pub(super) operation: Operation,
    pub(super) metric: Metric,
    pub(super) one: &'s Scenario,
    pub(super) two: &'s Scenario,
}

/// All of them, in the order of the scenarios.
pub(super) fn twins(scenarios: &[Scenario]) -> Vec<Twins<'_>> {
    let mut found = Vec::new();
    for one in scenarios.iter().filter(|one| one.threads() == 1) {
        let Some((operation, metric)) = operation(one) else {
            continue;
        };
        let two = with_two_threads(one);
        let second = scenarios.iter().find(|other| {
            let placed = Scenario {
                point: None,
                ..(*other).clone()
            };
            other.threads() == 2 && asks_the_same(&two, &unnamed(&placed, &two))
        });
        found.extend(second.map(|two| Twins {
            operation,
            metric,
            one,
            two,
        }));
    }
    found
}

fn with_two_threads(one: &Scenario) -> Scenario {
    let mut two = Scenario {
        point: None,
        ..one.clone()
    };
    two.groups.iter_mut().for_each(|group| group.threads = 2);
    two
}

/// Under the name of another, and left out as often.
fn unnamed(scenario: &Scenario, like: &Scenario) -> Scenario {
    Scenario {
        name: like.name.clone(),
        optional: like.optional,
        ..scenario.clone()
    }
}

/// Where an operation is measured alone: with a twin if there is one.
pub(super) fn alone<'s>(
    scenarios: &'s [Scenario],
    twins: &[Twins<'s>],
    wanted: Operation,
) -> Option<(&'s Scenario, Metric)> {
    let mut with_twin = twins.iter().filter(|twins| twins.operation == wanted);
    if let Some(twins) = with_twin.next() {
        return Some((twins.one, twins.metric));
    }
    let one = scenarios.iter().filter(|scenario| scenario.threads() == 1);
    let mut found = one.filter_map(|scenario| Some((scenario, operation(scenario)?)));
    let (scenario, (_, metric)) = found.find(|(_, (operation, _))| *operation == wanted)?;
    Some((scenario, metric))
}

#[cfg(test)]
mod tests {
    use basis::scenario::Group;

    use super::*;

    fn scenario(name: &str, does: Activity, threads: usize, processes: usize) -> Scenario {
        Scenario {
            name: name.into(),
            processes,
            groups: vec![Group {
                does,
                threads,
                ..Group::default()
            }],
            ..Scenario::default()
        }
    }

    #[test]
    fn twins_differ_in_their_threads_only() {
        let paced = Scenario {
            groups: vec![Group {
                every_us: Some(1.0),
                ..scenario("", Activity::Read, 2, 64).groups[0].clone()
            }],
            ..scenario("paced", Activity::Read, 2, 64)
        };
        let all = [
            scenario("small", Activity::Read, 1, 64),
            paced,
            scenario("large", Activity::Read, 1, 1_024),
            scenario("large-two", Activity::Read, 2, 1_024),
            scenario("update", Activity::Update, 1, 1_024),
            scenario("scan-two", Activity::Scan, 2, 1_024),
        ];
        let found = twins(&all);
        let names: Vec<_> = found
            .iter()
            .map(|twins| (twins.one.name.as_str(), twins.two.name.as_str()))
            .collect();
        assert_eq!(names, [("large", "large-two")]);
        let alone = |operation| alone(&all, &found, operation).map(|(one, _)| one.name.as_str());
        assert_eq!(alone(Operation::ReadHit), Some("large"));
        assert_eq!(alone(Operation::Apply), Some("update"));
        assert_eq!(alone(Operation::Scan), None);
    }
}
