//! How sure the answers are.

use basis::controls;
use statistics::GROUPS_99;

use crate::results::{Results, Verdict};

use super::facts::{self, Row};
use super::format;

/// In words: how the verdicts came out, and how far apart the baseline is from itself.
pub(super) fn of(results: &Results) -> String {
    let rows = facts::main_rows(results);
    let verdicts: Vec<Verdict> = results
        .contenders()
        .filter(|card| results.is_ranked(&card.name))
        .flat_map(|card| {
            rows.iter()
                .filter_map(|row| Some(row.ratio(results, &card.name)?.verdict))
        })
        .collect();
    let of = |wanted: Verdict| {
        verdicts
            .iter()
            .filter(|&&verdict| verdict == wanted)
            .count()
    };
    let mut text = format!(
        "Of {} in the report's rows {} HOLD, {} are REJECTED and {} INCONCLUSIVE at 99 %, corrected for \
         their number{}",
        format::counted(verdicts.len(), "verdict", "verdicts"),
        of(Verdict::Holds),
        of(Verdict::Rejected),
        of(Verdict::Inconclusive),
        match of(Verdict::Withheld) {
            0 => String::new(),
            withheld => format!("; {withheld} are WITHHELD, as the row is too noisy"),
        }
    );
    text.push_str(&noise(results, &rows));
    text.push('.');
    let oversubscribed: Vec<String> = rows
        .iter()
        .filter(|row| {
            row.scenario.threads() > results.environment.cpus && results.environment.cpus > 0
        })
        .map(|row| row.label(results))
        .collect();
    if !oversubscribed.is_empty() {
        text.push_str(&format!(
            " On {} the scheduler has its share in {}.",
            format::counted(results.environment.cpus, "processor", "processors"),
            format::list(&oversubscribed)
        ));
    }
    text
}

/// What the baseline against itself says about these rows.
fn noise(results: &Results, rows: &[Row<'_>]) -> String {
    let same: Vec<_> = rows
        .iter()
        .filter_map(|row| row.ratio(results, controls::SAME))
        .filter(|ratio| ratio.processes >= GROUPS_99)
        .collect();
    if same.is_empty() {
        return "; how noisy these rows are was not measured, or in too few processes".into();
    }
    let equal = same
        .iter()
        .filter(|ratio| ratio.judged_low <= 1.0 && 1.0 <= ratio.judged_high)
        .count();
    let widest = same
        .iter()
        .map(|ratio| ratio.judged_high / ratio.judged_low)
        .fold(1.0, f64::max);
    format!(
        "; the baseline against itself contains 1.00 in {equal} of {}, its widest interval spans a \
         factor of {}",
        format::counted(same.len(), "row", "rows"),
        format::significant(widest)
    )
}
