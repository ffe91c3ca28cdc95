//! The file of the recorder: its format, and how it is read.

use std::fmt::{self, Display, Formatter};

use model::error::{Error, Result, plain};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::error::Category;

use crate::histogram::Histogram;
use crate::validation;

/// What a recording calls its format. Fields that are not known are ignored; another version is refused.
pub const FORMAT: &str = "lockrecord/2";

/// What the locks of a program did. All times are nanoseconds unless a field says otherwise.
#[derive(Clone, Debug, Deserialize)]
pub struct Recording {
    /// The name of the executable.
    pub program: String,
    /// The process.
    pub pid: u32,
    /// When the recording began, in milliseconds since 1970.
    pub started_unix_ms: u64,
    /// From the beginning to the writing of the file.
    pub elapsed_ns: u64,
    /// Why the file was written.
    pub written: Written,
    /// Processors of the machine.
    pub processors: u32,
    /// The threads that took a recorded lock.
    pub threads: Threads,
    /// The clock that took the times.
    pub clock: Clock,
    /// Lines of the source; everything else refers to them by their number here.
    pub sites: Vec<Place>,
    /// The locks.
    pub locks: Vec<Lock>,
    /// What did not fit.
    pub lost: Lost,
}

/// Why a recording was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Written {
    /// The program ended: the only recording of a whole run.
    Exit,
    /// The interval was over.
    Interval,
    /// The program asked for it.
    Request,
}

/// The threads that took a recorded lock.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Threads {
    /// How many there were.
    pub seen: u64,
    /// The sum over them of the time from the first use of a lock to the last, or to the end of the thread.
    pub time_ns: u64,
}

/// The clock of a recording.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Clock {
    /// Nanoseconds of a tick.
    pub ns_per_tick: f64,
    /// Readings that went backwards and were left out.
    pub steps: u64,
    /// What a reading costs. It is part of the times.
    pub read_ns: f64,
}

/// What did not fit into the memory of the recorder.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Lost {
    /// Locks that were counted with others of the same place.
    pub merged_locks: u64,
    /// Acquisitions at call sites that were counted as one.
    pub merged_sites: u64,
    /// Whether the process is a fork of the one that began the recording.
    pub forked: bool,
}

/// A line of the recorded program's source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct Place {
    /// The file, as the compiler names it.
    pub file: String,
    /// The line, from 1 on.
    pub line: u32,
    /// The column, from 1 on.
    pub column: u32,
}

impl Display for Place {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        write!(to, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A lock, or all locks made at a place, see `instances`.
#[derive(Clone, Debug, Deserialize)]
pub struct Lock {
    /// Its number in the recording.
    pub id: u64,
    /// Where its type is from.
    pub library: Library,
    /// What it is.
    pub kind: Kind,
    /// The site where it was made.
    pub made_at: usize,
    /// The name that the program gave it.
    pub name: Option<String>,
    /// How many locks this is about.
    pub instances: u64,
    /// How many of them there are still.
    pub alive: u64,
    /// What it guards.
    pub value: Value,
    /// How often it was found poisoned.
    #[serde(default)]
    pub poisoned: u64,
    /// What it was used for, by call site and mode.
    pub uses: Vec<Use>,
    /// Which call site waited while which one held the lock.
    #[serde(default)]
    pub blocked: Vec<BlockedPair>,
    /// How many waited, as each saw it that began to wait, itself included.
    pub queue: Sampled,
    /// The acquisitions in windows of some lengths.
    pub arrivals: Vec<Windows>,
    /// Accesses to the guarded map, if it is one that was recorded.
    pub keys: Option<Keys>,
}

/// Where the type of a lock is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Library {
    /// `std::sync`.
    Std,
    /// `parking_lot`.
    ParkingLot,
    /// `tokio::sync`, where tasks wait and not threads.
    Tokio,
}

/// What a lock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One holder at a time.
    Mutex,
    /// One writer or many readers.
    Rwlock,
}

/// The type that a lock guards.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Value {
    /// Its name.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its size, without what it owns elsewhere.
    pub bytes: u64,
    /// How many items it had, if the program told the recorder how to count them.
    pub length: Option<Sampled>,
}

/// Numbers that were seen.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Sampled {
    /// How often one was seen.
    pub samples: u64,
    /// The mean over them.
    pub mean: f64,
    /// The most.
    pub max: u64,
}

/// What a guard was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Of a mutex: the value was only read through the guard. Of a reader-writer lock: `read`.
    Read,
    /// Of a mutex: the value was borrowed mutably. Of a reader-writer lock: `write`.
    Write,
}

/// The acquisitions of a call site in a mode.
#[derive(Clone, Debug, Deserialize)]
pub struct Use {
    /// The call site.
    pub site: usize,
    /// How the guards were used.
    pub mode: Mode,
    /// How many threads took the lock here.
    pub threads: u64,
    /// How often it was acquired.
    pub acquired: u64,
    /// How often `try_lock` and its like failed.
    pub failed_tries: u64,
    /// Acquisitions whose first try failed.
    pub contended: u64,
    /// How long all of them waited together.
    pub waiting_ns: u64,
    /// How long each of them waited.
    pub wait: Histogram,
    /// How long the lock was held.
    pub held: Held,
    /// Guards that were alive when their task was polled again, as far as the guard can see that.
    #[serde(default)]
    pub across_await: u64,
}

/// The times for which a lock was held, in the acquisitions that were timed: all, or a sample in which each stands for several.
#[derive(Clone, Debug, Deserialize)]
pub struct Held {
    /// How many were timed.
    pub timed: u64,
    /// For how many acquisitions they stand.
    pub samples: u64,
    /// The sum of the squares of the numbers for which they stand.
    pub squares: u64,
    /// How long these acquisitions held the lock together.
    pub sum_ns: u64,
    /// How long each of them did.
    pub histogram: Histogram,
}

impl Held {
    /// The mean in nanoseconds; `None` if none was timed.
    pub fn mean(&self) -> Option<f64> {
        (self.samples > 0).then(|| self.sum_ns as f64 / self.samples as f64)
    }

    /// The number of times of equal weight that would give as good a mean: the effective size of a weighted sample (Kish, 1965).
    pub(crate) fn effective(&self) -> f64 {
        let samples = self.samples as f64;
        samples * (samples / self.squares as f64)
    }
}

/// How long a call site waited while another held the lock.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct BlockedPair {
    /// The site that waited.
    pub waiting: usize,
    /// The site that held the lock when the waiting began.
    pub holding: usize,
    /// How often.
    pub times: u64,
    /// How long.
    pub ns: u64,
}

/// Acquisitions in windows of equal length.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Windows {
    /// The length of a window.
    pub window_ns: u64,
    /// How many windows there were.
    pub windows: u64,
    /// The mean of acquisitions in a window.
    pub mean: f64,
    /// Their variance.
    pub variance: f64,
}

/// Accesses to a guarded map.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Keys {
    /// How often a key was looked up.
    pub lookups: u64,
    /// How often it was there.
    pub hits: u64,
    /// How many keys were inserted.
    pub inserts: u64,
    /// How many were removed.
    pub removes: u64,
    /// How many different keys there were, about.
    pub distinct: u64,
    /// The shares of the most frequent keys, the most frequent first.
    pub top: Vec<f64>,
}

impl Lock {
    /// How often it was acquired.
    pub fn acquired(&self) -> u64 {
        self.sum(|usage| usage.acquired)
    }

    /// How many acquisitions had to wait.
    pub fn contended(&self) -> u64 {
        self.sum(|usage| usage.contended)
    }

    /// How long they waited, in nanoseconds.
    pub fn waiting_ns(&self) -> u64 {
        self.sum(|usage| usage.waiting_ns)
    }

    fn sum(&self, field: impl Fn(&Use) -> u64) -> u64 {
        sum(self.uses.iter().map(field))
    }
}

/// The sum, or the largest number if it is more.
pub fn sum(counts: impl Iterator<Item = u64>) -> u64 {
    counts.fold(0, u64::saturating_add)
}

/// Reads a recording; `place` is what messages call it.
///
/// # Errors
///
/// One line that says what is wrong, where, and what would be right: no JSON, cut off, not a recording, of another version, or
/// with counts that contradict each other.
pub fn read(bytes: &[u8], place: &str) -> Result<Recording> {
    let document: Json = parse(bytes, place)?;
    let reason = match document.get("format").and_then(Json::as_str) {
        Some(FORMAT) => {
            let recording = parse(bytes, place)?;
            match validation::check(&recording) {
                Ok(()) => return Ok(recording),
                Err(reason) => reason,
            }
        }
        Some(format) if format.starts_with("lockrecord/") => format!(
            "a recording of the format {format}, and this program reads {FORMAT}: record with the lockrecord of the \
             same version"
        ),
        _ => format!("not a recording of locks: it has no \"format\": \"{FORMAT}\" at its top"),
    };
    Err(Error::input(format!("{place}: {reason}")))
}

fn parse<T: DeserializeOwned>(bytes: &[u8], place: &str) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let complaint = plain(text.split(" at line ").next().unwrap_or_default());
        let reason = match error.classify() {
            Category::Eof => {
                "the recording ends too early: take a file that was written whole".into()
            }
            Category::Data => format!("not a recording of the format {FORMAT}: {complaint}"),
            _ => format!("not JSON: {complaint}"),
        };
        Error::input(format!("{place}:{line}:{column}: {reason}"))
    })
}
