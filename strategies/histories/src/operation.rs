//! What happened, and when.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::Model;

/// When an operation returns of which it is not known whether it ever did: it may take effect at any
/// time after its call, or not at all.
pub const NEVER: u64 = u64::MAX;

/// One operation of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<A> {
    /// Who did it: a thread, a client.
    pub process: u64,
    /// When it was called, in any unit that orders.
    pub call: u64,
    /// When it returned, [`NEVER`] if that is not known. Not before its call.
    pub ret: u64,
    /// What was asked, and what was answered.
    pub action: A,
}

impl<A> Operation<A> {
    /// Whether its answer is known, and so that it took effect.
    pub fn is_complete(&self) -> bool {
        self.ret != NEVER
    }
}

/// What was known of a history at a time: what had not returned by then may never have, and its
/// answer is unknown.
pub(crate) fn until<M: Model>(
    model: &M,
    operations: &[Operation<M::Action>],
    time: u64,
) -> Vec<Operation<M::Action>> {
    let called = operations.iter().filter(|operation| operation.call <= time);
    called
        .map(|operation| operation.until(model, time))
        .collect()
}

impl<A: Clone> Operation<A> {
    /// What was known of it at a time.
    pub(crate) fn until<M: Model<Action = A>>(&self, model: &M, time: u64) -> Self {
        if self.ret <= time {
            return self.clone();
        }
        Operation {
            ret: NEVER,
            action: model.in_flight(&self.action),
            ..*self
        }
    }
}

/// What a check says about a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One order explains every answer.
    Linearizable,
    /// No order does: none explains what returned until this time. Up to then one did, unless a search
    /// for the first such time was given up: then it may be earlier.
    Violated {
        /// The return of the operation that no order explains.
        at: u64,
    },
    /// The search was given up. An order explains every operation that returned before this time.
    Unknown {
        /// The first return that no order explains yet.
        established: u64,
    },
}

/// Why operations are no history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disorder {
    /// An operation returns before its call.
    ReturnsBeforeCall {
        /// Whose.
        process: u64,
        /// When it was called.
        call: u64,
    },
    /// A process does two things at a time.
    Overlaps {
        /// Which process.
        process: u64,
        /// When the second was called.
        call: u64,
    },
}

impl fmt::Display for Disorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Disorder::ReturnsBeforeCall { process, call } => {
                write!(
                    f,
                    "process {process}: the operation called at {call} returns before"
                )
            }
            Disorder::Overlaps { process, call } => write!(
                f,
                "process {process}: the operation called at {call} begins before the last one has returned"
            ),
        }
    }
}

/// Whether these operations can be a history: each returns after its call, and a process does one
/// thing at a time. What never returned keeps nobody from going on.
///
/// # Errors
///
/// The first disorder.
pub fn in_order<A>(operations: &[Operation<A>]) -> Result<(), Disorder> {
    let mut lanes: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for &Operation {
        process, call, ret, ..
    } in operations
    {
        if ret < call {
            return Err(Disorder::ReturnsBeforeCall { process, call });
        }
        if ret != NEVER {
            lanes.entry(process).or_default().push((call, ret));
        }
    }
    for (process, mut spans) in lanes {
        spans.sort_unstable();
        if let Some(pair) = spans.windows(2).find(|pair| pair[1].0 < pair[0].1) {
            return Err(Disorder::Overlaps {
                process,
                call: pair[1].0,
            });
        }
    }
    Ok(())
}
