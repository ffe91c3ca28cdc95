//! Mutexes, counters, sets and queues.

use histories::models::{
    Counter, CounterAction, FifoQueue, Mutex, MutexAction, QueueAction, Set, SetAction,
    UnorderedQueue,
};
use histories::queues::{self, Order};
use histories::{Model, Operation};
use imbl::{OrdMap, OrdSet, Vector};

use super::super::value::{Name, Names, Value};
use super::{Dialect, Said};

/// `acquire` and `release`.
#[derive(Default)]
pub(in super::super) struct Mutexes;

impl Dialect for Mutexes {
    type Model = Mutex;

    fn model(&self) -> Mutex {
        Mutex
    }

    fn start(&mut self, given: Option<&Value>) -> Result<bool, String> {
        match given.and_then(Value::name) {
            None if given.is_none_or(Value::is_nil) => Ok(false),
            Some("free") => Ok(false),
            Some("held") => Ok(true),
            _ => Err("a mutex begins free or held".into()),
        }
    }

    fn action(&mut self, said: &Said<'_>) -> Result<Option<MutexAction>, String> {
        if !said.asked.is_nil() {
            return Err(format!(
                "{} has no value, and here {}: which mutex it is stands in key",
                said.f,
                said.asked.shown()
            ));
        }
        // Some answer `true`, some a number of their own: that it was granted is all that is looked at.
        if said.answer == Some(&Value::Bool(false)) {
            return Err(format!(
                "{} is answered ok and false: what did not succeed is answered fail",
                said.f
            ));
        }
        Ok(Some(match said.f {
            "acquire" => MutexAction::Acquire,
            _ => MutexAction::Release,
        }))
    }
}

/// `add` of a number, and `read`.
#[derive(Default)]
pub(in super::super) struct Counters;

impl Dialect for Counters {
    type Model = Counter;

    fn model(&self) -> Counter {
        Counter
    }

    fn start(&mut self, given: Option<&Value>) -> Result<i128, String> {
        match given {
            None | Some(Value::Nil) => Ok(0),
            Some(value) => whole::<i64>(value).map(i128::from),
        }
    }

    fn action(&mut self, said: &Said<'_>) -> Result<Option<CounterAction>, String> {
        match said.f {
            "add" => Ok(Some(CounterAction::Add(whole(said.asked)?))),
            _ => said
                .seen()
                .map(|seen| whole(seen).map(CounterAction::Read))
                .transpose(),
        }
    }
}

fn whole<N: TryFrom<i128>>(value: &Value) -> Result<N, String> {
    value.integer().ok_or_else(|| {
        format!(
            "a counter has whole numbers of 64 bits, not {} (--nil-is-unknown passes over reads of null)",
            value.shown()
        )
    })
}

/// `add` of a value, and `read` of all.
#[derive(Default)]
pub(in super::super) struct Sets(Names);

impl Sets {
    fn all(&mut self, value: &Value) -> Result<OrdSet<Name>, String> {
        let all = if value.is_nil() {
            Some(Vec::new())
        } else {
            value.elements()
        };
        let all = all.ok_or_else(|| format!("a set is a list of values, not {}", value.shown()))?;
        Ok(all.into_iter().map(|value| self.0.name(value)).collect())
    }
}

impl Dialect for Sets {
    type Model = Set<Name>;

    fn model(&self) -> Set<Name> {
        Set::default()
    }

    fn start(&mut self, given: Option<&Value>) -> Result<OrdSet<Name>, String> {
        self.all(given.unwrap_or(&Value::Nil))
    }

    fn action(&mut self, said: &Said<'_>) -> Result<Option<SetAction<Name>>, String> {
        match said.f {
            "add" => Ok(Some(SetAction::Add(self.0.name(said.asked)))),
            _ => said
                .seen()
                .map(|seen| self.all(seen).map(SetAction::Read))
                .transpose(),
        }
    }
}

/// `enqueue` and `dequeue`, in an order or in none.
pub(in super::super) struct Queues<M> {
    names: Names,
    model: M,
}

impl<M: Default> Default for Queues<M> {
    fn default() -> Self {
        Self {
            names: Names::default(),
            model: M::default(),
        }
    }
}

/// A queue's model.
pub(in super::super) trait Queue:
    Model<Action = QueueAction<Name>> + Clone
{
    const ORDER: Order;

    fn filled(names: impl Iterator<Item = Name>) -> Self::State;
    fn is_empty(state: &Self::State) -> bool;
}

impl Queue for FifoQueue<Name> {
    const ORDER: Order = Order::Fifo;

    fn filled(names: impl Iterator<Item = Name>) -> Vector<Name> {
        names.collect()
    }

    fn is_empty(state: &Vector<Name>) -> bool {
        state.is_empty()
    }
}

impl Queue for UnorderedQueue<Name> {
    const ORDER: Order = Order::None;

    fn filled(names: impl Iterator<Item = Name>) -> OrdMap<Name, usize> {
        let mut state = OrdMap::new();
        for name in names {
            *state.entry(name).or_insert(0) += 1;
        }
        state
    }

    fn is_empty(state: &OrdMap<Name, usize>) -> bool {
        state.is_empty()
    }
}

impl<M: Queue> Dialect for Queues<M> {
    type Model = M;

    fn model(&self) -> M {
        self.model.clone()
    }

    fn start(&mut self, given: Option<&Value>) -> Result<M::State, String> {
        let all = match given {
            None | Some(Value::Nil) => Vec::new(),
            Some(value) => value.elements().ok_or_else(|| {
                format!(
                    "a queue begins with a list of values, not {}",
                    value.shown()
                )
            })?,
        };
        Ok(M::filled(
            all.into_iter().map(|value| self.names.name(value)),
        ))
    }

    fn action(&mut self, said: &Said<'_>) -> Result<Option<QueueAction<Name>>, String> {
        Ok(Some(match (said.f, said.answer) {
            ("enqueue", _) => {
                let value = self.names.some(said.asked);
                QueueAction::Enqueue(value.ok_or("an enqueue has a value other than null")?)
            }
            (_, None) => QueueAction::Take,
            (_, Some(answer)) => match self.names.some(answer) {
                Some(value) => QueueAction::Dequeue(value),
                None => QueueAction::Empty,
            },
        }))
    }

    fn shortcut(
        &self,
        start: &M::State,
        operations: &[Operation<QueueAction<Name>>],
    ) -> Option<Vec<usize>> {
        if M::is_empty(start) {
            queues::check(operations, M::ORDER)
        } else {
            None
        }
    }
}
