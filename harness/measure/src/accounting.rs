//! What an operation costs alone: what the heap sees of it, counted, and about how long it takes.

use std::time::Duration;

use conformance::{Counting, Usage};
use contract::{ErasedHandle, Specimen};
use model::clock;
use model::scenario::Activity;

use crate::field::Field;
use crate::script::Step;
use crate::section::Section;
use crate::threads::take;

/// Does one operation after the other, each at a step of the tape.
pub(crate) type Operate<'f> = Box<dyn FnMut(usize) + 'f>;

/// An [`Operate`] on the calling thread and through dynamic calls.
pub(crate) fn alone<'f, R: Specimen>(
    mut handle: ErasedHandle<'f, R>,
    field: &'f Field,
    does: Activity,
) -> impl FnMut(usize) + use<'f, R> {
    let (ids, _) = field.tape(0, 1);
    let churned = field.churn_tape(0);
    move |at| {
        let (step, id) = match does {
            Activity::Read => (Step::Read, ids[at]),
            // Most events of a trace are heartbeats.
            Activity::Update | Activity::Replay => (Step::Write, ids[at]),
            // Insertions and removals in turn, as in the timed loop.
            Activity::Churn if at.is_multiple_of(2) => (Step::Insert, churned.comes(at)),
            Activity::Churn => (Step::Remove, churned.comes(at - 1)),
            Activity::Scan => (Step::Scan, ids[at]),
            Activity::Mix => match field.scripts.iter().flatten().next() {
                Some(script) => (script.steps[at], script.ids[at]),
                None => return,
            },
        };
        take(&mut handle, step, id, at, Section::default());
    }
}

/// Counts what the heap sees, on any thread, during `operations` operations, after as many uncounted
/// ones: first uses that allocate once are not what an operation costs.
pub(crate) fn count(mut operate: Operate<'_>, operations: usize) -> Usage {
    (0..operations).for_each(&mut operate);
    let counting = Counting::start();
    (operations..2 * operations).for_each(operate);
    counting.usage()
}

/// About how long an operation takes that is not disturbed: of a kind the fastest of some, and of two
/// kinds in turn (insertions and removals) the slower one.
pub(crate) fn duration(mut operate: Operate<'_>) -> Duration {
    let mut fastest = [Duration::MAX; 2];
    for step in 0..6 {
        let began = clock::now();
        operate(step);
        let fastest = &mut fastest[step % 2];
        *fastest = began.elapsed().min(*fastest);
    }
    fastest[0].max(fastest[1])
}
