//! Whether lines that two readers both write tell how reading scales from one to two, and why not where
//! they do not.

use model::scenario::Keys;
use model::trace::{Conflict, Operation, Pair, State, TraceSeen};

use super::{Run, ScalingPair, why_idle};
use results::{Cell, Meeting};

impl Run<'_> {
    /// One for each pair of scenarios with one reader and with two.
    pub(super) fn meetings(&self, trace: &TraceSeen) -> Vec<Meeting> {
        let reads = |pair: &&ScalingPair<'_>| pair.operation == Operation::ReadHit;
        let pairs = self.pairs.iter().filter(reads);
        pairs.filter_map(|pair| self.meeting(trace, pair)).collect()
    }

    fn meeting(&self, trace: &TraceSeen, pair: &ScalingPair<'_>) -> Option<Meeting> {
        let strategy = &trace.strategy;
        let one = self.cell(pair.one, strategy)?;
        let two = self.cell(pair.two, strategy)?;
        let trace_pair = |same| trace.pair(Operation::ReadHit, Operation::ReadHit, same);
        let same = trace_pair(true)?;
        let lines_same = same.at_64.both();
        let ratio = 2.0 * two.median / one.median;
        let agrees = (lines_same == 0) == (ratio <= Meeting::RATIO_MAX);
        let mut meeting = Meeting {
            strategy: strategy.clone(),
            one: pair.one.name.clone(),
            two: pair.two.name.clone(),
            lines_same,
            lines_apart: trace_pair(false).map_or(0, |pair| pair.at_64.both()),
            one_ns: one.median,
            two_ns: 2.0 * two.median,
            ratio,
            agrees,
            why: None,
        };
        if !agrees {
            let why = self.beside_lines(trace, pair.two.threads(), one.median);
            let why = why.unwrap_or_else(|| {
                let reason = self.of_lines(pair, &meeting, same);
                match undecided(one, two) {
                    Some(interval) => format!("{reason}; not decided either way: {interval}"),
                    None => reason,
                }
            });
            meeting.why = Some(why);
        }
        Some(meeting)
    }

    /// What explains it, whatever the lines are.
    fn beside_lines(&self, trace: &TraceSeen, threads: usize, alone_ns: f64) -> Option<String> {
        let cpus = self.samples.header.environment.cpus;
        let counts = trace.counts(Operation::ReadHit, State::Quiescent);
        let entries = counts.map_or(0, |counts| counts.system_calls);
        let turns = format!("oversubscribed: two readers on {cpus} processor take turns");
        let kernel = "a read enters the kernel";
        let kernel = format!("{kernel} ({entries} system calls), where it meets others");
        let turns = (threads > cpus).then_some(turns);
        let idle = why_idle(trace, Operation::ReadHit, alone_ns);
        turns.or(idle).or((entries > 0).then_some(kernel))
    }

    /// The first thing about the lines that explains it: fast although there is one that both write, or slower without.
    fn of_lines(&self, pair: &ScalingPair<'_>, meeting: &Meeting, same: &Pair) -> String {
        let (records, prefetched) = (pair.two.processes, same.at_128.both());
        let more = meeting.two_ns - meeting.one_ns;
        let is_by_record = meeting.lines_apart == 0 && pair.two.keys == Keys::Uniform;
        match self.calibration.between {
            _ if meeting.lines_same > 0 && is_by_record => format!(
                "they write a common line only if they look up the same of {records} processes, or one of the same \
                 shard: keys are uniform, so they seldom do"
            ),
            _ if meeting.lines_same > 0 => {
                "the line stays with its holder for many reads in a row".into()
            }
            _ if prefetched > 0 => format!(
                "both write {prefetched} neighbouring lines that the prefetcher brings in pairs of 128 bytes"
            ),
            _ if same.conflict == Conflict::InAllocator => {
                "they meet in the system's allocator, which is counted apart".into()
            }
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

/// The interval of the ratio, if it contains the limit.
fn undecided(one: &Cell, two: &Cell) -> Option<String> {
    let low = 2.0 * two.ci_low / one.ci_high;
    let high = 2.0 * two.ci_high / one.ci_low;
    let limit = Meeting::RATIO_MAX;
    (low <= limit && limit <= high && low < high)
        .then(|| format!("the ratio is between {low:.2} and {high:.2}, and {limit} in there"))
}
