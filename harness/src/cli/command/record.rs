//! `pivot record`: what becomes of this machine's processes, as a process trace.

use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use harness::run::Interrupt;
use model::clock;
use model::error::{Error, Result};
use model::output::Existing;
use model::workload::{Header, Writer};
use recorder::{Machine, Watch};

use crate::arguments::RecordOptions;
use crate::{signals, terminal};

/// Records until the time is over, the command has ended or the user has had enough. What was seen is
/// in the file after every look.
pub(crate) fn record(options: &RecordOptions) -> Result<()> {
    let machine = Machine::here()?;
    let header = Header {
        command: (!options.command.is_empty()).then(|| options.command.join(" ")),
        every_ms: Some(options.every_ms),
        ..Header::default()
    };
    let mut log = Writer::create(&options.out, Existing::forced(options.force), &header)?;
    let listening = signals::listen()?;
    let mut watch = Watch::new(options.names);
    let (ending, running) = look_on(&machine, &mut watch, &mut log, options, listening.interrupt)?;
    let summary = summary(&log, options);
    if options.out.is_file() {
        terminal::print(&summary)?;
    } else {
        // The trace itself may have gone to standard output.
        terminal::say(summary);
    }
    let kept = || format!("what was recorded is in {}", options.out.display());
    match (ending, running) {
        (Ending::Ended(status), _) if !status.success() => Err(Error::Check(format!(
            "{} ended with {status}; {}",
            options.command[0],
            kept()
        ))),
        (Ending::Ended(_), _) | (Ending::TimeIsOver, None) => Ok(()),
        // The trace is safe: whoever asked for the command gets it done.
        (Ending::TimeIsOver, Some(mut running)) => {
            running.0.wait().map(drop).map_err(|error| lost(&error))
        }
        // Without an end of its own, this is how a recording ends.
        (Ending::Interrupted, None) if options.seconds.is_none() => Ok(()),
        (Ending::Interrupted, _) => Err(Error::Interrupted(kept())),
    }
}

/// How often an interrupt is looked for between two looks at the machine.
const GLANCE: Duration = Duration::from_millis(100);

/// Why a recording ended.
enum Ending {
    TimeIsOver,
    Ended(ExitStatus),
    Interrupted,
}

/// Starts the command and looks at the machine as often as it is asked to, until there is a reason to
/// stop.
fn look_on(
    machine: &Machine,
    watch: &mut Watch,
    log: &mut Writer,
    options: &RecordOptions,
    interrupt: &Interrupt,
) -> Result<(Ending, Option<Running>)> {
    let began = clock::now();
    let now_ns = || began.elapsed().as_nanos() as u64;
    let every = Duration::from_millis(options.every_ms);
    let mut look = |log: &mut Writer| {
        machine.look(|seen| watch.see(now_ns(), seen))?;
        watch.end_look(now_ns());
        log.append(&watch.drain())
    };
    // Before the command, so that all of it is born.
    look(log)?;
    let command = options.command.split_first();
    let mut running = command.map(Running::start).transpose()?;
    log.publish()?;
    let mut next = clock::now();
    loop {
        look(log)?;
        if interrupt.is_set() {
            return Ok((Ending::Interrupted, running));
        }
        if let Some(command) = &mut running
            && let Some(status) = command.0.try_wait().map_err(|error| lost(&error))?
        {
            return Ok((Ending::Ended(status), running));
        }
        let over = |&seconds: &u64| began.elapsed() >= Duration::from_secs(seconds);
        if options.seconds.as_ref().is_some_and(over) {
            return Ok((Ending::TimeIsOver, running));
        }
        // A look that takes longer than the pause is not made up for.
        next = (next + every).max(clock::now());
        while !interrupt.is_set() {
            let left = next.saturating_duration_since(clock::now());
            if left.is_zero() {
                break;
            }
            std::thread::sleep(left.min(GLANCE));
        }
    }
}

/// A command that does not outlive the recording unless it may.
struct Running(Child);

impl Running {
    fn start((program, arguments): (&String, &[String])) -> Result<Self> {
        let started = Command::new(program).args(arguments).spawn();
        started.map(Self).map_err(|error| {
            Error::input(format!(
                "cannot run {program:?}: {error}; after `--` comes a program with its arguments"
            ))
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn lost(error: &std::io::Error) -> Error {
    Error::input(format!("cannot wait for the command: {error}"))
}

/// What a trace holds, in a line, and what to do with it.
fn summary(log: &Writer, options: &RecordOptions) -> String {
    let seen = log.summary();
    format!(
        "{file}: {} events of {} processes, up to {} at once, in {:.1} s; `pivot replay {file}` tries every \
         strategy on it",
        seen.events,
        seen.births,
        seen.peak,
        seen.duration_ns as f64 * 1e-9,
        file = options.out.display(),
    )
}
