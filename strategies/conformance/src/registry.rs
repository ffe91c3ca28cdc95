//! The process registry as a sequential specification: what one identifier of a table does when one
//! thread uses it.

use std::fmt;

use contract::{Change, State};
use histories::{Model, Step};

/// What a look at a record shows of it: enough to tell any two versions of a record apart, as each
/// accepted event raises the revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seen {
    /// The lifecycle state.
    pub state: State,
    /// The number of accepted events.
    pub revision: u64,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at revision {}", self.state, self.revision)
    }
}

/// One identifier of a registry; no record at first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Registry;

/// What is done under one identifier, with the answer where it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegistryAction {
    /// It is read, and this was there.
    Read(Option<Seen>),
    /// A record is inserted.
    Insert {
        /// What was inserted.
        record: Seen,
        /// What was there before.
        displaced: Known<Option<Seen>>,
    },
    /// An event is applied.
    Apply {
        /// What happened.
        change: Change,
        /// The new revision, `Err` if it was rejected, `None` if there was no record.
        outcome: Known<Option<Result<u64, ()>>>,
    },
    /// The record is removed; this was there.
    Remove(Known<Option<Seen>>),
}

/// An answer, unless the operation never returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Known<T> {
    /// It was this.
    Yes(T),
    /// It is not known.
    No,
}

impl<T: PartialEq> Known<T> {
    /// Whether the answer can have been `actual`.
    fn can_be(&self, actual: &T) -> bool {
        match self {
            Known::Yes(answer) => answer == actual,
            Known::No => true,
        }
    }
}

impl Model for Registry {
    type State = Option<Seen>;
    type Action = RegistryAction;

    fn step(&self, state: &Option<Seen>, action: &RegistryAction) -> Step<Option<Seen>> {
        let possible_if = |possible: bool, step| if possible { step } else { Step::Impossible };
        match action {
            RegistryAction::Read(record) => possible_if(record == state, Step::Observes),
            RegistryAction::Insert { record, displaced } => {
                possible_if(displaced.can_be(state), Step::To(Some(*record)))
            }
            RegistryAction::Remove(removed) => possible_if(removed.can_be(state), Step::To(None)),
            RegistryAction::Apply { change, outcome } => {
                let after = state.map(|record| {
                    let state = record.state.after(*change).map_err(|_| ())?;
                    Ok((state, record.revision.checked_add(1)))
                });
                let after = match after {
                    // No revision comes after the last one: nothing can have been accepted.
                    Some(Ok((_, None))) => return Step::Impossible,
                    Some(Ok((state, Some(revision)))) => Some(Ok(Seen { state, revision })),
                    Some(Err(())) => Some(Err(())),
                    None => None,
                };
                let answer = after.map(|after| after.map(|record| record.revision));
                let step = match after {
                    Some(Ok(record)) => Step::To(Some(record)),
                    // What is rejected here may be accepted elsewhere: it is known to observe only
                    // by its answer.
                    _ if matches!(outcome, Known::Yes(_)) => Step::Observes,
                    unchanged => Step::To(unchanged.and(*state)),
                };
                possible_if(outcome.can_be(&answer), step)
            }
        }
    }

    fn in_flight(&self, action: &RegistryAction) -> RegistryAction {
        match *action {
            RegistryAction::Read(record) => RegistryAction::Read(record),
            RegistryAction::Insert { record, .. } => RegistryAction::Insert {
                record,
                displaced: Known::No,
            },
            RegistryAction::Apply { change, .. } => RegistryAction::Apply {
                change,
                outcome: Known::No,
            },
            RegistryAction::Remove(_) => RegistryAction::Remove(Known::No),
        }
    }

    fn describe(&self, action: &RegistryAction) -> String {
        let shown =
            |record: &Option<Seen>| record.map_or_else(|| "nothing".into(), |s| s.to_string());
        let known = |record: &Known<Option<Seen>>| match record {
            Known::Yes(record) => shown(record),
            Known::No => "?".into(),
        };
        match action {
            RegistryAction::Read(record) => format!("read -> {}", shown(record)),
            RegistryAction::Insert { record, displaced } => {
                format!("insert {record} -> displaced {}", known(displaced))
            }
            RegistryAction::Remove(removed) => format!("remove -> {}", known(removed)),
            RegistryAction::Apply { change, outcome } => {
                let answer = match outcome {
                    Known::Yes(Some(Ok(revision))) => format!("revision {revision}"),
                    Known::Yes(Some(Err(()))) => "rejected".into(),
                    Known::Yes(None) => "no record".into(),
                    Known::No => "?".into(),
                };
                format!("{change} -> {answer}")
            }
        }
    }

    fn describe_state(&self, state: &Option<Seen>) -> String {
        state.map_or_else(|| "no record".into(), |record| record.to_string())
    }
}

#[cfg(test)]
mod tests {
    use histories::search::{Limits, search};
    use histories::{NEVER, Operation, Verdict};
    use proptest::prelude::*;

    use super::*;

    fn action() -> impl proptest::strategy::Strategy<Value = RegistryAction> {
        let any_record = || {
            let states = prop_oneof![Just(State::Pending), Just(State::Running)];
            (states, 0u64..3).prop_map(|(state, revision)| Seen { state, revision })
        };
        let outcome = prop::option::of(prop_oneof![(1u64..4).prop_map(Ok), Just(Err(()))]);
        let change = prop_oneof![Just(Change::Start), Just(Change::Stop)];
        prop_oneof![
            (any_record(), prop::option::of(any_record())).prop_map(|(record, displaced)| {
                RegistryAction::Insert {
                    record,
                    displaced: Known::Yes(displaced),
                }
            }),
            (change, outcome).prop_map(|(change, outcome)| RegistryAction::Apply {
                change,
                outcome: Known::Yes(outcome),
            }),
            prop::option::of(any_record())
                .prop_map(|removed| RegistryAction::Remove(Known::Yes(removed))),
            prop::option::of(any_record()).prop_map(RegistryAction::Read),
        ]
    }

    /// What was known of a history at a time.
    fn until(history: &[Operation<RegistryAction>], at: u64) -> Vec<Operation<RegistryAction>> {
        let mut known = history.to_vec();
        known.retain(|operation| operation.call <= at);
        for operation in known.iter_mut().filter(|operation| operation.ret > at) {
            operation.ret = NEVER;
            match &mut operation.action {
                RegistryAction::Read(_) => {}
                RegistryAction::Insert { displaced, .. } => *displaced = Known::No,
                RegistryAction::Apply { outcome, .. } => *outcome = Known::No,
                RegistryAction::Remove(removed) => *removed = Known::No,
            }
        }
        known
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// An operation in flight may still be answered otherwise: it is to blame for nothing.
        #[test]
        fn the_first_answer_without_an_order_is_blamed(
            spans in prop::collection::vec((action(), 1u64..8, 0u64..8), 1..7)
        ) {
            let history: Vec<_> = (0..)
                .zip(spans)
                .map(|(process, (action, call, length))| Operation {
                    process,
                    call,
                    ret: call + length,
                    action,
                })
                .collect();
            let judged = |history: &[_]| search(&Registry, &[None], history, &Limits::default());
            if let Verdict::Violated { at } = judged(&history) {
                prop_assert_eq!(judged(&until(&history, at - 1)), Verdict::Linearizable);
                let with = judged(&until(&history, at));
                prop_assert!(matches!(with, Verdict::Violated { .. }), "{:?}", with);
            }
        }
    }
}
