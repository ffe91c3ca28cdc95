//! What every part of the harness shares: the words in which a measurement is asked for and answered.
//!
//! A [`scenario`] asks, a [`sample`] line answers, [`claims`] are what strategies say of themselves; an [`assumption`] says what is judged and a
//! [`preset`] how much it may take. Plain data and its file formats, with three things beside it of
//! which there must be only one: the [`clock`], how [`random`] numbers are drawn, and how work is
//! done in [`parallel`]. Knows no strategy, measures nothing and concludes nothing.

pub mod assumption;
pub mod calibration;
pub mod claims;
pub mod clock;
pub mod collect;
pub mod controls;
pub mod environment;
pub mod error;
pub mod fault;
pub mod lock;
pub mod message;
pub mod metric;
pub mod output;
pub mod parallel;
pub mod preset;
pub mod probe;
pub mod random;
pub mod refusal;
pub mod sample;
pub mod scenario;
pub mod stall;
pub mod trace;
pub mod workload;

/// Whether a field has the value that it gets where it is left out, so that it can be left out.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Whether it consists of lower-case letters, digits and hyphens, as what is named in files does.
pub(crate) fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.chars().all(is_plain)
}
