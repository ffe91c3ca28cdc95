//! Who can go on while somebody is stopped in the middle of an operation: a progress guarantee,
//! observed at every instruction instead of claimed.
//!
//! # Method
//!
//! One thread is stopped before an instruction of its operation, for as long as need be; a peer tries
//! an operation of its own meanwhile. Lock-free reads, say, are reads that no stopped thread keeps
//! from being done, wherever it stopped (Herlihy and Shavit, "On the nature of progress", OPODIS
//! 2011). What the peer sees has to be what some order of the two operations explains.
//!
//! - Every instruction is a point. Those between two writes that others could see are one state, as
//!   [`points`] argues, and tried once, unless all are asked for.
//! - A peer is blocked when nobody is left to wake it, or when it has spun for a thousand times what
//!   an operation takes; and that is tried again with more patience before it is believed.
//! - Beside an operation that only reads, a peer that has written undoes that and tries again at the
//!   next point of the same execution; what seems to be blocked then has to be so afresh, too.
//! - What the allocator's own lock blocks is told apart.
//! - [`two_stops`] is about the stopped operation's own answer.

mod observation;
mod points;
mod script;
mod search;
mod stall_experiment;
mod trial;
mod two_stops;

pub(crate) use observation::{Observation, Scan};

use model::stall::StallSeen;
use model::trace::Operation;
use trap::{Trap, Unavailable};

use crate::native::fixture::Fixture;
use crate::native::step_handle::TracedStrategy;
use crate::native::symbols::Symbols;
use crate::task::StallTask;
use script::Script;
use search::Search;
use stall_experiment::StallExperiment;

/// What is seen of a strategy; `begin` is told of each operation that a thread is stopped in.
pub(crate) fn see(
    trap: Trap,
    strategy: TracedStrategy,
    task: &StallTask,
    mut begin: impl FnMut(Operation),
) -> Result<StallSeen, Unavailable> {
    let mut seen = StallSeen {
        strategy: strategy.profile.name.into(),
        ..StallSeen::default()
    };
    if !strategy.is_shared() {
        return Ok(seen);
    }
    let experiment = StallExperiment::new(Fixture::set(trap, strategy, 0)?, strategy)?;
    let mut symbols = Symbols::load();
    for &stalled in &task.stalled {
        let search = Search {
            experiment: &experiment,
            stalled,
            every: task.every,
        };
        let pairs = search.pairs(&task.peers, &mut symbols, || begin(stalled));
        seen.pairs.extend(pairs);
        let scripts = Script::all(stalled, &task.peers);
        for script in scripts.into_iter().filter(|_| task.two_stops > 0) {
            begin(stalled);
            seen.two_stops
                .push(two_stops::search(&experiment, &script, task.two_stops));
        }
    }
    Ok(seen)
}
