//! Numbers as text: three significant digits, thousands separated, never more than was measured.

use serde::Serialize;

use results::{Band, Cell, Choice, Decision, Flag, Metric, Ratio, Verdict, is_range};

/// What a colour may add to the words; also by the verdict or the decision that has it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, strum::EnumString, strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub(super) enum Tone {
    #[default]
    Plain,
    /// Numbers: aligned to the right where the form can.
    Figure,
    #[strum(to_string = "good", serialize = "HOLDS")]
    #[strum(serialize = "adopt", serialize = "adopt-for-some")]
    Good,
    #[strum(to_string = "bad", serialize = "REJECTED")]
    #[strum(serialize = "stay-with-baseline", serialize = "disqualified")]
    Bad,
    #[strum(to_string = "open", serialize = "INCONCLUSIVE")]
    #[strum(
        serialize = "machines-differ",
        serialize = "undecided",
        serialize = "too-few"
    )]
    Open,
    /// Absent, with the reason as text.
    Absent,
}

/// A tone by its name, or by what has it.
pub(super) fn tone(kind: &str) -> Tone {
    kind.parse().expect("a tone, a verdict or a decision")
}

/// Three significant digits; from 100 on, whole numbers with thousands separated.
pub(super) fn significant(value: f64) -> String {
    rounded(value, 3)
}

fn rounded(value: f64, digits: u8) -> String {
    if !value.is_finite() {
        return "unbounded".into();
    }
    if value == 0.0 {
        return "0".into();
    }
    // Rounded first, so that 9.996 becomes 10.0 and not 10.00.
    let fraction = i32::from(digits) - 1;
    let scientific = format!("{value:.*e}", usize::from(digits) - 1);
    let exponent = scientific.split_once('e').map(|(_, exponent)| exponent);
    let exponent: i32 = exponent.and_then(|digits| digits.parse().ok()).unwrap_or(0);
    match usize::try_from(fraction - exponent) {
        Ok(decimals) if decimals > 0 => format!("{value:.decimals$}"),
        _ => thousands(value),
    }
}

/// A whole number with its thousands separated.
pub(super) fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    // What rounds to nothing has no sign.
    let is_negative = value < 0.0 && digits != "0";
    let sign = if is_negative { "-" } else { "" };
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups = groups.map(|group| str::from_utf8(group).expect("digits"));
    sign.to_owned() + &groups.collect::<Vec<_>>().join(",")
}

/// A published figure with all its digits: `1,631`, `31.51`.
pub(super) fn published(value: f64) -> String {
    match value {
        1_000.0.. => thousands(value),
        _ => value.to_string(),
    }
}

/// A count per operation: exact where it is whole, so that 144 is not read as a rounded figure.
pub(super) fn count(value: f64) -> String {
    match value.fract() {
        0.0 => thousands(value),
        _ => significant(value),
    }
}

/// A ratio's digits: two below 0.1, where nobody is tempted by the third.
fn quotient(value: f64) -> String {
    rounded(value, if value < 0.1 { 2 } else { 3 })
}

/// `12.3x`.
pub(super) fn times(value: f64) -> String {
    let unit = if value.is_finite() { "x" } else { "" };
    quotient(value) + unit
}

/// What one process measured is known without bounds; there is no interval to show, and none of width
/// 0. What few processes measured has a range and no interval. Where a process finished nothing there may be no upper end.
fn bounds([low, high]: [f64; 2], number: fn(f64) -> String, processes: usize) -> String {
    let [from, to] = [low, high].map(number);
    let (open, between, close) = if is_range(processes) {
        ('(', " to ", ')')
    } else {
        ('[', ", ", ']')
    };
    if low >= high {
        "[no interval]".into()
    } else if high.is_infinite() {
        format!("{open}{from} or more{close}")
    } else {
        format!("{open}{from}{between}{to}{close}")
    }
}

/// `12.3x [11.9, 12.8]`.
pub(super) fn ratio(ratio: &Ratio) -> String {
    format!("{} {}", times(ratio.median), ratio_interval(ratio))
}

/// The interval of a ratio, with a ratio's digits.
pub(super) fn ratio_interval(ratio: &Ratio) -> String {
    bounds([ratio.ci_low, ratio.ci_high], quotient, ratio.processes)
}

/// What a choice gains, as a ratio.
pub(super) fn gained(choice: &Choice) -> String {
    let bounds = bounds([choice.low, choice.high], quotient, choice.processes);
    format!("{} {bounds}", times(choice.times))
}

/// How many times slower, for a ratio below 1: `51.7x [50.1, 53.2]`.
pub(super) fn slower_by(ratio: &Ratio) -> String {
    let inverse = [ratio.ci_high, ratio.ci_low].map(|bound| 1.0 / bound);
    let bounds = bounds(inverse, significant, ratio.processes);
    format!("{} {bounds}", times(1.0 / ratio.median))
}

/// What it costs of the baseline's cost: `12.3 % [11.9, 12.8]`.
pub(super) fn cost_share(ratio: &Ratio) -> String {
    let shares = [ratio.median, ratio.ci_high, ratio.ci_low].map(|times| 100.0 / times);
    let bounds = bounds([shares[1], shares[2]], significant, ratio.processes);
    format!("{} % {bounds}", significant(shares[0]))
}

/// `31.5 ns [30.9, 32.0]`, and in how many slices nothing was finished, if there are such.
pub(super) fn measured(cell: &Cell) -> String {
    let starved = match cell.starved {
        0 => String::new(),
        slices => format!(", starved in {slices} of {} slices", cell.n),
    };
    if cell.flags.contains(&Flag::Starved) {
        return starved.trim_start_matches(", ").into();
    }
    let bounds = bounds([cell.ci_low, cell.ci_high], significant, cell.processes);
    let median = significant(cell.median);
    format!("{median} {} {bounds}{starved}", cell.unit)
}

/// A time in the unit that suits it.
pub(super) fn duration(ns: f64) -> String {
    let (value, unit) = match ns {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "us"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    format!("{} {unit}", significant(value))
}

/// A quantile by its share: `p99.9`.
pub(super) fn percentile(share: f64) -> String {
    format!("p{}", (share * 1e5).round() / 1e3)
}

/// A size in the unit that suits it.
pub(super) fn bytes(bytes: f64) -> String {
    let (value, unit) = match bytes.abs() {
        size if size < 1024.0 => (bytes, "B"),
        size if size < 1_048_576.0 => (bytes / 1024.0, "KiB"),
        _ => (bytes / 1_048_576.0, "MiB"),
    };
    format!("{} {unit}", count(value))
}

/// A predicted band with its best guess: `51.5 [40.0, 70.0]`.
pub(super) fn band(band: Band) -> String {
    let [low, mid, high] = [band.low, band.mid, band.high].map(significant);
    format!("{mid} [{low}, {high}]")
}

/// A share: `43 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// A share that may be small or without a bound: `43 %`, `0.4 %`, `<0.1 %`, `unbounded`.
pub(super) fn fine_percent(share: f64) -> String {
    let value = 100.0 * share;
    match value {
        value if !value.is_finite() => "unbounded".into(),
        value if value <= 0.0 => "0 %".into(),
        value if value < 0.1 => "<0.1 %".into(),
        value if value < 10.0 => format!("{value:.1} %"),
        value => format!("{} %", thousands(value)),
    }
}

/// The margin in percent: `20 %`.
pub(super) fn margin(margin: f64) -> String {
    format!("{} %", count(((margin - 1.0) * 1000.0).round() / 10.0))
}

/// By how much something is off, with its sign: `+12.3 %`. What rounds to nothing has none.
pub(super) fn off(share: f64, decimals: usize) -> String {
    if !share.is_finite() {
        return "unbounded".into();
    }
    let text = format!("{:+.decimals$} %", 100.0 * share);
    let is_nothing = !text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    text[usize::from(is_nothing)..].to_owned()
}

/// What a metric times, as a word.
pub(super) fn operation(metric: Metric) -> &'static str {
    match metric {
        Metric::ReadNs | Metric::AllocBytesRead | Metric::AllocsRead => "read",
        Metric::WriteNs | Metric::AllocBytesWrite | Metric::AllocsWrite => "write",
        Metric::ScanNs | Metric::AllocBytesScan | Metric::AllocsScan => "scan",
        Metric::OperationNs => "operation",
        Metric::ElapsedMs => "in total",
        Metric::LiveBytesPerRecord => "memory",
        probed => probed.name(),
    }
}

/// A decision in words, with the baseline that it is about.
pub(super) fn decision(decision: Decision, baseline: &str) -> String {
    match decision {
        Decision::StayWithBaseline => format!("stay with {baseline}"),
        other => other.to_string(),
    }
}

/// What a verdict says of an improvement by more than the margin.
pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "improves",
        Verdict::Rejected => "does not",
        Verdict::Inconclusive => "too close to call",
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => "none".into(),
        [item] => item.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The first names, and how many more there are: `a, b and 3 more`.
pub(super) fn first_of(names: Vec<String>, most: usize) -> String {
    let more = names.len().saturating_sub(most);
    let first = names.into_iter().take(most).collect::<Vec<_>>().join(", ");
    match more {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Strategies that a sentence names at most.
const NAMED_MAX: usize = 3;

/// Names as code; of many the first, and how many more there are.
pub(super) fn names(names: &[String]) -> String {
    let shown = names.iter().take(NAMED_MAX).map(|name| format!("`{name}`"));
    let more = names.len().saturating_sub(NAMED_MAX);
    let more = (more > 0).then(|| format!("{more} more"));
    list(&shown.chain(more).collect::<Vec<_>>())
}

/// A number of things: `1 row`, `2 rows`; with another plural than by `s`, that is named.
pub(super) fn counted(number: usize, singular: &str, more: Option<&str>) -> String {
    let plural = format!("{singular}s");
    let several = more.unwrap_or(&plural);
    let noun = if number == 1 { singular } else { several };
    format!("{} {noun}", thousands(number as f64))
}

/// The same with its first letter in upper case.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A name as part of an anchor.
pub(super) fn slug(name: &str) -> String {
    let plain = |letter: char| match letter {
        'a'..='z' | '0'..='9' | '-' => letter,
        'A'..='Z' => letter.to_ascii_lowercase(),
        _ => '-',
    };
    name.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_significant_digits_and_thousands() {
        let cases = [
            (1631.0, "1,631"),
            (31.51, "31.5"),
            (9.996, "10.0"),
            (0.019_36, "0.0194"),
            (99.96, "100"),
            (1_234_567.0, "1,234,567"),
            (0.0, "0"),
            (f64::INFINITY, "unbounded"),
        ];
        for (value, text) in cases {
            assert_eq!(significant(value), text);
        }
    }

    #[test]
    fn what_rounds_to_nothing_has_no_sign() {
        assert_eq!([-0.004, 0.004, -0.0].map(|share| off(share, 0)), ["0 %"; 3]);
        assert_eq!(off(-0.000_4, 1), "0.0 %");
        assert_eq!(off(f64::INFINITY, 0), "unbounded");
        assert_eq!(
            [off(0.25, 0), off(-0.006, 0), off(-0.001, 1)],
            ["+25 %", "-1 %", "-0.1 %"]
        );
        assert_eq!(
            (thousands(-0.4), thousands(-1.4)),
            ("0".into(), "-1".into())
        );
    }

    #[test]
    fn one_process_has_no_interval() {
        let bounds = |low, high, processes| bounds([low, high], significant, processes);
        assert_eq!(bounds(3.0, 3.0, 12), "[no interval]");
        assert_eq!(bounds(3.0, 3.1, 12), "[3.00, 3.10]");
        assert_eq!(bounds(3.0, f64::INFINITY, 12), "[3.00 or more]");
        assert_eq!(bounds(3.0, f64::INFINITY, 5), "(3.00 or more)");
    }

    #[test]
    fn sizes_and_times_have_the_unit_that_suits_them() {
        assert_eq!(duration(41.0), "41.0 ns");
        assert_eq!(duration(1_500.0), "1.50 us");
        assert_eq!(duration(100_000_000.0), "100 ms");
        assert_eq!(bytes(0.0), "0 B");
        assert_eq!(bytes(-4_096.0), "-4 KiB");
        assert_eq!(bytes(64.0 * 1_048_576.0), "64 MiB");
    }

    #[test]
    fn small_shares_are_more_than_nothing() {
        let shares = [0.0, 0.000_4, 0.004, 0.43, 23.0, f64::INFINITY];
        let texts = shares.map(fine_percent);
        assert_eq!(
            texts,
            ["0 %", "<0.1 %", "0.4 %", "43 %", "2,300 %", "unbounded"]
        );
    }

    #[test]
    fn small_ratios_have_two_digits() {
        assert_eq!(times(0.019_86), "0.020x");
        assert_eq!(times(0.1234), "0.123x");
    }

    #[test]
    fn slower_by_turns_the_interval_round() {
        let ratio = Ratio {
            vs: "mutex/std".into(),
            median: 0.02,
            ci_low: 0.01,
            ci_high: 0.04,
            n: 12,
            processes: 12,
            p: Some(1e-6),
            withheld: None,
            verdict: Verdict::Rejected,
        };
        assert_eq!(slower_by(&ratio), "50.0x [25.0, 100]");
        let of_few = Ratio {
            processes: 5,
            ..ratio
        };
        assert_eq!(slower_by(&of_few), "50.0x (25.0 to 100)");
        assert_eq!(cost_share(&of_few), "5,000 % (2,500 to 10,000)");
    }
}
