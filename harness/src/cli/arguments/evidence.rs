//! The options of the commands that step strategies instruction by instruction.

use std::path::PathBuf;

use clap::Args;
use model::trace::{Operation, State};

use super::Format;

#[derive(Clone, Debug, Args)]
pub(crate) struct TraceOptions {
    /// Only strategies whose name matches this regular expression [default: all but the controls]
    #[arg(long, value_name = "RE")]
    pub(crate) strategy: Option<String>,
    /// Only this operation; can be repeated [default: all]
    #[arg(long, value_enum, value_name = "OPERATION")]
    pub(crate) operation: Vec<Operation>,
    /// Only this state; can be repeated [default: all]
    #[arg(long, value_enum, value_name = "STATE")]
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
    pub(crate) strategy: Option<String>,
    /// Stop only in this operation; can be repeated [default: all]
    #[arg(long, value_enum, value_name = "OPERATION")]
    pub(crate) stalled: Vec<Operation>,
    /// Let the others try only this operation; can be repeated [default: all]
    #[arg(long, value_enum, value_name = "OPERATION")]
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
