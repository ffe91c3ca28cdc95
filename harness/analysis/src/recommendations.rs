//! What follows from the cells for each strategy: what to recommend.

use model::scenario::{Origin, Scenario};

use results::{Cell, Decision, Judged, Machine, Ratio, Recommendation, Rule, Scope, decide};

/// What follows for each contender but the baseline.
pub(super) fn all(results: &Machine) -> Vec<Recommendation> {
    results
        .contenders()
        .filter(|card| card.name != results.baseline)
        .map(|card| recommend(results, &card.name))
        .collect()
}

fn recommend(results: &Machine, strategy: &str) -> Recommendation {
    let points = || results.scenarios.iter().filter(|one| one.point.is_some());
    // Points of a sweep say where an answer flips, and are no reason to adopt something by themselves.
    let is_point = |cell: &&Cell| points().any(|point| point.name == cell.scenario);
    let timed: Vec<(&Cell, &Ratio)> = results
        .cells
        .iter()
        .filter(|cell| !is_point(cell))
        .filter(|cell| cell.strategy == strategy && cell.metric.is_timed())
        .filter_map(|cell| Some((cell, cell.ratio.as_ref()?)))
        .collect();
    let where_ratio = |wanted: &dyn Fn(&Ratio) -> bool| -> Vec<Judged> {
        timed
            .iter()
            .filter(|(_, ratio)| wanted(ratio))
            .map(|(cell, _)| Judged {
                scenario: cell.scenario.clone(),
                metric: cell.metric,
            })
            .collect()
    };
    let decision = if !results.is_ranked(strategy) {
        Decision::Disqualified
    } else if !results.decides() {
        Decision::TooFew
    } else {
        let ratios: Vec<&Ratio> = timed.iter().map(|(_, ratio)| *ratio).collect();
        let required = of_the_report(results, strategy);
        let rule = Rule::new(results.margin, Scope::Situations(&required));
        decide(&ratios, rule)
    };
    Recommendation {
        strategy: strategy.into(),
        decision,
        gains: where_ratio(&Ratio::gains),
        losses: where_ratio(&Ratio::loses),
        open: where_ratio(&|ratio| ratio.is_open(results.margin)),
    }
}

/// What each of the report's rows is about. A run without any of them says nothing of them.
fn of_the_report<'r>(results: &'r Machine, strategy: &str) -> Vec<Option<&'r Ratio>> {
    let rows = results.scenarios.iter();
    let rows = rows.filter(|row| row.origin == Origin::Report && row.operations.is_none());
    let ratio = |row: &Scenario| {
        row.groups.first()?;
        results
            .cell(&row.name, strategy, row.metric())?
            .ratio
            .as_ref()
    };
    rows.map(ratio).collect()
}
