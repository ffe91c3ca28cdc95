//! The options of the commands that record and replay process logs.

use std::path::PathBuf;

use clap::Args;
use recorder::Names;

use super::Format;

#[derive(Debug, Args)]
pub(crate) struct RecordOptions {
    /// How many seconds to record [default: until COMMAND ends, or until Ctrl-C]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) seconds: Option<u64>,
    /// The time between two looks at all processes, in milliseconds
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
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Only strategies whose name matches this regular expression [default: all but the controls]
    #[arg(long, value_name = "RE")]
    pub(crate) strategy: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}
