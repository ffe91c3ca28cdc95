//! A violation made readable: few operations, on a time line.
//!
//! What returned after the first answer that no order explains is left out, and what is still in
//! flight then may take effect or not. Where nothing was in flight, the past is summed up as the
//! states that it can have led to. Of the rest, each operation in turn is set free: it may take
//! effect at any time, or not at all. If there is still no order, its answer and its time say
//! nothing about the violation, and it is not shown. What is shown cannot be reconciled, whatever
//! the others did, unless it is too much to show: then the rest is counted.

use std::collections::HashSet;
use std::fmt;

use crate::model::Model;
use crate::operation::{NEVER, Operation, Verdict};
use crate::search::{Limits, outcomes, search};

/// Why a history is not linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What the object can have been like before the operations that cannot be reconciled.
    pub before: Vec<String>,
    /// These operations, in the order of calls.
    pub shown: Vec<Shown>,
    /// How many more may be among them: too many to show, or to find out.
    pub not_shown: usize,
    /// How many operations before and beside them make no difference.
    pub left_out: usize,
}

/// An operation of an [`Explanation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Which of the history.
    pub index: usize,
    /// Who did it, as it is shown.
    pub process: String,
    /// When it was called.
    pub call: u64,
    /// When it returned; [`NEVER`] if not by then.
    pub ret: u64,
    /// What it was.
    pub what: String,
    /// Whether it is the one whose answer no order explains.
    pub is_culprit: bool,
}

/// So many operations are not summed up: a state alone is little to go by.
const CONTEXT: usize = 4;
/// States that the past is summed up as, at most.
const STATES_MAX: usize = 16;
/// Operations that are looked at one by one, at most.
const ONE_BY_ONE_MAX: usize = 400;
/// A time line of more says nothing.
const SHOWN_MAX: usize = 16;
/// Each question on the way is given up after so many steps, and the operation then counts as needed.
const LIMITS: Limits = Limits {
    steps: 20_000,
    remembered: 4 << 20,
};

/// Explains why the operations that returned until `at` have no order, as a search found that begins
/// in one of the `starts`.
pub fn explain<M: Model>(
    model: &M,
    starts: &[M::State],
    operations: &[Operation<M::Action>],
    at: u64,
) -> Explanation {
    let mut past = Past {
        model,
        starts: starts.to_vec(),
        operations: until(model, operations, at),
    };
    past.sum_up();
    let strict = past.needed(at);
    let mut shown: Vec<Shown> = strict
        .iter()
        .map(|(index, operation)| Shown {
            index: *index,
            process: operation.process.to_string(),
            call: operation.call,
            ret: operation.ret,
            what: model.describe(&operation.action),
            is_culprit: operation.ret == at,
        })
        .collect();
    shown.sort_by_key(|operation| (operation.call, operation.index));
    // Of what is too much to show, the end says most.
    let not_shown = shown.len().saturating_sub(SHOWN_MAX);
    let mut surplus = not_shown;
    shown.retain(|operation| {
        let is_kept = operation.is_culprit || surplus == 0;
        surplus -= usize::from(!is_kept);
        is_kept
    });
    Explanation {
        before: past
            .starts
            .iter()
            .map(|state| model.describe_state(state))
            .collect(),
        left_out: operations
            .iter()
            .filter(|operation| operation.call <= at)
            .count()
            - strict.len(),
        not_shown,
        shown,
    }
}

/// An operation with its index in the history.
type Numbered<A> = (usize, Operation<A>);

/// What was called until then, and what was known of it; the first call first.
fn until<M: Model>(
    model: &M,
    operations: &[Operation<M::Action>],
    at: u64,
) -> Vec<Numbered<M::Action>> {
    let mut called: Vec<Numbered<M::Action>> = operations
        .iter()
        .enumerate()
        .filter(|(_, operation)| operation.call <= at)
        .map(|(index, operation)| (index, operation.until(model, at)))
        .collect();
    called.sort_by_key(|(_, operation)| operation.call);
    called
}

fn plain<A: Clone>(numbered: &[Numbered<A>]) -> Vec<Operation<A>> {
    numbered
        .iter()
        .map(|(_, operation)| operation.clone())
        .collect()
}

struct Past<'m, M: Model> {
    model: &'m M,
    starts: Vec<M::State>,
    operations: Vec<Numbered<M::Action>>,
}

impl<M: Model> Past<'_, M> {
    /// Replaces what was over before the last quiet instants by what it can have led to.
    fn sum_up(&mut self) {
        let mut done = 0;
        let mut quiet = 0;
        let mut last_return = 0;
        let last = self.operations.len().saturating_sub(CONTEXT);
        for next in 1..=last {
            last_return = last_return.max(self.operations[next - 1].1.ret);
            if last_return == NEVER {
                break;
            }
            if last_return >= self.operations[next].1.call {
                continue;
            }
            quiet = next;
            let Some(states) = self.leads_to(&self.operations[done..quiet]) else {
                quiet = done;
                break;
            };
            self.starts = states;
            done = quiet;
        }
        self.operations.drain(..quiet);
    }

    /// The states after these operations, if they are few and soon found.
    fn leads_to(&self, operations: &[Numbered<M::Action>]) -> Option<Vec<M::State>> {
        let states: HashSet<M::State> = outcomes(
            self.model,
            &self.starts,
            &plain(operations),
            &LIMITS,
            STATES_MAX,
        )?;
        // None: the violation is further back than it seemed, and nothing is summed up.
        (!states.is_empty()).then(|| states.into_iter().collect())
    }

    /// The operations without which there would be an order.
    fn needed(&mut self, at: u64) -> Vec<Numbered<M::Action>> {
        if self.operations.len() > ONE_BY_ONE_MAX {
            return self.operations.clone();
        }
        let mut is_free = vec![false; self.operations.len()];
        let mut trial = plain(&self.operations);
        for number in 0..trial.len() {
            if trial[number].ret == at {
                continue;
            }
            let kept = (trial[number].call, trial[number].ret);
            (trial[number].call, trial[number].ret) = (0, NEVER);
            let verdict = search(self.model, &self.starts, &trial, &LIMITS);
            is_free[number] = matches!(verdict, Verdict::Violated { .. });
            if !is_free[number] {
                (trial[number].call, trial[number].ret) = kept;
            }
        }
        let all = self.operations.iter().zip(is_free);
        all.filter(|(_, is_free)| !is_free)
            .map(|(numbered, _)| numbered.clone())
            .collect()
    }
}

/// Instants that are drawn two characters apart, at most; more are drawn closer.
const ROOMY_MAX: usize = 24;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = match self.before.as_slice() {
            [only] => only.clone(),
            several => format!("one of {}", several.join(", ")),
        };
        if self.not_shown == 0 {
            writeln!(f, "before: {before}")?;
        }
        let mut instants: Vec<u64> = self
            .shown
            .iter()
            .flat_map(|operation| [operation.call, operation.ret])
            .filter(|&time| time != NEVER)
            .collect();
        instants.sort_unstable();
        instants.dedup();
        let step = if instants.len() > ROOMY_MAX { 1 } else { 2 };
        let column = |time: u64| step * instants.partition_point(|&instant| instant < time);
        let width = step * instants.len() + 1;
        let [names, spans] = [
            |operation: &Shown| format!("process {}", operation.process),
            |operation: &Shown| match operation.ret {
                NEVER => format!("{}..", operation.call),
                ret => format!("{}..{ret}", operation.call),
            },
        ]
        .map(|text| self.shown.iter().map(text).collect::<Vec<String>>());
        let widest = |texts: &[String]| texts.iter().map(String::len).max().unwrap_or(0);
        let (name_width, span_width) = (widest(&names), widest(&spans));
        for ((operation, name), span) in self.shown.iter().zip(&names).zip(&spans) {
            let end = (operation.ret != NEVER).then(|| column(operation.ret));
            let bar = bar(column(operation.call), end, width);
            let mark = if operation.is_culprit {
                "   <- no order explains this"
            } else {
                ""
            };
            writeln!(
                f,
                "  {name:name_width$}  {span:>span_width$}  {bar}  {}{mark}",
                operation.what
            )?;
        }
        if self.not_shown > 0 {
            writeln!(f, "  ({} more may be part of it)", self.not_shown)?;
        }
        match self.left_out {
            0 => {}
            1 => f.write_str("  (1 more operation changes nothing about it)")?,
            more => write!(f, "  ({more} more operations change nothing about it)")?,
        }
        Ok(())
    }
}

/// `    |----|   `, or `    |------` for what is still in flight.
fn bar(begin: usize, end: Option<usize>, width: usize) -> String {
    let mut text = vec![' '; width];
    let last = end.unwrap_or(width - 1).max(begin + 1).min(width - 1);
    text[begin..=last].fill('-');
    text[begin] = '|';
    if end.is_some() {
        text[last] = '|';
    }
    text.into_iter().collect()
}
