//! From a recorded lock of a program to a workload file.
//!
//! What the recording has measured becomes a figure, what it cannot see a guess: the file says which is which, and its
//! reader corrects it. `templates/recorded_workload.txt` has the words.

#[cfg(test)]
pub(super) mod tests;

use locks::bound::GAIN_LEAST;
use locks::verdict::{Reason, Verdict};
use locks::{Analysed, AnalysedUse, Analysis, Kind, Library, Mode, Recording, Threads, sum};
use model::scenario::{RecordKind, Section};
use serde::Serialize;

use super::gain::{Gain, Share};
use super::guarded::Guarded;
use super::validation::{RATES, RECORDS_MAX, SHARE_LEAST, THREADS_MAX};
use super::workload::{Part, Pattern, Shape, Side, Times, ValueKind, cores_known, only};

/// A lock of a program, and what the program gains at most, and by each strategy.
#[derive(Clone, Debug, Serialize)]
pub struct Program {
    /// The executable.
    pub program: String,
    /// The lock: its name, or where it was made.
    pub lock: String,
    /// What the recording says to do about it.
    pub verdict: Verdict,
    /// Why it matters, if it does.
    pub reason: Option<Reason>,
    /// What a free lock would gain of throughput at most, as a share.
    pub bound: f64,
    /// The 99th percentile of the wait, which a free lock would make vanish.
    pub wait_p99_ns: f64,
    /// The call site that the others waited for most, or that holds longest.
    pub longest_holder: Option<String>,
    /// What the threads of the workload's parts do at the lock and around it.
    pub shares: Vec<Share>,
    /// How many times larger these shares are of the threads that are known to use the lock: the others may be the same.
    pub idle: f64,
    /// Whether more threads that took a recorded lock were alive at a time than there were processors.
    pub is_crowded: bool,
    /// Whether another lock was measured in place of this one, which no strategy here is.
    pub is_stand_in: bool,
    /// What it gains by the strategies that were measured; nothing is predicted of a stand-in.
    pub gains: Vec<Gain>,
}

/// The figures of a workload file, and where they come from.
#[derive(Clone, Debug, Serialize)]
pub struct RecordedWorkload {
    /// Lower case, digits and hyphens.
    pub name: String,
    /// As TOML writes a text.
    title: String,
    /// The recorded lock.
    pub program: Program,
    recorded: Analysed,
    type_name: String,
    made_at: String,
    seconds: f64,
    /// The strategy that is there now.
    pub baseline: &'static str,
    /// Guards that were held across `.await`; nothing of threads.
    tasks: Option<u64>,
    guarded: Guarded,
    /// As many as the program told the recorder.
    records: Option<u64>,
    /// Different keys that were asked for.
    distinct: Option<u64>,
    /// Of a cell that is plain data.
    record_bytes: Option<u64>,
    record_bytes_max: u64,
    hit_rate: Option<f64>,
    hot_share: Option<f64>,
    is_skewed: bool,
    parts: Vec<RecordedPart>,
    /// Whether a part reads: only then is a need of readers one.
    reads: bool,
    processors: u32,
    /// The same, if a machine that is known has as many.
    cores: Option<u32>,
}

/// A part of the workload.
#[derive(Clone, Debug, Serialize)]
struct RecordedPart {
    side: Side,
    /// As the file has it; a part that is saturated without its rate.
    #[serde(flatten)]
    measured: Part,
    /// How many threads were recorded.
    recorded_threads: u64,
    /// Whether its threads wait for much of their time, or have no time for the rate: they are measured without a pause then.
    is_saturated: bool,
    dispersion: Option<f64>,
    /// The means of the times that are measured, and of those that are too short for that.
    section_mean_ns: f64,
    write_section_mean_ns: f64,
    sites: Vec<String>,
}

/// The lock that is asked for by its name, its number or by where it was made; without that, the one that matters most.
///
/// # Errors
///
/// When there is none, or several: which there are.
pub fn chosen<'a>(analysis: &'a Analysis, wanted: Option<&str>) -> Result<&'a Analysed, String> {
    let all = &analysis.locks;
    let Some(wanted) = wanted else {
        let none =
            "no lock was recorded; change the `use` lines of the program to those of lockrecord";
        return all.first().ok_or_else(|| none.into());
    };
    let is_it = |lock: &&Analysed| {
        let is_named = lock.name.as_deref() == Some(wanted) || wanted.parse() == Ok(lock.id);
        // The end of the path, the line and the column, as far as they are given.
        is_named || format!("/{}:", lock.made_at).contains(&format!("/{wanted}:"))
    };
    let matches: Vec<&Analysed> = all.iter().filter(is_it).collect();
    match matches[..] {
        [lock] => Ok(lock),
        [] => Err(format!(
            "--lock {wanted:?} is none of {}",
            listed(all, label)
        )),
        _ => Err(format!(
            "--lock {wanted:?} could be any of {}; name one by its number: {}",
            listed(matches.iter().copied(), label),
            listed(matches.iter().copied(), |lock| lock.id.to_string())
        )),
    }
}

fn listed<'a>(
    locks: impl IntoIterator<Item = &'a Analysed>,
    text: fn(&Analysed) -> String,
) -> String {
    let texts = locks.into_iter().map(text);
    texts.collect::<Vec<_>>().join(", ")
}

/// The name of a lock, or where it was made: the file in its folder, and the line.
fn label(lock: &Analysed) -> String {
    let place = || {
        let file = lock.made_at.file.replace('\\', "/");
        let folder = file.rmatch_indices('/').nth(1);
        let start = folder.map_or(0, |(at, _)| at + 1);
        format!("{}:{}", &file[start..], lock.made_at.line)
    };
    let name = lock.name.clone().unwrap_or_else(place);
    line(&match lock.instances {
        0 | 1 => name,
        several => format!("{name} ({several} locks)"),
    })
}

impl RecordedWorkload {
    /// Reads a lock of a recording.
    pub fn new(recording: &Recording, lock: &Analysed) -> Self {
        let guarded = guarded(lock);
        let keys = lock.keys.as_ref();
        let distinct = keys.map(|keys| keys.distinct).filter(|&keys| keys > 0);
        let mean = lock.value.length.map(|length| length.mean.round());
        #[expect(clippy::cast_sign_loss, reason = "no length is negative")]
        let length = mean.filter(|&mean| mean >= 1.0).map(|mean| mean as u64);
        let records = |records: u64| records.min(RECORDS_MAX as u64);
        let share = |part: u64, all: u64| (all > 0).then(|| rounded(part as f64 / all as f64));
        let hottest = keys.and_then(|keys| keys.top.first()).copied();
        let hottest = hottest.unwrap_or(0.0);
        let hit_rate = keys.and_then(|keys| share(keys.hits, keys.lookups));
        let is_async = lock.library == Library::Tokio;
        let is_plain_cell = guarded.shape == Shape::Cell && guarded.value == ValueKind::Plain;
        let parts = parts(recording, lock, guarded.shape);
        let program = program(recording, lock, &parts);
        let title = format!("{} of {}", program.lock, program.program);
        Self {
            name: slug(lock),
            title: toml::Value::from(title).to_string(),
            program,
            recorded: lock.clone(),
            type_name: line(&lock.value.type_name),
            made_at: line(&lock.made_at.to_string()),
            seconds: rounded(seconds(recording)),
            baseline: match (lock.library, lock.kind) {
                (Library::ParkingLot, Kind::Mutex) => "mutex/parking_lot",
                (Library::ParkingLot, Kind::Rwlock) => "rwlock/parking_lot",
                (_, Kind::Mutex) => "mutex/std",
                (_, Kind::Rwlock) => "rwlock/std",
            },
            tasks: is_async.then_some(lock.totals.across_await),
            records: length.map(records),
            distinct: distinct.map(records),
            record_bytes: is_plain_cell.then(|| lock.value.bytes.max(1)),
            record_bytes_max: RecordKind::Padded4Ki.size() as u64,
            hit_rate: hit_rate.filter(|&rate| rate < 1.0),
            hot_share: (hottest >= HOT_LEAST).then(|| rounded(hottest)),
            is_skewed: distinct.is_some_and(|keys| hottest * keys as f64 >= SKEWED_LEAST),
            processors: recording.processors,
            cores: Some(recording.processors).filter(|cores| cores_known().contains(cores)),
            guarded,
            reads: parts.iter().any(|part| part.measured.reads() > 0.0),
            parts,
        }
    }
}

/// A key that gets as much of all lookups is hot.
const HOT_LEAST: f64 = 0.5;
/// The most frequent key of a skewed table is asked for so many times as often as the mean.
const SKEWED_LEAST: f64 = 10.0;
/// Operations that take less are measured as what they do to the table, and nothing beside that.
pub(super) const HOLD_LEAST_NS: f64 = 100.0;
/// What an operation does to a table takes about so long itself while it holds the lock.
pub(super) const OPERATION_NS: f64 = 30.0;
/// No operation is measured that takes longer: a longer one has lost its processor, or waits for something else.
const HOLD_MOST_NS: f64 = 1e6;
/// Times of which the longest is at most so many times the shortest are alike: their mean stands for them.
const ALIKE: f64 = 2.0;
/// More different times than this nobody corrects by hand.
const TIMES_MAX: usize = 6;
/// Indices of dispersion up to which arrivals are steady, and up to which they are random and no bursts.
const STEADY_MOST: f64 = 0.5;
const POISSON_MOST: f64 = 2.0;

fn guarded(lock: &Analysed) -> Guarded {
    let mut guess = Guarded::by_type(&lock.value.type_name);
    let is_map = lock.keys.is_some();
    let has_length = lock.value.length.is_some_and(|length| length.max > 1);
    if guess.shape == Shape::Cell && (is_map || has_length) {
        guess.shape = Shape::Table;
    }
    guess
}

/// A name for the workload: of the lock, or of the file and line where it was made.
fn slug(lock: &Analysed) -> String {
    let place = &lock.made_at;
    let file = place.file.rsplit(['/', '\\']).next().unwrap_or_default();
    let file = file.strip_suffix(".rs").unwrap_or(file);
    let name = lock.name.clone();
    let name = name.unwrap_or_else(|| format!("{file}-{}", place.line));
    let name = name.to_ascii_lowercase();
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    match words.join("-").chars().take(NAME_MAX).collect::<String>() {
        name if name.is_empty() => "lock".to_owned(),
        name => name.trim_end_matches('-').to_owned(),
    }
}

/// Letters of a workload's name, which names a folder, too.
const NAME_MAX: usize = 48;

fn seconds(recording: &Recording) -> f64 {
    recording.elapsed_ns as f64 / 1e9
}

/// The acquisitions in a mode.
struct InMode<'a> {
    uses: Vec<&'a AnalysedUse>,
    acquired: u64,
    waiting_ns: u64,
    /// How long it is held, on average.
    mean_ns: f64,
    /// The times to say, if they are longer than what an operation takes itself.
    times: Option<Times>,
}

impl<'a> InMode<'a> {
    fn new(recording: &Recording, lock: &'a Analysed, mode: Mode) -> Self {
        let uses = lock.uses.iter();
        let uses = uses.filter(|usage| usage.mode == mode && usage.acquired > 0);
        let uses: Vec<&AnalysedUse> = uses.collect();
        let (mean_ns, times) = held(&uses, recording.clock.read_ns);
        Self {
            mean_ns,
            times,
            acquired: sum(uses.iter().map(|usage| usage.acquired)),
            waiting_ns: sum(uses.iter().map(|usage| usage.waiting_ns)),
            uses,
        }
    }

    /// How many threads do it, if each has one call site.
    fn threads(&self) -> u64 {
        sum(self.uses.iter().map(|usage| usage.threads)).max(1)
    }
}

/// The times for which call sites hold a lock, each as often as it takes it: their mean, and those to say.
fn held(uses: &[&AnalysedUse], clock_ns: f64) -> (f64, Option<Times>) {
    let times = uses.iter().flat_map(|usage| {
        let weight = usage.acquired as f64 / usage.holds.count().max(1) as f64;
        usage.holds.0.iter().map(move |&[lower, upper, count]| {
            let ns = f64::midpoint(lower as f64, upper as f64) - clock_ns;
            (ns.max(0.0), count as f64 * weight)
        })
    });
    let mut times: Vec<(f64, f64)> = times.collect();
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all: f64 = times.iter().map(|(_, count)| count).sum();
    let sum: f64 = times.iter().map(|(ns, count)| ns * count).sum();
    let mean_ns = if all > 0.0 { sum / all } else { 0.0 };
    let mut coarser = (1..).map(|power| sections(&times, all, ALIKE.powi(power)));
    let mut fitting = || coarser.find(|sections| sections.len() <= TIMES_MAX);
    let times = (mean_ns >= HOLD_LEAST_NS).then(|| fitting().map(shares));
    (rounded(mean_ns), times.flatten().map(Times::Shares))
}

/// Times in ascending order, each with how many of `all` take it, as the means of those that are alike.
fn sections(times: &[(f64, f64)], all: f64, alike: f64) -> Vec<Section> {
    let mut rest = times;
    let mut sections = Vec::new();
    while let Some(&(shortest, _)) = rest.first() {
        // From the shortest that a section can be on: below it all are alike.
        let longest = alike * shortest.max(OPERATION_NS);
        let end = rest.partition_point(|&(ns, _)| ns <= longest);
        let (group, others) = rest.split_at(end);
        let count: f64 = group.iter().map(|(_, count)| count).sum();
        let sum: f64 = group.iter().map(|(ns, count)| ns * count).sum();
        sections.push(Section {
            ns: rounded((sum / count - OPERATION_NS).clamp(0.0, HOLD_MOST_NS)),
            share: count / all,
        });
        rest = others;
    }
    sections
}

/// The same with shares that are written in four digits and add up to 1; what is rarer than that joins its neighbour.
fn shares(sections: Vec<Section>) -> Vec<Section> {
    const UNITS: f64 = 1e4;
    const LEAST: f64 = 5.0 / UNITS;
    let mut kept: Vec<Section> = Vec::new();
    for section in sections {
        match kept.last_mut() {
            Some(last) if section.share.min(last.share) < LEAST => {
                let share = last.share + section.share;
                last.ns = rounded((last.ns * last.share + section.ns * section.share) / share);
                last.share = share;
            }
            _ => kept.push(section),
        }
    }
    // What the rounding leaves goes to the most frequent.
    let mut left = UNITS;
    for section in &mut kept {
        let units = (section.share * UNITS).round();
        section.share = units / UNITS;
        left -= units;
    }
    let by_share = |a: &&mut Section, b: &&mut Section| a.share.total_cmp(&b.share);
    if let Some(most) = kept.iter_mut().max_by(by_share) {
        most.share = ((most.share * UNITS).round() + left) / UNITS;
    }
    kept
}

/// Who reads and who writes, apart or as a mix.
fn parts(recording: &Recording, lock: &Analysed, shape: Shape) -> Vec<RecordedPart> {
    let [reads, writes] = [Mode::Read, Mode::Write].map(|mode| InMode::new(recording, lock, mode));
    let (reading, writing) = (reads.threads(), writes.threads());
    let does = [reads.acquired > 0, writes.acquired > 0];
    let keys = lock.keys.as_ref().filter(|_| shape == Shape::Table);
    // As many removals are measured as insertions. An acquisition may insert several keys.
    let inserts = keys.map_or(0, |keys| keys.inserts.min(keys.removes)) as f64;
    let share_of = |acquired: f64| {
        let inserts = rounded((inserts / acquired).min(INSERTS_MOST));
        Some(inserts).filter(|&inserts| inserts >= SHARE_LEAST)
    };
    let part = |side, threads, modes| part(recording, lock, side, threads, modes);
    if does == [true, true] && are_the_same(recording, reading, writing) {
        let acquired = reads.acquired as f64 + writes.acquired as f64;
        let inserts = share_of(acquired);
        // Some are left to change a record and to read one.
        let most = 1.0 - 2.0 * inserts.unwrap_or(0.0) - SHARE_LEAST;
        let most = (most * 1e4).floor() / 1e4;
        let writes_share = writes.acquired as f64 / acquired - 2.0 * inserts.unwrap_or(0.0);
        let mut mixed = part(
            Side::Mixed,
            lock.users.max(1),
            [Some(&reads), Some(&writes)],
        );
        mixed.measured.writes = Some(rounded(writes_share).clamp(SHARE_LEAST, most));
        mixed.measured.inserts = inserts;
        mixed.sites = sites(&lock.uses);
        return vec![mixed.at_a_rate()];
    }
    let looks = part(Side::Readers, reading, [Some(&reads), None]);
    let mut changes = part(Side::Writers, writing, [None, Some(&writes)]);
    changes.measured.inserts = share_of(writes.acquired as f64);
    let parts = only([(looks, does[0]), (changes, does[1])]).into_iter();
    parts.map(RecordedPart::at_a_rate).collect()
}

impl RecordedPart {
    /// Without its rate, if a thread has no time for that: with several acquisitions of a thread at once, or with holds that
    /// other threads have, too.
    fn at_a_rate(mut self) -> Self {
        let (least, most) = RATES.into_inner();
        let rate = self.measured.rate_per_s.unwrap_or_default();
        self.is_saturated |= rate > self.measured.rate_most();
        self.measured.rate_per_s = Some(rate.clamp(least, most));
        self
    }
}

/// Of operations that insert a record as many remove one, and some are left for others.
const INSERTS_MOST: f64 = 0.499;

/// Whether those that read and those that write are the same threads: there are not enough of them otherwise.
const fn are_the_same(recording: &Recording, reading: u64, writing: u64) -> bool {
    reading.saturating_add(writing) > recording.threads.seen
}

/// As many threads at most as were alive at a time on average, or as there are processors: those of a program that starts one
/// for each request take the lock one after the other, and not together.
fn together(recording: &Recording, threads: u64) -> u64 {
    threads.min(alive(recording).max(recording.processors.into()))
}

/// How many threads were alive at a time on average.
const fn alive(recording: &Recording) -> u64 {
    recording.threads.time_ns.div_ceil(recording.elapsed_ns)
}

/// As many threads as the recorder tells apart at a call site: of more it counts some as one.
const TOLD_APART: u64 = 256;

/// The time of so many threads of the recording, or of all, if there are more than are told apart.
fn time_ns(recording: &Recording, threads: u64) -> f64 {
    let Threads { seen, time_ns } = recording.threads;
    let threads = if seen > TOLD_APART { seen } else { threads };
    let most = threads as f64 * recording.elapsed_ns as f64;
    most.min(time_ns as f64)
}

fn part(
    recording: &Recording,
    lock: &Analysed,
    side: Side,
    threads: u64,
    [reads, writes]: [Option<&InMode<'_>>; 2],
) -> RecordedPart {
    let all = || reads.into_iter().chain(writes);
    let times = |mode: Option<&InMode<'_>>| mode.and_then(|mode| mode.times.clone());
    let mean_ns = |mode: Option<&InMode<'_>>| mode.map_or(0.0, |mode| mode.mean_ns);
    // What changes records is alone in its section of the file, or the second.
    let is_mixed = reads.is_some() && writes.is_some();
    let (first, second) = (reads.or(writes), writes.filter(|_| is_mixed));
    let acquired = sum(all().map(|mode| mode.acquired));
    let waiting_ns = sum(all().map(|mode| mode.waiting_ns));
    let recorded_threads = together(recording, threads);
    // All parts together are no more than a scenario can hold.
    let threads = recorded_threads.min(THREADS_MAX as u64 / 2);
    let spent_ns = time_ns(recording, threads);
    let index = lock.arrivals.first().and_then(|windows| windows.dispersion);
    let arrivals = match index {
        Some(index) if index > POISSON_MOST => Pattern::Bursts,
        Some(index) if index > STEADY_MOST => Pattern::Poisson,
        _ => Pattern::Steady,
    };
    #[expect(clippy::cast_sign_loss, reason = "an index of dispersion is positive")]
    let burst = index.map(|index| index.round().clamp(2.0, 1_000.0) as u32);
    let rate_per_s = acquired as f64 / seconds(recording).max(1e-9) / threads as f64;
    RecordedPart {
        side,
        measured: Part {
            side,
            threads: threads as usize,
            rate_per_s: Some(rounded(rate_per_s)),
            arrivals,
            burst: burst.filter(|_| arrivals == Pattern::Bursts),
            section_ns: times(first),
            write_section_ns: times(second),
            ..Part::default()
        },
        recorded_threads,
        is_saturated: waiting_ns > 0 && waiting_ns as f64 >= GAIN_LEAST * spent_ns,
        dispersion: index.map(rounded),
        section_mean_ns: mean_ns(first),
        write_section_mean_ns: mean_ns(second),
        sites: sites(all().flat_map(|mode| mode.uses.iter().copied())),
    }
}

/// Where the lock is taken.
fn sites<'a>(uses: impl IntoIterator<Item = &'a AnalysedUse>) -> Vec<String> {
    let sites = uses.into_iter().map(|usage| &usage.site);
    let sites = sites.map(|site| line(&format!("{}:{}", site.file, site.line)));
    model::collect::unique(sites)
}

/// An error at 99 %, in standard errors.
const CERTAIN: f64 = 2.58;

/// What the threads of a part do at the lock and around it, if they have that share of so much time.
fn share(lock: &Analysed, part: &RecordedPart, weight: f64, spent_ns: f64) -> Share {
    let mode = match part.side {
        Side::Readers => Some(Mode::Read),
        Side::Writers => Some(Mode::Write),
        _ => None,
    };
    let uses = lock.uses.iter();
    let uses = uses.filter(|usage| mode.is_none_or(|mode| usage.mode == mode));
    let uses: Vec<&AnalysedUse> = uses.collect();
    let acquired = sum(uses.iter().map(|usage| usage.acquired)).max(1) as f64;
    let mean = |figure: &dyn Fn(&AnalysedUse) -> f64| {
        // The sum of no times is -0.
        uses.iter().map(|usage| figure(usage)).sum::<f64>() / acquired + 0.0
    };
    let held = |usage: &AnalysedUse| {
        usage.acquired as f64 * usage.held_mean_ns.map_or(0.0, |mean| mean.value)
    };
    let variance = mean(&|usage| usage.waits.squares(0.0)) / acquired;
    Share {
        side: part.side,
        threads: part.recorded_threads,
        weight,
        round_ns: weight * spent_ns / acquired,
        waiting_ns: mean(&|usage| usage.waiting_ns as f64),
        waiting_error_ns: CERTAIN * variance.sqrt(),
        holding_ns: mean(&held),
        locking_ns: lock.locking_ns,
    }
}

fn program(recording: &Recording, lock: &Analysed, parts: &[RecordedPart]) -> Program {
    let threads = sum(parts.iter().map(|part| part.recorded_threads));
    let spent_ns = time_ns(recording, threads).max(lock.spent_ns).max(1.0);
    let shares = parts.iter().map(|part| {
        let weight = part.recorded_threads as f64 / threads as f64;
        share(lock, part, weight, spent_ns)
    });
    let longest_holder = lock.longest_holder.as_ref();
    Program {
        program: line(&recording.program),
        lock: label(lock),
        verdict: lock.verdict,
        reason: lock.reason,
        bound: lock.gain,
        wait_p99_ns: lock.totals.wait_p99_ns,
        longest_holder: longest_holder.map(|site| line(&site.to_string())),
        shares: shares.collect(),
        idle: spent_ns / lock.spent_ns.max(1.0),
        is_crowded: alive(recording) > u64::from(recording.processors),
        is_stand_in: lock.library == Library::Tokio,
        gains: Vec::new(),
    }
}

/// A text of the recording on one line, whatever is in it: it becomes a part of a file.
fn line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Three significant digits: no more is known.
fn rounded(value: f64) -> f64 {
    let digits = format!("{value:.2e}");
    digits.parse().unwrap_or(value)
}
