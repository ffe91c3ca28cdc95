//! The one list of strategies. Adding a strategy is one crate and one line here.

mod controls;
pub mod roster;

use contract::{Family, PlainRecord, ProcessStatus, Profile, Record, Strategy, Visitor};
use controls::Controls;

/// Something to do with every family in the registry.
trait Walk {
    /// A family, and its crate's documentation.
    fn family<F: Family>(&mut self, docs: &'static str);
}

/// The documentation of a strategy crate, as its source has it.
macro_rules! docs {
    ($name:literal) => {
        include_str!(concat!("../../../strategies/", $name, "/src/lib.rs"))
    };
}

/// The registry, in the order of the report: the baseline first.
fn walk(walk: &mut impl Walk) {
    walk.family::<mutex::Variants>(docs!("mutex"));
    walk.family::<rwlock::Variants>(docs!("rwlock"));
    walk.family::<channel::Variants>(docs!("channel"));
    walk.family::<atomics::Variants>(docs!("atomics"));
    walk.family::<arc_swap_table::Variants>(docs!("arc-swap"));
    walk.family::<sharded::Variants>(docs!("sharded"));
    walk.family::<left_right_table::Variants>(docs!("left-right"));
    walk.family::<epoch::Variants>(docs!("epoch"));
    walk.family::<concurrent_map::Variants>(docs!("concurrent-map"));
    walk.family::<hybrid::Variants>(docs!("hybrid"));
    // Not contenders, but measured beside them.
    walk.family::<Controls>("");
}

/// Shows `visitor` every variant, for a record that is plain data.
pub fn visit_plain<R: PlainRecord>(visitor: &mut impl Visitor<R>) {
    struct Plain<'v, R, V>(&'v mut V, std::marker::PhantomData<R>);
    impl<R: PlainRecord, V: Visitor<R>> Walk for Plain<'_, R, V> {
        fn family<F: Family>(&mut self, _: &'static str) {
            F::plain::<R>(self.0);
        }
    }
    walk(&mut Plain(visitor, std::marker::PhantomData));
}

/// Shows `visitor` every variant, for a record of any kind; those that need plain data are excluded
/// with that reason.
pub fn visit_any<R: Record>(visitor: &mut impl Visitor<R>) {
    struct Any<'v, R, V>(&'v mut V, std::marker::PhantomData<R>);
    impl<R: Record, V: Visitor<R>> Walk for Any<'_, R, V> {
        fn family<F: Family>(&mut self, _: &'static str) {
            F::any::<R>(self.0);
        }
    }
    walk(&mut Any(visitor, std::marker::PhantomData));
}

/// Shows one strategy to a visitor, by its name.
#[derive(Debug)]
pub struct Only<'v, V>(pub &'v str, pub &'v mut V);

impl<R: Record, V: Visitor<R>> Visitor<R> for Only<'_, V> {
    fn visit<S: Strategy<R>>(&mut self) {
        if S::PROFILE.name == self.0 {
            self.1.visit::<S>();
        }
    }

    fn exclude(&mut self, profile: Profile, reason: &'static str) {
        if profile.name == self.0 {
            self.1.exclude(profile, reason);
        }
    }
}

/// The source whose documentation explains a strategy: its crate's `lib.rs`. Empty of a control, and of a name
/// that nobody has.
pub fn docs(name: &str) -> &'static str {
    struct IsHere(bool);
    impl Visitor<ProcessStatus> for IsHere {
        fn visit<S: Strategy<ProcessStatus>>(&mut self) {
            self.0 = true;
        }
        fn exclude(&mut self, _: Profile, _: &'static str) {
            self.0 = true;
        }
    }
    struct Find<'n>(&'n str, &'static str);
    impl Walk for Find<'_> {
        fn family<F: Family>(&mut self, docs: &'static str) {
            let mut is_here = IsHere(false);
            F::plain::<ProcessStatus>(&mut Only(self.0, &mut is_here));
            if is_here.0 {
                self.1 = docs;
            }
        }
    }
    let mut find = Find(name, "");
    walk(&mut find);
    find.1
}
