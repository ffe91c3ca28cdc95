//! A strategy crate as a list of variants, and who wants to see them.

use crate::{PlainRecord, Profile, Record, Strategy};

/// A strategy crate: its variants, each a choice that a user would face.
pub trait Family {
    /// Shows `visitor` every variant, for a record of any kind. A variant that cannot hold it is
    /// [excluded](Visitor::exclude) with the reason, never silently missing.
    fn any<R: Record>(visitor: &mut impl Visitor<R>);

    /// Shows `visitor` every variant, for a record that is plain data.
    ///
    /// The same as [`any`](Family::any), unless a variant needs plain data.
    fn plain<R: PlainRecord>(visitor: &mut impl Visitor<R>) {
        Self::any(visitor);
    }
}

/// Something to do with every variant.
pub trait Visitor<R: Record> {
    /// A variant that can hold `R`.
    fn visit<S: Strategy<R>>(&mut self);

    /// A variant that cannot, and why, for example [`Profile::PLAIN_DATA_ONLY`].
    fn exclude(&mut self, profile: Profile, reason: &'static str);
}
