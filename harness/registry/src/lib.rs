//! The one list of strategies. Adding a strategy is one crate and one line here.

mod controls;
pub mod strategies;

use contract::{
    Family, Padded, PlainRecord, ProcessSnapshot, ProcessStatus, Profile, Record, SharedStatus,
    Strategy, Visitor,
};
use controls::Controls;
use model::scenario::RecordKind;

/// The registry, from the folders of the strategy crates and their families in the order of the report: the
/// baseline first. The controls are no contenders, but measured beside them.
macro_rules! registry {
    ($($folder:literal: $family:ty,)*) => {
        /// Shows `visitor` every variant, for a record that is plain data.
        pub fn visit_plain<R: PlainRecord>(visitor: &mut impl Visitor<R>) {
            $(<$family>::plain::<R>(visitor);)*
            Controls::plain::<R>(visitor);
        }

        /// Shows `visitor` every variant, for a record of any kind; those that need plain data are excluded
        /// with that reason.
        pub fn visit_any<R: Record>(visitor: &mut impl Visitor<R>) {
            $(<$family>::any::<R>(visitor);)*
            Controls::any::<R>(visitor);
        }

        /// The source whose documentation explains the strategy `crate/variant`: its crate's `lib.rs`. Empty of
        /// a control, and of a crate that does not exist.
        pub fn docs(name: &str) -> &'static str {
            match name.split('/').next() {
                $(Some($folder) => {
                    include_str!(concat!("../../../strategies/", $folder, "/src/lib.rs"))
                })*
                _ => "",
            }
        }
    };
}

registry! {
    "mutex": mutex::Variants,
    "rwlock": rwlock::Variants,
    "channel": channel::Variants,
    "atomics": atomics::Variants,
    "arc-swap": arc_swap_table::Variants,
    "sharded": sharded::Variants,
    "left-right": left_right_table::Variants,
    "epoch": epoch::Variants,
    "concurrent-map": concurrent_map::Variants,
    "hybrid": hybrid::Variants,
    "hazard": hazard::Variants,
    "combining": combining::Variants,
}

/// Shows `visitor` every variant, for the records of a scenario.
pub fn visit<V>(record: RecordKind, visitor: &mut V)
where
    V: Visitor<ProcessStatus> + Visitor<ProcessSnapshot> + Visitor<SharedStatus>,
    V: Visitor<Padded<2>> + Visitor<Padded<128>> + Visitor<Padded<512>>,
{
    match record {
        RecordKind::Status => visit_plain::<ProcessStatus>(visitor),
        RecordKind::Snapshot => visit_any::<ProcessSnapshot>(visitor),
        RecordKind::Shared => visit_any::<SharedStatus>(visitor),
        RecordKind::Padded16 => visit_plain::<Padded<2>>(visitor),
        RecordKind::Padded1Ki => visit_plain::<Padded<128>>(visitor),
        RecordKind::Padded4Ki => visit_plain::<Padded<512>>(visitor),
    }
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
