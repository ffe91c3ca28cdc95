//! Whether lines that two readers both write tell how reading scales from one to two, and why not where
//! they do not.

use model::scenario::Keys;
use model::trace::{Conflict, Operation, Pair, State, TraceSeen};

use super::demand::why_idle;
use super::{Run, ScalingPair};
use results::{Cell, Meeting};

impl Run<'_> {
    /// One for each pair of scenarios with one reader and with two.
    pub(super) fn meetings(&self, trace: &TraceSeen) -> Vec<Meeting> {
        let reads = |pair: &&ScalingPair<'_>| pair.operation == Operation::ReadHit;
        let pairs = self.pairs.iter().filter(reads);
        pairs.filter_map(|pair| self.meeting(trace, pair)).collect()
    }

    fn meeting(&self, trace: &TraceSeen, pair: &ScalingPair<'_>) -> Option<Meeting> {
        let alone = self.cell(pair.one, &trace.strategy)?;
        let beside = self.cell(pair.two, &trace.strategy)?;
        let trace_pair = |same| trace.pair(Operation::ReadHit, Operation::ReadHit, same);
        let same = trace_pair(true)?;
        let lines_apart = trace_pair(false).map_or(0, |pair| pair.at_64.both());
        let lines_same = same.at_64.both();
        let ratio = 2.0 * beside.median / alone.median;
        let agrees = (lines_same == 0) == (ratio <= Meeting::RATIO_MAX);
        let mut meeting = Meeting {
            strategy: trace.strategy.clone(),
            one: pair.one.name.clone(),
            two: pair.two.name.clone(),
            lines_same,
            lines_apart,
            one_ns: alone.median,
            two_ns: 2.0 * beside.median,
            ratio,
            agrees,
            why: None,
        };
        if !agrees {
            meeting.why = Some(self.reason(trace, pair, &meeting, same, [alone, beside]));
        }
        Some(meeting)
    }

    /// The first thing in the data that explains it.
    fn reason(
        &self,
        trace: &TraceSeen,
        pair: &ScalingPair<'_>,
        meeting: &Meeting,
        same: &Pair,
        cells: [&Cell; 2],
    ) -> String {
        let cpus = self.samples.header.environment.cpus;
        if pair.two.threads() > cpus {
            return format!("oversubscribed: two readers on {cpus} processor take turns");
        }
        if let Some(why) = why_idle(trace, Operation::ReadHit, meeting.one_ns) {
            return why;
        }
        let counts = trace.counts(Operation::ReadHit, State::Quiescent);
        let entries = counts.map_or(0, |counts| counts.system_calls);
        if entries > 0 {
            return format!(
                "a read enters the kernel ({entries} system calls), where it meets others"
            );
        }
        let reason = if meeting.lines_same > 0 {
            seldom(meeting, pair)
        } else {
            self.meets_elsewhere(meeting, same)
        };
        match undecided(cells) {
            Some(interval) => format!("{reason}; not decided either way: {interval}"),
            None => reason,
        }
    }

    /// Slower without a line that both write.
    fn meets_elsewhere(&self, meeting: &Meeting, same: &Pair) -> String {
        let pairs = same.at_128.both();
        if pairs > 0 {
            return format!(
                "both write {pairs} neighbouring lines that the prefetcher brings in pairs of 128 bytes"
            );
        }
        if same.conflict == Conflict::InAllocator {
            return "they meet in the system's allocator, which is counted apart".into();
        }
        let more = meeting.two_ns - meeting.one_ns;
        match self.calibration.between {
            Some(between) if more < between.hand_off_ns[0] => format!(
                "the second reader costs {more:.1} ns, less than handing one line over ({:.0} ns): none is \
                 handed over at each read; what is done once in many reads, which the trace does not follow, \
                 or a shared cache is left",
                between.hand_off_ns[0]
            ),
            _ => "nothing in the trace explains it".into(),
        }
    }
}

/// Fast although there is a line that both write.
fn seldom(meeting: &Meeting, pair: &ScalingPair<'_>) -> String {
    let records = pair.two.processes;
    if meeting.lines_apart == 0 && pair.two.keys == Keys::Uniform {
        return format!(
            "they write a common line only if they look up the same of {records} processes, or one of the same \
             shard: keys are uniform, so they seldom do"
        );
    }
    "the line stays with its holder for many reads in a row".into()
}

/// The interval of the ratio, if it contains the limit.
fn undecided([one, two]: [&Cell; 2]) -> Option<String> {
    let low = 2.0 * two.ci_low / one.ci_high;
    let high = 2.0 * two.ci_high / one.ci_low;
    let limit = Meeting::RATIO_MAX;
    (low <= limit && limit <= high && low < high)
        .then(|| format!("the ratio is between {low:.2} and {high:.2}, and {limit} in there"))
}
