//! What a group of threads does.

use serde::{Deserialize, Serialize};

/// Threads that all do the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What they do.
    pub does: Activity,
    /// How many there are.
    pub threads: usize,
    /// The time from one operation of a thread to its next, in microseconds. Without it, a thread
    /// starts the next operation as soon as one is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_us: Option<f64>,
    /// Of a mix: the share of operations that apply a heartbeat. What no share asks for are reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes: Option<f64>,
    /// Of a mix: the share that reads a record and then applies a heartbeat to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_modify_writes: Option<f64>,
    /// Of a mix: the share that inserts a new process. As many more remove an older one, in turn, so
    /// that the table keeps its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inserts: Option<f64>,
    /// Of a mix: the share that visits every record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scans: Option<f64>,
    /// The time that a read spends inside its section beyond touching the record, in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section_ns: Option<f64>,
    /// After how many of its writes a thread publishes. Without it, never by itself: a strategy that
    /// batches then publishes when it sees fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish_every: Option<u32>,
    /// Of a replay: how much faster than the trace. Without it, as fast as it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<f64>,
}

/// What the threads of a group do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Activity {
    /// Read one record and touch all of it.
    #[default]
    Read,
    /// Apply a heartbeat to one record.
    Update,
    /// Insert a process that is not in the table and remove an older one, in turn.
    Churn,
    /// Visit every record and touch all of it.
    Scan,
    /// Some of each, in given shares.
    Mix,
    /// Insert, update and remove processes as the scenario's process trace says.
    Replay,
}

/// What share of a group's operations is of which kind; each lies between 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shares {
    /// Heartbeats.
    pub writes: f64,
    /// A read, then a heartbeat to the same record.
    pub read_modify_writes: f64,
    /// Insertions; there are as many removals.
    pub inserts: f64,
    /// Visits to every record.
    pub scans: f64,
}

impl Shares {
    /// What is left for reads.
    pub fn reads(&self) -> f64 {
        1.0 - self.writes - self.read_modify_writes - 2.0 * self.inserts - self.scans
    }
}

impl Group {
    /// The shares of its operations.
    pub fn shares(&self) -> Shares {
        let all = Shares::default();
        match self.does {
            Activity::Read => all,
            // Births and exits are few among a trace's events.
            Activity::Update | Activity::Replay => Shares { writes: 1.0, ..all },
            Activity::Churn => Shares {
                inserts: 0.5,
                ..all
            },
            Activity::Scan => Shares { scans: 1.0, ..all },
            Activity::Mix => Shares {
                writes: self.writes.unwrap_or(0.0),
                read_modify_writes: self.read_modify_writes.unwrap_or(0.0),
                inserts: self.inserts.unwrap_or(0.0),
                scans: self.scans.unwrap_or(0.0),
            },
        }
    }

    /// Whether some of its operations change the table.
    pub fn writes(&self) -> bool {
        let shares = self.shares();
        shares.writes + shares.read_modify_writes + shares.inserts > 0.0
    }

    /// Whether some of its operations look a record up.
    pub fn reads(&self) -> bool {
        let shares = self.shares();
        shares.reads() + shares.read_modify_writes > 0.0
    }

    /// Whether something else than the table decides how often its threads operate.
    pub fn is_paced(&self) -> bool {
        self.every_us.is_some() || self.speed.is_some()
    }

    /// Whether its threads follow a tape of operations and not only one of identifiers: the plain
    /// loops of the plain activities stay free of what only some scenarios ask for.
    pub fn follows_script(&self) -> bool {
        self.does == Activity::Mix || self.section_ns.is_some() || self.publish_every.is_some()
    }

    /// The shares that a file may give, by name.
    pub(super) fn given_shares(&self) -> impl Iterator<Item = (&'static str, f64)> {
        [
            ("writes", self.writes),
            ("read_modify_writes", self.read_modify_writes),
            ("inserts", self.inserts),
            ("scans", self.scans),
        ]
        .into_iter()
        .filter_map(|(name, share)| Some((name, share?)))
    }

    /// What one of its threads does, with all that sets it apart: `mix (5 % writes) every 10 us`.
    pub fn doing(&self) -> String {
        let mut text = self.does.to_string();
        let share = |(name, share): (&str, f64)| {
            let percent = (share * 1e6).round() / 1e4;
            match name {
                "inserts" => format!("{percent} % inserts, {percent} % removes"),
                _ => format!("{percent} % {}", name.replace('_', "-")),
            }
        };
        let shares: Vec<String> = self.given_shares().map(share).collect();
        if !shares.is_empty() {
            text.push_str(&format!(" ({})", shares.join(", ")));
        }
        let publishes = self.publish_every.map(f64::from);
        for (before, number, after) in [
            (" for ", self.section_ns, " ns"),
            (" publishing every ", publishes, ""),
            (" at ", self.speed, " times its speed"),
            (" every ", self.every_us, " us"),
        ] {
            text.extend(number.map(|number| format!("{before}{number}{after}")));
        }
        text
    }
}
