//! What follows from the cells for each strategy: what to recommend.

use model::scenario::Origin;

use results::{Cell, Decision, Judged, Machine, Ratio, Recommendation, Scope, decide};

/// What follows for each contender but the baseline.
pub(super) fn all(results: &Machine) -> Vec<Recommendation> {
    let cards = results.contenders();
    let cards = cards.filter(|card| card.name != results.baseline);
    cards.map(|card| recommend(results, &card.name)).collect()
}

fn recommend(results: &Machine, strategy: &str) -> Recommendation {
    // Points of a sweep say where an answer flips, and are no reason to adopt something by themselves.
    let is_point = |scenario: &str| {
        let mut rows = results.scenarios.iter();
        rows.any(|row| row.name == scenario && row.point.is_some())
    };
    let cells = results.cells.iter().filter(|cell| {
        let is_meant = cell.strategy == strategy && cell.metric.is_timed();
        is_meant && !is_point(&cell.scenario)
    });
    let timed = cells.filter_map(|cell| Some((cell, cell.ratio.as_ref()?)));
    let timed: Vec<(&Cell, &Ratio)> = timed.collect();
    let where_ratio = |wanted: &dyn Fn(&Ratio) -> bool| -> Vec<Judged> {
        let wanted = timed.iter().filter(|(_, ratio)| wanted(ratio));
        let judged = wanted.map(|(cell, _)| Judged {
            scenario: cell.scenario.clone(),
            metric: cell.metric,
        });
        judged.collect()
    };
    // What each of the report's rows is about. A run without any of them says nothing of them.
    let rows = results.scenarios.iter();
    let rows = rows.filter(|row| row.origin == Origin::Report && row.operations.is_none());
    let required = rows.map(|row| {
        row.groups.first()?;
        let cell = results.cell(&row.name, strategy, row.metric())?;
        cell.ratio.as_ref()
    });
    let required: Vec<Option<&Ratio>> = required.collect();
    let ratios: Vec<&Ratio> = timed.iter().map(|(_, ratio)| *ratio).collect();
    Recommendation {
        strategy: strategy.into(),
        decision: match results.is_ranked(strategy) {
            false => Decision::Disqualified,
            true if !results.decides() => Decision::TooFew,
            true => decide(&ratios, results.margin, Scope::Situations(&required)),
        },
        gains: where_ratio(&Ratio::gains),
        losses: where_ratio(&Ratio::loses),
        open: where_ratio(&|ratio| ratio.is_open(results.margin)),
    }
}
