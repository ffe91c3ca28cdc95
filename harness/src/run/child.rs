//! The parent's side of a child process: its start, what it says, and how it ends.

use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use model::clock;
use model::error::{Error, Result};
use model::message::Message;
use model::sample::{Failure, Line};

use super::task::Task;

/// How often the parent looks whether it was interrupted.
const GLANCE: Duration = Duration::from_millis(100);

/// How much is read at a time of what a child complains of.
const PIECE: usize = 4_096;

/// An environment variable that nobody reads: its length shifts the child's stack.
const SHIFT: &str = "PIVOT_SHIFT";

/// The number of the signal by which the user wants the run to end; 0 before there was one. A signal's handler stores it.
pub static INTERRUPT: AtomicI32 = AtomicI32::new(0);

/// Whether the user wants the run to end.
pub fn is_interrupted() -> bool {
    // Relaxed: nothing is handed over but the number itself.
    INTERRUPT.load(Ordering::Relaxed) != 0
}

/// How a child ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// It did its task.
    Done,
    /// It did not, and this is why, and what it was at.
    Failed(Failed),
    /// Its time was over; it was ended.
    OutOfTime,
}

/// A child that did not do its task.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{during}: {reason}")]
pub(super) struct Failed {
    /// What it had begun with.
    pub during: String,
    /// The slice it had begun with or was to begin with, as a line for the sample file.
    pub slice: Option<Failure>,
    /// Why it ended.
    pub reason: String,
    /// How long it was waited for in vain, if it hung.
    pub waited: Duration,
}

/// Has the child process that `start` starts do `task`, but not for longer than `time`, and calls `receive` with each
/// line that it finds.
///
/// # Errors
///
/// [`Error::Interrupted`] when work is to stop; [`Error::Input`] when no child can be started. The child is gone in
/// each case.
pub(super) fn carry_out(
    start: impl FnOnce() -> Result<ChildGuard>,
    task: &Task,
    time: Duration,
    is_to_stop: &dyn Fn() -> bool,
    mut receive: impl FnMut(Line),
) -> Result<Ending> {
    let at_first = clock::now();
    // Who keeps something says so.
    let interrupted = || Err(Error::Interrupted("nothing is kept".into()));
    if is_to_stop() {
        return interrupted();
    }
    if time.is_zero() {
        return Ok(Ending::OutOfTime);
    }
    let mut child = start()?;
    let (messages, complaint) = (child.messages(), child.complaint());
    let (mut during, mut slice, mut is_timed) = (String::from("setting up"), None, false);
    let (mut heard, mut waited, mut is_silent) = (clock::now(), Duration::ZERO, true);
    let reason = loop {
        match messages.recv_timeout(GLANCE) {
            Ok(Ok(Message::Begin { what, slice: begun })) => {
                is_timed = begun.is_some();
                (during, slice) = (what, begun);
                heard = clock::now();
            }
            Ok(Ok(Message::SetUp { what, slice: begun })) => {
                (during, slice, is_timed) = (what, Some(begun), false);
                heard = clock::now();
            }
            Ok(Ok(Message::Found { line })) => {
                (heard, is_silent) = (clock::now(), false);
                receive(line);
            }
            Ok(Err(garbled)) => break garbled,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => match child.end(complaint) {
                None if is_silent => break "it ended without a word".into(),
                None => return Ok(Ending::Done),
                // Whoever wants the run to end may have ended it, too: no fault of the strategy's.
                Some(_) if is_to_stop() => return interrupted(),
                Some(reason) => break reason,
            },
        }
        if is_to_stop() {
            return interrupted();
        }
        if at_first.elapsed() > time {
            return Ok(Ending::OutOfTime);
        }
        let patience = task.silence_max(is_timed);
        if heard.elapsed() > patience {
            waited = heard.elapsed();
            break format!("hung: nothing happened for {} s", patience.as_secs());
        }
    };
    Ok(Ending::Failed(Failed {
        during,
        slice: slice.map(|key| Failure {
            key,
            reason: reason.clone(),
        }),
        reason,
        waited,
    }))
}

/// A child process that does not outlive its parent's interest in it.
#[derive(Debug)]
pub struct ChildGuard(pub Child);

impl ChildGuard {
    /// Starts a program that is handed a task.
    pub(super) fn start(
        program: io::Result<PathBuf>,
        arguments: &[&str],
        task: &Task,
    ) -> Result<Self> {
        let cannot =
            |error: io::Error| Error::input(format!("cannot start a measuring process: {error}"));
        let mut command = Command::new(program.map_err(cannot)?);
        // Out of a terminal's reach: its Ctrl-C is for the parent, who ends the child when it has kept
        // what it said.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command
            .args(arguments)
            .env(SHIFT, "x".repeat(task.stack_shift()))
            .envs(task.tunables())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(cannot)?;
        let stdin = child.stdin.take().expect("piped, and taken once");
        // A child that died already says why by its exit code.
        let _ = serde_json::to_writer(stdin, task);
        Ok(Self(child))
    }

    /// What it says, line by line, from a thread that ends with it.
    fn messages(&mut self) -> Receiver<std::result::Result<Message, String>> {
        let stdout = self.0.stdout.take().expect("piped, and taken once");
        let (sender, receiver) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let message = line.map_err(|error| error.to_string()).and_then(|line| {
                    serde_json::from_str(&line).map_err(|error| format!("said {line:?}: {error}"))
                });
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        receiver
    }

    /// What it writes to standard error, as its beginning and its end, from a thread that ends with it: if nobody read
    /// it, a child that says more than a pipe holds would wait for ever.
    fn complaint(&mut self) -> JoinHandle<Vec<u8>> {
        let mut stderr = self.0.stderr.take().expect("piped, and taken once");
        thread::spawn(move || {
            let (mut kept, mut chunk) = (Vec::new(), [0; PIECE]);
            while let Ok(length @ 1..) = stderr.read(&mut chunk) {
                kept.extend(&chunk[..length]);
                if kept.len() > 4 * PIECE {
                    kept.drain(PIECE..kept.len() - 2 * PIECE);
                }
            }
            kept
        })
    }

    /// Waits for its end; why it failed, if it did.
    fn end(&mut self, complaint: JoinHandle<Vec<u8>>) -> Option<String> {
        let status = match self.0.wait() {
            Ok(status) if status.success() => return None,
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        // Best effort: the exit status says enough.
        let complaint = complaint.join().unwrap_or_default();
        Some(match last_words(&String::from_utf8_lossy(&complaint)) {
            "" => status,
            last => format!("{status}: {last}"),
        })
    }
}

/// The last line that says something of its own. What the standard library adds about backtraces does
/// not, nor does the allocation that fails while it reports one.
fn last_words(complaint: &str) -> &str {
    let begins = |line: &&str, words: [&str; 2]| words.iter().any(|word| line.starts_with(word));
    let mut lines = complaint
        .lines()
        .filter(|line| !line.trim().is_empty() && !begins(line, ["note: ", "skipping backtrace"]));
    let first_failure = lines
        .clone()
        .find(|line| line.starts_with("memory allocation of "));
    first_failure.or(lines.next_back()).unwrap_or_default()
}

impl Drop for ChildGuard {
    fn drop(&mut self) {
        // Both fail only if it is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use model::sample::SliceKey;

    use super::*;

    /// What a shell leaves that runs `script`, whose `$0` is `message`.
    fn ended(script: &str, message: &Message) -> Ending {
        let task = Task::Calibrate;
        let message = serde_json::to_string(message).unwrap();
        let arguments = ["-c", script, &message];
        let start = || ChildGuard::start(Ok("sh".into()), &arguments, &task);
        carry_out(start, &task, Duration::from_secs(5), &|| false, |_| {}).unwrap()
    }

    #[test]
    fn who_does_not_survive_being_set_up_is_to_blame() {
        let key = SliceKey {
            scenario: "one".into(),
            process: 2,
            block: 0,
            position: 0,
            strategy: "a/b".into(),
        };
        let message = Message::SetUp {
            what: "setting up a/b".into(),
            slice: key.clone(),
        };
        let ending = ended(r#"echo "$0"; echo full >&2; exit 101"#, &message);
        let Ending::Failed(failed) = ending else {
            panic!("{ending:?}")
        };
        let reason = "exit status: 101: full".to_owned();
        assert_eq!(failed.slice, Some(Failure { key, reason }), "{failed}");
    }

    #[test]
    fn who_says_more_than_a_pipe_holds_is_not_stopped_by_it() {
        let script = "head -c 200000 /dev/zero >&2; echo last >&2; echo \"$0\"; exit";
        let line = Line::Complete;
        let found = Message::Found { line };
        let ending = ended(script, &found);
        assert!(matches!(ending, Ending::Done), "{ending:?}");
        let ending = ended(&format!("{script} 3"), &found);
        let Ending::Failed(failed) = ending else {
            panic!("{ending:?}")
        };
        assert!(failed.reason.ends_with("last"), "{failed}");
        assert!(failed.reason.len() < 5 * PIECE, "{}", failed.reason.len());
    }

    #[test]
    fn the_reason_of_an_end_is_told_from_what_is_said_about_it() {
        let panicked = "\nthread 'main' panicked at a.rs:1:2:\nno such thing\nnote: run with it\n";
        assert_eq!(last_words(panicked), "no such thing");
        let no_memory = "memory allocation of 64 bytes failed\nmemory allocation of 1 bytes failed\n\
                         skipping backtrace printing to avoid potential recursion\n";
        assert_eq!(
            last_words(no_memory),
            "memory allocation of 64 bytes failed"
        );
        assert_eq!(last_words(""), "");
    }
}
