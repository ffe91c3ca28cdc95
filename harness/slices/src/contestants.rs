//! Strategies of the registry, set up on a field.

use std::marker::PhantomData;

use basis::scenario::{RecordKind, Scenario};
use contract::{
    Padded, PlainRecord, ProcessSnapshot, ProcessStatus, Profile, Specimen, Strategy, Visitor,
};

use crate::contest::Contestant;
use crate::field::Field;
use crate::threads::{Loops, OneEach, OneForAll};

/// Sets the named strategies up on a field.
pub(crate) fn contestants<'f>(
    scenario: &'f Scenario,
    field: &'f Field,
    names: &[String],
) -> Vec<Contestant<'f>> {
    let prepare = Prepare {
        scenario,
        field,
        names,
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
    ready: Vec<Contestant<'f>>,
}

impl<'f> Prepare<'f, '_> {
    fn plain<R: PlainRecord + Specimen, L: Loops>(mut self) -> Vec<Contestant<'f>> {
        registry::visit_plain::<R>(&mut With(&mut self, PhantomData::<L>));
        self.ready
    }

    fn any<R: Specimen, L: Loops>(mut self) -> Vec<Contestant<'f>> {
        registry::visit_any::<R>(&mut With(&mut self, PhantomData::<L>));
        self.ready
    }
}

/// The same, with these timed loops.
struct With<'p, 'f, 'n, L>(&'p mut Prepare<'f, 'n>, PhantomData<L>);

impl<R: Specimen, L: Loops> Visitor<R> for With<'_, '_, '_, L> {
    fn visit<S: Strategy<R>>(&mut self) {
        let prepare = &mut *self.0;
        let name = S::PROFILE.name;
        if prepare.names.iter().any(|wanted| wanted == name) {
            let contestant = Contestant::new::<S, R, L>(prepare.scenario, prepare.field);
            prepare.ready.push(contestant);
        }
    }

    fn exclude(&mut self, _: Profile, _: &'static str) {}
}
