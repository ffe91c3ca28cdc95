//! Models of what is commonly recorded.

mod key_value;
mod register;

pub use key_value::{KeyValue, KeyValueAction};
pub use register::{CasRegister, CasRegisterAction, Register, RegisterAction};

/// A value as histories write it, or nothing.
pub(crate) fn shown(value: Option<u64>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
}
