//! What can be nonsensical about a scenario file that parses.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::{Activity, Group, Keys, Scenario};
use crate::is_name;

/// More threads than this are a mistake in a file rather than a question.
const THREADS_MAX: usize = 1_024;
/// More records than this do not fit the machines that this is for, many times over.
const PROCESSES_MAX: usize = 10_000_000;
/// More bytes of records than this in one table do not, either: every strategy holds a table of its
/// own at the same time.
const TABLE_BYTES_MAX: usize = 1 << 30;
/// A read that takes longer than a slice is never counted.
const SECTION_NS_MAX: f64 = 100_000.0;
/// Shares are carried out to this precision: a tape of operations is finite.
const SHARE_MIN: f64 = 0.000_5;

/// What is wrong with a number outside of a range.
pub(super) fn outside<T: Copy + PartialOrd + Display>(
    name: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Option<String> {
    let (low, high) = (range.start(), range.end());
    (!range.contains(&value)).then(|| format!("{name} = {value} must lie between {low} and {high}"))
}

impl Scenario {
    /// What is nonsensical about the file, before its axes are expanded.
    pub(super) fn fault_of_file(&self) -> Option<String> {
        let name = &self.name;
        if !is_name(name) {
            return Some(format!(
                "name {name:?} must consist of lower-case letters, digits and hyphens"
            ));
        }
        if self.point.is_some() {
            return Some("point is written by a sweep; give [[sweep]] entries instead".into());
        }
        if self.groups.is_empty() {
            return Some("needs at least one [[groups]] entry with `does` and `threads`".into());
        }
        None
    }

    /// What is nonsensical about it, if anything.
    pub(crate) fn fault(&self) -> Option<String> {
        let (processes, record, threads) = (self.processes, self.record, self.threads());
        if let Some(fault) = outside("processes", processes, 1..=PROCESSES_MAX) {
            return Some(fault);
        }
        let most = TABLE_BYTES_MAX / record.size();
        if processes > most {
            return Some(format!(
                "{processes} records of {record} are more than 1 GiB a table; at most {most} fit"
            ));
        }
        if !(1..=THREADS_MAX).contains(&threads)
            || self.groups.iter().any(|group| group.threads == 0)
        {
            return Some(format!(
                "every group needs at least 1 thread and all groups together at most {THREADS_MAX}; here they \
                 have {threads}"
            ));
        }
        if self.operations == Some(0) {
            return Some("operations = 0 measures nothing; leave it out or give at least 1".into());
        }
        self.fault_of_keys()
            .or_else(|| self.groups.iter().find_map(Group::fault))
            .or_else(|| self.fault_of_replay())
    }

    fn fault_of_keys(&self) -> Option<String> {
        let share = |name, value: Option<f64>| outside(name, value?, 0.0..=1.0);
        let fault = share("hot_share", self.hot_share).or(share("hit_rate", self.hit_rate));
        if fault.is_some() {
            return fault;
        }
        let keys = self.keys;
        if self.hot_share.is_some() && keys != Keys::Hot {
            return Some(format!(
                "hot_share needs keys = \"hot\"; here they are {keys}"
            ));
        }
        let looks_up = |group: &Group| group.reads() || group.writes();
        if self.hit_rate.is_some() && !self.groups.iter().any(looks_up) {
            return Some("hit_rate says nothing of groups that only scan; leave it out".into());
        }
        let inserts = |group: &Group| group.does == Activity::Mix && group.shares().inserts > 0.0;
        let lacks_inserts = keys == Keys::Latest && !self.groups.iter().any(inserts);
        let fault = "keys = \"latest\" needs a mix with inserts, so that something is late";
        lacks_inserts.then(|| fault.into())
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
        // Sums of decimal fractions are not exact.
        if self.shares().reads() < -1e-9 {
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
        self.fault_of_speed().or_else(|| self.fault_of_pace())
    }

    fn fault_of_pace(&self) -> Option<String> {
        let does = self.does;
        let bounds = |name, value: Option<f64>, bounds| outside(name, value?, bounds);
        let fault = bounds("every_us", self.every_us, 0.1..=1e6);
        let fault = fault.or(bounds("section_ns", self.section_ns, 0.0..=SECTION_NS_MAX));
        if fault.is_some() {
            return fault;
        }
        if self.section_ns.is_some() && !self.reads() {
            return Some(format!(
                "section_ns is time inside a read; a group that does \"{does}\" reads nothing"
            ));
        }
        match self.publish_every? {
            0 => Some("publish_every = 0 never publishes; leave it out".into()),
            _ if self.writes() => None,
            _ => Some(format!(
                "publish_every counts writes; a group that does \"{does}\" has none"
            )),
        }
    }
}
