//! What differs between runs on one machine, where several are analysed together.
//!
//! A run restarts what its processes share: the parent's heap and the state of the machine at that
//! time of day. Processes of one run do not show it, so their interval does not hold it. Two or three
//! runs say little about one cell, but all strategies of a row together say how far its runs lie
//! apart beyond what their own spread explains (the method of moments of `DerSimonian` and Laird,
//! Controlled Clinical Trials 7, 1986, averaged over the row).

use stats::{Estimate, estimate};

use super::series::ByProcess;

/// The error that runs add to a figure of a row, on the scale of logarithms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Between {
    /// The standard error of the figure.
    pub(super) error: f64,
    /// The degrees of freedom of that.
    pub(super) freedom: f64,
}

/// By how much the runs of a row differ, from the logarithms of each of its strategies; nothing of a single run.
/// `starts` are the first processes of the runs, ascending.
pub(super) fn between(starts: &[u32], row: impl IntoIterator<Item = ByProcess>) -> Between {
    if starts.len() < 2 {
        return Between::default();
    }
    let (mut excess, mut freedom, mut strategies) = (0.0, 0.0, 0.0);
    for by_process in row {
        let mut runs = vec![Vec::new(); starts.len()];
        for (process, samples) in by_process {
            let run = starts.partition_point(|&start| start <= process);
            runs[run.saturating_sub(1)].push(samples);
        }
        // What each run says by itself, where it has a spread.
        let mut runs: Vec<Estimate> = runs.iter().filter_map(|run| estimate(run)).collect();
        runs.retain(|run| run.error.is_finite());
        if runs.len() < 2 {
            continue;
        }
        let n = runs.len() as f64;
        let mean = runs.iter().map(|run| run.median).sum::<f64>() / n;
        let squares: f64 = runs.iter().map(|run| (run.median - mean).powi(2)).sum();
        let within = runs.iter().map(|run| run.error.powi(2)).sum::<f64>() / n;
        excess += squares / (n - 1.0) - within;
        freedom += n - 1.0;
        strategies += 1.0;
    }
    if excess <= 0.0 {
        return Between::default();
    }
    let error = (excess / strategies / starts.len() as f64).sqrt();
    Between { error, freedom }
}

impl Between {
    /// The estimate, of a logarithm, with intervals that hold it.
    pub(super) fn widen(self, logarithm: Estimate) -> Estimate {
        logarithm.widened(self.error, self.freedom)
    }
}

#[cfg(test)]
mod tests {
    use model::random::normal;
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    /// Twenty strategies in three runs of ten processes, which differ by 0.1, and runs by `spread`.
    fn row(spread: f64) -> Vec<ByProcess> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut strategy = |_| {
            let runs = [0; 3].map(|_| spread * normal(&mut random));
            (0..30)
                .map(|process| {
                    (
                        process,
                        vec![runs[process as usize / 10] + 0.1 * normal(&mut random)],
                    )
                })
                .collect()
        };
        (0..20).map(&mut strategy).collect()
    }

    #[test]
    fn what_runs_add_is_found_and_nothing_where_they_add_nothing() {
        let starts = [0, 10, 20];
        let none = between(&starts, row(0.0)).error * 3_f64.sqrt();
        assert!(none < 0.03, "{none}");
        let some = between(&starts, row(0.2));
        let spread = some.error * 3_f64.sqrt();
        assert!((0.15..0.25).contains(&spread), "{spread}");
        assert!((some.freedom - 40.0).abs() < 1e-9);
        // One run alone does not show it.
        assert_eq!(between(&[], row(0.2)), Between::default());
    }
}
