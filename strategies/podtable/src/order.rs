//! Stage 6: one order for the operations on all keys.
//!
//! Acquire and release order what happens to one key. They leave open what two threads see that each write one
//! key and then read the other's: both may miss the other's write, since a processor may carry out a load
//! before an earlier store. Behind a mutex that cannot be, so it must not be here either.
//!
//! So the accesses by which operations take effect, and those from which they learn, are `SeqCst`: they have
//! one total order S, in which each thread's stand as it made them. On x86-64 that costs an insertion an
//! exchange for a store, and reads and updates nothing: a load is a load there, and a compare-and-swap a full
//! barrier. On `AArch64` a load is the one that acquires, too (`ldar`). On Power and RISC-V a lookup pays for a
//! barrier or two.
//!
//! | operation | takes effect with |
//! |---|---|
//! | get, iteration's look at a slot | the load of the stamp in `begin` |
//! | get that finds nothing | one of its loads of stamps, keys, counts and the newest generation |
//! | replacement in place | the compare-and-swap that sets `LOCKED` |
//! | replacement by swing | the compare-and-swap of the stamp |
//! | insertion | the store of the stamp |
//! | removal | the compare-and-swap that sets `EMPTY` |
//!
//! # Why S is the order of all operations
//!
//! C++20 and Rust promise: if an access A is before B in the coherence order of one atomic (A stored what
//! B read or overwrote, or A read what B overwrote, or in steps), and both are `SeqCst`, A is before B in S.
//!
//! - **A read returns the last write before it in S.** Its load of the stamp comes, in coherence order, after
//!   the step with which the write that it returns took effect, and before that of the next write. (The
//!   stamp that a write in place stores last is not `SeqCst` itself, but between that and the next in
//!   coherence order.) Nobody returns from the `LOCKED` stamp between the two.
//! - **A lookup that finds nothing** has in S, between its first load and its last, a moment without the
//!   record. If the record's insertion were before all of its loads in S, and its removal after, each load
//!   would return the insertion's store or a later one: counts are not zero, the stamp is live, and by acquire
//!   the key is there. It would have found the record. The slots of a removed record are counted out, or
//!   given to another key, only after the removal took effect; whoever reads that has it before its next load,
//!   and a lookup that finds nothing ends with the load of a count and of the newest generation.
//! - **Growth** changes no answer. A read from a slot before it was frozen is before the freezing in S, which
//!   is before the publication, and that before whatever happens in the next generation.
//!
//! So the operations of all keys, and of all tables and cells of a program, behave as if one were carried out
//! after the other, in an order that agrees with each thread's. `len` and the moments between two steps of an
//! iteration are no part of it.
//!
//! # What the models show
//!
//! Loom does not know S. [`with_total_order`](crate::sync) stands in for it twice: with fences before each
//! `SeqCst` access, and with fences behind it. Compilers for processors with weak ordering have the same
//! choice. With one of the two alone, half of the accesses could be weakened unseen.
//!
//! Fences are stronger than the accesses that they stand for. That the loads of keys, counts and the newest
//! generation are `SeqCst`, and the stores of counts and of frozen stamps, is shown by the argument above and by
//! no model: the fence of a neighbouring access covers for them. And a read that finds its record looks at the
//! stamp twice, with a fence in between: a missing order shows only beside a lookup that finds nothing, or
//! with cells.

#[cfg(all(test, pivot_loom))]
mod models {
    use loom::sync::Arc;
    use loom::thread;

    use crate::cell::SeqCell;
    use crate::model::{SmallHandle, bump_nth, empty, explore_in_total_order, insert, nth, pair};
    use crate::replace::{InPlace, Replace, Swing};

    /// Two threads each write one key and then read the other's: they do not both miss the other's write.
    /// One changes the record of key 1 in each case; `write` is what the other does to key 0, whose record is
    /// there before if `was_there`.
    fn one_sees_the_other<W: Replace>(was_there: bool, write: fn(&mut SmallHandle<W>)) {
        explore_in_total_order(2, move || {
            let table = empty::<W>(8);
            let [mut first, mut second] = [(); 2].map(|()| table.handle());
            if was_there {
                assert_eq!(insert(&mut first, 0), None);
            }
            assert_eq!(insert(&mut first, 1), None);
            let other = thread::spawn(move || {
                bump_nth(&mut second, 1);
                second.get(&nth(0))
            });
            write(&mut first);
            let observed = [first.get(&nth(1)), other.join().unwrap()];
            let missed = [Some(pair(1)), was_there.then_some(pair(1))];
            assert!(observed != missed, "both missed the other's write");
        });
    }

    fn update<W: Replace>() {
        one_sees_the_other::<W>(true, |handle| assert_eq!(bump_nth(handle, 0), 2));
    }

    fn insertion<W: Replace>() {
        one_sees_the_other::<W>(false, |handle| assert_eq!(insert(handle, 0), None));
    }

    fn removal<W: Replace>() {
        one_sees_the_other::<W>(true, |handle| {
            assert_eq!(handle.remove(&nth(0)), Some(pair(1)));
        });
    }

    #[test]
    fn seq_update() {
        update::<InPlace>();
    }

    #[test]
    fn cas_update() {
        update::<Swing>();
    }

    #[test]
    fn seq_insertion() {
        insertion::<InPlace>();
    }

    #[test]
    fn cas_insertion() {
        insertion::<Swing>();
    }

    #[test]
    fn seq_removal() {
        removal::<InPlace>();
    }

    #[test]
    fn cas_removal() {
        removal::<Swing>();
    }

    /// Two insertions under one lock would be ordered by it.
    #[test]
    fn two_tables() {
        explore_in_total_order(2, || {
            // Without a handle, a look at the newest generation would come in between.
            let tables = [(); 2].map(|()| empty::<InPlace>(2));
            let [mut first, mut read_by_second] = [(); 2].map(|()| tables[0].handle());
            let [mut second, mut read_by_first] = [(); 2].map(|()| tables[1].handle());
            let other = thread::spawn(move || {
                assert_eq!(insert(&mut second, 0), None);
                read_by_second.get(&nth(0))
            });
            assert_eq!(insert(&mut first, 0), None);
            let observed = [read_by_first.get(&nth(0)), other.join().unwrap()];
            assert!(observed != [None; 2], "both missed the other's write");
        });
    }

    /// The order is that of cells and tables together.
    #[test]
    fn a_cell_and_a_table() {
        explore_in_total_order(2, || {
            let table = empty::<InPlace>(8);
            let cell = Arc::new(SeqCell::new(pair(1)));
            let to_read = Arc::clone(&cell);
            let [mut inserting, mut reading] = [(); 2].map(|()| table.handle());
            let other = thread::spawn(move || {
                assert_eq!(insert(&mut inserting, 0), None);
                to_read.get()
            });
            assert_eq!(cell.take(), Some(pair(1)));
            let observed = [reading.get(&nth(0)), other.join().unwrap()];
            assert!(
                observed != [None, Some(pair(1))],
                "both missed the other's write"
            );
        });
    }

    /// Two threads that read two cells do not disagree about which was written first.
    #[test]
    fn readers_agree() {
        explore_in_total_order(0, || {
            let cells = Arc::new([SeqCell::new(pair(1)), SeqCell::new(pair(1))]);
            let writers = [0, 1].map(|n| {
                let cells = Arc::clone(&cells);
                thread::spawn(move || cells[n].update(|value| *value = pair(2)))
            });
            let readers = [[0, 1], [1, 0]].map(|order| {
                let cells = Arc::clone(&cells);
                thread::spawn(move || order.map(|n| cells[n].get() == Some(pair(2))))
            });
            for writer in writers {
                assert_eq!(writer.join().unwrap(), Some(()));
            }
            let observed = readers.map(|reader| reader.join().unwrap());
            assert!(observed != [[true, false]; 2], "each saw another one first");
        });
    }
}
