//! Signals that ask the command to end.
//!
//! The first one is noted: what is under way stops, what was found is kept, and the exit code is 128 and the
//! signal's number (130 for Ctrl-C, 143 for SIGTERM). Another one later ends the command at once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use harness::run::{INTERRUPT, is_interrupted};
use model::clock;
use model::error::{Error, Result};
use nix::libc::c_int;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction, signal};

/// When this program began to listen, and how many milliseconds later the first signal came.
static BEGAN: OnceLock<Instant> = OnceLock::new();
static FIRST_MS: AtomicU64 = AtomicU64::new(0);

/// What comes sooner after the first signal is the same request: `timeout` sends one to the command and one to
/// its process group.
const SAME_REQUEST: Duration = Duration::from_millis(500);

/// The signals that are noted.
const NOTED: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// The exit code of a command that a signal has interrupted.
pub(crate) fn exit_code() -> u8 {
    u8::try_from(128 + INTERRUPT.load(Ordering::Relaxed)).unwrap_or(u8::MAX)
}

/// As long as it lives signals are noted; afterwards they end the command, as they did before.
#[derive(Debug)]
pub(crate) struct Listening(Vec<(Signal, SigAction)>);

/// Begins to note signals. One that is ignored already stays so if it is SIGHUP: `nohup` asks for that.
pub(crate) fn listen() -> Result<Listening> {
    let action = SigAction::new(
        SigHandler::Handler(note),
        // What a signal interrupts goes on by itself; the flag is looked at all the time.
        SaFlags::SA_RESTART,
        SigSet::empty(),
    );
    BEGAN.get_or_init(clock::now);
    let mut listening = Listening(Vec::new());
    for noted in NOTED {
        // SAFETY: the handler does nothing that a handler must not do.
        let before = unsafe { sigaction(noted, &action) }
            .map_err(|error| Error::input(format!("cannot catch {noted}: {error}")))?;
        if noted == Signal::SIGHUP && matches!(before.handler(), SigHandler::SigIgn) {
            // SAFETY: ignoring runs no handler.
            let _ = unsafe { sigaction(noted, &before) };
        } else {
            listening.0.push((noted, before));
        }
    }
    Ok(listening)
}

/// Handles a signal: only with calls that signal-safety(7) allows, reading the clock among them.
extern "C" fn note(number: c_int) {
    let since = BEGAN.get().map_or(Duration::ZERO, Instant::elapsed);
    let now_ms = since.as_millis() as u64;
    if !is_interrupted() {
        // Relaxed: both are read by this handler only, or by themselves.
        FIRST_MS.store(now_ms, Ordering::Relaxed);
        INTERRUPT.store(number, Ordering::Relaxed);
        return;
    }
    let later = now_ms.saturating_sub(FIRST_MS.load(Ordering::Relaxed));
    if u128::from(later) >= SAME_REQUEST.as_millis()
        && let Ok(noted) = Signal::try_from(number)
    {
        // SAFETY: the default action runs no handler. It is carried out when this one has returned.
        let _ = unsafe { signal(noted, SigHandler::SigDfl) };
        let _ = raise(noted);
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        for (noted, before) in &self.0 {
            // SAFETY: what was in force before, by whoever set it.
            let _ = unsafe { sigaction(*noted, before) };
        }
    }
}
