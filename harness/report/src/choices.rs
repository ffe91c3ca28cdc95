//! What readers come with: what to use instead of the baseline, what it gains and what it costs.

use model::scenario::Axis;

use results::{Answer, Change, Choice, Flip, Machine, UseCase};

use super::charts::canvas::{BAND, Canvas, FAINT, GOOD, INK, LEFT, Paint, RIGHT};
use super::charts::{RATIO_MIN, Scale, WIDTH};
use super::losses::Losses;
use super::view::{Cell, Figure, Group, Row, Table, Tone};
use super::{facts, format};

/// Strategies that a cell names at most.
const TIED_MAX: usize = 3;

/// A row for each use case, and one more where published crates were measured and have another answer.
pub(super) fn table(machine: &Machine) -> Table {
    let rows = machine.use_cases.iter().flat_map(|use_case| {
        let of_all = row(machine, use_case, &use_case.title, &use_case.of_all);
        let is_other = strategy(&use_case.of_published) != strategy(&use_case.of_all);
        let is_published = |name: &str| {
            let mut cards = machine.strategies.iter();
            cards.any(|card| card.name == name && !card.is_own())
        };
        let mut gains = use_case.gains.iter();
        let is_known = gains.any(|gain| is_published(&gain.strategy));
        let of_published = (is_other && is_known).then(|| {
            let answer = &use_case.of_published;
            row(machine, use_case, "... with published crates", answer)
        });
        [of_all].into_iter().chain(of_published)
    });
    Table::of([Group::new("", rows)])
}

fn strategy(answer: &Answer) -> Option<&str> {
    answer
        .choice
        .as_ref()
        .map(|choice| choice.strategy.as_str())
}

fn row(machine: &Machine, use_case: &UseCase, head: &str, answer: &Answer) -> Row {
    let Some(choice) = &answer.choice else {
        let (words, reason) = if answer.is_open {
            ("not decided".to_owned(), "too close to call")
        } else {
            let stay = format!("stay with `{}`", machine.baseline);
            (
                stay,
                "nothing gains more than the margin without a loss here",
            )
        };
        let cells = [words, reason.to_owned()].map(Cell::text).into_iter();
        let cells = cells.chain([ceiling(use_case), Cell::text("nothing"), Cell::default()]);
        return Row::new(head, cells.collect());
    };
    let library = match choice.library.as_str() {
        "own" => "in this workspace".to_owned(),
        library => library.to_owned(),
    };
    let tied = match answer.tied.as_slice() {
        [] => String::new(),
        tied => format!("as good: {}", format::first_of(tied, TIED_MAX)),
    };
    let figure = format!(
        "{} {}",
        format::times(choice.times),
        format::times_interval([choice.low, choice.high], choice.processes)
    );
    let cells = vec![
        Cell::text(format!("`{}`", choice.strategy)).detail(library),
        Cell::text(figure)
            .detail(tied)
            .judged("improves", Tone::Good),
        ceiling(use_case),
        price(machine, choice),
        Cell::text(holds(machine, use_case, choice)),
    ];
    Row::new(head, cells)
}

fn ceiling(use_case: &UseCase) -> Cell {
    let ceiling = use_case
        .ceiling
        .map(|times| Cell::text(format::times(times)));
    ceiling.unwrap_or_else(|| Cell::absent("not measured"))
}

/// Where it loses most, and the first promise that is weaker than the baseline's.
fn price(machine: &Machine, choice: &Choice) -> Cell {
    let losses = Losses::of(machine, &choice.strategy);
    let slower = choice.loss.as_ref().map(|loss| {
        let row = results::Judged {
            scenario: loss.scenario.clone(),
            metric: loss.metric,
        };
        let row = facts::labels_on(machine, &[row]).concat();
        format!("{row} {} slower", format::times(1.0 / loss.times))
    });
    let parts = slower.into_iter().chain(losses.weaker.into_iter().take(1));
    let parts: Vec<String> = parts.chain(losses.memory).collect();
    if parts.is_empty() {
        Cell::text("nothing found")
    } else {
        Cell::text(parts.join("; "))
    }
}

/// Until where along its sweep a choice gains more than the margin.
fn holds(machine: &Machine, use_case: &UseCase, choice: &Choice) -> String {
    let Some(sweep) = &use_case.holds_along else {
        return String::new();
    };
    let is_about = |flip: &&Flip| flip.sweep == *sweep && flip.strategy == choice.strategy;
    let flips = machine.flips.iter().filter(is_about);
    let flips = flips.filter_map(|flip| {
        let words = match flip.change {
            Change::AlwaysAboveMargin => format!("at every {} measured", flip.axis.words()),
            Change::FallsBelowMargin => format!("until {} {}", flip.axis.words(), place(flip)),
            Change::RisesAboveMargin => format!("from {} {} on", flip.axis.words(), place(flip)),
            Change::NeverAboveMargin | Change::OvertakenBy(_) => return None,
        };
        Some(words)
    });
    let flips: Vec<String> = flips.collect();
    if flips.is_empty() {
        "not measured".into()
    } else {
        flips.join(", ")
    }
}

/// `8 % [6 %, 11 %]`.
fn place(flip: &Flip) -> String {
    let value = |value: Option<f64>| match value {
        None => "beyond".into(),
        Some(value) if flip.axis == Axis::Writes => format::percent(value),
        Some(value) => format::significant(value),
    };
    format!(
        "{} [{}, {}]",
        value(flip.at),
        value(flip.ci_low),
        value(flip.ci_high)
    )
}

const LEFT_END: i32 = 330;
const RIGHT_END: i32 = WIDTH - 180;
const TOP: i32 = 24;
const ROW: i32 = 26;
const AXIS: i32 = 26;

/// What the marks mean.
const KEY: &str = "Dot with interval: the strategy to use. Ticks: the others. Vertical bar: a table without any \
    synchronization. Grey: less than the margin.";

/// A line for each use case, on one axis of times better.
pub(super) fn picture(machine: &Machine) -> Option<Figure> {
    let cases = &machine.use_cases;
    let bottom = TOP + i32::try_from(cases.len()).ok()? * ROW;
    let values = cases.iter().flat_map(|one| {
        let choice = one
            .of_all
            .choice
            .iter()
            .flat_map(|choice| [choice.low, choice.high]);
        choice
            .chain(one.ceiling)
            .chain(one.gains.iter().map(|gain| gain.times))
    });
    let values = values.filter(|value| value.is_finite() && *value >= RATIO_MIN);
    let axis = Scale::over(
        values.chain([1.0, machine.margin]),
        1.15,
        [LEFT_END, RIGHT_END],
    )?;
    let mut canvas = Canvas::default();
    let edge = axis.at(machine.margin);
    canvas.rectangle((LEFT_END, TOP), (edge, bottom), Paint::Fill(BAND));
    canvas.ratios(axis, [TOP, bottom], machine.margin);
    for (use_case, index) in cases.iter().zip(0..) {
        let y = TOP + index * ROW + ROW / 2;
        canvas.text(&use_case.title, (LEFT_END - 10, y), RIGHT, INK);
        for gain in &use_case.gains {
            let x = axis.at(gain.times);
            canvas.about(&gain.strategy, |canvas| {
                canvas.line((x, y - 4), (x, y + 4), Paint::Outline(FAINT, 1));
            });
        }
        if let Some(ceiling) = use_case.ceiling {
            let x = axis.at(ceiling);
            canvas.line((x, y - 9), (x, y + 9), Paint::Outline(INK, 2));
        }
        let Some(choice) = &use_case.of_all.choice else {
            let text = if use_case.of_all.is_open {
                "not decided".to_owned()
            } else {
                format!("stay with {}", machine.baseline)
            };
            canvas.text(&text, (RIGHT_END + 12, y), LEFT, FAINT);
            continue;
        };
        canvas.about(&choice.strategy, |canvas| {
            let [low, x, high] =
                [choice.low, choice.times, choice.high].map(|value| axis.at(value));
            canvas.line((low, y), (high, y), Paint::Outline(GOOD, 2));
            canvas.circle((x, y), 5, Paint::Fill(GOOD));
            let label = format!("{} {}", choice.strategy, format::times(choice.times));
            canvas.text(&label, (RIGHT_END + 12, y), LEFT, INK);
        });
    }
    (!cases.is_empty()).then(|| Figure {
        key: KEY.into(),
        caption: format!(
            "How many times better than {}, by situation; log scale",
            machine.baseline
        ),
        description: format::counted(cases.len(), "situation", "situations"),
        svg: canvas.finish(WIDTH, bottom + AXIS),
    })
}
