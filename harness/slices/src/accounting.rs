//! What an operation costs alone: what the heap sees of it, counted, and about how long it takes.

use std::hint::black_box;
use std::time::Duration;

use basis::clock;
use basis::scenario::Activity;
use conformance::{Counting, Usage};
use contract::{ErasedHandle, Event, Handle, ProcessId, Specimen};

use crate::field::{Churn, Field};
use crate::section::Section;
use crate::threads::take;

/// One operation after the other, on the calling thread and through dynamic calls.
struct Alone<'f, R> {
    handle: ErasedHandle<'f, R>,
    field: &'f Field,
    ids: &'f [ProcessId],
    churned: Churn,
    does: Activity,
}

impl<'f, R: Specimen> Alone<'f, R> {
    fn new(handle: ErasedHandle<'f, R>, field: &'f Field, does: Activity) -> Self {
        let (ids, _) = field.tape(0, 1);
        Self {
            handle,
            field,
            ids,
            churned: field.churn_tape(0),
            does,
        }
    }

    fn operate(&mut self, step: usize) {
        let handle = &mut self.handle;
        match self.does {
            Activity::Read => {
                black_box(handle.read(self.ids[step], R::touch));
            }
            // Most events of a trace are heartbeats.
            Activity::Update | Activity::Replay => {
                black_box(handle.apply(self.ids[step], Event::heartbeat(step as u64)));
            }
            // Insertions and removals in turn, as in the timed loop.
            Activity::Churn if step.is_multiple_of(2) => {
                let id = self.churned.comes(step);
                black_box(handle.insert(id, R::pending(id)));
            }
            Activity::Churn => {
                black_box(handle.remove(self.churned.comes(step - 1)));
            }
            Activity::Scan => handle.scan(|_, record| {
                black_box(record.touch());
            }),
            Activity::Mix => {
                if let Some(script) = self.field.any_script() {
                    let (kind, id) = (script.steps[step], script.ids[step]);
                    take(handle, kind, id, step, Section::default());
                }
            }
        }
    }
}

/// Counts what the heap sees, on any thread, during `operations` operations, after as many uncounted
/// ones: first uses that allocate once are not what an operation costs.
pub(crate) fn count<R: Specimen>(
    handle: ErasedHandle<'_, R>,
    field: &Field,
    does: Activity,
    operations: usize,
) -> Usage {
    let mut alone = Alone::new(handle, field, does);
    (0..operations).for_each(|step| alone.operate(step));
    let counting = Counting::start();
    (operations..2 * operations).for_each(|step| alone.operate(step));
    counting.usage()
}

/// About how long an operation takes that is not disturbed: of a kind the fastest of some, and of two
/// kinds in turn (insertions and removals) the slower one.
pub(crate) fn duration<R: Specimen>(
    handle: ErasedHandle<'_, R>,
    field: &Field,
    does: Activity,
) -> Duration {
    let mut alone = Alone::new(handle, field, does);
    let mut fastest = [Duration::MAX; 2];
    for step in 0..6 {
        let began = clock::now();
        alone.operate(step);
        let fastest = &mut fastest[step % 2];
        *fastest = began.elapsed().min(*fastest);
    }
    fastest[0].max(fastest[1])
}
