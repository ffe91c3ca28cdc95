//! Strategies of the registry, set up on a field.

use std::marker::PhantomData;

use basis::controls::{PLANTED, Planted};
use basis::scenario::{RecordKind, Scenario};
use contract::{
    Padded, PlainRecord, ProcessSnapshot, ProcessStatus, Profile, Specimen, Strategy, Visitor,
};

use crate::field::Field;
use crate::prepared_strategy::PreparedStrategy;
use crate::threads::{Loops, OneEach, OneForAll};

/// Sets the named strategies up on a field.
pub(crate) fn prepare<'f>(
    scenario: &'f Scenario,
    field: &'f Field,
    names: &[String],
    baseline: &str,
) -> Vec<PreparedStrategy<'f>> {
    let prepare = Prepare {
        scenario,
        field,
        names,
        baseline,
        planted: None,
        ready: Vec::new(),
    };
    match scenario.record {
        RecordKind::Status => prepare.plain::<ProcessStatus, OneEach>(),
        RecordKind::Snapshot => prepare.any::<ProcessSnapshot, OneEach>(),
        RecordKind::Padded16 => prepare.plain::<Padded<2>, OneForAll>(),
        RecordKind::Padded1Ki => prepare.plain::<Padded<128>, OneForAll>(),
        RecordKind::Padded4Ki => prepare.plain::<Padded<512>, OneForAll>(),
    }
}

/// Sets strategies up as it is shown them.
struct Prepare<'f, 'n> {
    scenario: &'f Scenario,
    field: &'f Field,
    names: &'n [String],
    baseline: &'n str,
    /// The double of the baseline that is being set up; none while the strategies themselves are.
    planted: Option<&'static Planted>,
    ready: Vec<PreparedStrategy<'f>>,
}

impl<'f> Prepare<'f, '_> {
    fn plain<R: PlainRecord + Specimen, L: Loops>(self) -> Vec<PreparedStrategy<'f>> {
        self.all(|prepare| registry::visit_plain::<R>(&mut With(prepare, PhantomData::<L>)))
    }

    fn any<R: Specimen, L: Loops>(self) -> Vec<PreparedStrategy<'f>> {
        self.all(|prepare| registry::visit_any::<R>(&mut With(prepare, PhantomData::<L>)))
    }

    /// The strategies, and then the baseline once more under each name that stands for it.
    fn all(mut self, visit: impl Fn(&mut Self)) -> Vec<PreparedStrategy<'f>> {
        visit(&mut self);
        for planted in &PLANTED {
            if self.names.iter().any(|name| name == planted.name) {
                self.planted = Some(planted);
                visit(&mut self);
            }
        }
        self.ready
    }

    fn wants(&self, name: &str) -> bool {
        match self.planted {
            None => self.names.iter().any(|wanted| wanted == name),
            Some(_) => name == self.baseline,
        }
    }
}

/// The same, with these timed loops.
struct With<'p, 'f, 'n, L>(&'p mut Prepare<'f, 'n>, PhantomData<L>);

impl<R: Specimen, L: Loops> Visitor<R> for With<'_, '_, '_, L> {
    fn visit<S: Strategy<R>>(&mut self) {
        let prepare = &mut *self.0;
        if prepare.wants(S::PROFILE.name) {
            let (scenario, field) = (prepare.scenario, prepare.field);
            let prepared = PreparedStrategy::new::<S, R, L>(scenario, field, prepare.planted);
            prepare.ready.push(prepared);
        }
    }

    fn exclude(&mut self, _: Profile, _: &'static str) {}
}
