//! What a program can say of its locks.

use crate::handle::Handle;
use crate::map::Sampled;
use crate::record::{Record, Value};
use crate::sync;

/// A recorded lock. Of the locks of this crate alone, as no other crate can name the type of a handle: each has a handle of its
/// own, and its value is of the type that it says.
pub trait Lock {
    /// What it guards.
    type Value: ?Sized;

    #[doc(hidden)]
    fn handle(&self) -> &Handle;
}

/// Names a lock in the recording. What it guards has to be of a fixed size.
///
/// ```no_run
/// # use lockrecord::std::Mutex;
/// static SESSIONS: Mutex<Vec<u64>> = Mutex::new(Vec::new());
/// lockrecord::name(&SESSIONS, "sessions");
/// ```
pub fn name<L: Lock>(lock: &L, name: &str)
where
    L::Value: Sized,
{
    if let Some(record) = record(lock) {
        *sync::lock(&record.name) = Some(name.to_owned());
    }
}

/// Tells how to see the length of what a lock guards. Timed acquisitions call it while the lock is held, so it has to
/// be quick; it must not take the lock. The first call for a lock counts.
///
/// ```no_run
/// # use lockrecord::std::Mutex;
/// static QUEUE: Mutex<Vec<u64>> = Mutex::new(Vec::new());
/// lockrecord::len_of(&QUEUE, |queue| queue.len());
/// ```
pub fn len_of<L>(lock: &L, length: impl Fn(&L::Value) -> usize + Send + Sync + 'static)
where
    L: Lock,
    L::Value: Sized + 'static,
{
    let length = move |value: *const ()| {
        // SAFETY: the record calls it with the value of this lock, which is held. `Lock`: that is of this type.
        length(unsafe { &*value.cast::<L::Value>() })
    };
    if let Some(record) = record(lock) {
        let _ = record.length.set(Box::new(length));
    }
}

/// Tells where the [map](crate::map) is, in what a lock guards, whose keys are sampled. The first call for a lock
/// counts, and the map that is there at the first timed acquisition after it: the keys of a map that takes its place are not
/// sampled, and the uses of one that is taken out still are.
///
/// ```no_run
/// use lockrecord::map::HashMap;
/// use lockrecord::std::Mutex;
///
/// let users: Mutex<HashMap<u64, String>> = Mutex::default();
/// lockrecord::keys_of(&users, |users| users);
/// ```
pub fn keys_of<L, M>(lock: &L, keys: impl for<'a> Fn(&'a L::Value) -> &'a M + Send + Sync + 'static)
where
    L: Lock,
    L::Value: Sized + 'static,
    M: Sampled + 'static,
{
    let find = move |value: *const ()| {
        // SAFETY: the record calls it with the value of this lock, which is held. `Lock`: that is of this type.
        keys(unsafe { &*value.cast::<L::Value>() }).sampled()
    };
    if let Some(record) = record(lock) {
        let _ = record.find_keys.set(Box::new(find));
    }
}

fn record<L: Lock>(lock: &L) -> Option<&'static Record>
where
    L::Value: Sized,
{
    let value = Value::new::<L::Value>(size_of::<L::Value>());
    lock.handle().registered(value)
}
