//! Sections that are tables: what was counted, probed (with the latencies as curves, too), checked and promised, what could
//! have refuted the measurement, and what it favours.

use std::collections::{BTreeMap, BTreeSet};

use model::claims::Property;
use model::controls;
use model::fault::Fault;
use model::probe::{Distribution, Probe};

use results::{Card, Guaranteed, Latency, Machine, Metric, Quantile, Rank, Results};

use super::charts::{Quantiles, quantiles};
use super::draft::Draft;
use super::facts::{self, Row, Serde, Value, context, grouped, list, unique};
use super::view::{Block, Figure, Section};
use super::{decisions, evidence, format, pivots};

/// The report's memory columns: what reads, writes and scans allocate, and what a record keeps alive.
pub(super) fn memory(results: &Results) -> Section {
    let cells = facts::all(results, |machine| &machine.cells);
    let counts = cells.filter(|cell| !cell.metric.is_timed());
    let counted = grouped(counts.map(|cell| (cell.scenario.as_str(), cell.metric)));
    let scenarios = facts::all(results, |machine| &machine.scenarios);
    let scenarios = scenarios.filter_map(|scenario| {
        let (_, metrics) = counted.iter().find(|(name, _)| *name == scenario.name)?;
        Some((&scenario.record, (scenario, metrics)))
    });
    // For each kind of record the largest table, where fixed costs weigh least; of equal ones the first.
    let largest = grouped(scenarios).into_iter().filter_map(|(_, same)| {
        let same = same.into_iter().rev();
        same.max_by_key(|(scenario, _)| scenario.processes)
    });
    let scenarios = list(largest, |(scenario, metrics)| {
        use Metric::{AllocBytesRead, AllocBytesScan, AllocBytesWrite};
        let mut operations = vec![AllocBytesRead, AllocBytesWrite, AllocBytesScan];
        operations.retain(|bytes| metrics.contains(bytes));
        context! {
            name => scenario.name.as_str(),
            processes => scenario.processes,
            record => scenario.record.to_string(),
            operations => list(operations, format::operation),
        }
    });
    Draft::new("memory", results)
        .fact("scenarios", scenarios)
        .of_each(|machine| {
            let weighed = pivots::listed(machine.contenders(), |card| {
                context! { at => Serde(facts::counts(machine, &card.name)) }
            });
            let (assumptions, exclusions) = (&machine.assumptions, &machine.exclusions);
            context! { weighed, assumptions => Serde(assumptions), exclusions => Serde(exclusions) }
        })
        .section()
}

/// The report's deadlock row: the check, and the timed test.
pub(super) fn deadlock(results: &Results) -> Section {
    let rows = facts::united(results, facts::totals);
    let mut judged = facts::all(results, |machine| &machine.assumptions);
    let is_checked = judged.any(|judged| judged.id == "deadlock");
    Draft::new("deadlock", results)
        .fact("is_tested", is_checked || !rows.is_empty())
        .of_each(|machine| {
            context! {
                rows => list(&rows, |row| row.facts(results)),
                tested => pivots::listed(machine.contenders(), |card| {
                    context! { figures => facts::figures(machine, &rows, &card.name) }
                }),
                assumptions => Serde(&machine.assumptions),
            }
        })
        .section()
}

/// What the throughput does not show: latency, visibility, garbage, stalls, fairness, shutdown.
pub(super) fn probes(results: &Results) -> Section {
    let probes = facts::all(results, |machine| &machine.situations);
    let draft = Draft::new("probes", results)
        .fact("probes", unique(probes))
        .of_each(|machine| context! { probed => probed(machine) });
    latencies(draft, results).section()
}

/// Every contender by its pivot, and the controls that were probed, with what was measured of each, probe by probe. The
/// baseline under its second name stands above the columns that it is for.
fn probed(machine: &Machine) -> Vec<Value> {
    if machine.situations.is_empty() {
        return Vec::new();
    }
    let is_probed = |name| facts::cells(machine, name).any(|cell| cell.metric.is_probed());
    let controls = machine.strategies.iter().filter(|card| card.control);
    let controls = controls.filter(|card| card.name != controls::SAME && is_probed(&card.name));
    pivots::listed(machine.contenders().chain(controls), |card| {
        context! {
            claimed => card.claims.read_consistency.to_string(),
            at => Serde(facts::counts(machine, &card.name)),
        }
    })
}

/// Curves beside those of the baseline and the controls, from each end of the order; the table has all.
const BEST: usize = 5;
const WORST: usize = 2;
const MEDIAN: f64 = 0.5;

/// A column of the table, and a drawing: a probe's name and what was timed.
type Column<'r> = (&'r str, Distribution);

/// The columns of all machines, as far as every strategy was asked for the same.
fn columns(results: &Results) -> Vec<Column<'_>> {
    let all = facts::all(results, |machine| &machine.latencies);
    let comparable = all.filter(|latency| latency.per_s.is_some());
    unique(comparable.map(|latency| (latency.scenario.as_str(), latency.distribution)))
}

/// All latencies of a column.
fn column<'r>(
    machine: &'r Machine,
    (scenario, of): Column<'_>,
) -> impl Iterator<Item = &'r Latency> + Clone {
    let all = machine.latencies.iter();
    all.filter(move |latency| latency.scenario == scenario && latency.distribution == of)
}

/// Latencies at a rate that every strategy was asked for: the columns of their table on each machine, and the same figures as
/// curves over quantiles.
fn latencies<'r>(draft: Draft<'r>, results: &'r Results) -> Draft<'r> {
    let columns = columns(results);
    let draft = draft
        .fact("plots", list(&columns, |column| title(*column)))
        .of_each(|machine| {
            let mut latencies = machine.latencies.iter();
            context! {
                columns => list(&columns, |column| facts_of(machine, *column)),
                has_own_rates => latencies.any(|latency| latency.per_s.is_none()),
            }
        });
    let columns = columns.into_iter().enumerate();
    columns.fold(draft, |draft, (number, column)| {
        draft.figures(format!("plot-{number}"), |machine| {
            latency_figure(machine, column)
        })
    })
}

fn title((scenario, of): Column<'_>) -> Value {
    let probe = Probe::LATENCIES.iter().find(|it| it.name() == scenario);
    let load = probe.and_then(|probe| probe.load());
    context! { operations => operations(of), load => (100.0 * load.unwrap_or_default()).round() as i32 }
}

fn operations(of: Distribution) -> &'static str {
    match of {
        Distribution::Reads => "reads",
        _ => "writes",
    }
}

/// A column: its rate, the quantiles shown, how far the baseline is from itself in each, and what is shown of each strategy.
fn facts_of(machine: &Machine, of: Column<'_>) -> Value {
    let shares = shares(machine, of);
    let same = column(machine, of).find(|latency| latency.strategy == controls::SAME);
    let cells = column(machine, of).map(|latency| {
        let quantiles = shares.iter().filter_map(|&share| at(latency, share));
        let quantiles = quantiles.map(Serde).collect::<Value>();
        let (operations, served) = least_served(machine, latency).unzip();
        let cell = context! { kept => latency.kept, operations, served, quantiles };
        (latency.strategy.as_str(), cell)
    });
    context! {
        rate => column(machine, of).find_map(|latency| latency.per_s),
        quantiles => list(&shares, |&share| {
            let rank = same.and_then(|same| at(same, share)?.rank);
            let is_ranked = rank.is_some_and(|rank| rank != Rank::NotRanked);
            context! { name => format::percentile(share), is_ranked }
        }),
        cells => Serde(cells.collect::<BTreeMap<_, _>>()),
        ..title(of)
    }
}

/// Of the reads and writes of a probe of a strategy, those of which the smaller share was begun in time, and that share: they
/// decide whether the rate was kept.
fn least_served(machine: &Machine, of: &Latency) -> Option<(&'static str, f64)> {
    let is_of_it = |it: &&Latency| (&it.scenario, &it.strategy) == (&of.scenario, &of.strategy);
    let both = machine.latencies.iter().filter(is_of_it);
    let both = both.filter_map(|other| Some((operations(other.distribution), other.served?)));
    both.min_by(|(_, a), (_, b)| a.total_cmp(b))
}

/// The quantiles that are shown of a column: the median, and the rarest that any strategy has.
fn shares(machine: &Machine, of: Column<'_>) -> Vec<f64> {
    let last = column(machine, of).filter_map(|latency| latency.quantiles.last());
    let tail = last.map(|quantile| quantile.share).reduce(f64::max);
    tail.map_or_else(Vec::new, |tail| unique([MEDIAN, tail]))
}

fn at(latency: &Latency, share: f64) -> Option<Quantile> {
    let mut quantiles = latency.quantiles.iter().copied();
    quantiles.find(|quantile| (quantile.share - share).abs() < 1e-9)
}

/// The curves of the baseline, the controls, and the ends of the order by the rarest quantile; `None` if there are none.
fn latency_figure(machine: &Machine, of: Column<'_>) -> Option<Figure> {
    let tail = *shares(machine, of).last()?;
    let at_tail =
        |latency: &Latency| at(latency, tail).map_or(f64::INFINITY, |quantile| quantile.ns);
    let timed = column(machine, of).filter(|latency| !latency.quantiles.is_empty());
    let is_reference = |latency: &&Latency| {
        [&machine.baseline, controls::SAME, controls::NO_OP].contains(&&*latency.strategy)
    };
    let is_ranked =
        |latency: &&Latency| facts::ranked(machine).any(|name| name == latency.strategy);
    let (mut shown, mut others): (Vec<&Latency>, Vec<&Latency>) = timed.partition(is_reference);
    others.retain(is_ranked);
    others.sort_by(|a, b| at_tail(a).total_cmp(&at_tail(b)));
    let best = BEST.min(others.len());
    let worst = others.len().saturating_sub(WORST).max(best);
    others.drain(best..worst);
    shown.append(&mut others);
    let colour = |latency: &Latency| match at(latency, tail).and_then(|quantile| quantile.rank) {
        _ if latency.strategy == machine.baseline => "edge",
        _ if controls::is_control(&latency.strategy) => "faint",
        Some(Rank::Better) => "good",
        Some(Rank::Worse) => "bad",
        _ => "open",
    };
    let curves = shown.into_iter().map(|latency| {
        let points = latency.quantiles.iter();
        let points = points.map(|quantile| (quantile.share, quantile.ns));
        Quantiles {
            name: latency.strategy.clone(),
            colour: colour(latency),
            points: points.collect(),
        }
    });
    quantiles(&curves.collect::<Vec<_>>())
}

/// What each strategy promises, and what the checks saw of it.
pub(super) fn guarantees(results: &Results) -> Section {
    let mut stalls = facts::all(results, |machine| &machine.stalls);
    Draft::new("guarantees", results)
        .fact("stopped", stalls.next().is_some())
        .of_each(promised)
        .section()
}

/// What the strategies of a machine claim, what was seen of it, and what faults did to them.
fn promised(machine: &Machine) -> Value {
    let claimed = machine.guarantees.iter();
    let claimed = claimed.filter_map(|guarantee| match guarantee.property {
        Guaranteed::Claim(property) => Some(property),
        Guaranteed::ByAll(_) => None,
    });
    let properties: BTreeSet<Property> = claimed.collect();
    let faults: BTreeSet<Fault> = machine.faults.iter().map(|faulted| faulted.fault).collect();
    context! {
        properties => Serde(properties),
        faults => list(faults, |fault| fault.to_string()),
        seen => list(&machine.faults, |faulted| {
            context! {
                strategy => &faulted.strategy,
                fault => faulted.fault.to_string(),
                name => Serde(faulted.consequence),
                words => faulted.consequence.to_string(),
            }
        }),
        guarantees => Serde(&machine.guarantees),
        promises => pivots::listed(machine.contenders(), |_| context! {}),
    }
}

/// What could have refuted the measurement, and how much of the baseline's cost is the table itself, which no strategy can
/// gain.
pub(super) fn controls(results: &Results) -> Section {
    let limit = |machine, row: Row<'_>| {
        let limit = row.cell(machine, controls::UNSYNCHRONISED)?;
        let baseline = row.cell(machine, &machine.baseline)?;
        let title = row.qualified(machine, &row.scenario.title);
        let facts = context! { title, limit => Serde(limit), baseline => Serde(baseline) };
        limit.ratio.is_some().then_some(facts)
    };
    Draft::new("controls", results)
        .of_each(|machine| {
            let mut cells = machine.cells.iter();
            let rows = facts::all_rows(machine).into_iter();
            context! {
                controls => Serde(&machine.controls),
                is_measured => cells.any(|cell| controls::is_control(&cell.strategy)),
                limits => rows.filter_map(|row| limit(machine, row)).collect::<Value>(),
            }
        })
        .section()
}

/// A card per strategy, from the profile that its code states: what it is, claims and came to.
pub(super) fn cards(results: &Results) -> Section {
    Draft::new("cards", results)
        .place("cards", vec![Block::Cards])
        .section()
}

/// The cards of all contenders.
pub(super) fn all_cards(results: &Results) -> Vec<Value> {
    let card = |card| card_of(results, card);
    facts::contenders(results).into_iter().map(card).collect()
}

/// The anchor of each card, by the head of the rows about its strategy.
pub(super) fn card_links(results: &Results) -> BTreeMap<String, String> {
    let link = |card: &Card| (format!("`{}`", card.name), card_anchor(&card.name));
    facts::contenders(results).into_iter().map(link).collect()
}

fn card_anchor(strategy: &str) -> String {
    format!("card-{}", format::slug(strategy))
}

/// What a card says: what its strategy is, claims, needs and came to.
fn card_of(results: &Results, card: &Card) -> Value {
    let name = &card.name;
    let overall = facts::overall(results, name);
    let (decision, tone) = match overall {
        Some(overall) => (
            format::decision(overall.decision, &results.baseline),
            Value::from(Serde(overall.decision)),
        ),
        None if *name == results.baseline => ("baseline".to_owned(), "plain".into()),
        None => ("not compared".to_owned(), "absent".into()),
    };
    let mut machines = results.machines.iter();
    let has_evidence = machines.any(|machine| evidence::has_evidence(machine, name));
    context! {
        id => card_anchor(name),
        name => name.as_str(),
        summary => format::sentence(&card.summary),
        decision,
        tone,
        library => (!card.is_own()).then_some(card.library.as_str()),
        avoid_when => card.avoid_when.as_str(),
        decisions => overall.filter(|_| results.machines.len() > 1).map(|overall| decisions::of_machines(results, overall)),
        // What a reader may look for.
        properties => list(card.claims.all(), |(property, claim)| vec![property.to_string(), claim.to_string()]),
        evidence => match (has_evidence, results.machines.len()) {
            (false, _) => String::new(),
            (true, 1) => evidence::anchor(name),
            // Each machine has a page about it.
            (true, _) => evidence::ID.into(),
        },
    }
}

const BIASES: &str = include_str!("../../../reports/BIASES.md");

/// The items of the list of biases, as Markdown.
fn items() -> impl Iterator<Item = &'static str> {
    BIASES.trim_end().split("\n- ").skip(1)
}

/// What the harness favours, and what it cannot see, which every report has.
pub(super) fn biases(results: &Results) -> Section {
    let biases: Vec<String> = items().map(|item| item.replace('*', "")).collect();
    Draft::new("biases", results)
        .fact("biases", biases)
        .section()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bias_is_a_sentence_with_a_direction() {
        assert!(items().count() > 20);
        for item in items() {
            let (name, rest) = item.split_once(".** ").expect("it has a name");
            assert!(name.starts_with("**") && !name.ends_with('.'), "{name}");
            let words: Vec<&str> = rest.split_whitespace().collect();
            let words = words.join(" ");
            let (what, favours) = words.split_once(" *Favours ").expect("it has a direction");
            assert!(what.ends_with('.') && favours.ends_with(".*"), "{name}");
            assert!(!what.contains('*'), "{name}");
        }
    }
}
