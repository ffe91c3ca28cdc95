//! A panic in a strategy as a breach like any other: with its place, and without flooding the
//! terminal while a failing sequence is being shortened.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

use crate::verdict::{Breach, Promise};

thread_local! {
    /// Whether a panic of this thread will be caught and reported here.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    /// What the last caught panic of this thread said, and where.
    static ACCOUNT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Does `work`; a panic becomes a breach.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, Breach>) -> Result<T, Breach> {
    note_instead_of_printing();
    let catching_before = CATCHING.replace(true);
    // Unwind safe: after a panic the table is only dropped.
    let outcome = catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(catching_before);
    outcome.unwrap_or_else(|_| {
        let account = ACCOUNT.take().unwrap_or_else(|| "it panicked".to_owned());
        Err(Promise::DoesNotPanic.broken(account))
    })
}

/// Puts a hook before the one that is installed: it speaks up only for threads that do not catch.
fn note_instead_of_printing() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if CATCHING.get() {
                ACCOUNT.replace(Some(account(info)));
            } else {
                print(info);
            }
        }));
    });
}

fn account(info: &PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or("(no message)");
    match info.location() {
        Some(location) => format!("it panicked at {location}: {message}"),
        None => format!("it panicked: {message}"),
    }
}
