//! The options of what looks at strategies instruction by instruction.

use std::path::PathBuf;

use basis::trace::{Operation, State};
use clap::Args;

use super::Format;

#[derive(Clone, Debug, Args)]
pub(crate) struct TraceOptions {
    /// Only strategies whose name matches this regular expression; controls only so
    #[arg(long, value_name = "RE")]
    pub(crate) strategy: Option<String>,
    /// Only this operation; may be given several times [default: all]
    #[arg(long, value_enum, value_name = "OPERATION")]
    pub(crate) operation: Vec<Operation>,
    /// Only this state; may be given several times [default: all]
    #[arg(long, value_enum, value_name = "STATE")]
    pub(crate) state: Vec<State>,
    /// In how many layouts of the heap; medians are shown
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) layouts: u32,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct StallOptions {
    /// Only strategies whose name matches this regular expression; controls only so
    #[arg(long, value_name = "RE")]
    pub(crate) strategy: Option<String>,
    /// Stop only in this operation; may be given several times [default: all]
    #[arg(long, value_enum, value_name = "OPERATION")]
    pub(crate) stalled: Vec<Operation>,
    /// Try only this operation meanwhile; may be given several times [default: all]
    #[arg(long, value_enum, value_name = "OPERATION")]
    pub(crate) peer: Vec<Operation>,
    /// Try at every single point, and not once for all that others cannot tell apart; takes long
    #[arg(long)]
    pub(crate) every: bool,
    /// Keep what is seen in this run's samples, and make its report anew
    #[arg(long, value_name = "DIR")]
    pub(crate) into: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}
