//! The planted programs, recorded and analysed: what they know of themselves against what is said of them.
//!
//! `cargo test --release -p pivot-locks -- --ignored --nocapture` runs each twenty times, for two minutes in
//! all, on a machine that does nothing else.
#![expect(clippy::print_stdout, reason = "the comparison is what it is run for")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use locks::{Analysed, Analysis, Mode, Trend, analyse, compare, read};
use serde_json::Value;

const RUNS: usize = 20;
/// How far a figure may be from the truth.
const TOLERATED: f64 = 0.1;
/// Fewer acquisitions than this have no figures that could be compared.
const LEAST: u64 = 300;
/// Shorter holds are as long as it takes to look at two clocks.
const HOLD_LEAST_NS: f64 = 1_000.0;

/// Shorter waits are as short, see the examples.
const WAIT_LEAST_NS: u64 = 10_000;

/// The examples are built beside the tests.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    profile.join("examples").join(name)
}

/// A run: the truth, and the analysis of the recording.
fn run(name: &str, arguments: &[&str]) -> (Value, Analysis) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.json"));
    let _ = std::fs::remove_file(&file);
    let mut command = Command::new(example(name));
    let command = command.args(arguments).env("LOCKRECORD_FILE", &file);
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {errors}");
    let recording = read(&std::fs::read(&file).unwrap(), name).unwrap();
    (
        serde_json::from_slice(&output.stdout).unwrap(),
        analyse(&recording),
    )
}

/// Figures of all runs: by name, the truth and what was found.
#[derive(Default)]
struct Comparison {
    figures: BTreeMap<String, Vec<[f64; 2]>>,
    named: usize,
    holders: usize,
    others: usize,
}

impl Comparison {
    fn add(&mut self, figure: String, truth: &Value, measured: f64) {
        if let Some(truth) = truth.as_f64().filter(|truth| *truth > 0.0) {
            self.figures
                .entry(figure)
                .or_default()
                .push([truth, measured]);
        }
    }

    fn run(&mut self, truth: &Value, analysis: &Analysis) {
        let planted = truth["matters"].as_str();
        let first = analysis.first();
        self.named += usize::from(first.and_then(|lock| lock.name.as_deref()) == planted);
        let more = analysis
            .locks
            .iter()
            .filter(|lock| lock.matters() && lock.name.as_deref() != planted);
        self.others += usize::from(more.count() > 0);
        let holder = |lock: &Analysed| {
            lock.longest_holder
                .as_ref()
                .map(|place| u64::from(place.line))
        };
        let locks = truth["locks"].as_array().unwrap();
        let true_holder = planted.and_then(|planted| {
            let lock = locks.iter().find(|lock| lock["name"] == planted)?;
            lock["longest_holder"].as_u64()
        });
        self.holders += usize::from(first.and_then(holder) == true_holder);
        for lock in locks {
            let name = lock["name"].as_str().unwrap();
            let mut all = analysis.locks.iter();
            let same = all
                .find(|candidate| candidate.name.as_deref() == Some(name))
                .unwrap();
            let elapsed_ns = truth["elapsed_ns"].as_f64().unwrap();
            self.lock(name, lock, same, elapsed_ns);
            if planted == Some(name) {
                self.waits(name, lock, same);
            }
        }
    }

    fn lock(&mut self, name: &str, truth: &Value, analysed: &Analysed, elapsed_ns: f64) {
        let acquired = truth["acquired"].as_u64().unwrap();
        if acquired < LEAST {
            return;
        }
        let rate = Value::from(acquired as f64 / elapsed_ns * 1e9);
        self.add(
            format!("{name}: acquisitions a second"),
            &rate,
            analysed.totals.per_second,
        );
        for (window, arrivals) in analysed.arrivals.iter().enumerate() {
            let figure = format!(
                "{name}: dispersion in {} ms",
                arrivals.window_ns / 1_000_000
            );
            let dispersion = arrivals.dispersion.unwrap_or_default();
            self.add(figure, &truth["dispersion"][window], dispersion);
        }
        let uses = truth["uses"].as_array().unwrap();
        for usage in uses
            .iter()
            .filter(|usage| usage["acquired"].as_u64() >= Some(LEAST))
        {
            let (line, mode) = (&usage["line"], usage["mode"].as_str().unwrap());
            let is_it = |other: &&locks::AnalysedUse| {
                let its_mode = if other.mode == Mode::Read {
                    "read"
                } else {
                    "write"
                };
                *line == other.site.line && its_mode == mode
            };
            let same = analysed.uses.iter().find(is_it).unwrap();
            let site = format!("{name}:{line} {mode}");
            // The mix: a part of all acquisitions of the lock.
            let part = usage["acquired"].as_f64().unwrap() / acquired as f64;
            let its_part = same.acquired as f64 / analysed.totals.acquired as f64;
            self.add(format!("{site}: share"), &Value::from(part), its_part);
            if usage["held_p50_ns"].as_f64() >= Some(HOLD_LEAST_NS) {
                let quantile = |share| same.holds.quantile(share).unwrap_or_default();
                let [p50, p90] = [0.5, 0.9].map(quantile);
                self.add(format!("{site}: held_p50_ns"), &usage["held_p50_ns"], p50);
                self.add(format!("{site}: held_p90_ns"), &usage["held_p90_ns"], p90);
            }
        }
    }

    /// Of the lock that matters; the others hardly wait.
    fn waits(&mut self, name: &str, truth: &Value, analysed: &Analysed) {
        let waiting = analysed.totals.waiting_ns as f64;
        self.add(
            format!("{name}: time waiting"),
            &truth["waiting_ns"],
            waiting,
        );
        let mut waits = locks::Histogram::merged(analysed.uses.iter().map(|usage| &usage.waits));
        waits.0.retain(|&[lower, ..]| lower >= WAIT_LEAST_NS);
        self.add(
            format!("{name}: waits"),
            &truth["waits"],
            waits.count() as f64,
        );
        for (figure, share) in [("wait_p50_ns", 0.5), ("wait_p90_ns", 0.9)] {
            let quantile = waits.quantile(share).unwrap_or_default();
            self.add(format!("{name}: {figure}"), &truth[figure], quantile);
        }
    }

    /// Prints everything; returns what is too far off, and in how many runs.
    fn print(&self, name: &str) -> Vec<String> {
        println!(
            "{name}: lock named {} of {RUNS}, longest holder {} of {RUNS}, others recommended in {}",
            self.named, self.holders, self.others
        );
        println!(
            "  {:44} {:>12} {:>12} {:>8} {:>8}",
            "figure", "truth", "found", "worst", "beyond"
        );
        let mut far = Vec::new();
        for (figure, pairs) in &self.figures {
            let off = |[truth, measured]: [f64; 2]| measured / truth - 1.0;
            let by_distance =
                |a: &&[f64; 2], b: &&[f64; 2]| off(**a).abs().total_cmp(&off(**b).abs());
            let worst = pairs.iter().max_by(by_distance).unwrap();
            let beyond = pairs
                .iter()
                .filter(|pair| off(**pair).abs() > TOLERATED)
                .count();
            println!(
                "  {figure:44} {:12.5} {:12.5} {:+7.1}% {beyond:>5}/{}",
                worst[0],
                worst[1],
                100.0 * off(*worst),
                pairs.len()
            );
            if beyond > 0 {
                far.push(format!("{name}: {figure} in {beyond} of {}", pairs.len()));
            }
        }
        far
    }
}

/// Moves the long section of the session service out of the lock, as it is told to: waiting falls, and what that gains is
/// within the bound that was said before. Returns what is not so.
fn shortened() -> Option<String> {
    let runs = [(); 5].map(|()| {
        let [before, after] = [&[][..], &["shortened"]].map(|how| run("session_service", how).1);
        let rate = |analysis: &Analysis| {
            let mut locks = analysis.locks.iter();
            let sessions = locks.find(|lock| lock.name.as_deref() == Some("sessions"));
            sessions.map_or(0.0, |lock| lock.totals.per_second)
        };
        let bound = before.first().map_or(0.0, |lock| lock.gain);
        let gain = rate(&after) / rate(&before) - 1.0;
        println!("shortened: throughput {gain:+.3}, bound {bound:+.3}");
        (compare(&before, &after).trend, gain, bound)
    });
    let median = |figure: fn(&(Trend, f64, f64)) -> f64| {
        let mut figures = runs.each_ref().map(figure);
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    let (gain, bound) = (median(|run| run.1), median(|run| run.2));
    let is_so = runs.iter().all(|run| run.0 == Trend::Fell) && gain <= bound;
    (!is_so).then(|| format!("shortened: {runs:?}"))
}

/// Runs every planted program; prints what they know of themselves and what was found.
#[test]
#[ignore = "takes two minutes and a quiet machine"]
fn known_truths() {
    let mut far = Vec::new();
    for name in ["session_service", "metrics_registry", "job_queue"] {
        let mut comparison = Comparison::default();
        for _ in 0..RUNS {
            let (truth, analysis) = run(name, &[]);
            comparison.run(&truth, &analysis);
        }
        far.extend(comparison.print(name));
        let named = (comparison.named, comparison.holders, comparison.others);
        if named != (RUNS, RUNS, 0) {
            far.push(format!("{name}: named, holders, others: {named:?}"));
        }
    }
    far.extend(shortened());
    assert!(
        far.is_empty(),
        "further than 10 % from the truth:\n{}",
        far.join("\n")
    );
}
