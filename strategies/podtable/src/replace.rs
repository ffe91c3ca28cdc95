//! Stage 2: two ways to replace the value that a packed word stands for.
//!
//! - [`InPlace`] is stage 1 again: it locks the stamp and overwrites the words in their buffer.
//! - [`Swing`] needs no lock: it writes the words into a spare buffer, which nobody has, and the
//!   compare-and-swap of the stamp is the whole change. The spare is the slot's buffer from then on, and
//!   the slot's old buffer is the writer's spare. A reader or writer has to go again only if another
//!   writer succeeded.
//!
//! Spares are reused while slow readers may still be looking at them; the memory itself is not freed
//! before the table is. Such a reader has read nonsense, and the stamp tells it.

use core::fmt;

use crate::buffers::Buffers;
use crate::plain::Value;
use crate::seqlock;
use crate::slots::Found;
use crate::stamp::{Buffer, Stamp};
use crate::sync::{AtomicU64, Ordering};

/// How a table's writers replace a value: [`InPlace`] or [`Swing`]. Nobody else can implement it.
pub trait Replace: fmt::Debug + Send + Sync + sealed::Sealed + 'static {
    /// Whether a writer owns a buffer.
    #[doc(hidden)]
    const NEEDS_SPARE: bool;

    /// Whether no spare is needed, or this is one.
    #[doc(hidden)]
    fn can_replace<V: Value>(buffers: Buffers<'_, V>, spare: Buffer) -> bool;

    /// Replaces the value of `record` by `new`, unless its stamp has changed since: then nothing happens
    /// and `false` is returned, as when a spare is needed and missing.
    #[doc(hidden)]
    fn replace<V: Value>(
        record: &Found<'_, V>,
        buffers: Buffers<'_, V>,
        new: &V,
        spare: &mut Buffer,
    ) -> bool;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::InPlace {}
    impl Sealed for super::Swing {}
}

/// Writers overwrite the value where it is, under a sequence lock: [`SeqTable`](crate::SeqTable).
#[derive(Debug)]
pub struct InPlace;

/// Writers write the new value elsewhere, and one compare-and-swap puts it in place of the old one:
/// [`CasTable`](crate::CasTable).
#[derive(Debug)]
pub struct Swing;

impl Replace for InPlace {
    const NEEDS_SPARE: bool = false;

    #[inline(always)]
    fn can_replace<V: Value>(_buffers: Buffers<'_, V>, _spare: Buffer) -> bool {
        true
    }

    #[inline(always)]
    fn replace<V: Value>(
        record: &Found<'_, V>,
        buffers: Buffers<'_, V>,
        new: &V,
        _spare: &mut Buffer,
    ) -> bool {
        overwrite(record.stamp, record.version, buffers, new)
    }
}

/// Overwrites the value of `version` where it is, unless the stamp is another by now.
#[inline(always)]
fn overwrite<V: Value>(
    stamp: &AtomicU64,
    version: Stamp,
    buffers: Buffers<'_, V>,
    new: &V,
) -> bool {
    let Some(words) = buffers.get(version.buffer_if_plain()) else {
        return false;
    };
    let stamps = (version, version.locked(), version.next());
    seqlock::replace(stamp, stamps, words, new)
}

/// [`InPlace`] for a [`Swing`] without a spare. A call, and the value by itself, so that neither what this needs nor the
/// value takes memory where there is a spare.
#[cold]
#[inline(never)]
pub(crate) fn without_a_spare<V: Value>(
    stamp: &AtomicU64,
    version: Stamp,
    buffers: Buffers<'_, V>,
    new: V,
) -> bool {
    overwrite(stamp, version, buffers, &new)
}

impl Replace for Swing {
    const NEEDS_SPARE: bool = true;

    #[inline(always)]
    fn can_replace<V: Value>(buffers: Buffers<'_, V>, spare: Buffer) -> bool {
        buffers.get(spare).is_some()
    }

    #[inline(always)]
    fn replace<V: Value>(
        record: &Found<'_, V>,
        buffers: Buffers<'_, V>,
        new: &V,
        spare: &mut Buffer,
    ) -> bool {
        let Some(words) = buffers.get(*spare) else {
            return false;
        };
        // Readers that still look at the spare saw a stamp that was exchanged before it became ours:
        // the release fence inside `store` is the partner of the acquire fence in `unchanged`.
        seqlock::store(words, new);
        let next = record.version.next_in(*spare);
        // Release: partner is the acquire load in `seqlock::begin`. Acquire is not needed on top:
        // `version` was loaded by `begin`, so what led to it already happened before this. SeqCst: here the
        // change takes effect, see `order`.
        let swapped = record
            .stamp
            .compare_exchange(
                record.version.0,
                next.0,
                Ordering::SeqCst,
                Ordering::Relaxed,
            )
            .is_ok();
        if swapped {
            *spare = record.version.buffer();
        }
        swapped
    }
}

#[cfg(all(test, pivot_loom))]
mod models {
    use loom::thread;

    use super::*;
    use crate::model::{
        KEY, Small, bump, explore, insert, leak, number, numbers, whole, with_one_record,
    };

    /// The second change of the writer goes, in the compare-and-swap table, into the buffer that the first
    /// one took from under the reader.
    fn one_writer_one_reader<W: Replace>() {
        explore(2, || {
            let table = with_one_record::<W>(0);
            let (mut writing, mut reading) = (table.handle(), table.handle());
            let writer = thread::spawn(move || [(); 2].map(|()| bump(&mut writing)));
            let reader = thread::spawn(move || numbers(&mut reading));
            assert_eq!(writer.join().unwrap(), [2, 3]);
            assert!(reader.join().unwrap().is_sorted());
            assert_eq!(number(table), 3);
        });
    }

    fn two_writers_one_reader<W: Replace>() {
        explore(1, || {
            let table = with_one_record::<W>(0);
            let [mut reading, writing @ ..] = [(); 3].map(|()| table.handle());
            let writers = writing.map(|mut writing| thread::spawn(move || bump(&mut writing)));
            let reader = thread::spawn(move || numbers(&mut reading)[0]);
            let mut bumped = writers.map(|writer| writer.join().unwrap());
            bumped.sort_unstable();
            assert_eq!(bumped, [2, 3]);
            assert!((1..=3).contains(&reader.join().unwrap()));
            assert_eq!(number(table), 3);
        });
    }

    #[test]
    fn seq_one_writer_one_reader() {
        one_writer_one_reader::<InPlace>();
    }

    #[test]
    fn cas_one_writer_one_reader() {
        one_writer_one_reader::<Swing>();
    }

    #[test]
    fn seq_two_writers_one_reader() {
        two_writers_one_reader::<InPlace>();
    }

    #[test]
    fn cas_two_writers_one_reader() {
        two_writers_one_reader::<Swing>();
    }

    /// One writer got the last buffer as its spare, the other has to write in place.
    #[test]
    fn cas_without_a_spare_writes_in_place() {
        explore(2, || {
            let table = leak(Small::<Swing>::limited(2));
            let mut writing = table.handle();
            assert_eq!(insert(&mut writing, 0), None);
            let mut poor = table.handle();
            let other = thread::spawn(move || bump(&mut poor));
            let reader = thread::spawn(move || table.get(&KEY).map(whole));
            let mut bumped = [bump(&mut writing), other.join().unwrap()];
            bumped.sort_unstable();
            assert_eq!(bumped, [2, 3]);
            assert!((1..=3).contains(&reader.join().unwrap().unwrap()));
            assert_eq!(number(table), 3);
        });
    }
}
