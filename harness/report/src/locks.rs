//! The locks of a recorded program: names that fit a table, and the distributions of holds and waits as drawings.

use std::collections::{BTreeMap, BTreeSet};

use locks::verdict::BLAME_LEAST;
use locks::{Analysed, AnalysedUse, Analysis, Change, Histogram, Mode, NOTABLE, Place, Single};

use super::charts::{Quantiles, quantiles};
use super::draft;
use super::facts::{Serde, Value, context, list};
use super::view::{Block, Section};

/// Locks that matter whose call sites are shown; programs get all.
const DETAILED: usize = 4;
/// Rows of a table; programs get all.
const ROWS: usize = 20;
/// Pairs of call sites that are shown of a lock.
const PAIRS: usize = 5;
/// Letters of a name in a table, so that tables fit a terminal.
const NAME: usize = 20;

/// What stands for what was cut away.
const CUT: &str = "...";

pub(super) fn section(analysis: &Analysis, change: Option<&Change>) -> Section {
    let names = Names::from_analysis(analysis, change);
    // If none matters, the one that takes most.
    let matter = analysis.locks.iter().filter(|lock| lock.matters()).count();
    let detailed = analysis.locks.iter().take(matter.clamp(1, DETAILED));
    let detailed: Vec<&Analysed> = detailed.collect();
    let findings = context! {
        recording => Serde(analysis),
        matter,
        waiting_share => analysis.waiting_share(),
        locks => list(&analysis.locks, |lock| facts(lock, &names)),
        rows => ROWS,
        detailed => detailed.len(),
        pairs => PAIRS,
        blame => BLAME_LEAST,
        notable => NOTABLE,
        change => change.map(|change| moved(change, analysis, &names)),
    };
    let times = [
        (
            "holds",
            (|usage| &usage.holds) as fn(&AnalysedUse) -> &Histogram,
        ),
        ("waits", |usage| &usage.waits),
    ];
    let drawings = detailed.iter().enumerate().flat_map(|(number, lock)| {
        times.map(|(name, times)| (format!("{name}-{number}"), drawing(lock, &names, times)))
    });
    draft::over_findings("locks", &findings, drawings.collect())
}

/// A lock with names in place of its places.
fn facts(lock: &Analysed, names: &Names) -> Value {
    let place = |place: &Place| names.place(place);
    context! {
        label => names.lock(lock.name.as_deref(), &lock.made_at),
        contended_share => part(lock.totals.contended, lock.totals.acquired),
        longest => lock.longest_holder.as_ref().map(place),
        uses => list(&lock.uses, |usage| {
            // How far the mean may be from the truth, as a share of it.
            let known_to = usage.held_mean_ns.and_then(|mean| {
                let [low, high] = mean.interval?;
                Some((high - mean.value).max(mean.value - low) / mean.value.max(1.0))
            });
            context! {
                label => place(&usage.site),
                contended_share => part(usage.contended, usage.acquired),
                wait_mean_ns => part(usage.waiting_ns, usage.contended),
                known_to,
                ..Value::from(Serde(usage))
            }
        }),
        blocked => list(&lock.blocked, |pair| {
            context! {
                waiting_label => place(&pair.waiting),
                holding_label => place(&pair.holding),
                ..Value::from(Serde(pair))
            }
        }),
        ..Value::from(Serde(lock))
    }
}

fn moved(change: &Change, after: &Analysis, names: &Names) -> Value {
    let single = |lock: &Single| names.lock(lock.name.as_deref(), &lock.made_at);
    context! {
        pairs => list(&change.pairs, |pair| {
            let lock = after.locks.iter().find(|lock| lock.id == pair.after_id);
            let label = lock.map(|lock| names.lock(lock.name.as_deref(), &lock.made_at));
            context! { label, ..Value::from(Serde(pair)) }
        }),
        gone => list(&change.gone, single),
        new => list(&change.new, single),
        trend => Serde(change.trend),
        waiting_share => change.waiting_share,
    }
}

/// A part as a share of all, or a sum as a mean; 0 of nothing.
fn part(part: u64, all: u64) -> f64 {
    part as f64 / (all as f64).max(1.0)
}

/// Shares whose quantiles are drawn.
const SHARES: [f64; 13] = [
    0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999,
];
/// Times beyond a quantile that is drawn, at least.
const BEYOND: f64 = 5.0;

/// The quantiles of each use; nothing if there are too few times.
fn drawing(lock: &Analysed, names: &Names, times: fn(&AnalysedUse) -> &Histogram) -> Vec<Block> {
    let curves = lock.uses.iter().map(|usage| {
        let times = times(usage);
        let count = times.count() as f64;
        let mode = match usage.mode {
            Mode::Read => "read",
            Mode::Write => "write",
        };
        let is_longest = lock.longest_holder.as_ref() == Some(&usage.site);
        let points = SHARES.into_iter();
        let points = points.filter(|share| (1.0 - share) * count >= BEYOND);
        let points = points.filter_map(|share| Some((share, times.quantile(share)?)));
        Quantiles {
            name: format!("{} {mode}", names.place(&usage.site)),
            colour: if is_longest { "edge" } else { "open" },
            points: points.collect(),
        }
    });
    let curves: Vec<_> = curves.filter(|curve| curve.points.len() > 1).collect();
    quantiles(&curves).map(Block::Figure).into_iter().collect()
}

/// Short names of places: the file, with as many of its folders as tell it from others, and the line.
struct Names(BTreeMap<Place, String>);

impl Names {
    fn from_analysis(analysis: &Analysis, change: Option<&Change>) -> Self {
        let locks = analysis.locks.iter();
        let of_locks = locks.flat_map(|lock| {
            let blocked = lock.blocked.iter();
            let blocked = blocked.flat_map(|pair| [&pair.waiting, &pair.holding]);
            let uses = lock.uses.iter().map(|usage| &usage.site);
            uses.chain(blocked).chain([&lock.made_at])
        });
        let singles = change.iter().flat_map(|it| it.gone.iter().chain(&it.new));
        let places = of_locks.chain(singles.map(|single| &single.made_at));
        let places: BTreeSet<&Place> = places.collect();
        let names = places.iter().map(|place| {
            let others = places.iter().filter(|other| other.file != place.file);
            let folders = place.file.matches(['/', '\\']).count();
            let is_clear = |name: &&str| others.clone().all(|other| !ends_so(&other.file, name));
            let mut names = (0..=folders).map(|folders| last_parts(&place.file, folders));
            let file = names.find(|name| is_clear(name)).unwrap_or(&place.file);
            let line = (&place.file, place.line);
            let same = places.iter().filter(|it| (&it.file, it.line) == line);
            let line = match same.count() {
                0 | 1 => place.line.to_string(),
                _ => format!("{}:{}", place.line, place.column),
            };
            (Place::clone(place), cut_left(&format!("{file}:{line}")))
        });
        Self(names.collect())
    }

    fn place(&self, place: &Place) -> String {
        let name = self.0.get(place).cloned();
        name.unwrap_or_else(|| place.to_string())
    }

    /// A lock by its name, or by where it was made.
    fn lock(&self, name: Option<&str>, made_at: &Place) -> String {
        match name {
            None => self.place(made_at),
            Some(name) if name.chars().count() <= NAME => name.to_owned(),
            Some(name) => name.chars().take(NAME - CUT.len()).collect::<String>() + CUT,
        }
    }
}

/// Whether a path ends in these parts.
fn ends_so(path: &str, parts: &str) -> bool {
    let rest = path.strip_suffix(parts);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with(['/', '\\']))
}

/// The file of a path with so many of its folders.
fn last_parts(path: &str, folders: usize) -> &str {
    let mut bars = path.rmatch_indices(['/', '\\']);
    bars.nth(folders).map_or(path, |(at, _)| &path[at + 1..])
}

/// The end of a text that is too long: of a path, the end says most.
fn cut_left(text: &str) -> String {
    let letters = text.chars().count();
    if letters <= NAME {
        return text.to_owned();
    }
    let kept = text.chars().skip(letters - NAME + CUT.len());
    CUT.to_owned() + &kept.collect::<String>()
}

#[cfg(test)]
mod tests {
    use ::locks::{analyse, compare, read};

    use super::*;
    use crate::{Form, locks};

    const SERVICE: &str = include_str!("../../testdata/recordings/session-service.json");
    const AFTER: &str = include_str!("../../testdata/recordings/session-service-after.json");
    const REGISTRY: &str = include_str!("../../testdata/recordings/metrics-registry.json");
    const QUEUE: &str = include_str!("../../testdata/recordings/job-queue.json");

    fn analysed(text: &str) -> Analysis {
        analyse(&read(text.as_bytes(), "f.json").unwrap())
    }

    #[test]
    fn tables_fit_a_terminal() {
        for text in [SERVICE, AFTER, REGISTRY, QUEUE] {
            let long = text.replace("src/", "src/a/folder/that/is/deep/").replace(
                "\"sessions\"",
                "\"all sessions of all users of the service\"",
            );
            for text in [text, &long] {
                let analysis = analysed(text);
                let change = compare(&analysed(SERVICE), &analysis);
                let shown = locks(&analysis, Some(&change), Form::Terminal(100));
                for line in shown.lines() {
                    assert!(line.chars().count() <= 100, "{line}");
                }
            }
        }
    }

    #[test]
    fn the_bound_comes_before_anything_else() {
        let shown = locks(&analysed(SERVICE), None, Form::Markdown);
        let at = |text: &str| {
            shown
                .find(text)
                .unwrap_or_else(|| panic!("{text}: {shown}"))
        };
        let bound = at("would gain at most 24 % of throughput");
        let verdict = at("Shorten the section at `sessions.rs:90`");
        assert!(bound < verdict && verdict < at("| Lock | Taken"));
        let none = locks(&analysed(REGISTRY), None, Form::Markdown);
        assert!(none.contains("No lock matters."), "{none}");
        assert!(none.contains("at most 1.6 % of throughput"), "{none}");
    }

    #[test]
    fn drawings_are_on_the_page_and_nowhere_else() {
        let analysis = analysed(QUEUE);
        let page = locks(&analysis, None, Form::Html);
        assert!(
            page.contains("<svg") && page.contains("worker.rs:31 write"),
            "{page}"
        );
        assert!(page.starts_with("<!doctype html>") && page.matches("<h1").count() == 1);
        let markdown = locks(&analysis, None, Form::Markdown);
        assert!(!markdown.contains("<svg") && !markdown.contains("!["));
        for text in [page, markdown] {
            assert!(text.contains("Guards held across .await"), "{text}");
            assert!(text.contains("The program had not ended"), "{text}");
        }
    }

    #[test]
    fn a_change_says_whether_waiting_fell() {
        let (before, after) = (analysed(SERVICE), analysed(AFTER));
        let shown = locks(&after, Some(&compare(&before, &after)), Form::Markdown);
        assert!(shown.contains("Waiting fell:"), "{shown}");
        assert!(
            shown.contains("| sessions | waiting, of the threads' time |"),
            "{shown}"
        );
        let same = locks(&before, Some(&compare(&before, &before)), Form::Markdown);
        assert!(same.contains("Waiting is about the same:"), "{same}");
    }

    #[test]
    fn no_name_breaks_a_table_or_a_page() {
        let evil = SERVICE.replace("\"sessions\"", "\"<b>|\\n# `x` ![y](z)\"");
        let analysis = analysed(&evil);
        let page = locks(&analysis, None, Form::Html);
        assert!(
            !page.contains("<b>|") && page.contains("&lt;b&gt;"),
            "{page}"
        );
        let markdown = locks(&analysis, None, Form::Markdown);
        assert!(!markdown.contains("<b>"), "{markdown}");
        assert!(
            !markdown.lines().any(|line| line.starts_with("# `x")),
            "{markdown}"
        );
    }

    #[test]
    fn an_empty_recording_says_so() {
        let mut document: serde_json::Value = serde_json::from_str(SERVICE).unwrap();
        document["locks"] = serde_json::json!([]);
        let shown = locks(&analysed(&document.to_string()), None, Form::Terminal(100));
        assert!(shown.contains("No lock was taken"), "{shown}");
    }

    #[test]
    fn a_path_is_cut_from_the_left() {
        assert_eq!(cut_left("src/a.rs:7"), "src/a.rs:7");
        let long = cut_left("src/very/long/folders/sessions.rs:120");
        assert_eq!(long, "...s/sessions.rs:120");
        assert_eq!(long.chars().count(), NAME);
    }

    #[test]
    fn a_file_is_named_with_as_many_folders_as_tell_it_apart() {
        assert_eq!(last_parts("a/b/c.rs", 0), "c.rs");
        assert_eq!(last_parts("a/b/c.rs", 1), "b/c.rs");
        assert_eq!(last_parts("a/b/c.rs", 9), "a/b/c.rs");
        assert!(ends_so("x/mod.rs", "mod.rs") && !ends_so("x/amod.rs", "mod.rs"));
    }
}
