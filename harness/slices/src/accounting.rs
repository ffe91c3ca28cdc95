//! What the heap sees per operation, counted and not timed.

use std::hint::black_box;

use basis::scenario::Activity;
use conformance::{Counting, Usage};
use contract::{ErasedHandle, Handle, Specimen};

use crate::field::{Field, heartbeat};
use crate::section::Section;
use crate::threads::take;

/// Counts what the heap sees, on any thread, during `operations` operations, after as many uncounted
/// ones: first uses that allocate once are not what an operation costs.
pub(crate) fn count<R: Specimen>(
    mut handle: ErasedHandle<'_, R>,
    field: &Field,
    does: Activity,
    operations: usize,
) -> Usage {
    let (ids, _) = field.tape(0, 1);
    let churned = field.churn_tape(0);
    let mut operate = |step: usize| match does {
        Activity::Read => {
            black_box(handle.read(ids[step], R::touch));
        }
        // Most events of a trace are heartbeats.
        Activity::Update | Activity::Replay => {
            black_box(handle.apply(ids[step], heartbeat(step)));
        }
        // Insertions and removals in turn, as in the timed loop.
        Activity::Churn if step.is_multiple_of(2) => {
            let id = churned.comes(step);
            black_box(handle.insert(id, R::pending(id)));
        }
        Activity::Churn => {
            black_box(handle.remove(churned.comes(step - 1)));
        }
        Activity::Scan => handle.scan(|_, record| {
            black_box(record.touch());
        }),
        Activity::Mix => {
            if let Some(script) = field.any_script() {
                let (kind, id) = (script.steps[step], script.ids[step]);
                take(&mut handle, kind, id, step, Section::default());
            }
        }
    };
    (0..operations).for_each(&mut operate);
    let counting = Counting::start();
    (operations..2 * operations).for_each(&mut operate);
    counting.usage()
}
