//! The command line.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, RangedU64ValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};
use history::Reading;
use model::controls;
use model::error::{Error, Result};
use model::preset::Preset;
use model::trace::{Operation, State};
use predict::curve::Kind;
use predict::law::Shape;
use recorder::Names;
use regex_lite::Regex;

use crate::terminal;

/// Which synchronization strategy should replace the mutex, and what does that cost?
///
/// Without a command: check, trace, measure and judge all strategies, and write a report to reports/latest.
#[derive(Debug, Parser)]
#[command(
    name = "pivot",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Exit codes: 0 done; 1 a check failed; 2 bad input or usage; 3 the history was not decided within its \
                  steps (`pivot check`); 128 plus the number of the signal that interrupted the command: 130 Ctrl-C, \
                  143 SIGTERM. A second signal ends the command immediately."
)]
pub(crate) struct Arguments {
    /// What to do; without it, `run`.
    #[command(subcommand)]
    pub(crate) action: Option<Action>,
    /// The options of `run`.
    #[command(flatten)]
    pub(crate) run: RunOptions,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Check, trace, measure, judge and report: the main job
    Run(RunOptions),
    /// List the strategies with their claims, and the scenarios
    List(ListOptions),
    /// Show what a strategy is and claims, how it works, when not to use it, and how to adopt it
    Explain {
        /// The strategy's name, as `pivot list` shows it
        strategy: String,
    },
    /// Compare the claims of strategies with what checks, faults and a replayed process log show
    Verify(VerifyOptions),
    /// Show what operations execute, and which cache lines two threads share
    Trace(TraceOptions),
    /// Stop one thread before each instruction, and check whether the others make progress
    Stall(StallOptions),
    /// Measure only, and write samples.jsonl
    Measure(RunOptions),
    /// Measure the false-positive and miss rates of the statistics on recorded samples
    Selftest(SelftestOptions),
    /// Make a report from any number of sample files
    Report(ReportOptions),
    /// Compare two runs, and show what changed beyond noise
    Diff(DiffOptions),
    /// Judge a recorded history: is it linearizable?
    Check(CheckOptions),
    /// Show which locks of a recorded program matter, and what to do about them
    Locks(LocksOptions),
    /// Predict the cost of an operation on more cores; report the error where measurements exist
    Predict(PredictOptions),
    /// Measure your own workload, recommend a strategy, and say what you would lose
    Advise(AdviseOptions),
    /// Record the processes of this machine as a process log
    Record(RecordOptions),
    /// Replay a process log on every strategy, and check each final table
    Replay(ReplayOptions),
    /// Make a new strategy to start from, and register it
    New {
        /// Its name: a variant of a family that there is, or of a new one
        #[arg(value_name = "FAMILY/NAME")]
        name: String,
    },
    /// Carry out one task for another pivot process
    #[command(hide = true)]
    Worker,
}

/// What to predict: the strategies of a run, a published curve, or an operation of known cost.
#[derive(Debug, Args)]
pub(crate) struct PredictOptions {
    /// The samples to predict from: a file, or the folder that holds it [default: reports/latest of the
    /// workspace]
    #[arg(long, value_name = "SAMPLES", conflicts_with_all = ["backtest", "alone"])]
    pub(crate) samples: Option<PathBuf>,
    /// Only strategies whose name matches this regular expression
    #[arg(long, value_name = "RE", conflicts_with_all = ["backtest", "alone"])]
    pub(crate) strategy: Option<Regex>,
    /// Only this operation; can be repeated
    #[arg(long, value_name = "OPERATION", value_parser = predictable(), default_values = PREDICTABLE,
          conflicts_with_all = ["backtest", "alone"])]
    pub(crate) operation: Vec<Operation>,
    /// Predict a published curve from one of its points: CSV with the header `cpus,ns`; - for standard
    /// input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["alone", "lines", "machine"])]
    pub(crate) backtest: Option<PathBuf>,
    /// How the times of the curve are given
    #[arg(long, value_enum, default_value_t, requires = "backtest")]
    pub(crate) kind: Kind,
    /// The number of cores at the point to predict from
    #[arg(long, value_name = "N", default_value_t = 16, requires = "backtest")]
    pub(crate) calibrate_at: u32,
    /// How the curve grows, if that is known [default: estimated from the point]
    #[arg(long, value_enum, requires = "backtest")]
    pub(crate) shape: Option<Shape>,
    /// The time of the operation on one core, in nanoseconds
    #[arg(long, value_name = "NS", value_parser = nanoseconds)]
    pub(crate) alone: Option<f64>,
    /// The number of cache lines that every core writes in the operation
    #[arg(long, value_name = "N", default_value_t = 1, requires = "alone",
          value_parser = RangedU64ValueParser::<usize>::new().range(..=16))]
    pub(crate) lines: usize,
    /// Only machines whose name matches this regular expression [default: all known machines]
    #[arg(long, value_name = "RE")]
    pub(crate) machine: Option<Regex>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// The operations that can be predicted, and are unless fewer are asked for.
const PREDICTABLE: [&str; 2] = ["read-hit", "apply"];

fn predictable() -> impl clap::builder::TypedValueParser<Value = Operation> {
    PossibleValuesParser::new(PREDICTABLE).try_map(|name| Operation::from_str(&name, false))
}

/// No operation takes less, and nobody waits for one that takes more.
fn nanoseconds(text: &str) -> Result<f64, String> {
    let ns = text.parse().ok().filter(|ns| (0.1..=1e9).contains(ns));
    ns.ok_or_else(|| "an operation takes 0.1 ns to 1 s".into())
}

/// Which strategies to compare with what.
#[derive(Clone, Debug, Args)]
pub(crate) struct Contest {
    /// Only strategies whose name matches this regular expression
    #[arg(long, value_name = "RE")]
    pub(crate) strategy: Option<Regex>,
    /// The strategy that the others are compared with: the one in use now [default: mutex/std]
    #[arg(long, value_name = "NAME")]
    pub(crate) baseline: Option<String>,
}

impl Contest {
    /// The strategy that the others are compared with.
    pub(crate) fn baseline(&self) -> &str {
        self.baseline.as_deref().unwrap_or(controls::BASELINE)
    }
}

/// How much time to spend, and on which random choices.
#[derive(Clone, Debug, Args)]
pub(crate) struct Effort {
    /// The time budget: about a minute, four minutes, more than half an hour
    #[arg(long, value_enum, default_value_t)]
    pub(crate) preset: Preset,
    /// The seed of every random choice
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    pub(crate) seed: u64,
}

/// Which strategies and scenarios to include.
#[derive(Clone, Debug, Args)]
pub(crate) struct Choice {
    #[command(flatten)]
    pub(crate) contest: Contest,
    /// Only scenarios whose name matches this regular expression
    #[arg(long, value_name = "RE")]
    pub(crate) scenario: Option<Regex>,
    /// The folder of the scenario files [default: benches/scenarios of the workspace]
    #[arg(long, value_name = "DIR")]
    pub(crate) scenarios: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RunOptions {
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(flatten)]
    pub(crate) effort: Effort,
    /// The file of assumptions to judge [default: benches/assumptions.toml of the workspace]
    #[arg(long, value_name = "FILE")]
    pub(crate) assumptions: Option<PathBuf>,
    /// The folder of the report [default: reports/latest of the workspace]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Resume the interrupted run in this folder
    #[arg(long)]
    pub(crate) resume: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ListOptions {
    #[command(flatten)]
    pub(crate) choice: Choice,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyOptions {
    /// Only strategies whose name matches this regular expression
    #[arg(long, value_name = "RE")]
    pub(crate) strategy: Option<Regex>,
    #[command(flatten)]
    pub(crate) effort: Effort,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ReportOptions {
    /// Sample files, or folders with one: runs of one machine are pooled, several machines are shown side by side
    /// [default: reports/latest of the workspace]
    pub(crate) samples: Vec<PathBuf>,
    /// Where to write the report [default: beside the samples, if there is one file]; with --record, the folder of the
    /// recorded runs [default: reports of the workspace]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write no report; put the headline table between the markers of this Markdown file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "record", "format"])]
    pub(crate) splice: Option<PathBuf>,
    /// File the run as DATE-NAME among the recorded runs, with packed samples, and list it in their index; several
    /// recorded runs are filed as one merged report [default: named after the processors]
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, conflicts_with = "format")]
    #[expect(
        clippy::option_option,
        reason = "what clap calls an option whose value can be left out"
    )]
    pub(crate) record: Option<Option<String>>,
    /// Write no report; make the recorded reports again and compare them byte for byte; exit code 1 if a file differs
    /// [default: all recorded runs, their index, BIASES.md and the README]
    #[arg(long, conflicts_with_all = ["out", "splice", "record", "format"])]
    pub(crate) check: bool,
    /// With --check: replace the files that differ
    #[arg(long, requires = "check")]
    pub(crate) fix: bool,
    /// Write no report; print this
    #[arg(long, value_enum, conflicts_with = "out")]
    pub(crate) format: Option<ReportFormat>,
}

/// What `pivot report` prints instead of writing a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ReportFormat {
    /// A comment for a pull request, in Markdown
    Comment,
    /// The results, as in results.json
    Json,
    /// One line for each cell, as in cells.csv
    Csv,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct SelftestOptions {
    /// The sample file, or the folder that holds it [default: reports/latest of the workspace]
    pub(crate) samples: Option<PathBuf>,
    /// The number of simulated runs
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) runs: u64,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct DiffOptions {
    /// The earlier run: its folder or its sample file
    pub(crate) a: PathBuf,
    /// The later run: its folder or its sample file
    pub(crate) b: PathBuf,
    /// Compare times in nanoseconds instead of ratios to the baseline of the same run
    #[arg(long)]
    pub(crate) absolute: bool,
    /// Also show what did not change
    #[arg(long)]
    pub(crate) all: bool,
    /// End with exit code 1 if something became worse
    #[arg(long)]
    pub(crate) fail_on_regression: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// The workload, and how to answer.
#[derive(Clone, Debug, Args)]
pub(crate) struct AdviseOptions {
    /// The workload file; --init prints one to start from. Or a recording of a program's locks, by lockrecord: the workload
    /// of one of them is then written to the folder of the answer. A lock that does not matter is measured only if --strategy
    /// says with what
    #[arg(
        value_name = "WORKLOAD.toml|RECORDING.json",
        required_unless_present = "init"
    )]
    pub(crate) workload: Option<PathBuf>,
    /// Of a recording: the lock, by its name, its number, or the file and line where it was made [default: the one that matters most]
    #[arg(long, value_name = "NAME|NUMBER|SITE", requires = "workload")]
    pub(crate) lock: Option<String>,
    /// Print a workload file and do nothing else: of a recording its own, otherwise one with every field explained
    #[arg(long, conflicts_with_all = ["strategy", "out", "resume", "adr", "against"])]
    pub(crate) init: bool,
    #[command(flatten)]
    pub(crate) contest: Contest,
    #[command(flatten)]
    pub(crate) effort: Effort,
    /// The folder of the samples and their report [default: reports/advice-NAME of the workspace]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Resume the interrupted advice in this folder
    #[arg(long)]
    pub(crate) resume: bool,
    /// Write an architecture decision record, in Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) adr: Option<PathBuf>,
    /// Overwrite the decision record if it exists
    #[arg(long, requires = "adr")]
    pub(crate) force: bool,
    /// Compare with an earlier advice for this workload, its advice.json or the folder that holds it; exit code 1 if the
    /// new measurement contradicts it
    #[arg(long, value_name = "ADVICE")]
    pub(crate) against: Option<PathBuf>,
    /// How to print it; csv has the figures only
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct TraceOptions {
    /// Only strategies whose name matches this regular expression [default: all but the controls]
    #[arg(long, value_name = "RE")]
    pub(crate) strategy: Option<Regex>,
    /// Only this operation; can be repeated
    #[arg(long, value_enum, value_name = "OPERATION", default_values_t = Operation::ALL.to_vec())]
    pub(crate) operation: Vec<Operation>,
    /// Only this state; can be repeated
    #[arg(long, value_enum, value_name = "STATE", default_values_t = State::ALL.to_vec())]
    pub(crate) state: Vec<State>,
    /// The number of heap layouts to trace; medians are shown
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) layouts: u32,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct StallOptions {
    /// Only strategies whose name matches this regular expression [default: all but the controls]
    #[arg(long, value_name = "RE")]
    pub(crate) strategy: Option<Regex>,
    /// Stop only in this operation; can be repeated
    #[arg(long, value_enum, value_name = "OPERATION", default_values_t = Operation::ALL.to_vec())]
    pub(crate) stalled: Vec<Operation>,
    /// Let the others try only this operation; can be repeated
    #[arg(long, value_enum, value_name = "OPERATION", default_values_t = Operation::ALL.to_vec())]
    pub(crate) peer: Vec<Operation>,
    /// Stop before every single instruction, and not once for those that others cannot tell apart; takes long
    #[arg(long)]
    pub(crate) every: bool,
    /// Add the results to the samples of this run, and make its report again
    #[arg(long, value_name = "DIR")]
    pub(crate) into: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct RecordOptions {
    /// How many seconds to record [default: until COMMAND ends, or until Ctrl-C]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) seconds: Option<u64>,
    /// The time between two readings of all processes, in milliseconds
    #[arg(long, value_name = "M", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub(crate) every_ms: u64,
    /// The file to write, or a device or pipe: CSV if its name ends in .csv, JSON lines otherwise
    #[arg(long, value_name = "FILE", default_value = "process-trace.jsonl")]
    pub(crate) out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    pub(crate) force: bool,
    /// Which process names to keep
    #[arg(long, value_enum, default_value_t)]
    pub(crate) names: Names,
    /// The command to run while recording; the recording ends with it
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayOptions {
    /// The process log, as JSON lines or CSV [default: benches/traces/parallel-build.jsonl of the workspace]
    pub(crate) file: Option<PathBuf>,
    /// Only strategies whose name matches this regular expression [default: all but the controls]
    #[arg(long, value_name = "RE")]
    pub(crate) strategy: Option<Regex>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("../../templates/terminal/check.txt"))]
pub(crate) struct CheckOptions {
    /// The history; - for standard input
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Accept a history without an operation
    #[arg(long)]
    pub(crate) allow_empty: bool,
}

/// The recordings.
#[derive(Debug, Args)]
pub(crate) struct LocksOptions {
    /// The recording that a program wrote with the crate `lockrecord`; - for standard input
    pub(crate) file: PathBuf,
    /// A recording of the same program after a change: show what moved
    pub(crate) after: Option<PathBuf>,
    /// How to print it; html has the distributions of waits and holds as drawings
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// How to print what was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For a terminal
    #[default]
    Table,
    /// One JSON document
    Json,
    /// Comma-separated values
    Csv,
    /// Markdown
    Md,
    /// A page of its own
    Html,
}

impl Arguments {
    /// Reads the command line. Help and version are printed and end the process; a fault becomes one
    /// line.
    pub(crate) fn read() -> Result<Self> {
        Self::try_parse().map_err(|error| {
            if !error.use_stderr() {
                // Help, or the version: what was asked for.
                return terminal::printed(error.print())
                    .map_or_else(|error| error, |()| std::process::exit(0));
            }
            let text = error.to_string();
            // What follows is the usage, on any number of lines.
            let is_usage = |line: &&str| {
                line.starts_with("Usage:") || line.starts_with("For more information")
            };
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let lines: Vec<&str> = lines.take_while(|line| !is_usage(line)).collect();
            let line = lines.join("; ").replace(":; ", ": ");
            Error::input(format!(
                "{}; see `pivot --help`",
                line.strip_prefix("error: ").unwrap_or(&line)
            ))
        })
    }
}
