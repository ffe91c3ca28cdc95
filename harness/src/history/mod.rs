//! Recorded histories in JSON lines, and their verdict: what `pivot check` does.
//!
//! A line is an event, in real-time order: `{"process":0,"type":"invoke","f":"write","key":1,"value":7}`
//! when an operation is called, and the same with `"type":"ok"` when it has returned, `"fail"` when it
//! returned and did not take effect, `"info"` when nobody knows: it may take effect at any time later, or
//! never. Jepsen writes such files; what else its lines hold is not looked at. Times are line numbers.

mod dialect;
mod event;
mod judge;
mod pairing;
#[cfg(test)]
mod tests;

pub use dialect::ModelName;
pub use judge::{Answer, Judgement, judge};
pub use pairing::{History, read};
