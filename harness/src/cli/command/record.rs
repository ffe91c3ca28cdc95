//! `pivot record`: what becomes of this machine's processes, as a process trace.

use std::process::Command;
use std::time::Duration;

use harness::run::{ChildGuard, is_interrupted};
use model::clock;
use model::error::{Error, Result};
use model::output::Existing;
use model::workload::{Header, Writer};
use recorder::{Machine, Watch};

use crate::arguments::RecordOptions;
use crate::{signals, terminal};

/// How often an interrupt is looked for between two looks at the machine.
const GLANCE: Duration = Duration::from_millis(100);

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
    let _listening = signals::listen()?;
    let mut watch = Watch::new(options.names);
    let began = clock::now();
    let now_ns = || began.elapsed().as_nanos() as u64;
    let mut look = |log: &mut Writer| {
        machine.look(|process| watch.see(now_ns(), process))?;
        watch.end_look(now_ns());
        log.append(&watch.drain())
    };
    // Before the command, so that all of it is born.
    look(&mut log)?;
    let command = options.command.split_first();
    let mut command = command.map(start).transpose()?;
    let has_command = command.is_some();
    // How the command ended; nothing if it goes on, or ends by the same interrupt.
    let mut ended = || match &mut command {
        Some(ChildGuard(command)) if !is_interrupted() => command
            .try_wait()
            .map_err(|error| Error::input(format!("cannot wait for the command: {error}"))),
        _ => Ok(None),
    };
    log.publish()?;
    let time = options.seconds.map(Duration::from_secs);
    let mut next = clock::now();
    let status = loop {
        look(&mut log)?;
        let status = ended()?;
        let is_over = time.is_some_and(|time| began.elapsed() >= time);
        if status.is_some() || is_over || is_interrupted() {
            break status;
        }
        // A look that takes longer than the pause is not made up for.
        next = (next + Duration::from_millis(options.every_ms)).max(clock::now());
        while !is_interrupted() && clock::now() < next {
            let left = next.saturating_duration_since(clock::now());
            std::thread::sleep(left.min(GLANCE));
        }
    };
    let summary = summary(&log, options);
    if options.out.is_file() {
        terminal::print(&summary)?;
    } else {
        // The trace itself may have gone to standard output.
        terminal::say(summary);
    }
    // The trace is safe: whoever asked for the command gets it done.
    while has_command && status.is_none() && !is_interrupted() && ended()?.is_none() {
        std::thread::sleep(GLANCE);
    }
    let kept = format!("what was recorded is in {}", options.out.display());
    match status {
        Some(status) if !status.success() => Err(Error::Check(format!(
            "{} ended with {status}; {kept}",
            options.command[0],
        ))),
        // Without an end of its own, an interrupt is how a recording ends.
        None if is_interrupted() && (has_command || time.is_some()) => {
            Err(Error::Interrupted(kept))
        }
        _ => Ok(()),
    }
}

/// Starts a command that does not outlive the recording unless it may.
fn start((program, arguments): (&String, &[String])) -> Result<ChildGuard> {
    let started = Command::new(program).args(arguments).spawn();
    started.map(ChildGuard).map_err(|error| {
        Error::input(format!(
            "cannot run {program:?}: {error}; after `--` comes a program with its arguments"
        ))
    })
}

/// What a trace holds, in a line, and what to do with it.
fn summary(log: &Writer, options: &RecordOptions) -> String {
    let (summary, file) = (log.summary(), options.out.display());
    let (events, births, peak) = (summary.events, summary.births, summary.peak);
    let seconds = summary.duration_ns as f64 * 1e-9;
    format!(
        "{file}: {events} events of {births} processes, up to {peak} at once, in {seconds:.1} s; `pivot replay {file}` \
         tries every strategy on it"
    )
}
