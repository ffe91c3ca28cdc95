//! `pivot`: the command of the workspace. Only this program prints.

mod arguments;
mod command;
mod progress;
mod selection;
mod signals;
mod terminal;

use std::process::ExitCode;

use arguments::{Action, Arguments};
use conformance::CountingAllocator;
use model::error::{Error, Result};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn main() -> ExitCode {
    match Arguments::read().and_then(act) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::say(format!("pivot: {error}"));
            ExitCode::from(match error {
                Error::Check(_) => 1,
                Error::Input(_) => 2,
                Error::Undecided(_) => 3,
                Error::Interrupted(_) => signals::exit_code(),
            })
        }
    }
}

fn act(arguments: Arguments) -> Result<()> {
    match arguments.action.unwrap_or(Action::Run(arguments.run)) {
        Action::Run(options) => command::run::run(&options),
        Action::List(options) => command::catalogue::list(&options),
        Action::Explain { strategy } => command::catalogue::explain(&strategy),
        Action::Verify(options) => command::observe::verify(&options),
        Action::Trace(options) => command::observe::trace(&options),
        Action::Stall(options) => command::observe::stall(&options),
        Action::Measure(options) => command::run::measure(&options),
        Action::Selftest(options) => command::judge::selftest(&options),
        Action::Report(options) => command::report::report(&options),
        Action::Diff(options) => command::judge::diff(&options),
        Action::Check(options) => command::judge::check(&options),
        Action::Locks(options) => command::judge::locks(&options),
        Action::Predict(options) => command::predict::predict(&options),
        Action::Advise(options) => command::advise::advise(&options),
        Action::Record(options) => command::record::record(&options),
        Action::Replay(options) => command::observe::replay(&options),
        Action::New { name } => command::new::new(&name),
        Action::Worker => command::run::worker(),
    }
}
