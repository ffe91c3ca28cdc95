//! Registers: single ones, and several that are used together.

use histories::models::{Access, CasRegister, CasRegisterAction, MultiRegister, RegisterAction};
use histories::{Operation, zones};
use imbl::OrdMap;

use super::super::value::{Name, Names, Value};
use super::{Dialect, Said};

/// `read`, `write` and `cas`.
#[derive(Default)]
pub(in super::super) struct Registers(Names);

impl Dialect for Registers {
    type Model = CasRegister<Name>;

    fn model(&self) -> CasRegister<Name> {
        CasRegister::default()
    }

    fn start(&mut self, given: Option<&Value>) -> Result<Option<Name>, String> {
        Ok(given.and_then(|value| self.0.some(value)))
    }

    fn action(&mut self, said: &Said<'_>) -> Result<Option<CasRegisterAction<Name>>, String> {
        let names = &mut self.0;
        Ok(match said.f {
            "read" => said
                .seen()
                .map(|seen| CasRegisterAction::Plain(RegisterAction::Read(names.some(seen)))),
            "write" => {
                let value = names.some(said.asked);
                let value = value.ok_or("a write has a value other than null")?;
                Some(CasRegisterAction::Plain(RegisterAction::Write(value)))
            }
            _ => {
                let pair = said.asked.pair();
                let (expected, new) = pair.ok_or("the value of a cas is [expected, new]")?;
                let new = names.some(new);
                Some(CasRegisterAction::Swap {
                    expected: names.some(expected),
                    new: new.ok_or("a cas has a new value other than null")?,
                })
            }
        })
    }

    /// Registers that were never compared and swapped, with every value written once.
    fn shortcut(
        &self,
        start: &Option<Name>,
        operations: &[Operation<CasRegisterAction<Name>>],
    ) -> Option<Vec<usize>> {
        let plain = operations.iter().map(|operation| {
            Some(Operation {
                process: operation.process,
                call: operation.call,
                ret: operation.ret,
                action: plain(start.as_ref(), &operation.action)?,
            })
        });
        let plain: Vec<Operation<RegisterAction>> = plain.collect::<Option<_>>()?;
        let found = zones::check(&plain).ok()?;
        Some(
            found
                .err()
                .map_or_else(Vec::new, |conflict| conflict.operations),
        )
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
        RegisterAction::Read(seen) if seen.as_ref() == start => Some(RegisterAction::Read(None)),
        RegisterAction::Read(seen) => {
            let number = seen.as_ref().map_or(UNWRITTEN, |seen| seen.number.into());
            Some(RegisterAction::Read(Some(number)))
        }
    }
}

/// `txn`.
#[derive(Default)]
pub(in super::super) struct MultiRegisters(Names);

impl Dialect for MultiRegisters {
    type Model = MultiRegister<Name>;

    fn model(&self) -> MultiRegister<Name> {
        MultiRegister::default()
    }

    fn start(&mut self, given: Option<&Value>) -> Result<OrdMap<Name, Name>, String> {
        let mut state = OrdMap::new();
        match given {
            None | Some(Value::Nil) => {}
            Some(Value::Map(all)) => {
                for (key, value) in all {
                    if let Some(value) = self.0.some(value) {
                        state.insert(self.0.name(key), value);
                    }
                }
            }
            Some(other) => {
                return Err(format!(
                    "registers begin with a map like {{\"x\":0}}, not {}",
                    other.shown()
                ));
            }
        }
        Ok(state)
    }

    fn action(&mut self, said: &Said<'_>) -> Result<Option<Vec<Access<Name>>>, String> {
        let steps = said.answer.unwrap_or(said.asked);
        let steps = steps.list().ok_or_else(|| {
            format!(
                "the value of a txn is a list of steps, not {}",
                steps.shown()
            )
        })?;
        let mut transaction = Vec::new();
        for step in steps {
            let parts = match step.list() {
                Some([f, key, value]) => f.name().map(|f| (f, key, value)),
                _ => None,
            };
            match parts {
                Some(("w" | "write", key, value)) => {
                    let value = self.0.some(value);
                    let value = value.ok_or("a step writes a value other than null")?;
                    transaction.push(Access::Write(self.0.name(key), value));
                }
                Some(("r" | "read", key, value)) => {
                    let is_known =
                        said.answer.is_some() && !(said.nil_is_unknown && value.is_nil());
                    if is_known {
                        transaction.push(Access::Read(self.0.name(key), self.0.some(value)));
                    }
                }
                _ => {
                    return Err(format!(
                        "a step of a txn is [\"r\", key, value] or [\"w\", key, value], not {}",
                        step.shown()
                    ));
                }
            }
        }
        Ok((!transaction.is_empty()).then_some(transaction))
    }
}
