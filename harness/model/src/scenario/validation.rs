//! What can be nonsensical about a scenario file that parses.

use std::ops::RangeInclusive;

use super::{Activity, Arrivals, Group, Identifiers, Keys, Scenario, Section};
use crate::is_name;
use crate::refusal::{Validity, refuse, within};

/// More threads than this are a mistake in a file rather than a question.
const THREADS_MAX: usize = 1_024;
/// More records than this do not fit the machines that this is for, many times over.
const PROCESSES_MAX: usize = 10_000_000;
/// More bytes of records than this in one table do not, either: every strategy holds a table of its
/// own at the same time.
const TABLE_BYTES_MAX: usize = 1 << 30;
/// A read that takes longer than a slice is never counted.
const SECTION_NS_MAX: f64 = 100_000.0;
/// Of times of which only some are long, the longest may take so much.
const SECTIONS_NS_MAX: f64 = 1_000_000.0;
/// More operations at once than this are a phase of a program and not a burst.
const BURST_MAX: u32 = 1_000;
/// Longer strings are contents and not keys.
const KEY_BYTES_MAX: usize = 4_096;
/// A replay is slower or faster than its trace by this at most.
const SPEEDS: RangeInclusive<f64> = 0.001..=1e6;
/// With fewer operations a thread mostly begins and ends, and 5 % more of them would be none.
const OPERATIONS_MIN: u64 = 20;
/// Shares are carried out to this precision: a tape of operations is finite.
const SHARE_MIN: f64 = 0.000_5;

impl Scenario {
    /// Refuses what is nonsensical about the file, before its axes are expanded.
    pub(super) fn validate_file(&self) -> Validity {
        refuse(
            &[
                (!is_name(&self.name), "name"),
                (self.point.is_some(), "given-point"),
                (self.groups.is_empty(), "no-groups"),
            ],
            &[&"name", &format!("{:?}", self.name)],
        )
    }

    /// Refuses what is nonsensical about the scenario itself.
    pub(crate) fn validate(&self) -> Validity {
        let (processes, record, threads) = (self.processes, self.record, self.threads());
        let most = TABLE_BYTES_MAX / record.size();
        let is_idle = self.groups.iter().any(|group| group.threads == 0);
        let is_crowd = is_idle || !(1..=THREADS_MAX).contains(&threads);
        let each = self.operations.map(|all| all / threads.max(1) as u64);
        let is_few = each.is_some_and(|each| each < OPERATIONS_MIN);
        within("processes", processes, 1..=PROCESSES_MAX)?;
        refuse(
            &[
                (processes > most, "large-table"),
                (is_crowd, "threads"),
                (is_few, "few-operations"),
            ],
            &[&processes, &record, &most, &threads],
        )?;
        self.validate_keys()?;
        self.groups.iter().try_for_each(Group::validate)?;
        self.validate_replay()
    }

    fn validate_replay(&self) -> Validity {
        let (replays, others): (Vec<&Group>, Vec<&Group>) =
            (self.groups.iter()).partition(|group| group.does == Activity::Replay);
        let threads: usize = replays.iter().map(|group| group.threads).sum();
        if self.replay.is_none() {
            return refuse(&[(threads > 0, "no-trace")], &[]);
        }
        let polls = |group: &Group| {
            matches!(group.does, Activity::Read | Activity::Scan) && !group.follows_script()
        };
        let other = others.into_iter().find(|group| !polls(group));
        let other = other.map(Group::doing);
        let chosen = [
            (self.operations.is_some(), "operations"),
            (self.hit_rate.is_some(), "hit_rate"),
            (self.keys != Keys::Uniform, "keys"),
            (self.ids != Identifiers::Pids, "ids"),
            (self.record.is_scripted(), "a record of this kind"),
            (self.hashed.is_some(), "hashed"),
        ];
        let mut chosen = chosen.into_iter().filter(|(is_chosen, _)| *is_chosen);
        let chosen = chosen.next().map(|(_, what)| what);
        refuse(
            &[
                (threads != 1, "replayers"),
                (other.is_some(), "beside-replay"),
                (chosen.is_some(), "chosen"),
            ],
            &[
                &threads,
                &other.unwrap_or_default(),
                &chosen.unwrap_or_default(),
            ],
        )
    }

    fn validate_keys(&self) -> Validity {
        let asks = |group: &Group| group.reads() || group.changes();
        let inserts = |group: &Group| group.does == Activity::Mix && group.shares().inserts > 0.0;
        let asks_nothing = !self.groups.iter().any(asks);
        let inserts = self.groups.iter().any(inserts);
        let bytes = self.hashed.and_then(|keys| keys.string_bytes);
        within("hot_share", self.hot_share, 0.0..=1.0)?;
        within("hit_rate", self.hit_rate, 0.0..=1.0)?;
        within("hashed.string_bytes", bytes, 1..=KEY_BYTES_MAX)?;
        refuse(
            &[
                (self.hot_share.is_some() && self.keys != Keys::Hot, "cold"),
                (self.hit_rate.is_some() && asks_nothing, "asks-nothing"),
                (self.keys == Keys::Latest && !inserts, "nothing-late"),
            ],
            &[&self.keys],
        )
    }
}

impl Group {
    fn validate(&self) -> Validity {
        let does = self.does;
        for (name, share) in self.given_shares() {
            let is_wrong = share != 0.0 && !(SHARE_MIN..=1.0).contains(&share);
            let wrong = [(does != Activity::Mix, "no-mix"), (is_wrong, "share")];
            refuse(&wrong, &[&name, &share, &does])?;
        }
        let shares = self.shares();
        let is_large = shares.reads() < 0.0;
        let (reads, writes) = (!self.sections.is_empty(), !self.write_sections.is_empty());
        let combines = shares.read_modify_writes > 0.0;
        let is_arranged = self.arrivals != Arrivals::Steady;
        let replays = does == Activity::Replay;
        let (is_paced, publishes) = (self.every_us.is_some(), self.publish_every.is_some());
        let (has_section, pauses) = (self.section_ns.is_some(), self.pause_ns.is_some());
        refuse(
            &[
                (is_large && shares.inserts > 0.0, "large-inserts"),
                (is_large, "large-shares"),
                (reads && has_section, "both-sections"),
                (reads && !self.reads(), "idle-sections"),
                (writes && !self.changes(), "idle-write-sections"),
                ((reads || writes) && combines, "dealt-sections"),
                (writes && replays, "replayed-sections"),
                (is_arranged && !is_paced, "unpaced-arrivals"),
                (replays && (is_paced || publishes), "paced-replay"),
                (pauses && (replays || is_paced), "paused-pace"),
                (self.speed.is_some() && !replays, "speed"),
                (has_section && !self.reads(), "idle-section"),
                (self.publish_every == Some(0), "never-publishes"),
                (publishes && !self.writes(), "publishes-nothing"),
            ],
            &[&format!("{:.4}", 1.0 - shares.reads()), &does],
        )?;
        if let Arrivals::Bursts(size) = self.arrivals {
            within("arrivals.bursts", size, 1..=BURST_MAX)?;
        }
        validate_times("sections", &self.sections)?;
        validate_times("write_sections", &self.write_sections)?;
        within("every_us", self.every_us, 0.1..=1e6)?;
        within("pause_ns", self.pause_ns, 0.0..=SECTIONS_NS_MAX)?;
        within("section_ns", self.section_ns, 0.0..=SECTION_NS_MAX)?;
        let left_out = "; left out, the trace is replayed as fast as it goes";
        within("speed", self.speed, SPEEDS).map_err(|fault| fault + left_out)
    }
}

fn validate_times(name: &str, times: &[Section]) -> Validity {
    for &Section { ns, share } in times {
        within(&format!("{name}: ns"), ns, 0.0..=SECTIONS_NS_MAX)?;
        within(&format!("{name}: share"), share, SHARE_MIN..=1.0)?;
    }
    let sum: f64 = times.iter().map(|section| section.share).sum();
    let is_off = !times.is_empty() && (sum - 1.0).abs() > SHARE_MIN;
    refuse(&[(is_off, "sum")], &[&name, &format!("{sum:.4}")])
}
