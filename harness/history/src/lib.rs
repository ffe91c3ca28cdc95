//! Recorded histories and their verdict: what `pivot check` does.
//!
//! An event is a map: `{"process":0,"type":"invoke","f":"write","key":1,"value":7}` when an operation is
//! called, and the same with `"type":"ok"` when it has returned, `"fail"` when it returned and did not
//! take effect, `"info"` when nobody knows: it may take effect at any time later, or never. Events stand
//! in the order in which they happened, in JSON or in EDN, which Jepsen writes, each on a line or in a
//! list; what else they hold is not looked at. Events of no operation are passed over and counted. Times
//! are lines, or the numbers of events where several share a line.
//!
//! `document` takes a file apart, `pairing` an event, gives each answer to its call and
//! says whether values hold keys, `dialect` what operations mean, `judge` what they come to.

mod dialect;
mod document;
mod judge;
mod pairing;
#[cfg(test)]
mod tests;
mod value;

pub use dialect::ModelName;
pub use judge::{Answer, Judgement, judge};
pub use pairing::{History, Reading, read};
