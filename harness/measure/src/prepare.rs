//! Strategies of the registry, set up on a field.

use std::marker::PhantomData;

use contract::{
    Padded, PlainRecord, ProcessSnapshot, ProcessStatus, Profile, Specimen, Strategy, Visitor,
};
use model::controls::{self, Planted};
use model::scenario::{RecordKind, Scenario};
use registry::Only;

use crate::field::Field;
use crate::prepared_strategy::PreparedStrategy;
use crate::threads::{Loops, OneEach, OneForAll};

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
        let prepare = Prepare {
            scenario,
            field,
            planted,
        };
        match scenario.record {
            RecordKind::Status => prepare.plain::<ProcessStatus, OneEach>(strategy),
            RecordKind::Snapshot => {
                let mut ready = Ready::<OneEach>(prepare, None, PhantomData);
                registry::visit_any::<ProcessSnapshot>(&mut Only(strategy, &mut ready));
                ready.1
            }
            RecordKind::Padded16 => prepare.plain::<Padded<2>, OneForAll>(strategy),
            RecordKind::Padded1Ki => prepare.plain::<Padded<128>, OneForAll>(strategy),
            RecordKind::Padded4Ki => prepare.plain::<Padded<512>, OneForAll>(strategy),
        }
    };
    names.iter().filter_map(prepare).collect()
}

/// What a strategy is set up with.
struct Prepare<'f> {
    scenario: &'f Scenario,
    field: &'f Field,
    planted: Option<&'static Planted>,
}

impl<'f> Prepare<'f> {
    fn plain<R: PlainRecord + Specimen, L: Loops>(
        self,
        strategy: &str,
    ) -> Option<PreparedStrategy<'f>> {
        let mut ready = Ready::<L>(self, None, PhantomData);
        registry::visit_plain::<R>(&mut Only(strategy, &mut ready));
        ready.1
    }
}

/// The strategy that it was shown, set up with these timed loops.
struct Ready<'f, L>(Prepare<'f>, Option<PreparedStrategy<'f>>, PhantomData<L>);

impl<R: Specimen, L: Loops> Visitor<R> for Ready<'_, L> {
    fn visit<S: Strategy<R>>(&mut self) {
        let Prepare {
            scenario,
            field,
            planted,
        } = self.0;
        self.1 = Some(PreparedStrategy::new::<S, R, L>(scenario, field, planted));
    }

    fn exclude(&mut self, _: Profile, _: &'static str) {}
}
