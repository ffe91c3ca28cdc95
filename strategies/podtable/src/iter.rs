//! All records, one after the other.

use core::fmt;
use core::hash::BuildHasher;
use core::iter::FusedIterator;
use core::ptr;

use crate::growth::Generation;
use crate::plain::{Key, Value};
use crate::replace::Replace;
use crate::slots::View;
use crate::table::Table;

/// The records of a table: see [`Table::iter`].
pub struct Iter<'t, K, V, W, S> {
    table: &'t Table<K, V, W, S>,
    /// The newest generation at the beginning: records that have moved on since are looked up by key.
    generation: &'t Generation<K, V>,
    view: View<'t, K, V>,
    /// The slot to look at next.
    next: usize,
}

impl<'t, K: Key, V: Value, W: Replace, S: BuildHasher> Iter<'t, K, V, W, S> {
    pub(crate) fn new(table: &'t Table<K, V, W, S>) -> Self {
        let generation = table.generations.newest();
        Self {
            table,
            generation,
            view: generation.view(),
            next: 0,
        }
    }
}

/// The value of a record that was found frozen in a table outgrown since: if it still exists, it is in the newest. A
/// call, so that what a lookup needs takes no register from the loop.
#[cold]
#[inline(never)]
fn moved_on<K: Key, V: Value, W: Replace, S: BuildHasher>(
    table: &Table<K, V, W, S>,
    key: K,
) -> Option<V> {
    table.get(&key)
}

impl<K: Key, V: Value, W: Replace, S: BuildHasher> Iterator for Iter<'_, K, V, W, S> {
    type Item = (K, V);

    #[inline]
    fn next(&mut self) -> Option<(K, V)> {
        while let Some(slot) = self.view.slots.get(self.next) {
            self.next += 1;
            let Some((key, record)) = self.view.record(&slot) else {
                continue;
            };
            let has_moved_on = record.version.is_moved()
                && !ptr::eq(self.table.generations.newest(), self.generation);
            if !has_moved_on {
                return Some((key, record.value));
            }
            if let Some(value) = moved_on(self.table, key) {
                return Some((key, value));
            }
        }
        None
    }

    /// A function of its own, so that the loop does not share the registers of its caller.
    #[inline(never)]
    fn fold<B, F: FnMut(B, (K, V)) -> B>(self, init: B, mut f: F) -> B {
        let mut folded = init;
        // A copy, whose fields are in registers, too.
        for record in self.clone() {
            folded = f(folded, record);
        }
        folded
    }
}

impl<K: Key, V: Value, W: Replace, S: BuildHasher> FusedIterator for Iter<'_, K, V, W, S> {}

impl<K, V, W, S> Clone for Iter<'_, K, V, W, S> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<K, V, W, S> fmt::Debug for Iter<'_, K, V, W, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter")
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
