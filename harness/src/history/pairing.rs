//! From events to operations: each answer to its call.

use std::collections::{BTreeMap, HashMap};
use std::io::BufRead;

use basis::error::{Error, Result};
use conformance::RegistryAction;
use histories::models::{CasRegisterAction, KeyValueAction};
use histories::{NEVER, Operation};
use serde_json::Value;

use super::dialect::{self, ModelName, Names, Said};
use super::event::{Event, Kind, Process};

/// The operations of each key. Keys are shown as they were written; without one, as `null`.
pub(super) type Keys<A> = BTreeMap<String, Vec<Operation<A>>>;

/// A history, by key: it is linearizable if it is so for each.
#[derive(Debug)]
pub struct History {
    /// What it is a history of.
    pub model: ModelName,
    pub(super) operations: Operations,
}

#[derive(Debug)]
pub(super) enum Operations {
    Register(Keys<CasRegisterAction>),
    KeyValue(Keys<KeyValueAction>),
    Registry(Keys<RegistryAction>),
}

/// An operation between its call and its answer.
struct Call {
    line: u64,
    process: u64,
    f: String,
    key: String,
    asked: Value,
    /// The line and the value of the answer; `None` if it never came.
    answer: Option<(u64, Value)>,
}

/// Reads a history; `name` is what messages call the file. Without a model, the one that has all the
/// operations of the file.
///
/// # Errors
///
/// The first line that cannot be one of a history.
pub fn read(file: impl BufRead, name: &str, model: Option<ModelName>) -> Result<History> {
    let mut reader = Reader {
        name,
        model,
        is_fixed: model.is_some(),
        pending: HashMap::new(),
        calls: Vec::new(),
    };
    for (number, line) in file.lines().enumerate() {
        let number = number as u64 + 1;
        let text = line
            .map_err(|error| Error::input(format!("{name}:{number}: cannot be read: {error}")))?;
        if !text.trim().is_empty() {
            reader.take(number, &text)?;
        }
    }
    reader.finish()
}

struct Reader<'n> {
    name: &'n str,
    model: Option<ModelName>,
    is_fixed: bool,
    /// The call of each process that waits for its answer.
    pending: HashMap<u64, usize>,
    calls: Vec<Option<Call>>,
}

impl Reader<'_> {
    fn fault(&self, line: u64, what: impl std::fmt::Display) -> Error {
        Error::input(format!("{}:{line}: {what}", self.name))
    }

    fn take(&mut self, line: u64, text: &str) -> Result<()> {
        let event = Event::parse(text, &format!("{}:{line}", self.name))?;
        let process = match event.process {
            Process::Number(process) => process,
            Process::Name(ref name) if name == "nemesis" => return Ok(()),
            Process::Name(ref name) => {
                return Err(self.fault(line, format_args!(
                    "process \"{name}\": a process is a number (or \"nemesis\", which is passed over)"
                )));
            }
        };
        match event.kind {
            Kind::Invoke => self.call(line, process, event),
            Kind::Ok | Kind::Fail | Kind::Info => self.answer(line, process, event),
        }
    }

    fn call(&mut self, line: u64, process: u64, event: Event) -> Result<()> {
        self.learn(line, &event.f)?;
        if let Some(earlier) = self.pending.get(&process) {
            let since = self.calls[*earlier].as_ref().map_or(0, |call| call.line);
            return Err(self.fault(
                line,
                format_args!(
                    "process {process} calls {} and still waits for the answer to line {since}",
                    event.f
                ),
            ));
        }
        self.pending.insert(process, self.calls.len());
        self.calls.push(Some(Call {
            line,
            process,
            f: event.f,
            key: shown_key(&event.key),
            asked: event.value,
            answer: None,
        }));
        Ok(())
    }

    fn answer(&mut self, line: u64, process: u64, event: Event) -> Result<()> {
        let Some(index) = self.pending.remove(&process) else {
            return Err(self.fault(
                line,
                format_args!(
                    "process {process} has an answer to {} and has called nothing",
                    event.f
                ),
            ));
        };
        let fault = self.calls[index].as_ref().and_then(|call| {
            let key = shown_key(&event.key);
            let differs = call.f != event.f || (!event.key.is_null() && call.key != key);
            differs.then(|| {
                format!(
                    "process {process} has called {} of key {} in line {} and has an answer to {} of key {key}",
                    call.f, call.key, call.line, event.f
                )
            })
        });
        if let Some(fault) = fault {
            return Err(self.fault(line, fault));
        }
        match event.kind {
            // It did not take effect: as if it had not been.
            Kind::Fail => self.calls[index] = None,
            Kind::Ok => {
                if let Some(call) = &mut self.calls[index] {
                    call.answer = Some((line, event.value));
                }
            }
            Kind::Info | Kind::Invoke => {}
        }
        Ok(())
    }

    /// Which model it must be, with this operation in it.
    fn learn(&mut self, line: u64, f: &str) -> Result<()> {
        let with = match self.model {
            None => ModelName::with(f),
            Some(model) if self.is_fixed => model.and(f).filter(|&with| with == model),
            Some(model) => model.and(f),
        };
        if with.is_some() {
            self.model = with;
            return Ok(());
        }
        let known = self.model.map_or_else(
            || "read, write, cas, get, put, append, or those of a registry".to_owned(),
            |model| format!("{} here", model.words()),
        );
        Err(self.fault(
            line,
            format_args!("unknown operation \"{f}\": it is one of {known}"),
        ))
    }

    fn finish(mut self) -> Result<History> {
        let model = self.model.unwrap_or(ModelName::Register);
        let calls = std::mem::take(&mut self.calls);
        let mut names = Names::default();
        let operations = match model {
            ModelName::Register | ModelName::CasRegister => Operations::Register(
                self.by_key(calls, |said| dialect::register(said, &mut names))?,
            ),
            ModelName::Kv => Operations::KeyValue(self.by_key(calls, dialect::key_value)?),
            ModelName::Registry => Operations::Registry(self.by_key(calls, dialect::registry)?),
        };
        Ok(History { model, operations })
    }

    fn by_key<A>(
        &self,
        calls: Vec<Option<Call>>,
        mut action: impl FnMut(&Said<'_>) -> std::result::Result<Option<A>, String>,
    ) -> Result<Keys<A>> {
        let mut keys: Keys<A> = BTreeMap::new();
        for call in calls.into_iter().flatten() {
            let said = Said {
                f: &call.f,
                asked: &call.asked,
                answer: call.answer.as_ref().map(|(_, value)| value),
            };
            let line = call.answer.as_ref().map_or(call.line, |(line, _)| *line);
            let found = action(&said).map_err(|what| self.fault(line, what))?;
            let Some(action) = found else { continue };
            keys.entry(call.key).or_default().push(Operation {
                process: call.process,
                call: call.line,
                ret: call.answer.map_or(NEVER, |(line, _)| line),
                action,
            });
        }
        Ok(keys)
    }
}

/// A key as a text without quotes.
fn shown_key(key: &Value) -> String {
    key.as_str().map_or_else(|| key.to_string(), str::to_owned)
}
