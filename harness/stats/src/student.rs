//! Student's t distribution, for intervals that rest on few processes.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// The probability that |t| is at least `t` with `freedom` degrees of freedom.
///
/// # Panics
///
/// When these are not positive.
pub fn p_value(t: f64, freedom: f64) -> f64 {
    if !t.is_finite() {
        return 0.0;
    }
    let student = StudentsT::new(0.0, 1.0, freedom).expect("degrees of freedom are positive");
    2.0 * student.cdf(-t.abs())
}

/// The t that |t| exceeds with probability `p`: the half-width of an interval in standard errors. By
/// halving, because the library's inverse loses the far tails that a correction for many needs.
pub fn critical(p: f64, freedom: f64) -> f64 {
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
            let computed = critical(p, freedom);
            assert!(
                (computed - expected).abs() < 6e-4,
                "{p} {freedom}: {computed}"
            );
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
