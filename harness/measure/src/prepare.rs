//! Strategies of the registry, set up on a field.

use contract::{Profile, Strategy, Visitor};
use model::controls::{self, Planted};
use model::scenario::Scenario;
use registry::Only;

use crate::field::Field;
use crate::prepared_strategy::PreparedStrategy;
use crate::threads::Loops;

/// Sets the named strategies up on a field; a double of the baseline is the baseline itself, under another name.
pub(crate) fn prepare<'f>(
    scenario: &'f Scenario,
    field: &'f Field,
    names: &[String],
    baseline: &str,
) -> Vec<PreparedStrategy<'f>> {
    let prepare = |name: &String| {
        let planted = controls::planted(name);
        let strategy = planted.map_or(name.as_str(), |_| baseline);
        let mut setup = Setup {
            scenario,
            field,
            planted,
            prepared: None,
        };
        registry::visit(scenario.record, &mut Only(strategy, &mut setup));
        setup.prepared
    };
    names.iter().filter_map(prepare).collect()
}

/// What a strategy is set up with, and the strategy once it is.
struct Setup<'f> {
    scenario: &'f Scenario,
    field: &'f Field,
    planted: Option<&'static Planted>,
    prepared: Option<PreparedStrategy<'f>>,
}

impl<R: Loops> Visitor<R> for Setup<'_> {
    fn visit<S: Strategy<R>>(&mut self) {
        let prepared = PreparedStrategy::new::<S, R>(self.scenario, self.field, self.planted);
        self.prepared = Some(prepared);
    }

    fn exclude(&mut self, _: Profile, _: &'static str) {}
}
