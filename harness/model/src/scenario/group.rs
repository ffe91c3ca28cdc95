//! What a group of threads does.

use serde::{Deserialize, Serialize};

/// Threads that all do the same.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What they do.
    pub does: Activity,
    /// How many there are.
    pub threads: usize,
    /// The time from one operation of a thread to its next, in microseconds. Without it, a thread
    /// starts the next operation as soon as one is done.
    pub every_us: Option<f64>,
    /// Of a mix: the share of operations that apply a heartbeat. What no share asks for are reads.
    pub writes: Option<f64>,
    /// Of a mix: the share that reads a record and then applies a heartbeat to it.
    pub read_modify_writes: Option<f64>,
    /// Of a mix: the share that inserts a new process. As many more remove an older one, in turn, so
    /// that the table keeps its size.
    pub inserts: Option<f64>,
    /// Of a mix: the share that visits every record.
    pub scans: Option<f64>,
    /// The time that a read spends inside its section beyond touching the record, in nanoseconds.
    pub section_ns: Option<f64>,
    /// Instead of it: times of which each read has one, in given shares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<Section>,
    /// The same for writes that change a record: the time that applying its event takes beyond what it changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub write_sections: Vec<Section>,
    /// How the operations of a thread that has `every_us` lie in time.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub arrivals: Arrivals,
    /// What a thread works elsewhere after each of its operations, in nanoseconds: on average, and exponentially distributed.
    /// It counts as a part of the operation, so a gain is one of the program around the table (a closed loop).
    pub pause_ns: Option<f64>,
    /// After how many of its writes a thread publishes. Without it, never by itself: a strategy that
    /// batches then publishes when it sees fit.
    pub publish_every: Option<u32>,
    /// Of a replay: how much faster than the trace. Without it, as fast as it goes.
    pub speed: Option<f64>,
}

/// A time inside an operation, and how often it is that.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// In nanoseconds.
    pub ns: f64,
    /// The share of operations that takes it; those of a list add up to 1.
    pub share: f64,
}

/// How the operations of a paced thread lie in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// At equal distances.
    #[default]
    Steady,
    /// So many at once, at random times (a Poisson process): single ones if it is 1. Over long windows the index of
    /// dispersion of the operations is this number.
    Bursts(u32),
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
    /// What is left for reads; below 0 if the others are more than all.
    pub fn reads(&self) -> f64 {
        let rest = 1.0 - self.writes - self.read_modify_writes - 2.0 * self.inserts - self.scans;
        // Sums of decimal fractions are not exact.
        if rest.abs() < 1e-9 { 0.0 } else { rest }
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

    /// Whether some of its operations change a record that is there.
    pub(super) fn changes(&self) -> bool {
        let shares = self.shares();
        shares.writes + shares.read_modify_writes > 0.0
    }

    /// Whether something else than the table decides how often its threads operate.
    pub fn is_paced(&self) -> bool {
        self.every_us.is_some() || self.speed.is_some()
    }

    /// Whether its threads follow a tape of operations and not only one of identifiers: the plain
    /// loops of the plain activities stay free of what only some scenarios ask for.
    pub fn follows_script(&self) -> bool {
        let sections = !self.sections.is_empty() || !self.write_sections.is_empty();
        self.does == Activity::Mix
            || self.section_ns.is_some()
            || self.pause_ns.is_some()
            || sections
            || self.publish_every.is_some()
    }

    /// The longest time inside one of its operations, in nanoseconds.
    pub fn longest_section_ns(&self) -> f64 {
        let all = self.sections.iter().chain(&self.write_sections);
        let all = all.map(|section| section.ns).chain(self.section_ns);
        all.fold(0.0, f64::max)
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
        for (what, sections) in [("reads", &self.sections), ("writes", &self.write_sections)] {
            if !sections.is_empty() {
                let mean: f64 = sections
                    .iter()
                    .map(|section| section.share * section.ns)
                    .sum();
                text.push_str(&format!(" with {what} of {mean:.0} ns on average"));
            }
        }
        if let Arrivals::Bursts(size) = self.arrivals {
            text.push_str(&format!(" in random bursts of {size}"));
        }
        let publishes = self.publish_every.map(f64::from);
        for (before, number, after) in [
            (" for ", self.section_ns, " ns"),
            (" publishing every ", publishes, ""),
            (" at ", self.speed, " times its speed"),
            (" every ", self.every_us, " us"),
            (" pausing for ", self.pause_ns, " ns on average"),
        ] {
            text.extend(number.map(|number| format!("{before}{number}{after}")));
        }
        text
    }
}
