//! From events to calls with their answers.
//!
//! # Values that hold their key
//!
//! Jepsen tests many objects in one history by independent tuples, `[key value]`, and nothing else in it says that they
//! are no plain values. What asks without a value is the only sign: Jepsen calls a read with `[key nil]`, and
//! nobody calls one of a single object with a pair. Where that sign is missing and values are pairs all
//! the same, the user must say what they are: taken wrongly, a right history is a violation.

use std::collections::HashMap;

use clap::ValueEnum as _;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use model::collect::unique;
use model::error::{Error, Result};

use super::dialect::ModelName;
use super::document::{self, Notation};
use super::value::{Terms, Value};

/// What the user knows of a history.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Reading {
    /// The object of the history [default: recognised by its operations]
    #[arg(long, value_enum)]
    pub model: Option<ModelName>,
    /// Whether each value is [key, value], as with Jepsen's independent keys [default: yes if it is certain]
    #[arg(
        long,
        value_name = "yes|no",
        value_parser = PossibleValuesParser::new(["yes", "no"]).map(|answer| answer == "yes"),
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "yes"
    )]
    pub independent: Option<bool>,
    /// The initial value, as the file would write it [default: none; 0 for a counter]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub initial: Option<String>,
    /// A read that returned null says nothing, as in Knossos [default: it says that there was no value]
    #[arg(long)]
    pub nil_is_unknown: bool,
    /// Stop the search of a key after trying this many operations; some millions take a second [default: 500000000]
    #[arg(long, value_name = "N")]
    pub steps: Option<u64>,
}

/// A history as it was read.
#[derive(Debug)]
pub struct History {
    /// What it is a history of.
    pub model: ModelName,
    /// Whether values are `[key, value]`.
    pub is_independent: bool,
    /// Events that are of no operation.
    pub passed_over: usize,
    /// Whether no operation was called, not even one that failed.
    pub is_empty: bool,
    pub(super) reading: Reading,
    pub(super) notation: Notation,
    pub(super) calls: Vec<Call>,
    /// What each process is called.
    pub(super) processes: Vec<String>,
    pub(super) places: Places,
}

/// Where events are.
#[derive(Debug)]
pub(super) struct Places {
    name: String,
    /// The line of each event, if each begins a line of its own: the times of a history are lines then, and the
    /// numbers of events otherwise.
    lines: Option<Vec<u64>>,
}

impl Places {
    /// The time of an event.
    pub(super) fn time(&self, event: u64) -> u64 {
        let lines = self.lines.as_ref();
        lines.map_or(event, |lines| lines[event as usize - 1])
    }

    fn of_time(&self, time: u64) -> String {
        let what = self.lines.as_ref().map_or(" event ", |_| "");
        format!("{}:{what}{time}", self.name)
    }

    pub(super) fn fault(&self, event: u64, message: impl std::fmt::Display) -> Error {
        Error::input(format!("{}: {message}", self.of_time(self.time(event))))
    }
}

impl History {
    /// Where what happened then stands.
    pub fn place(&self, time: u64) -> String {
        self.places.of_time(time)
    }
}

/// Reads a history; `name` is what messages call the file.
///
/// # Errors
///
/// The first event that cannot be one of a history; values of which it is not clear what they are.
pub fn read(bytes: &[u8], name: &str, reading: &Reading) -> Result<History> {
    let mut reader = Reader {
        name,
        models: match reading.model {
            Some(model) => vec![model],
            None => ModelName::value_variants().to_vec(),
        },
        ..Reader::default()
    };
    let notation = document::read(bytes, name, |line, map| {
        reader.lines.push(line);
        let located = |message| Error::input(format!("{name}:{line}: {message}"));
        reader.event(&map).map_err(located)
    })?;
    reader.finish(notation, reading)
}

#[derive(Default)]
struct Reader<'n> {
    name: &'n str,
    /// The models that have all operations so far.
    models: Vec<ModelName>,
    /// The operations so far.
    words: Vec<String>,
    names: HashMap<Value, u64>,
    /// The call of each process that waits for its answer.
    pending: HashMap<u64, Call>,
    calls: Vec<Call>,
    lines: Vec<u64>,
    passed_over: usize,
}

impl Reader<'_> {
    fn event(&mut self, map: &Value) -> std::result::Result<(), String> {
        let field = |name| map.get(name).cloned().unwrap_or(Value::Nil);
        let kind = field("type");
        let kind = match kind.name() {
            None if kind.is_nil() => None,
            Some("invoke") => Some(Kind::Invoke),
            Some("ok") => Some(Kind::Ok),
            Some("fail") => Some(Kind::Fail),
            Some("info") => Some(Kind::Info),
            _ => return Err(kind.mismatch("a type is invoke, ok, fail or info")),
        };
        let process = match field("process") {
            Value::Nil => None,
            process @ (Value::Integer(_) | Value::Text(_) | Value::Word(_)) => Some(process),
            other => return Err(other.mismatch("a process is a number or a name")),
        };
        let f = field("f");
        if !f.is_nil() && f.name().is_none() {
            return Err(f.mismatch("an operation f is a name"));
        }
        let is_nemesis = process.as_ref().and_then(Value::name) == Some("nemesis");
        match (kind, process) {
            (Some(kind), Some(process)) if !is_nemesis => {
                let f = f.name().map(str::to_owned);
                return self.operation(kind, &process, f, field("key"), field("value"));
            }
            // A line of a log, or whoever disturbs the history: nothing is done to the object.
            _ if is_nemesis => {}
            (None | Some(Kind::Info), None) => {}
            (None, _) if f.is_nil() => {}
            (None, _) => return Err("an event of an operation has a type".into()),
            (Some(_), _) => return Err("an event of an operation has a process".into()),
        }
        self.passed_over += 1;
        Ok(())
    }

    fn operation(
        &mut self,
        kind: Kind,
        process: &Value,
        f: Option<String>,
        key: Value,
        value: Value,
    ) -> std::result::Result<(), String> {
        let next = self.names.len() as u64;
        let number = *self.names.entry(process.clone()).or_insert(next);
        let process = || shown_process(process);
        let at = self.lines.len() as u64;
        match (kind, self.pending.remove(&number)) {
            (Kind::Invoke, earlier) => {
                let f = f.ok_or("an invoke has an operation f")?;
                self.learn(&f)?;
                if let Some(earlier) = earlier {
                    let (process, line) = (process(), self.line(earlier.at));
                    return Err(format!(
                        "process {process} calls {f} and still waits for the answer to line {line}"
                    ));
                }
                let call = Call {
                    at,
                    process: number,
                    f,
                    key,
                    asked: value,
                    answer: None,
                };
                self.pending.insert(number, call);
            }
            // Whatever it says, its process did not get an answer.
            (Kind::Info, Some(call)) => self.calls.push(call),
            (Kind::Info, None) => self.passed_over += 1,
            (Kind::Ok | Kind::Fail, None) => {
                let (process, f) = (process(), f.as_deref().unwrap_or("something"));
                return Err(format!(
                    "process {process} has an answer to {f} and has called nothing"
                ));
            }
            (Kind::Ok | Kind::Fail, Some(mut call)) => {
                let f = f.as_ref().unwrap_or(&call.f);
                if *f != call.f || !key.is_nil() && key != call.key {
                    return Err(format!(
                        "process {} has called {} of key {} in line {} and has an answer to {f} of key {}",
                        process(),
                        call.f,
                        call.key.shown(),
                        self.line(call.at),
                        key.shown()
                    ));
                }
                // What failed did not take effect: as if it had not been.
                if kind == Kind::Ok {
                    call.answer = Some((at, value));
                    self.calls.push(call);
                }
            }
        }
        Ok(())
    }

    /// The line of an event.
    fn line(&self, event: u64) -> u64 {
        self.lines[event as usize - 1]
    }

    /// Which models are left, with this operation.
    fn learn(&mut self, f: &str) -> std::result::Result<(), String> {
        if self.words.iter().any(|word| word == f) {
            return Ok(());
        }
        let has = |model: &ModelName| model.words().any(|word| word == f);
        if !self.models.iter().any(has) {
            let words = unique(self.models.iter().flat_map(|model| model.words())).join(", ");
            let here = if self.words.is_empty() { "" } else { " here" };
            let shown = Value::Text(f.into()).shown();
            return Err(format!(
                "unknown operation {shown}: it is one of {words}{here}"
            ));
        }
        self.models.retain(has);
        self.words.push(f.to_owned());
        Ok(())
    }

    fn finish(self, notation: Notation, reading: &Reading) -> Result<History> {
        let places = Places {
            name: self.name.to_owned(),
            lines: Some(self.lines).filter(|lines| lines.is_sorted_by(|line, next| line < next)),
        };
        let mut calls = self.calls;
        calls.extend(self.pending.into_values());
        calls.sort_unstable_by_key(|call| call.at);
        let given = reading.independent;
        let Some(is_independent) = given.or_else(|| are_tuples(&calls)) else {
            return Err(Error::input(format!(
                "{}: values are pairs: say --independent if each is [key, value], as of Jepsen's \
                 independent keys, or --independent=no if it is a value of one object",
                places.name
            )));
        };
        if is_independent {
            take_keys_out(&mut calls, &places)?;
        }
        let mut processes = vec![String::new(); self.names.len()];
        for (process, number) in self.names {
            processes[number as usize] = shown_process(&process);
        }
        Ok(History {
            model: recognised(&self.models, &calls),
            is_independent,
            passed_over: self.passed_over,
            is_empty: self.words.is_empty(),
            reading: reading.clone(),
            notation,
            calls,
            processes,
            places,
        })
    }
}

/// The first of the models that have all operations. A counter and a set have the same: who reads a set
/// is answered a list.
fn recognised(models: &[ModelName], calls: &[Call]) -> ModelName {
    let first = models.first().copied().unwrap_or(ModelName::Register);
    let mut answers = calls.iter().filter_map(Call::answered);
    let mut added = calls.iter().filter(|call| call.f == "add");
    let is_set = answers.any(|value| value.elements().is_some())
        || added.any(|call| call.asked.integer::<i64>().is_none());
    if first == ModelName::Counter && models.contains(&ModelName::Set) && is_set {
        ModelName::Set
    } else {
        first
    }
}

/// A process by its number or its name, without quotes.
fn shown_process(process: &Value) -> String {
    match process {
        Value::Text(name) => Value::Word(name.clone()).shown(),
        other => other.shown(),
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Invoke,
    Ok,
    Fail,
    Info,
}

/// An operation between its call and its answer.
#[derive(Debug)]
pub(super) struct Call {
    /// The number of its event; the first is 1.
    pub(super) at: u64,
    pub(super) process: u64,
    pub(super) f: String,
    pub(super) key: Value,
    pub(super) asked: Value,
    /// The event and the value of the answer; `None` if it never came.
    pub(super) answer: Option<(u64, Value)>,
}

impl Call {
    /// The value of the answer, if it came.
    pub(super) fn answered(&self) -> Option<&Value> {
        self.answer.as_ref().map(|(_, value)| value)
    }

    /// What a read was answered; `None` if that is not known.
    pub(super) fn observed(&self, terms: &Terms) -> Option<&Value> {
        self.answered().filter(|answer| terms.is_known(answer))
    }
}

/// Whether the values of these calls are tuples of a key and a value; `None` if they are pairs, and may be either.
fn are_tuples(calls: &[Call]) -> Option<bool> {
    // Whose key stands elsewhere has none in its value.
    if calls.iter().any(|call| !call.key.is_nil()) {
        return Some(false);
    }
    let mut asked = calls.iter().filter(|call| !call.asked.is_nil()).peekable();
    if asked.peek().is_none() || asked.any(|call| !can_be_tuple(&call.f, &call.asked)) {
        return Some(false);
    }
    let has_key = |call: &Call| {
        let key = call.asked.pair().map(|(key, _)| key);
        let answered = call.answered().filter(|answer| !answer.is_nil());
        key.is_some() && answered.is_none_or(|answer| answer.pair().map(|(key, _)| key) == key)
    };
    let mut questions = calls.iter().filter(|call| asks_nothing(&call.f)).peekable();
    let is_certain = questions.peek().is_some()
        && questions.all(|call| call.asked.pair().is_some_and(|(_, value)| value.is_nil()))
        && calls.iter().all(has_key);
    is_certain.then_some(true)
}

/// Whether a call of a single object has no value.
fn asks_nothing(f: &str) -> bool {
    ["read", "get", "dequeue", "acquire", "release", "remove"].contains(&f)
}

/// Whether the value of a call may hold a key. A compare-and-swap of a single object has a pair, too, and
/// so have two steps of a transaction.
fn can_be_tuple(f: &str, value: &Value) -> bool {
    match (f, value.pair()) {
        (_, None) => false,
        ("cas", Some((_, inner))) => inner.pair().is_some(),
        ("txn", Some((key, _))) => key.list().is_none(),
        _ => true,
    }
}

/// Moves the keys out of the values.
///
/// # Errors
///
/// The first value that is no tuple, with its line.
fn take_keys_out(calls: &mut [Call], places: &Places) -> Result<()> {
    for call in calls {
        let Some((key, asked)) = call.asked.pair() else {
            let message = call.asked.mismatch("a value is [key, value] here");
            return Err(places.fault(call.at, message));
        };
        if !call.key.is_nil() {
            return Err(places.fault(call.at, "an event has a key beside [key, value]"));
        }
        let (key, asked) = (key.clone(), asked.clone());
        if let Some((at, answer)) = &mut call.answer {
            match answer.pair() {
                Some((of, value)) if *of == key => *answer = value.clone(),
                None if answer.is_nil() => {}
                _ => {
                    let message = "a value is [key, value] here, and the key that of the call";
                    let message = format!("{message}, {}: not {}", key.shown(), answer.shown());
                    return Err(places.fault(*at, message));
                }
            }
        }
        (call.key, call.asked) = (key, asked);
    }
    Ok(())
}
