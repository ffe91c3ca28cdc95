//! The words of each model: from `f` and `value` to actions.

mod registers;
mod structures;
mod tables;

use histories::{Model, Operation};
pub(super) use registers::{MultiRegisters, Registers};
pub(super) use structures::{Counters, Mutexes, Queues, Sets};
pub(super) use tables::{Registries, Texts};

use super::value::Value;

/// What a history is a history of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ModelName {
    /// `read` and `write` of any value.
    Register,
    /// `read`, `write` and `cas` with `[expected, new]`.
    CasRegister,
    /// `get`, `put` and `append` of texts.
    Kv,
    /// `read`, `insert`, `remove`, `start`, `heartbeat`, `stop`, `exit` and `restart` of a process.
    Registry,
    /// `acquire` and `release`, by any process.
    Mutex,
    /// `add` of a number, and `read` of the sum.
    Counter,
    /// `add` of a value, and `read` of all.
    Set,
    /// `enqueue`, and `dequeue` of the oldest value; null if it was empty.
    #[value(alias = "fifo-queue")]
    Queue,
    /// `enqueue`, and `dequeue` of any value; null if it was empty.
    UnorderedQueue,
    /// `txn` with a list of `["r", key, value]` and `["w", key, value]`.
    MultiRegister,
}

impl ModelName {
    /// Those that are recognised by their operations, the first one first.
    pub(super) const RECOGNISED: [ModelName; 9] = [
        ModelName::Register,
        ModelName::CasRegister,
        ModelName::Kv,
        ModelName::Registry,
        ModelName::Mutex,
        ModelName::Counter,
        ModelName::Set,
        ModelName::Queue,
        ModelName::MultiRegister,
    ];

    /// What it knows.
    pub(super) const fn words(self) -> &'static [&'static str] {
        match self {
            ModelName::Register => &["read", "write"],
            ModelName::CasRegister => &["read", "write", "cas"],
            ModelName::Kv => &["get", "put", "append"],
            ModelName::Registry => &[
                "read",
                "insert",
                "remove",
                "start",
                "heartbeat",
                "stop",
                "exit",
                "restart",
            ],
            ModelName::Mutex => &["acquire", "release"],
            ModelName::Counter | ModelName::Set => &["add", "read"],
            ModelName::Queue | ModelName::UnorderedQueue => &["enqueue", "dequeue"],
            ModelName::MultiRegister => &["txn"],
        }
    }
}

/// An operation as its events say it: `answer` is missing if it never returned.
pub(super) struct Said<'e> {
    pub(super) f: &'e str,
    pub(super) asked: &'e Value,
    pub(super) answer: Option<&'e Value>,
    /// Whether a read that was answered null says nothing.
    pub(super) nil_is_unknown: bool,
}

impl<'e> Said<'e> {
    /// What a read has seen; `None` if that is not known.
    fn seen(&self) -> Option<&'e Value> {
        self.answer
            .filter(|answer| !(self.nil_is_unknown && answer.is_nil()))
    }
}

/// How the operations of one model are said.
pub(super) trait Dialect {
    /// What judges them.
    type Model: Model;

    fn model(&self) -> Self::Model;

    /// The state at first; the user may have said which.
    fn start(&mut self, given: Option<&Value>) -> Result<StateOf<Self>, String>;

    /// An operation's action; `None` for one that says nothing.
    fn action(&mut self, said: &Said<'_>) -> Result<Option<ActionOf<Self>>, String>;

    /// What is decided without a search: `None` if nothing is, else the operations that cannot be
    /// reconciled, of which there may be none.
    fn shortcut(
        &self,
        start: &StateOf<Self>,
        operations: &[Operation<ActionOf<Self>>],
    ) -> Option<Vec<usize>> {
        let _ = (start, operations);
        None
    }
}

pub(super) type ActionOf<D> = <<D as Dialect>::Model as Model>::Action;
pub(super) type StateOf<D> = <<D as Dialect>::Model as Model>::State;
