//! Running checks on every variant that a registry or a family shows.

use contract::{Family, ProcessSnapshot, ProcessStatus, Profile, Specimen, Strategy, Visitor};

use crate::check::Check;
use crate::effort::{Effort, Seed};
use crate::run::run;
use crate::verdict::{Evidence, Violation};
use crate::yielding_record::{Wide, YieldingRecord};

/// What one check said about one variant holding one kind of record.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What the variant claims, its name among it.
    pub profile: Profile,
    /// The kind of record it held, [`Specimen::NAME`].
    pub record: &'static str,
    /// Which check.
    pub check: Check,
    /// What it saw, or the promise that the variant broke.
    pub verdict: Result<Evidence, Violation>,
}

/// A [`Visitor`] that runs checks on each variant it is shown, and hands over each finding as soon
/// as it is made.
///
/// ```
/// # use conformance::*;
/// # #[global_allocator]
/// # static ALLOCATOR: CountingAllocator = CountingAllocator;
/// # fn visit_plain(_: &mut impl contract::Visitor<YieldingRecord<contract::ProcessStatus>>) {}
/// let mut findings = Vec::new();
/// let mut inspector = Inspector::new(Effort::quick(), Seed(1), |finding| findings.push(finding));
/// visit_plain(inspector.with_checks(Check::ALL));
/// ```
#[derive(Debug)]
pub struct Inspector<F> {
    checks: &'static [Check],
    effort: Effort,
    seed: Seed,
    report: F,
}

impl<F: FnMut(Finding)> Inspector<F> {
    /// An inspector that runs every check and calls `report` with each finding.
    pub fn new(effort: Effort, seed: Seed, report: F) -> Self {
        Self {
            checks: Check::ALL,
            effort,
            seed,
            report,
        }
    }

    /// Runs only `checks` from now on.
    pub fn with_checks(&mut self, checks: &'static [Check]) -> &mut Self {
        self.checks = checks;
        self
    }

    /// Inspects every variant of a family: with plain records, with heap records, and for tearing.
    pub fn inspect<V: Family>(&mut self) {
        V::plain::<YieldingRecord<ProcessStatus>>(self.with_checks(Check::ALL));
        V::any::<YieldingRecord<ProcessSnapshot>>(self.with_checks(Check::PER_RECORD));
        V::plain::<Wide>(self.with_checks(Check::WIDE));
    }

    fn hand_over(
        &mut self,
        profile: Profile,
        record: &'static str,
        check: Check,
        verdict: Result<Evidence, Violation>,
    ) {
        (self.report)(Finding {
            profile,
            record,
            check,
            verdict,
        });
    }
}

impl<R: Specimen, F: FnMut(Finding)> Visitor<R> for Inspector<F> {
    fn visit<S: Strategy<R>>(&mut self) {
        for &check in self.checks {
            let verdict = run::<S, R>(check, &self.effort, self.seed);
            self.hand_over(S::PROFILE, R::NAME, check, verdict);
        }
    }

    fn exclude(&mut self, profile: Profile, reason: &'static str) {
        for &check in self.checks {
            let verdict = Ok(Evidence::NotApplicable(reason.to_owned()));
            self.hand_over(profile, R::NAME, check, verdict);
        }
    }
}

/// Runs every check on every variant of a family, with plain and with heap records, and looks for
/// torn records in wide ones.
///
/// The whole test of a strategy crate, which must also install the
/// [`CountingAllocator`](crate::CountingAllocator) and contain no other test.
///
/// With `CONFORMANCE_EFFORT` one can choose `quick`, `default` or `full` instead of `brief`.
///
/// # Panics
///
/// With the list of all violations, if there is one.
pub fn assert_family<V: Family>() {
    let mut violations = Vec::new();
    Inspector::new(Effort::chosen(), Seed::default(), |finding| {
        #[expect(clippy::print_stdout, reason = "libtest shows it when the test fails")]
        match finding.verdict {
            Ok(evidence) => println!(
                "{} {} {:<10} {evidence}",
                finding.profile.name, finding.record, finding.check
            ),
            Err(violation) => violations.push(violation.to_string()),
        }
    })
    .inspect::<V>();
    assert!(
        violations.is_empty(),
        "{} promises of the contract are not kept:\n\n{}\n",
        violations.len(),
        violations.join("\n\n")
    );
}
