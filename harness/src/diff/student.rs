//! Student's t distribution, for intervals that rest on few processes.
//!
//! The incomplete beta function is the continued fraction of Numerical Recipes (6.4), evaluated by
//! the modified Lentz method; the gamma function is Lanczos's approximation with g = 5 and six terms
//! (6.1), good to 2e-10.

/// The probability that |t| is at least `t` with `freedom` degrees of freedom.
pub(super) fn p_value(t: f64, freedom: f64) -> f64 {
    if !t.is_finite() {
        return 0.0;
    }
    incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + t * t))
}

/// The t that |t| exceeds with probability `p`: the half-width of an interval in standard errors.
pub(super) fn critical(p: f64, freedom: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while p_value(high, freedom) > p && high < 1e12 {
        high *= 2.0;
    }
    // Sixty halvings leave nothing of a double's precision.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if p_value(middle, freedom) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    // The fraction converges fast on this side of the mean; on the other, use the symmetry.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, 1.0 - x) / b
    }
}

#[expect(clippy::many_single_char_names, reason = "the names of the formula")]
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let away_from_zero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..300 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut step = 1.0;
        for numerator in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + numerator * d);
            c = away_from_zero(1.0 + numerator / c);
            step = c * d;
            h *= step;
        }
        if (step - 1.0).abs() < 1e-14 {
            break;
        }
    }
    h
}

fn ln_gamma(x: f64) -> f64 {
    const TERMS: [f64; 6] = [
        76.180_091_729_471_46,
        -86.505_320_329_416_77,
        24.014_098_240_830_91,
        -1.231_739_572_450_155,
        0.120_865_097_386_617_9e-2,
        -0.539_523_938_495_3e-5,
    ];
    let shifted = x + 5.5;
    let series: f64 = (1..)
        .zip(TERMS)
        .map(|(n, term)| term / (x + f64::from(n)))
        .sum();
    (x + 0.5) * shifted.ln() - shifted
        + (2.506_628_274_631_000_5 * (1.000_000_000_190_015 + series) / x).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_values_are_those_of_the_tables() {
        // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, two-sided.
        for (p, freedom, expected) in [
            (0.05, 1.0, 12.706),
            (0.05, 4.0, 2.776),
            (0.01, 8.0, 3.355),
            (0.01, 30.0, 2.750),
            (0.002, 10.0, 4.144),
        ] {
            let found = critical(p, freedom);
            assert!((found - expected).abs() < 6e-4, "{p} {freedom}: {found}");
        }
        // With very many degrees of freedom, the normal distribution's.
        assert!((critical(0.01, 1e6) - 2.575_83).abs() < 1e-4);
    }

    #[test]
    fn extremes_stay_in_range() {
        assert!((p_value(0.0, 5.0) - 1.0).abs() < 1e-12);
        assert!(p_value(1e9, 3.0) < 1e-20);
        assert!(p_value(f64::INFINITY, 3.0) == 0.0);
        assert!(critical(1e-9, 1.0) > 1e8);
    }
}
