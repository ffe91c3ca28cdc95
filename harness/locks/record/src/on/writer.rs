//! When and where the document is written: every few seconds, on request and at exit; beside its place, and then
//! renamed, so that a reader finds a whole one at any time.
//!
//! Nothing here stops or fails the program: what cannot be written is said once, on standard error.

use std::ffi::{OsString, c_int};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, Once};
use std::time::Duration;
use std::{env, fs, io, process, thread};
#[cfg(unix)]
use std::{mem::MaybeUninit, ptr};

use crate::clock;
use crate::document::{Reason, document};
use crate::sync::{self, is_recording, lock};

/// Seconds between two files, unless `LOCKRECORD_SECONDS` says otherwise.
const SECONDS: u64 = 5;

static START: Once = Once::new();

/// The process that records, for a child that was made without telling the C library.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// Whether the process has forked. Relaxed: a mark that a document shows.
static HAS_FORKED: AtomicBool = AtomicBool::new(false);

/// Whether it was said that a file cannot be written.
static HAS_COMPLAINED: AtomicBool = AtomicBool::new(false);

/// One file is written at a time. True after the last one.
static IS_OVER: Mutex<bool> = Mutex::new(false);

unsafe extern "C" {
    /// Of the C library on every system that Rust's std runs on with one.
    safe fn atexit(handler: extern "C" fn()) -> c_int;

    #[cfg(unix)]
    safe fn pthread_atfork(
        prepare: Option<extern "C" fn()>,
        parent: Option<extern "C" fn()>,
        child: Option<extern "C" fn()>,
    ) -> c_int;
}

/// Calibrates the clock and arranges for files to be written. By the first use of a lock.
pub(crate) fn start() {
    START.call_once(|| {
        // First: a child that is forked meanwhile must not wait for the end of this call.
        #[cfg(unix)]
        pthread_atfork(None, Some(in_parent), Some(sync::stop_recording));
        clock::clock();
        PROCESS.store(process::id(), Ordering::Relaxed);
        // Each can fail for want of memory only; then the file every few seconds is what remains. A handler calls
        // nothing that needs a thread-local value with a destructor, which the main thread no longer has then.
        atexit(at_exit);
        let seconds = seconds();
        if file().is_some() && seconds > 0 {
            let between = Duration::from_secs(seconds);
            let writer = thread::Builder::new().name("lockrecord".to_owned());
            let spawn = || writer.spawn(move || write_every(between));
            if let Err(error) = without_signals(spawn) {
                complain(&format!("no file before exit: {error}"));
            }
        }
    });
}

/// Writes the recording now, and returns where.
///
/// # Errors
///
/// If the file cannot be written, if `LOCKRECORD_FILE` is empty, or in a forked child, which records nothing.
pub fn write() -> io::Result<PathBuf> {
    let written = write_for(Reason::Request)?;
    written.ok_or_else(|| io::Error::other("nothing is recorded, or LOCKRECORD_FILE is empty"))
}

/// The recording until now, as [`write()`] would write it. Empty in a forked child, which records nothing.
pub fn recording() -> String {
    if !is_recording() {
        return String::new();
    }
    document(Reason::Request, HAS_FORKED.load(Ordering::Relaxed))
}

extern "C" fn at_exit() {
    // A panic must not leave a function that C calls; there is none that is known.
    let _ = std::panic::catch_unwind(|| write_or_complain(Reason::Exit));
}

extern "C" fn in_parent() {
    HAS_FORKED.store(true, Ordering::Relaxed);
}

/// Calls with all signals blocked. A thread that is started meanwhile leaves them to the program's own threads, one of which
/// may wait for them.
#[cfg(unix)]
fn without_signals<R>(call: impl FnOnce() -> R) -> R {
    let [mut all, mut before] = [const { MaybeUninit::uninit() }; 2];
    // SAFETY: the first call writes the set that the second one reads, which writes what this thread has blocked before.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
    }
    let result = call();
    // SAFETY: written above; with these arguments the call cannot fail.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
    result
}

#[cfg(not(unix))]
fn without_signals<R>(call: impl FnOnce() -> R) -> R {
    call()
}

fn write_every(between: Duration) {
    while is_recording() {
        thread::sleep(between);
        write_or_complain(Reason::Interval);
    }
}

fn write_or_complain(reason: Reason) {
    let Err(error) = write_for(reason) else {
        return;
    };
    if !HAS_COMPLAINED.swap(true, Ordering::Relaxed) {
        complain(&format!("cannot write the recording: {error}"));
    }
}

/// Writes, unless there is no file to write to, or the last one has been written.
fn write_for(reason: Reason) -> io::Result<Option<PathBuf>> {
    // In a forked child a mutex of the recorder can be locked for ever.
    if !is_recording() {
        return Ok(None);
    }
    let recorded = PROCESS.load(Ordering::Relaxed);
    let Some(path) = file().filter(|_| recorded == 0 || recorded == process::id()) else {
        return Ok(None);
    };
    let mut is_over = lock(&IS_OVER);
    if *is_over {
        return Ok(Some(path));
    }
    *is_over = reason == Reason::Exit;
    let text = document(reason, HAS_FORKED.load(Ordering::Relaxed));
    let mut beside = OsString::from(&path);
    beside.push(format!(".{}.part", process::id()));
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // What there is of it is of no use, and can be what fills the disk.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(|error| {
        let message = format!("{}: {error}", path.display());
        io::Error::new(error.kind(), message)
    })?;
    Ok(Some(path))
}

/// Where to write: not at all if `LOCKRECORD_FILE` is empty. Tests of this crate write where they say only.
fn file() -> Option<PathBuf> {
    let default = || (!cfg!(test)).then(|| format!("lockrecord-{}.json", process::id()).into());
    let path: OsString = env::var_os("LOCKRECORD_FILE").or_else(default)?;
    (!path.is_empty()).then(|| path.into())
}

fn seconds() -> u64 {
    let Some(text) = env::var_os("LOCKRECORD_SECONDS") else {
        return SECONDS;
    };
    let seconds = text.to_str().and_then(|text| text.parse().ok());
    seconds.unwrap_or_else(|| {
        complain(&format!(
            "LOCKRECORD_SECONDS is {}: a whole number is needed, 0 for no file before exit; {SECONDS} is taken",
            text.to_string_lossy()
        ));
        SECONDS
    })
}

/// Not by `eprintln`, which panics where standard error is a full disk.
fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "lockrecord: {message}");
}
