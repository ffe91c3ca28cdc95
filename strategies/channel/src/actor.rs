//! The thread that owns the table, and what is said between it and its callers.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, JoinHandle};

use contract::{IdMap, ProcessId, Record, id_map};

/// One operation on the table, as data.
pub(crate) enum Request<R: Record> {
    Read(ProcessId),
    Insert(ProcessId, R),
    Apply(ProcessId, R::Event),
    Remove(ProcessId),
    Scan,
}

/// Its result, owned by the caller.
pub(crate) enum Answer<R: Record> {
    /// To [`Request::Read`] a copy, to [`Request::Insert`] and [`Request::Remove`] the record that
    /// was stored.
    Record(Option<R>),
    /// To [`Request::Apply`].
    Applied(Option<Result<u64, R::Rejected>>),
    /// To [`Request::Scan`]: copies.
    Records(Vec<(ProcessId, R)>),
}

/// How a request ended: the answer, or what it panicked with.
pub(crate) type Outcome<R> = Result<Answer<R>, Box<dyn Any + Send>>;

/// A request and where its outcome goes.
pub(crate) struct Envelope<R: Record, P> {
    pub(crate) request: Request<R>,
    pub(crate) reply: P,
}

/// The way back to a caller, for one outcome. Dropped unused, it tells the caller that none will
/// come.
pub(crate) trait Reply<R: Record>: Send + 'static {
    /// Sends the outcome. Nobody is disturbed if the caller has left.
    fn send(self, outcome: Outcome<R>);
}

/// The actor's thread, as its owner holds it: dropping waits until it has ended.
///
/// It ends when the last sender of requests is gone. Whoever owns both declares the sender first,
/// since fields are dropped in the order of their declaration.
#[derive(Debug)]
pub(crate) struct JoinOnDrop(Option<JoinHandle<()>>);

impl Drop for JoinOnDrop {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // An actor that panicked has told its callers already; a second panic helps nobody.
            let _ = thread.join();
        }
    }
}

/// Starts an actor that owns an empty table and serves `inbox` until it is closed.
///
/// # Panics
///
/// When the operating system refuses a thread.
pub(crate) fn start<R: Record, P: Reply<R>>(
    processes: usize,
    inbox: impl IntoIterator<Item = Envelope<R, P>> + Send + 'static,
) -> JoinOnDrop {
    let mut table = id_map(processes);
    let serve_all = move || {
        for Envelope { request, reply } in inbox {
            // Unwind-safe as far as the profile claims: the map itself is whole after any panic in a
            // record's code, the record that was being changed may not be.
            let outcome = catch_unwind(AssertUnwindSafe(|| serve(&mut table, request)));
            reply.send(outcome);
        }
    };
    let thread = thread::Builder::new().name("pivot-actor".to_owned());
    let thread = thread
        .spawn(serve_all)
        .expect("starting the actor's thread");
    JoinOnDrop(Some(thread))
}

/// Carries out one request: the whole of what the actor knows about tables.
fn serve<R: Record>(table: &mut IdMap<R>, request: Request<R>) -> Answer<R> {
    match request {
        Request::Read(id) => Answer::Record(table.get(&id).cloned()),
        Request::Insert(id, record) => Answer::Record(table.insert(id, record)),
        Request::Apply(id, event) => {
            let record = table.get_mut(&id);
            Answer::Applied(record.map(|record| record.apply_in_place(&event)))
        }
        Request::Remove(id) => Answer::Record(table.remove(&id)),
        Request::Scan => {
            let copies = table.iter().map(|(&id, record)| (id, record.clone()));
            Answer::Records(copies.collect())
        }
    }
}
