//! Scenarios that differ in their threads and in nothing else: found by what they ask, not by name.

use model::sample::asks_the_same;
use model::scenario::{Activity, Scenario};
use model::trace::Operation;

/// What all threads of a scenario do, as fast as they can; nothing if they do different things.
pub(super) fn operation(scenario: &Scenario) -> Option<Operation> {
    let [group] = &scenario.groups[..] else {
        return None;
    };
    match group.does {
        _ if group.is_paced() || group.follows_script() || scenario.operations.is_some() => None,
        Activity::Read => Some(Operation::ReadHit),
        Activity::Update => Some(Operation::Apply),
        Activity::Churn | Activity::Scan | Activity::Mix | Activity::Replay => None,
    }
}

/// A scenario of one thread, and the same of two.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScalingPair<'s> {
    pub(super) operation: Operation,
    pub(super) one: &'s Scenario,
    pub(super) two: &'s Scenario,
}

/// All of them, in the order of the scenarios.
pub(super) fn scaling_pairs(scenarios: &[Scenario]) -> Vec<ScalingPair<'_>> {
    let singles = scenarios.iter().filter(|one| one.threads() == 1);
    let pairs = singles.filter_map(|one| {
        let operation = operation(one)?;
        let mut pairs = scenarios.iter().filter(|two| two.threads() == 2);
        let two = pairs.find(|two| {
            let mut with_one = Scenario {
                name: one.name.clone(),
                optional: one.optional,
                point: one.point.clone(),
                ..(*two).clone()
            };
            with_one
                .groups
                .iter_mut()
                .for_each(|group| group.threads = 1);
            asks_the_same(one, &with_one)
        })?;
        Some(ScalingPair {
            operation,
            one,
            two,
        })
    });
    pairs.collect()
}

/// Where an operation is measured alone: in a pair if there is one.
pub(super) fn alone<'s>(
    scenarios: &'s [Scenario],
    pairs: &[ScalingPair<'s>],
    wanted: Operation,
) -> Option<&'s Scenario> {
    let in_pairs = pairs
        .iter()
        .filter(|pair| pair.operation == wanted)
        .map(|pair| pair.one);
    let singles = scenarios.iter().filter(|scenario| scenario.threads() == 1);
    in_pairs
        .chain(singles.filter(|single| operation(single) == Some(wanted)))
        .next()
}

#[cfg(test)]
mod tests {
    use model::scenario::Group;

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
    fn pairs_differ_in_their_threads_only() {
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
        let pairs = scaling_pairs(&all);
        let names: Vec<_> = pairs
            .iter()
            .map(|pair| (pair.one.name.as_str(), pair.two.name.as_str()))
            .collect();
        assert_eq!(names, [("large", "large-two")]);
        let alone =
            |operation| alone(&all, &pairs, operation).map(|scenario| scenario.name.as_str());
        assert_eq!(alone(Operation::ReadHit), Some("large"));
        assert_eq!(alone(Operation::Apply), Some("update"));
        assert_eq!(alone(Operation::Scan), None);
    }
}
