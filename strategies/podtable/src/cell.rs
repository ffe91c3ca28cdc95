//! One value, or none: the protocol of stage 1 on its own.

use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;

use crate::copy;
use crate::plain::{Value, words_of};
use crate::seqlock;
use crate::stamp::{Buffer, Stamp};
use crate::sync::AtomicU64;

/// One value that many threads read without storing anything and any of them may replace: a
/// [`SeqTable`](crate::SeqTable) with room for one, for use as a value in somebody else's map.
///
/// It holds a value or none. A map that removes a cell [takes](SeqCell::take) the value out first: nobody who
/// still has a reference to the cell can then change it and believe that the change was seen, since
/// [`update`](SeqCell::update) and [`compare_exchange`](SeqCell::compare_exchange) leave an empty cell empty.
///
/// The value's words are on the heap. A reader waits for a writer that is storing them, and a writer for
/// another; what the [crate] documentation says of [`SeqTable`](crate::SeqTable) holds here too.
///
/// ```
/// use podtable::SeqCell;
///
/// let cell = SeqCell::new([1_u64, 2]);
/// assert_eq!(cell.update(|pair| { pair[0] += 1; pair[0] }), Some(2));
/// assert_eq!(cell.get(), Some([2, 2]));
/// assert_eq!(cell.compare_exchange(&[1, 2], [7, 7]), Err(Some([2, 2])));
/// assert_eq!(cell.take(), Some([2, 2]));
/// assert_eq!(cell.update(|pair| pair[0]), None);
/// ```
pub struct SeqCell<T> {
    stamp: AtomicU64,
    /// The value's words. Change only while the stamp is locked.
    words: Box<[AtomicU64]>,
    _value: PhantomData<fn() -> T>,
}

impl<T: Value> SeqCell<T> {
    /// A cell that holds `value`.
    pub fn new(value: T) -> Self {
        let full = Stamp::VACANT.next_in(Buffer::new(0));
        Self::with_stamp(full, &value)
    }

    /// A cell that holds nothing.
    pub fn empty() -> Self {
        Self::with_stamp(Stamp::VACANT, &T::zeroed())
    }

    fn with_stamp(stamp: Stamp, value: &T) -> Self {
        Self {
            stamp: AtomicU64::new(stamp.0),
            words: copy::to_words(value).map(AtomicU64::new).collect(),
            _value: PhantomData,
        }
    }

    /// The value, or `None` if the cell is empty.
    #[inline]
    pub fn get(&self) -> Option<T> {
        self.versioned().1
    }

    /// Stores `value` and returns the one that it displaced.
    pub fn insert(&self, value: T) -> Option<T> {
        loop {
            let (version, displaced) = self.versioned();
            let locked = version.locked_live();
            if self.replace((version, locked, version.next_in(Buffer::new(0))), &value) {
                return displaced;
            }
        }
    }

    /// Lets `change` change a copy of the value, stores that in its place, as one atomic step, and returns
    /// what `change` returned; `None` if the cell is empty.
    ///
    /// `change` is called again when another writer was faster. It runs before anything is locked: if it
    /// panics, nothing has happened.
    #[inline]
    pub fn update<U>(&self, mut change: impl FnMut(&mut T) -> U) -> Option<U> {
        let Ok(outcome) =
            self.try_update(|value| Ok::<U, core::convert::Infallible>(change(value)))?;
        Some(outcome)
    }

    /// As [`update`](SeqCell::update), but stores nothing if `change` returns an error.
    ///
    /// # Errors
    ///
    /// Whatever `change` returns.
    #[inline]
    pub fn try_update<U, E>(
        &self,
        mut change: impl FnMut(&mut T) -> Result<U, E>,
    ) -> Option<Result<U, E>> {
        loop {
            let (version, value) = self.versioned();
            let mut value = value?;
            let outcome = match change(&mut value) {
                Ok(outcome) => outcome,
                Err(reason) => return Some(Err(reason)),
            };
            if self.replace((version, version.locked(), version.next()), &value) {
                return Some(Ok(outcome));
            }
        }
    }

    /// Stores `new` if the value's bytes are those of `current`.
    ///
    /// # Errors
    ///
    /// The value that is there instead, or `None` if the cell is empty. Nothing is stored then.
    #[inline]
    pub fn compare_exchange(&self, current: &T, new: T) -> Result<(), Option<T>> {
        match self.try_update(|value| exchange(value, current, new)) {
            Some(outcome) => outcome.map_err(Some),
            None => Err(None),
        }
    }

    /// Takes the value out.
    pub fn take(&self) -> Option<T> {
        loop {
            let (version, value) = self.versioned();
            let value = value?;
            if seqlock::empty(&self.stamp, version) {
                return Some(value);
            }
        }
    }

    /// The value and the stamp it was read under, which is not locked.
    #[inline]
    fn versioned(&self) -> (Stamp, Option<T>) {
        loop {
            let version = seqlock::begin(&self.stamp);
            if version.is_readable() {
                let value = seqlock::load(self.words());
                if seqlock::unchanged(&self.stamp, version) {
                    return (version, Some(value));
                }
            } else if version.is_locked() {
                seqlock::wait_for_writer(&self.stamp);
            } else {
                return (version, None);
            }
        }
    }

    #[inline]
    fn replace(&self, stamps: (Stamp, Stamp, Stamp), new: &T) -> bool {
        seqlock::replace(&self.stamp, stamps, self.words(), new)
    }

    /// The words, as many as the compiler knows there are.
    #[inline]
    fn words(&self) -> &[AtomicU64] {
        &self.words[..words_of::<T>()]
    }
}

/// Replaces a value if its bytes are those of another.
#[inline]
pub(crate) fn exchange<T: Value>(value: &mut T, current: &T, new: T) -> Result<(), T> {
    if bytemuck::bytes_of(value) == bytemuck::bytes_of(current) {
        *value = new;
        Ok(())
    } else {
        Err(*value)
    }
}

impl<T: Value> Default for SeqCell<T> {
    /// A cell that holds nothing.
    fn default() -> Self {
        Self::empty()
    }
}

impl<T: Value> From<T> for SeqCell<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Value + fmt::Debug> fmt::Debug for SeqCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SeqCell").field(&self.get()).finish()
    }
}

#[cfg(all(test, pivot_loom))]
mod models {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;
    use crate::model::{Pair, explore, pair, whole};

    fn bump(cell: &SeqCell<Pair>) -> Option<u64> {
        cell.update(|value| {
            *value = pair(whole(*value) + 1);
            whole(*value)
        })
    }

    /// What a reader sees that reads twice.
    fn reads(cell: &SeqCell<Pair>) -> [Option<u64>; 2] {
        let numbers = [(); 2].map(|()| cell.get().map(whole));
        if let [Some(earlier), Some(later)] = numbers {
            assert!(earlier <= later, "back from {earlier} to {later}");
        }
        numbers
    }

    #[test]
    fn one_writer_one_reader() {
        explore(2, || {
            let cell = Arc::new(SeqCell::new(pair(1)));
            let (to_write, to_read) = (Arc::clone(&cell), Arc::clone(&cell));
            let writer = thread::spawn(move || [(); 2].map(|()| bump(&to_write)));
            let reader = thread::spawn(move || reads(&to_read));
            assert_eq!(writer.join().unwrap(), [Some(2), Some(3)]);
            assert!(reader.join().unwrap().iter().all(Option::is_some));
            assert_eq!(cell.get().map(whole), Some(3));
        });
    }

    #[test]
    fn two_writers_one_reader() {
        explore(1, || {
            let cell = Arc::new(SeqCell::new(pair(1)));
            let writers = [(); 2].map(|()| {
                let cell = Arc::clone(&cell);
                thread::spawn(move || bump(&cell).expect("not empty"))
            });
            let to_read = Arc::clone(&cell);
            let reader = thread::spawn(move || to_read.get().map(whole));
            let mut numbers = writers.map(|writer| writer.join().unwrap());
            numbers.sort_unstable();
            assert_eq!(numbers, [2, 3]);
            assert!(reader.join().unwrap().is_some());
            assert_eq!(cell.get().map(whole), Some(3));
        });
    }

    #[test]
    fn an_update_is_taken_or_refused() {
        explore(2, || {
            let cell = Arc::new(SeqCell::new(pair(1)));
            let (to_write, to_take) = (Arc::clone(&cell), Arc::clone(&cell));
            let writer = thread::spawn(move || bump(&to_write));
            let last = thread::spawn(move || to_take.take().map(whole));
            reads(&cell);
            let updated = writer.join().unwrap();
            let taken = last.join().unwrap().expect("taken once");
            assert_eq!(updated, (taken == 2).then_some(2));
            assert_eq!(cell.get(), None);
        });
    }

    #[test]
    fn an_empty_cell_is_filled_as_a_whole() {
        explore(2, || {
            let cell = Arc::new(SeqCell::empty());
            let to_fill = Arc::clone(&cell);
            let filler = thread::spawn(move || to_fill.insert(pair(1)));
            let to_read = Arc::clone(&cell);
            let reader = thread::spawn(move || [(); 2].map(|()| to_read.get().map(whole)));
            assert_eq!(filler.join().unwrap(), None);
            let observed = reader.join().unwrap();
            assert!(observed.is_sorted() && observed[1].is_none_or(|number| number == 1));
            assert_eq!(cell.get().map(whole), Some(1));
        });
    }
}

#[cfg(all(test, not(any(pivot_loom, pivot_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_emptied_and_filled() {
        let cell = SeqCell::empty();
        assert_eq!(cell.get(), None);
        assert_eq!(cell.update(|_: &mut [u8; 12]| ()), None);
        assert_eq!(cell.insert([1; 12]), None);
        assert_eq!(cell.insert([2; 12]), Some([1; 12]));
        assert_eq!(
            cell.try_update(|value| Err::<(), u8>(value[0])),
            Some(Err(2))
        );
        assert_eq!(cell.compare_exchange(&[1; 12], [3; 12]), Err(Some([2; 12])));
        assert_eq!(cell.compare_exchange(&[2; 12], [3; 12]), Ok(()));
        assert_eq!(cell.take(), Some([3; 12]));
        assert_eq!(cell.take(), None);
        assert_eq!(cell.compare_exchange(&[3; 12], [4; 12]), Err(None));
        assert_eq!(SeqCell::from(()).get(), Some(()));
    }
}
