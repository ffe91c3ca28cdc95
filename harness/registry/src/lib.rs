//! The one list of strategies. Adding a strategy is one crate and one line here.

mod claims;
mod controls;
pub mod roster;

pub use claims::Claims;
use contract::{Family, PlainRecord, Record, Visitor};
use controls::Controls;

/// Something to do with every family in the registry.
trait Walk {
    fn family<F: Family>(&mut self);
}

/// The registry, in the order of the report: the baseline first.
fn walk(walk: &mut impl Walk) {
    walk.family::<mutex::Variants>();
    walk.family::<rwlock::Variants>();
    walk.family::<channel::Variants>();
    walk.family::<atomics::Variants>();
    walk.family::<arc_swap_table::Variants>();
    walk.family::<sharded::Variants>();
    walk.family::<left_right_table::Variants>();
    walk.family::<epoch::Variants>();
    walk.family::<concurrent_map::Variants>();
    walk.family::<hybrid::Variants>();
    // Not contenders, but measured beside them.
    walk.family::<Controls>();
}

/// Shows `visitor` every variant, for a record that is plain data.
pub fn visit_plain<R: PlainRecord>(visitor: &mut impl Visitor<R>) {
    struct Plain<'v, R, V>(&'v mut V, std::marker::PhantomData<R>);
    impl<R: PlainRecord, V: Visitor<R>> Walk for Plain<'_, R, V> {
        fn family<F: Family>(&mut self) {
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
        fn family<F: Family>(&mut self) {
            F::any::<R>(self.0);
        }
    }
    walk(&mut Any(visitor, std::marker::PhantomData));
}
