//! The options of `check`.

use std::path::PathBuf;

use clap::Args;
use history::{ModelName, Reading};

/// What files it reads, and how it ends.
const FORMS: &str = r#"Events, in the order in which they happened:
  {"process":0,"type":"invoke","f":"write","key":1,"value":7}
      process 0, a number or a name, calls write; without a key, there is one object
  {"process":0,"type":"ok","f":"write","key":1,"value":7}
      it returned; "fail": it returned without effect; "info": its outcome is unknown
As JSON or as EDN ({:process 0, :type :invoke, :f :write, :value 7}), one after another or in a
list. An event is always a map: a list by position is refused. These are skipped and counted: an
info without a process, an info of a process without an open call, and the nemesis's events.

The value of a read is what it returned, null if there was none. Values [key, value] can be
Jepsen's independent keys: they are read so, with a message, if reads are called with
[key, null]; if that is unclear, the command asks for --independent.

Exit code 0: linearizable. 1: not linearizable. 2: not a history. 3: the search was given up."#;

#[derive(Debug, Args)]
#[command(after_help = FORMS)]
pub(crate) struct CheckOptions {
    /// The history; - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The object of the history [default: recognised by its operations]
    #[arg(long, value_enum)]
    model: Option<ModelName>,
    /// Whether each value is [key, value], as with Jepsen's independent keys [default: yes if it is certain]
    #[arg(
        long,
        value_name = "yes|no",
        value_parser = yes_or_no,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "yes"
    )]
    independent: Option<bool>,
    /// The initial value, as the file would write it [default: none; 0 for a counter]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) initial: Option<String>,
    /// A read that returned null says nothing, as in Knossos [default: it says that there was no value]
    #[arg(long)]
    pub(crate) nil_is_unknown: bool,
    /// Stop the search of a key after trying this many operations; some millions take a second [default: 500000000]
    #[arg(long, value_name = "N")]
    steps: Option<u64>,
    /// Accept a history without an operation
    #[arg(long)]
    pub(crate) allow_empty: bool,
}

impl CheckOptions {
    /// How to read the history.
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
