//! The words of each model: from `f` and `value` to actions.

use conformance::{Known, Registry, RegistryAction, Seen};
use contract::{Change, State};
use histories::models::{
    Access, CasRegister, CasRegisterAction, Counter, CounterAction, FifoQueue, KeyValue,
    KeyValueAction, MultiRegister, Mutex, MutexAction, QueueAction, RegisterAction, Set, SetAction,
    Text, UnorderedQueue,
};
use histories::queues::{self, Order};
use histories::{Model, Operation, zones};
use imbl::{OrdMap, OrdSet, Vector};

use super::pairing::Call;
use super::value::{Name, Terms, Value};

/// What a history is a history of. Of those that have the same operations, the first is recognised.
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
    /// The operations it has.
    pub(super) fn words(self) -> impl Iterator<Item = &'static str> {
        let words = match self {
            ModelName::Register => "read write",
            ModelName::CasRegister => "read write cas",
            ModelName::Kv => "get put append",
            ModelName::Registry => "read insert remove start heartbeat stop exit restart",
            ModelName::Mutex => "acquire release",
            ModelName::Counter | ModelName::Set => "add read",
            ModelName::Queue | ModelName::UnorderedQueue => "enqueue dequeue",
            ModelName::MultiRegister => "txn",
        };
        words.split(' ')
    }
}

/// How the operations of a model are written in a history.
pub(super) trait Dialect: Model + Default {
    /// The state at first: as the user has given it, or null.
    fn start(given: &Value, terms: &mut Terms) -> Result<Self::State, String>;

    /// An operation's action; `None` for one that says nothing.
    fn action(call: &Call, terms: &mut Terms) -> Result<Option<Self::Action>, String>;

    /// What is decided without a search: `None` if nothing is, else the operations that cannot be
    /// reconciled, of which there may be none.
    fn shortcut(start: &Self::State, all: &[Operation<Self::Action>]) -> Option<Vec<usize>> {
        let _ = (start, all);
        None
    }
}

/// Refuses `ok` with `false`, unless it repeats what was asked. Some answer `true`, some a number of
/// their own: nothing else is looked at.
fn succeeded(call: &Call) -> Result<(), String> {
    let Call { f, asked, .. } = call;
    let no = Value::Bool(false);
    if call.answered() == Some(&no) && *asked != no {
        return Err(format!(
            "{f} is answered ok and false: what did not succeed is answered fail"
        ));
    }
    Ok(())
}

impl Dialect for CasRegister<Name> {
    fn start(given: &Value, terms: &mut Terms) -> Result<Option<Name>, String> {
        Ok(terms.some(given))
    }

    fn action(call: &Call, terms: &mut Terms) -> Result<Option<Self::Action>, String> {
        Ok(match call.f.as_str() {
            "read" => call
                .observed(terms)
                .map(|value| CasRegisterAction::Plain(RegisterAction::Read(terms.some(value)))),
            "write" => {
                let value = terms.some(&call.asked);
                let value = value.ok_or("a write has a value other than null")?;
                Some(CasRegisterAction::Plain(RegisterAction::Write(value)))
            }
            _ => {
                succeeded(call)?;
                let pair = call.asked.pair();
                let (expected, new) = pair.ok_or("the value of a cas is [expected, new]")?;
                let new = terms.some(new);
                Some(CasRegisterAction::Swap {
                    expected: terms.some(expected),
                    new: new.ok_or("a cas has a new value other than null")?,
                })
            }
        })
    }

    /// Registers that were never compared and swapped, with every value written once.
    fn shortcut(start: &Option<Name>, all: &[Operation<Self::Action>]) -> Option<Vec<usize>> {
        let plain = all.iter().map(|operation| {
            Some(Operation {
                process: operation.process,
                call: operation.call,
                ret: operation.ret,
                action: plain(start.as_ref(), &operation.action)?,
            })
        });
        let plain: Vec<Operation<RegisterAction>> = plain.collect::<Option<_>>()?;
        let conflict = zones::check(&plain).ok()?.err();
        Some(conflict.map_or_else(Vec::new, |conflict| conflict.operations))
    }
}

/// What no name has: nobody writes it.
const UNWRITTEN: u64 = u64::MAX;

/// An action of a register that begins with nothing, where this one began with `start`. `None` if that
/// cannot be said.
fn plain(start: Option<&Name>, action: &CasRegisterAction<Name>) -> Option<RegisterAction> {
    let CasRegisterAction::Plain(action) = action else {
        return None;
    };
    match action {
        RegisterAction::Write(value) if start == Some(value) => None,
        RegisterAction::Write(value) => Some(RegisterAction::Write(value.number.into())),
        RegisterAction::Read(value) if value.as_ref() == start => Some(RegisterAction::Read(None)),
        RegisterAction::Read(value) => {
            let number = value
                .as_ref()
                .map_or(UNWRITTEN, |value| value.number.into());
            Some(RegisterAction::Read(Some(number)))
        }
    }
}

impl Dialect for MultiRegister<Name> {
    fn start(given: &Value, terms: &mut Terms) -> Result<OrdMap<Name, Name>, String> {
        match given {
            Value::Nil => Ok(OrdMap::new()),
            Value::Map(all) => {
                let register = |(key, value)| {
                    let value = terms.some(value)?;
                    Some((terms.name(key), value))
                };
                Ok(all.iter().filter_map(register).collect())
            }
            other => Err(other.mismatch("registers begin with a map like {\"x\":0}")),
        }
    }

    fn action(call: &Call, terms: &mut Terms) -> Result<Option<Vec<Access<Name>>>, String> {
        let steps = call.answered().unwrap_or(&call.asked);
        let all = steps.list();
        let all = all.ok_or_else(|| steps.mismatch("the value of a txn is a list of steps"))?;
        let mut transaction = Vec::new();
        for step in all {
            let parts = step.list().and_then(|parts| parts.as_array::<3>());
            match parts.map(|[f, key, value]| (f.name(), key, value)) {
                Some((Some("w" | "write"), key, value)) => {
                    let value = terms.some(value);
                    let value = value.ok_or("a step writes a value other than null")?;
                    transaction.push(Access::Write(terms.name(key), value));
                }
                Some((Some("r" | "read"), key, value)) => {
                    if call.answer.is_some() && terms.is_known(value) {
                        transaction.push(Access::Read(terms.name(key), terms.some(value)));
                    }
                }
                _ => {
                    let expected = r#"a step of a txn is ["r", key, value] or ["w", key, value]"#;
                    return Err(step.mismatch(expected));
                }
            }
        }
        Ok((!transaction.is_empty()).then_some(transaction))
    }
}

impl Dialect for Mutex {
    fn start(given: &Value, _: &mut Terms) -> Result<bool, String> {
        match (given, given.name()) {
            (Value::Nil, _) | (_, Some("free")) => Ok(false),
            (_, Some("held")) => Ok(true),
            _ => Err("a mutex begins free or held".into()),
        }
    }

    fn action(call: &Call, _: &mut Terms) -> Result<Option<MutexAction>, String> {
        let Call { f, asked, .. } = call;
        if !asked.is_nil() {
            return Err(format!(
                "{f} has no value, and here {}: which mutex it is stands in key",
                asked.shown()
            ));
        }
        succeeded(call)?;
        Ok(Some(match f.as_str() {
            "acquire" => MutexAction::Acquire,
            _ => MutexAction::Release,
        }))
    }
}

impl Dialect for Counter {
    fn start(given: &Value, _: &mut Terms) -> Result<i128, String> {
        if given.is_nil() {
            return Ok(0);
        }
        whole::<i64>(given).map(i128::from)
    }

    fn action(call: &Call, terms: &mut Terms) -> Result<Option<CounterAction>, String> {
        if call.f == "add" {
            return Ok(Some(CounterAction::Add(whole(&call.asked)?)));
        }
        let sum = call.observed(terms).map(whole).transpose()?;
        Ok(sum.map(CounterAction::Read))
    }
}

fn whole<N: TryFrom<i128>>(value: &Value) -> Result<N, String> {
    value.integer().ok_or_else(|| {
        let expected = "a counter has whole numbers of 64 bits";
        value.mismatch(expected) + " (--nil-is-unknown passes over reads of null)"
    })
}

impl Dialect for Set<Name> {
    fn start(given: &Value, terms: &mut Terms) -> Result<OrdSet<Name>, String> {
        terms.all(given, "a set is a list of values")
    }

    fn action(call: &Call, terms: &mut Terms) -> Result<Option<SetAction<Name>>, String> {
        if call.f == "add" {
            return Ok(Some(SetAction::Add(terms.name(&call.asked))));
        }
        let all = call.observed(terms).map(|all| Self::start(all, terms));
        Ok(all.transpose()?.map(SetAction::Read))
    }
}

/// What the elements of a queue that is not empty at first are said to be.
const QUEUE: &str = "a queue begins with a list of values";

impl Dialect for FifoQueue<Name> {
    fn start(given: &Value, terms: &mut Terms) -> Result<Vector<Name>, String> {
        terms.all(given, QUEUE)
    }

    fn action(call: &Call, terms: &mut Terms) -> Result<Option<QueueAction<Name>>, String> {
        queue_action(call, terms)
    }

    fn shortcut(start: &Vector<Name>, all: &[Operation<Self::Action>]) -> Option<Vec<usize>> {
        start.is_empty().then(|| queues::check(all, Order::Fifo))?
    }
}

impl Dialect for UnorderedQueue<Name> {
    fn start(given: &Value, terms: &mut Terms) -> Result<OrdMap<Name, usize>, String> {
        let mut state = OrdMap::new();
        for name in terms.all::<Vec<Name>>(given, QUEUE)? {
            *state.entry(name).or_insert(0) += 1;
        }
        Ok(state)
    }

    fn action(call: &Call, terms: &mut Terms) -> Result<Option<QueueAction<Name>>, String> {
        queue_action(call, terms)
    }

    fn shortcut(from: &Self::State, all: &[Operation<Self::Action>]) -> Option<Vec<usize>> {
        from.is_empty().then(|| queues::check(all, Order::None))?
    }
}

fn queue_action(call: &Call, terms: &mut Terms) -> Result<Option<QueueAction<Name>>, String> {
    Ok(Some(match (call.f.as_str(), call.answered()) {
        ("enqueue", _) => {
            succeeded(call)?;
            let value = terms.some(&call.asked);
            QueueAction::Enqueue(value.ok_or("an enqueue has a value other than null")?)
        }
        (_, None) => QueueAction::Take,
        (_, Some(answer)) => terms
            .some(answer)
            .map_or(QueueAction::Empty, QueueAction::Dequeue),
    }))
}

impl Dialect for KeyValue {
    fn start(given: &Value, _: &mut Terms) -> Result<Text, String> {
        text_or_nothing(given)
    }

    fn action(call: &Call, terms: &mut Terms) -> Result<Option<KeyValueAction>, String> {
        Ok(match call.f.as_str() {
            "get" => {
                let value = call.observed(terms).map(text_or_nothing);
                value.transpose()?.map(KeyValueAction::Get)
            }
            "put" => Some(KeyValueAction::Put(text(&call.asked)?)),
            _ => Some(KeyValueAction::Append(text(&call.asked)?)),
        })
    }
}

/// A key that was never written reads as null or as an empty text.
fn text_or_nothing(value: &Value) -> Result<Text, String> {
    if value.is_nil() {
        return Ok("".into());
    }
    text(value)
}

fn text(value: &Value) -> Result<Text, String> {
    match value {
        Value::Text(text) => Ok(text.clone().into()),
        other => Err(other.mismatch("a value is a text")),
    }
}

impl Dialect for Registry {
    fn start(given: &Value, _: &mut Terms) -> Result<Option<Seen>, String> {
        record(given)
    }

    fn action(call: &Call, terms: &mut Terms) -> Result<Option<RegistryAction>, String> {
        let change = match call.f.as_str() {
            "read" => {
                let record = call.observed(terms).map(record).transpose()?;
                return Ok(record.map(RegistryAction::Read));
            }
            "insert" => {
                let inserted = record(&call.asked)?;
                return Ok(Some(RegistryAction::Insert {
                    record: inserted.ok_or("an insert has a record other than null")?,
                    displaced: known(call, record)?,
                }));
            }
            "remove" => return Ok(Some(RegistryAction::Remove(known(call, record)?))),
            "start" => Change::Start,
            "heartbeat" => Change::Heartbeat {
                cpu_ns: 0,
                rss_bytes: 0,
            },
            "stop" => Change::Stop,
            "exit" => Change::Exit {
                code: exit_code(&call.asked)?,
            },
            _ => Change::Restart,
        };
        let outcome = known(call, outcome)?;
        Ok(Some(RegistryAction::Apply { change, outcome }))
    }
}

/// The answer of a call, if it has one.
fn known<T>(call: &Call, read: impl Fn(&Value) -> Result<T, String>) -> Result<Known<T>, String> {
    let answer = call.answered();
    answer.map_or(Ok(Known::No), |answer| read(answer).map(Known::Yes))
}

/// Without a value, 0.
fn exit_code(value: &Value) -> Result<i32, String> {
    if value.is_nil() {
        return Ok(0);
    }
    value.integer().ok_or_else(|| {
        let range = format!("{} to {}", i32::MIN, i32::MAX);
        value.mismatch(&format!("an exit code is a whole number from {range}"))
    })
}

fn outcome(answer: &Value) -> Result<Option<Result<u64, ()>>, String> {
    match (answer, answer.name(), answer.integer()) {
        (Value::Nil, ..) => Ok(None),
        (_, Some("rejected"), _) => Ok(Some(Err(()))),
        (_, _, Some(revision)) => Ok(Some(Ok(revision))),
        _ => {
            let expected = "an event is answered by the new revision, \"rejected\" or null";
            Err(answer.mismatch(expected))
        }
    }
}

/// `{"state":"running","revision":3}`, or null.
fn record(value: &Value) -> Result<Option<Seen>, String> {
    if value.is_nil() {
        return Ok(None);
    }
    let name = value.get("state").and_then(Value::name);
    let mut states = State::ALL.into_iter();
    let state = states.find(|state| name == Some(&state.to_string()));
    let revision = value.get("revision").and_then(Value::integer);
    let record = state.zip(revision);
    let record = record.map(|(state, revision)| Some(Seen { state, revision }));
    let expected = r#"a record is like {"state":"running","revision":3} or null"#;
    record.ok_or_else(|| value.mismatch(expected))
}
