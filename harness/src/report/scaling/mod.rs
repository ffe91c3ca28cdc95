//! More processors than there are here: what is predicted, how well that did with two, and whether the
//! lines that two readers both write tell it beforehand.

mod curve;
#[cfg(test)]
mod tests;

use basis::trace::Operation;
use predict::Band;
use predict::machine::Machine;

use crate::results::{self, HERE, Meeting, OneToTwo, Scaling};

use super::format::{counted, off, percent, significant};
use super::view::{Block, Cell, Column, Group, Row, Section, Table, Tone, prose};

/// What is predicted.
const OPERATIONS: [Operation; 2] = [Operation::ReadHit, Operation::Apply];

/// The predicted curves of a strategy, with what was measured of them here, and how well that did.
pub(super) fn blocks(machine: &results::Machine, strategy: &str) -> Vec<Block> {
    let Some(scaling) = &machine.scaling else {
        return vec![prose(ABSENT)];
    };
    let mut blocks = Vec::new();
    for operation in OPERATIONS {
        blocks.extend(curve::figure(scaling, strategy, operation).map(Block::Figure));
        blocks.extend(told(scaling, strategy, operation).map(prose));
    }
    if blocks.is_empty() {
        blocks.push(prose("Nothing is predicted of it: it was not traced."));
    }
    blocks
}

const ABSENT: &str = "Nothing is predicted: the samples lack a trace of the strategies or a calibration of \
                      the machine. `pivot predict` makes up for both.";

/// How well one to two threads were predicted, or why nothing was.
fn told(scaling: &Scaling, strategy: &str, operation: Operation) -> Option<String> {
    let is_it = |one: &&OneToTwo| one.strategy == strategy && one.operation == operation;
    if let Some(tested) = scaling.one_to_two.iter().find(is_it) {
        return Some(format!(
            "From 1 to 2 threads, {operation}: {} ns predicted, {} ns measured, {} off, {}.",
            band(tested.predicted_ns),
            significant(tested.measured_ns),
            off(tested.error, 0),
            inside(tested.is_inside)
        ));
    }
    let unpredicted = scaling
        .unpredicted
        .iter()
        .find(|one| one.strategy == strategy && one.operation == operation);
    unpredicted.map(|one| format!("Not predicted, {operation}: {}.", one.reason))
}

pub(super) fn section(machine: &results::Machine) -> Section {
    let blocks = match &machine.scaling {
        None => vec![prose(ABSENT)],
        Some(scaling) => everything(scaling),
    };
    Section {
        id: "scaling",
        title: "More processors than these".into(),
        blocks,
    }
}

fn everything(scaling: &Scaling) -> Vec<Block> {
    let mut blocks = vec![prose(calibrated(scaling))];
    if !scaling.meetings.is_empty() {
        blocks.push(prose(agreement(scaling)));
        blocks.push(Block::Table(meetings(scaling)));
    }
    if !scaling.one_to_two.is_empty() {
        blocks.push(Block::Table(one_to_two(scaling)));
    }
    blocks.push(prose(errors(scaling)));
    blocks.extend(
        OPERATIONS
            .into_iter()
            .map(|operation| rankings(scaling, operation))
            .filter(Table::has_rows)
            .map(Block::Table),
    );
    if !scaling.unpredicted.is_empty() {
        let items = scaling.unpredicted.iter();
        let items =
            items.map(|one| format!("`{}`, {}: {}", one.strategy, one.operation, one.reason));
        blocks.push(prose("Not predicted:"));
        blocks.push(Block::List {
            items: items.collect(),
        });
    }
    blocks
}

fn calibrated(scaling: &Scaling) -> String {
    let calibration = &scaling.calibration;
    let between = match calibration.between {
        None => "; with one processor nothing is handed over, so that n/a".to_owned(),
        Some(between) => {
            let [low, middle, high] = between.hand_off_ns;
            format!(
                ", a line is handed from one processor to another in {} ns [{}, {}], and of two that do nothing but \
                 increment a counter each does {} in a row, {} ns each",
                significant(middle),
                significant(low),
                significant(high),
                significant(between.run_length),
                significant(between.contended_ns)
            )
        }
    };
    format!(
        "Every operation was followed through the cache lines that two threads share, and is executed again, \
         retries included, on machines with more processors; queueing networks bound it. Calibrated here: an \
         uncontended read-modify-write takes {} ns{between}. Bands are limits, not confidence intervals.",
        significant(calibration.locked_ns)
    )
}

fn agreement(scaling: &Scaling) -> String {
    let all = scaling.meetings.len();
    let agree = scaling.meetings.iter().filter(|one| one.agrees).count();
    format!(
        "The test of the trace: a second reader costs the first at most {} times if and only if no line is \
         written by both. It holds for {agree} of {}.",
        Meeting::RATIO_MAX,
        counted(all, "row", "rows")
    )
}

/// Lines that both readers write, and what the second costs the first.
fn meetings(scaling: &Scaling) -> Table {
    let titles = [
        "Lines both write, same process",
        "Different processes",
        "1 reader, ns",
        "2 readers, ns each",
        "Ratio",
        "As the lines say",
    ];
    let row = |one: &Meeting| {
        let verdict = match (&one.why, one.agrees) {
            (_, true) => Cell::text("yes").judged("", Tone::Good),
            (why, false) => Cell::text("exception")
                .detail(why.clone().unwrap_or_default())
                .judged("", Tone::Open),
        };
        Row::named(
            &one.strategy,
            vec![
                Cell::figure(one.lines_same.to_string()),
                Cell::figure(one.lines_apart.to_string()),
                Cell::figure(significant(one.one_ns)),
                Cell::figure(significant(one.two_ns)),
                Cell::figure(format!("{:.2}", one.ratio)),
                verdict,
            ],
        )
    };
    Table {
        caption: "Lines written by both readers, and reading with one and with two".into(),
        corner: "Strategy".into(),
        columns: Column::titled(titles),
        groups: by_scenarios(&scaling.meetings, |one| (&one.one, &one.two), row),
        notes: vec![
            "Lines are counted in the trace, instruction by instruction; times are measured. As one thread sees \
             it: wall time by the operations of one thread."
                .into(),
        ],
    }
}

/// Two threads from one: predicted, and measured.
fn one_to_two(scaling: &Scaling) -> Table {
    let row = |one: &OneToTwo| {
        Row::named(
            &one.strategy,
            vec![
                Cell::text(one.operation.title()),
                Cell::figure(significant(one.one_ns)),
                Cell::figure(band(one.predicted_ns)),
                Cell::figure(significant(one.measured_ns)),
                Cell::figure(off(one.error, 0)),
                if one.is_inside {
                    Cell::text("yes").judged("", Tone::Good)
                } else {
                    Cell::text("no").judged("", Tone::Bad)
                },
            ],
        )
    };
    Table {
        caption: "From one thread to two on this machine: predicted and measured".into(),
        corner: "Strategy".into(),
        columns: Column::titled([
            "Operation",
            "1 thread, ns",
            "2 threads predicted, ns",
            "Measured, ns",
            "Error",
            "In its band",
        ]),
        groups: by_scenarios(&scaling.one_to_two, |one| (&one.one, &one.two), row),
        notes: Vec::new(),
    }
}

/// Rows under the scenarios that they are about.
fn by_scenarios<T>(
    all: &[T],
    scenarios: impl Fn(&T) -> (&String, &String),
    row: impl Fn(&T) -> Row,
) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for one in all {
        let (first, second) = scenarios(one);
        let title = format!("{first} and {second}");
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.rows.push(row(one)),
            None => groups.push(Group {
                title,
                rows: vec![row(one)],
            }),
        }
    }
    groups
}

/// How far off the predictions were: here, and where it was published.
fn errors(scaling: &Scaling) -> String {
    let mut sizes: Vec<f64> = scaling
        .one_to_two
        .iter()
        .map(|one| one.error.abs())
        .collect();
    sizes.sort_by(f64::total_cmp);
    let here = match sizes.get(sizes.len() / 2) {
        None => {
            "Nothing could be tested here: that takes a scenario with one and one with two threads."
                .into()
        }
        Some(middle) => {
            let inside = scaling
                .one_to_two
                .iter()
                .filter(|one| one.is_inside)
                .count();
            format!(
                "From one to two threads here, {} predicted: median error {}, largest {}, {inside} in their bands.",
                sizes.len(),
                percent(*middle),
                percent(sizes.last().copied().unwrap_or(0.0))
            )
        }
    };
    let published = &scaling.published;
    let many = &published.many;
    let median = many.median_error.map_or_else(|| "none".into(), percent);
    format!(
        "{here} On {} published curves ({}), each predicted from its point at {} processors, the median error \
         from 16 processors on is {median}, and {} of {} points are in their bands.",
        published.curves,
        published.source,
        published.calibrated_at,
        percent(many.inside.unwrap_or(0.0)),
        many.points
    )
}

/// What is expected with all processors of each machine, and who is faster on all of them.
fn rankings(scaling: &Scaling, operation: Operation) -> Table {
    let machines: Vec<&Machine> = scaling
        .machines
        .iter()
        .filter(|machine| machine.name != HERE)
        .collect();
    let of_operation = || {
        let all = scaling.rankings.iter();
        all.filter(move |one| one.operation == operation)
    };
    let others = of_operation().count().saturating_sub(1);
    let columns = machines
        .iter()
        .map(|machine| Column::new(&machine.name, format!("{} cores", machine.cpus())))
        .chain([Column::new("Faster on all of them than", "")]);
    let rows = of_operation().map(|ranking| {
        let on = |machine: &&Machine| {
            let found = scaling.prediction(&ranking.strategy, operation, &machine.name);
            let last = found.and_then(|found| found.points.last());
            last.map_or_else(|| Cell::absent("n/a"), |point| Cell::figure(band(point.ns)))
        };
        let beaten = match ranking.faster_than.len() {
            0 => Cell::absent("nobody for certain"),
            all if all == others => Cell::text("all others"),
            some => {
                Cell::text(format!("{some} of {others}")).detail(shortened(&ranking.faster_than))
            }
        };
        Row::named(
            &ranking.strategy,
            machines.iter().map(on).chain([beaten]).collect(),
        )
    });
    Table {
        caption: format!("Predicted ns per operation, {operation}, all processors at it"),
        corner: "Strategy".into(),
        columns: columns.collect(),
        groups: vec![Group {
            title: String::new(),
            rows: rows.collect(),
        }],
        notes: vec![
            "As one processor sees it: best guess and band. An order is stated only where it holds on every \
             machine: one band ends below the other's beginning."
                .into(),
        ],
    }
}

/// Names that a cell has room for.
const NAMES_MAX: usize = 4;

fn shortened(names: &[String]) -> String {
    match names.split_at_checked(NAMES_MAX) {
        Some((first, rest)) if !rest.is_empty() => {
            format!("{} and {} more", first.join(", "), rest.len())
        }
        _ => names.join(", "),
    }
}

/// A predicted band with its best guess: `51.5 [40.0, 70.0]`.
pub(in crate::report) fn band(band: Band) -> String {
    let [low, mid, high] = [band.low, band.mid, band.high].map(significant);
    format!("{mid} [{low}, {high}]")
}

const fn inside(is_inside: bool) -> &'static str {
    if is_inside {
        "inside the band"
    } else {
        "outside the band"
    }
}
