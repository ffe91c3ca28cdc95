//! Where the words of a slot live, and how a writer replaces them: what the two tables differ in.

use contract::{Profile, Words};

use crate::stamp::Stamp;
use crate::sync::AtomicU64;

/// A way to keep the words of many slots.
///
/// The stamp's upper bits are the payload's own. The rule it keeps: no two versions of a slot ever
/// have the same upper bits.
pub trait Payload<W: Words>: std::fmt::Debug + Sized + Send + Sync + 'static {
    /// What the table claims with this payload.
    const PROFILE: Profile;

    /// What lives as long as the table.
    type Store: std::fmt::Debug + Send + Sync;
    /// What belongs to the slots of one generation.
    type Slots: std::fmt::Debug + Send + Sync;
    /// What a handle owns in order to write.
    type Spare: std::fmt::Debug + Send;

    fn store(slots: usize) -> Self::Store;
    fn slots(count: usize) -> Self::Slots;

    /// Hands out what a writer needs, and takes it back.
    fn lend(store: &Self::Store) -> Self::Spare;
    fn take_back(store: &Self::Store, spare: &Self::Spare);

    /// Loads the words of `slot` as of `seen`; the caller validates.
    fn load(at: At<'_, W, Self>, seen: Stamp) -> W;

    /// Replaces the words of a live slot and its stamp, unless the stamp is no longer `seen`.
    fn replace(
        at: At<'_, W, Self>,
        stamp: &AtomicU64,
        seen: Stamp,
        new: &W,
        spare: &mut Self::Spare,
    ) -> bool;

    /// Gives words to an empty slot that nobody else may fill, and returns its live stamp.
    fn fill(at: At<'_, W, Self>, empty: Stamp, new: &W) -> Stamp;

    /// The empty stamp that follows `live`.
    fn emptied(live: Stamp) -> Stamp;

    /// Called once the slot's stamp is [`emptied`](Payload::emptied): what `live` stood for is free.
    fn release(store: &Self::Store, live: Stamp);

    /// Carries a frozen slot over into the next generation, and returns its stamp there.
    fn carry(from: At<'_, W, Self>, to: At<'_, W, Self>, frozen: Stamp) -> Stamp;
}

/// A slot, to its payload.
#[derive(Debug)]
pub struct At<'t, W: Words, P: Payload<W>> {
    pub(crate) store: &'t P::Store,
    pub(crate) slots: &'t P::Slots,
    pub(crate) slot: usize,
}

impl<W: Words, P: Payload<W>> Clone for At<'_, W, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W: Words, P: Payload<W>> Copy for At<'_, W, P> {}
