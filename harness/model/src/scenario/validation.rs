//! What can be nonsensical about a scenario file that parses.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::{Activity, Arrivals, Group, Identifiers, Keys, Scenario, Section};
use crate::{NAME, is_name};

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

/// What is wrong with a number outside of a range.
fn outside<T: Copy + PartialOrd + Display>(
    name: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Option<String> {
    let (low, high) = (range.start(), range.end());
    (!range.contains(&value)).then(|| format!("{name} = {value} must lie between {low} and {high}"))
}

/// The first of these faults that there is.
fn first(faults: &[(bool, &str)]) -> Option<String> {
    let (_, fault) = faults.iter().find(|(is_there, _)| *is_there)?;
    Some((*fault).to_owned())
}

impl Scenario {
    /// What is nonsensical about the file, before its axes are expanded.
    pub(super) fn fault_of_file(&self) -> Option<String> {
        let name = format!("name {:?} {NAME}", self.name);
        let point = "point is written by a sweep; give [[sweep]] entries instead";
        let groups = "needs at least one [[groups]] entry with `does` and `threads`";
        first(&[
            (!is_name(&self.name), &name),
            (self.point.is_some(), point),
            (self.groups.is_empty(), groups),
        ])
    }

    /// What is nonsensical about it, if anything.
    pub(crate) fn fault(&self) -> Option<String> {
        let (processes, record, threads) = (self.processes, self.record, self.threads());
        let most = TABLE_BYTES_MAX / record.size();
        let bytes = format!(
            "{processes} records of {record} are more than 1 GiB a table; at most {most} fit"
        );
        let busy = format!(
            "every group needs at least 1 thread and all groups together at most {THREADS_MAX}; here they have \
             {threads}"
        );
        let is_idle = self.groups.iter().any(|group| group.threads == 0);
        let each = self.operations.map(|all| all / threads.max(1) as u64);
        let operations = format!(
            "operations are divided among the threads; of {threads} each needs at least {OPERATIONS_MIN}"
        );
        let faults = [
            (processes > most, bytes.as_str()),
            (is_idle || !(1..=THREADS_MAX).contains(&threads), &busy),
            (each.is_some_and(|each| each < OPERATIONS_MIN), &operations),
        ];
        outside("processes", processes, 1..=PROCESSES_MAX)
            .or_else(|| first(&faults))
            .or_else(|| self.fault_of_keys())
            .or_else(|| self.groups.iter().find_map(Group::fault))
            .or_else(|| self.fault_of_replay())
    }

    /// What is nonsensical about how it replays, if anything.
    fn fault_of_replay(&self) -> Option<String> {
        let replays = |group: &&Group| group.does == Activity::Replay;
        let threads: usize = self.groups.iter().filter(replays).map(|g| g.threads).sum();
        if self.replay.is_none() {
            let fault =
                "a group that does \"replay\" needs a trace: replay = \"FILE\" of the scenario";
            return (threads > 0).then(|| fault.into());
        }
        if threads != 1 {
            return Some(format!(
                "a trace is replayed by exactly 1 thread of a group that does \"replay\"; here by {threads}"
            ));
        }
        let polls = |group: &Group| {
            matches!(group.does, Activity::Read | Activity::Scan) && !group.follows_script()
        };
        let mut others = self.groups.iter().filter(|group| !replays(group));
        if let Some(other) = others.find(|group| !polls(group)) {
            return Some(format!(
                "beside a replay the processes are the trace's, and a group can only read or scan them, and \
                 here one does {}",
                other.doing()
            ));
        }
        let chosen = [
            (self.operations.is_some(), "operations"),
            (self.hit_rate.is_some(), "hit_rate"),
            (self.keys != Keys::Uniform, "keys"),
            (self.ids != Identifiers::Pids, "ids"),
            (self.record.is_scripted(), "a record of this kind"),
            (self.hashed.is_some(), "hashed"),
        ];
        let (_, what) = chosen.into_iter().find(|&(is_chosen, _)| is_chosen)?;
        Some(format!(
            "{what} cannot be chosen where a trace is replayed; leave it out"
        ))
    }

    fn fault_of_keys(&self) -> Option<String> {
        let share = |name, value: Option<f64>| outside(name, value?, 0.0..=1.0);
        let asks = |group: &Group| group.reads() || group.changes();
        let inserts = |group: &Group| group.does == Activity::Mix && group.shares().inserts > 0.0;
        let asks_nothing = !self.groups.iter().any(asks);
        let inserts = self.groups.iter().any(inserts);
        let keys = self.keys;
        let hot = format!("hot_share needs keys = \"hot\"; here they are {keys}");
        let hits = "hit_rate is that of reads and updates, and no group does any: leave it out";
        let latest = "keys = \"latest\" needs a mix with inserts, so that something is late";
        let faults = [
            (self.hot_share.is_some() && keys != Keys::Hot, hot.as_str()),
            (self.hit_rate.is_some() && asks_nothing, hits),
            (keys == Keys::Latest && !inserts, latest),
        ];
        let bytes = self.hashed.and_then(|keys| keys.string_bytes);
        let fault = share("hot_share", self.hot_share)
            .or(share("hit_rate", self.hit_rate))
            .or_else(|| outside("hashed.string_bytes", bytes?, 1..=KEY_BYTES_MAX));
        fault.or_else(|| first(&faults))
    }
}

impl Group {
    /// What is nonsensical about it, if anything.
    pub(crate) fn fault(&self) -> Option<String> {
        if let Some((name, _)) = self.given_shares().find(|_| self.does != Activity::Mix) {
            return Some(format!(
                "{name} is a share of a mix; here the group does \"{}\": make it does = \"mix\"",
                self.does
            ));
        }
        let wrong = |share: f64| share != 0.0 && !(SHARE_MIN..=1.0).contains(&share);
        if let Some((name, share)) = self.given_shares().find(|&(_, share)| wrong(share)) {
            return Some(format!(
                "{name} = {share} must be 0 or lie between {SHARE_MIN} and 1"
            ));
        }
        if self.shares().reads() < 0.0 {
            let sum = 1.0 - self.shares().reads();
            let removes = match self.inserts {
                Some(share) if share > 0.0 => ", with as many removals as inserts",
                _ => "",
            };
            return Some(format!(
                "the shares of a mix add up to {sum:.4}{removes}; together they may be at most 1, and the \
                 rest are reads"
            ));
        }
        self.fault_of_sections().or_else(|| self.fault_of_pace())
    }

    fn fault_of_sections(&self) -> Option<String> {
        let both = "section_ns and sections: give one of them";
        let idle = "sections are times inside a read; this group reads nothing";
        let unchanging = "write_sections are times inside a write that changes a record; this group changes none";
        let plain = "a replay has the times of its trace: leave out sections and write_sections";
        let combined = "sections and write_sections are dealt to plain reads and writes: leave out read_modify_writes";
        let (reads, writes) = (!self.sections.is_empty(), !self.write_sections.is_empty());
        let arrivals = self.arrivals != Arrivals::Steady;
        first(&[
            (reads && self.section_ns.is_some(), both),
            (reads && !self.reads(), idle),
            (writes && !self.changes(), unchanging),
            (
                (reads || writes) && self.shares().read_modify_writes > 0.0,
                combined,
            ),
            (self.does == Activity::Replay && writes, plain),
            (
                arrivals && self.every_us.is_none(),
                "arrivals say how paced operations lie in time: give every_us, too",
            ),
        ])
        .or_else(|| match self.arrivals {
            Arrivals::Bursts(size) => outside("arrivals.bursts", size, 1..=BURST_MAX),
            Arrivals::Steady => None,
        })
        .or_else(|| fault_of_times("sections", &self.sections))
        .or_else(|| fault_of_times("write_sections", &self.write_sections))
    }

    fn fault_of_pace(&self) -> Option<String> {
        let (does, replays) = (self.does, self.does == Activity::Replay);
        let is_paced = self.every_us.is_some() || self.publish_every.is_some();
        let times = "a replay keeps to the times of its trace: give it a speed, and neither every_us nor \
                     publish_every";
        let pauses = "pause_ns is work between operations: leave out every_us, and a replay has its own times";
        let speed = format!("speed is that of a replay; here the group does \"{does}\"");
        let section =
            format!("section_ns is time inside a read; a group that does \"{does}\" reads nothing");
        let publish = format!("publish_every counts writes; a group that does \"{does}\" has none");
        let never = "publish_every = 0 never publishes; leave it out";
        let faults = [
            (replays && is_paced, times),
            (
                self.pause_ns.is_some() && (replays || self.every_us.is_some()),
                pauses,
            ),
            (self.speed.is_some() && !replays, speed.as_str()),
            (self.section_ns.is_some() && !self.reads(), &section),
            (self.publish_every == Some(0), never),
            (self.publish_every.is_some() && !self.writes(), &publish),
        ];
        let bounds = |name, value: Option<f64>, bounds| outside(name, value?, bounds);
        let left_out =
            |fault: String| fault + "; left out, the trace is replayed as fast as it goes";
        bounds("every_us", self.every_us, 0.1..=1e6)
            .or_else(|| bounds("pause_ns", self.pause_ns, 0.0..=SECTIONS_NS_MAX))
            .or_else(|| bounds("section_ns", self.section_ns, 0.0..=SECTION_NS_MAX))
            .or_else(|| bounds("speed", self.speed, SPEEDS).map(left_out))
            .or_else(|| first(&faults))
    }
}

/// What is nonsensical about a list of times, if anything.
fn fault_of_times(name: &str, times: &[Section]) -> Option<String> {
    let mut faults = times.iter().filter_map(|&Section { ns, share }| {
        outside(&format!("{name}: ns"), ns, 0.0..=SECTIONS_NS_MAX)
            .or_else(|| outside(&format!("{name}: share"), share, SHARE_MIN..=1.0))
    });
    let sum: f64 = times.iter().map(|section| section.share).sum();
    let sum = (!times.is_empty() && (sum - 1.0).abs() > SHARE_MIN)
        .then(|| format!("{name}: the shares add up to {sum:.4}, and must add up to 1"));
    faults.next().or(sum)
}
