//! The locks as a program uses them, and what the document says of it.

mod locks;
#[cfg(feature = "parking_lot")]
mod parking_lot;
#[cfg(feature = "tokio")]
mod tokio;

#[cfg(unix)]
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;

use crate::{Lock, recording};

/// Whether a call returns in a forked child, within some seconds.
#[cfg(unix)]
pub(crate) fn returns_in_a_child(call: impl FnOnce()) -> bool {
    // A child knows what it is from then on.
    crate::writer::start();
    // SAFETY: the child calls what is to wait for no other thread, and is ended if it does.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: no other thread of this process has begun.
        unsafe { libc::alarm(10) };
        let result = catch_unwind(AssertUnwindSafe(call));
        // SAFETY: as above.
        unsafe { libc::_exit(i32::from(result.is_err())) };
    }
    let mut status = 0;
    // SAFETY: waits for the child, and writes the status.
    let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
    ended == child && status == 0
}

/// What the document says of the lock of a name, with the call sites as lines.
fn recorded<L: Lock>(lock: &L, name: &str) -> Value
where
    L::Value: Sized,
{
    crate::name(lock, name);
    named(name)
}

/// What the document says of the lock of a name, which need not be there any more.
fn named(name: &str) -> Value {
    let document: Value = serde_json::from_str(&recording()).unwrap();
    assert_eq!(document["format"], "lockrecord/2");
    let locks = document["locks"].as_array().unwrap();
    let lock = locks.iter().find(|lock| lock["name"] == name).unwrap();
    let sites = document["sites"].as_array().unwrap();
    check(lock, sites);
    let mut lock = lock.clone();
    // The index of a place is another one in the next document.
    let made_at = lock["made_at"].as_u64().unwrap();
    lock["made_at"] = sites[made_at as usize].clone();
    lock
}

/// What holds of every lock: that is what a reader relies on.
fn check(lock: &Value, sites: &[Value]) {
    let number = |value: &Value| value.as_u64().unwrap();
    let sum = |buckets: &Value| -> u64 {
        let buckets = buckets.as_array().unwrap();
        buckets.iter().map(|bucket| number(&bucket[2])).sum()
    };
    for use_of in lock["uses"].as_array().unwrap() {
        assert!(number(&use_of["site"]) < sites.len() as u64);
        assert_eq!(sum(&use_of["wait"]), number(&use_of["contended"]));
        let held = &use_of["held"];
        assert_eq!(sum(&held["histogram"]), number(&held["samples"]));
        assert!(
            number(&held["timed"]) <= number(&use_of["acquired"]),
            "{use_of}"
        );
        assert!(
            number(&use_of["contended"]) <= number(&use_of["acquired"]),
            "{use_of}"
        );
    }
}

/// The sum of a number over the uses, of one mode or of both.
fn total(lock: &Value, field: &str, mode: Option<&str>) -> u64 {
    let uses = lock["uses"].as_array().unwrap().iter();
    let of_mode = uses.filter(|of| mode.is_none_or(|mode| of["mode"] == mode));
    of_mode.map(|of| of[field].as_u64().unwrap()).sum()
}
