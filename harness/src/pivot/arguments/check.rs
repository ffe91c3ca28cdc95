//! The options of `check`.

use std::path::PathBuf;

use clap::Args;
use harness::history::{ModelName, Reading};

/// What files it reads, and how it ends.
const FORMS: &str = r#"Events, in the order in which they happened:
  {"process":0,"type":"invoke","f":"write","key":1,"value":7}
      process 0, a number or a name, calls write; without a key, there is one object
  {"process":0,"type":"ok","f":"write","key":1,"value":7}
      it has returned; "fail": it has returned without effect; "info": nobody knows
As JSON or as EDN ({:process 0, :type :invoke, :f :write, :value 7}), one after the other or in a list.
An event is always a map: a list by position is refused. An info without a process, or of one that has
called nothing, and whatever the nemesis does, are passed over and counted.

The value of a read is what was there, null if nothing was. Values [key, value] are Jepsen's independent
keys: taken so, and said, if reads are called with [key, null]; if that is unclear, you are asked.

Exit code 0: linearizable. 1: not. 2: no history. 3: open, the search was given up."#;

#[derive(Debug, Args)]
#[command(after_help = FORMS)]
pub(crate) struct CheckOptions {
    /// The history; - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What it is a history of [default: by its operations]
    #[arg(long, value_enum)]
    model: Option<ModelName>,
    /// Whether each value is [key, value], as of Jepsen's independent keys [default: if it is certain]
    #[arg(
        long,
        value_name = "yes|no",
        value_parser = yes_or_no,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "yes"
    )]
    independent: Option<bool>,
    /// What was there at first, as the file would write it [default: nothing, 0 in a counter]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) initial: Option<String>,
    /// A read that was answered null says nothing, as in knossos [default: nothing was there]
    #[arg(long)]
    pub(crate) nil_is_unknown: bool,
    /// Give a key up after trying so many operations; some millions take a second [default: 500000000]
    #[arg(long, value_name = "N")]
    steps: Option<u64>,
    /// Accept a history without an operation
    #[arg(long)]
    pub(crate) allow_empty: bool,
}

impl CheckOptions {
    /// What they say about the history.
    pub(crate) fn reading(&self) -> Reading {
        Reading {
            model: self.model,
            independent: self.independent,
            initial: self.initial.clone(),
            nil_is_unknown: self.nil_is_unknown,
            steps: self.steps,
        }
    }
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("it is yes or no".into()),
    }
}
