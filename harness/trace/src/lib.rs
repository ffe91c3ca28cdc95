//! What an operation of a strategy executes, and which cache lines two threads share while they do two
//! of them: why one strategy scales and another does not, seen exactly and repeatably.
//!
//! # Method
//!
//! Two threads take turns, each stepped instruction by instruction ([`trap`]) while it does one
//! operation; what it executed is decoded afterwards. Two operations that write no common line and
//! none that the other reads can run on two processors without a word between them: the scalable
//! commutativity rule (Clements, Kaashoek, Zeldovich, Morris and Kohler, SOSP 2013), whose tool
//! COMMUTER finds conflicts in the same way, one operation after the other from the same state.
//!
//! - What a thread does to its own stack is left out, so tables and handles stand on the heap.
//! - Each strategy is in several layouts of the heap, since where a block begins within a line is
//!   chance; all counts are medians.
//! - Repeated, the counts are the same, but for what depends on the heap that a process finds: how many
//!   lines are used and shared, and what the system's allocator does. What waits for a thread of the
//!   strategy's own (a channel) or frees what others have retired (epochs) varies, too.
//! - A block that an operation itself allocates is nobody else's; and what happens inside the
//!   system's allocator is counted apart, since another allocator may be linked.
//!
//! # Limits
//!
//! Threads that a strategy starts run at full speed and are not seen. What is traced is one path
//! through the code, not all of them: retries and rare slow paths do not show. The program must use
//! [`conformance::CountingAllocator`] for blocks to have names.
//!
//! Only `x86_64` Linux can do this; elsewhere [`available`] says so.

// `--cfg pivot_elsewhere` makes any machine one that has no single steps.
#[cfg_attr(
    not(all(target_os = "linux", target_arch = "x86_64", not(pivot_elsewhere))),
    path = "elsewhere.rs"
)]
mod native;

use std::io::{self, Write};

use contract::{ProcessStatus, Strategy};
use model::message::{Message, say};
use model::sample::Line;
use model::stall::StallSeen;
use model::trace::{Operation, State, TraceSeen};
use serde::{Deserialize, Serialize};
use trap::{Result, Trap};

/// Whether operations can be traced in this process.
///
/// # Errors
///
/// Why they cannot.
pub fn available() -> Result<()> {
    Trap::install().map(drop)
}

/// What is seen of a strategy.
///
/// # Panics
///
/// When the task names no strategy of the registry, or no thread can be stepped: whoever asks finds
/// out first whether tracing is [`available`].
pub fn observe(task: &TraceTask) -> TraceSeen {
    stepped(|trap| native::see(trap, task))
}

/// Stops a strategy's threads at all their points, and says who could go on.
///
/// # Errors
///
/// When the parent is gone.
///
/// # Panics
///
/// As [`observe()`].
pub fn stall(task: &StallTask, out: &mut impl Write) -> io::Result<()> {
    let observed = stalls(task, |stalled| {
        let what = format!("{}: stopping in {stalled}", task.strategy);
        // If the parent is gone, it cannot be told what was found either.
        let _ = say(out, &Message::Begin { what, slice: None });
    });
    let line = Line::Stall(observed);
    say(out, &Message::Found { line })
}

/// Who can go on; `begin` is told of each operation that a thread is stopped in.
///
/// # Panics
///
/// As [`observe()`].
pub fn stalls(task: &StallTask, begin: impl FnMut(Operation)) -> StallSeen {
    stepped(|trap| native::see_stalls(trap, native::named(&task.strategy), task, begin))
}

/// Who can go on with a strategy that the registry does not know, such as a broken one; otherwise as
/// [`stalls()`], but for the task's name.
///
/// # Panics
///
/// As [`observe()`].
pub fn stalls_of<S: Strategy<ProcessStatus>>(task: &StallTask) -> StallSeen {
    let strategy = native::TracedStrategy::from_strategy::<S>();
    stepped(|trap| native::see_stalls(trap, strategy, task, |_| {}))
}

fn stepped<T>(work: impl FnOnce(Trap) -> Result<T>) -> T {
    let result = Trap::install().and_then(work);
    result.unwrap_or_else(|why| panic!("{why}"))
}

/// Does an operation so many times, prepared as for [`observe`], and steps nothing: for another instrument
/// that looks at the function `trap::linux::at_work`, in which each operation is done.
///
/// # Errors
///
/// Where no thread can ever be stepped.
///
/// # Panics
///
/// When the registry has no such strategy.
pub fn rehearse(strategy: &str, operation: Operation, times: u64) -> Result<()> {
    native::rehearse(Trap::idle()?, strategy, operation, times)
}

/// One strategy, to be traced.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TraceTask {
    /// The strategy.
    pub strategy: String,
    /// The operations.
    pub operations: Vec<Operation>,
    /// The states. Pairs of operations are looked at if [`State::Quiescent`] is among them.
    pub states: Vec<State>,
    /// In how many layouts of the heap.
    pub layouts: u32,
}

/// One strategy, whose threads are to be stopped.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StallTask {
    /// The strategy.
    pub strategy: String,
    /// The operations that a thread is stopped in.
    pub stalled: Vec<Operation>,
    /// The operations that are tried meanwhile.
    pub peers: Vec<Operation>,
    /// Whether to try each point, and not one for each state that others could tell apart.
    pub every: bool,
    /// How many instructions of a read or scan to step, about, in stopping it twice, too, beside what `peers`
    /// can write, to judge its answers; of a write a fifth. 0: none is stopped twice. 500,000 are enough for
    /// all pairs of 65 points in a lookup of 250 instructions; of what is longer pairs are chosen.
    #[serde(default)]
    pub two_stops: usize,
}
