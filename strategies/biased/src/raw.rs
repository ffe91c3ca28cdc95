//! The lock itself: one word, and the announcements of [`crate::threads`].
//!
//! | bit of the word | meaning |
//! |---|---|
//! | `WRITER` | a writer is inside, or waits for the readers inside: no other thread gets in |
//! | `BIASED` | readers may announce themselves and leave the word alone; never with `WRITER` |
//! | `LIGHT` | and they need no fence for it, since the next writer pays for a barrier; never without `BIASED` |
//! | `PARKED` | threads wait for `WRITER` to be cleared, in the queue of the word's first byte |
//! | `DRAINING` | the writer waits for the readers inside, in the queue of its second byte |
//! | `ASKED` | a reader has waited for long: the next turn is for readers, unless a writer waits as long |
//! | the rest | how many readers are inside that did not announce themselves |
//!
//! # Why a reader and a writer cannot meet
//!
//! A reader that increases the number does so while `WRITER` is clear, and a writer that has set
//! `WRITER` waits until the number is zero: one word, one order. An announced reader stores its entry,
//! then loads the word; a writer changes the word, then loads all entries. All four are
//! sequentially consistent, so they have one order, too. If the word was `LIGHT`, the two sides have the fences of
//! [`crate::barrier`] in between, instead.
//! - *The reader's store comes before the writer's load.* Then the writer sees the announcement, and
//!   waits; or it sees that the reader has left, with release, and has acquired all that it did.
//! - *The writer's load comes first*, and so does its change of the word. Then the reader's load sees that
//!   change, and the reader steps back, or it sees a later bias. A slow reader set that, after the
//!   writer was gone. All changes of the word but the last of a writer's are read-modify-writes, so
//!   what is seen continues the release of that writer, and the reader's load acquires it.
//!
//! A reader without a fence has to see `LIGHT` again, and not just a bias: the writer that ends a later bias need not
//! have a barrier. If it sees `LIGHT`, the writer that clears that has one, whichever reader set it.
//!
//! The last change of a writer that wakes others is a plain store in `RawRwLock::wake`, which is
//! a release itself; nobody else changes the word then, except for `PARKED`, which is checked again under the
//! lock of the queue, and for `ASKED`, which may be lost: whoever has asked is woken or asks again.
//!
//! # When a bias becomes light
//!
//! A fence costs each read a nanosecond or two, a barrier costs one write some microseconds. It is not known which will be
//! more. A thread that has paid for as many fences as a barrier costs makes the lock light: then a single reader's
//! fences and the barrier together cost at most twice what the better choice would have (the rule for renting skis:
//! Karlin, Manasse, Rudolph and Sleator, "Competitive snoopy caching", Algorithmica 3, 1988).

mod waiting;

use std::fmt;

use crate::barrier;
use crate::bias::{Bias, Cost};
use crate::sync::{AtomicUsize, Ordering, Spin, const_fn, global, store_load};
use crate::threads::{self, Entry, LockId, Record};
use waiting::{NAP, kind, pass};

const WRITER: usize = 1;
const BIASED: usize = 2;
const PARKED: usize = 4;
const DRAINING: usize = 8;
const LIGHT: usize = 16;
const ASKED: usize = 32;
const READER: usize = 64;

/// Announced reads of one thread since the last write that make the lock light: what a barrier costs, in fences.
const LIGHT_AFTER: usize = if cfg!(all(test, any(pivot_loom, pivot_shuttle))) {
    1
} else {
    1 << 12
};

/// Gives locks their identifiers, which are even.
struct Identifiers(AtomicUsize);

impl Identifiers {
    const_fn! {
        fn new() -> Self {
            Self(AtomicUsize::new(2))
        }
    }

    /// An identifier that no lock has had, or none when all are used: on 32 bits after 2^31 locks.
    fn next(&self) -> Option<LockId> {
        // Relaxed: only that it is unique counts.
        let next = |id: LockId| id.checked_add(2);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .ok()
    }
}

global!(IDENTIFIERS: Identifiers);

/// A reader-writer lock without a value: what [`RwLock`](crate::RwLock) is made of, for
/// [`lock_api`] and its types.
pub struct RawRwLock {
    word: AtomicUsize,
    /// What the lock is called in the entries of threads: 0 until it is first biased.
    id: AtomicUsize,
    bias: Bias,
}

/// Marks a branch as seldom taken.
#[cold]
#[inline]
fn cold() {}

impl RawRwLock {
    const_fn! {
        pub(crate) fn new() -> Self {
            Self {
                word: AtomicUsize::new(0),
                id: AtomicUsize::new(0),
                bias: Bias::new(),
            }
        }
    }

    /// Lets this thread in to read.
    ///
    /// What is compiled into callers is the announcement by an entry that was used for this lock before.
    #[inline]
    pub(crate) fn read(&self) {
        // Acquire: whoever biased the lock for the first time has given it its identifier.
        let word = self.word.load(Ordering::Acquire);
        if word & BIASED == 0 {
            return self.read_slow(None);
        }
        let id = self.id.load(Ordering::Relaxed);
        let entry = threads::current().map(|record| record.entry(id));
        let entry = entry.filter(|entry| entry.is_ready(id));
        if !entry.is_some_and(|entry| self.announce(word, entry, id)) {
            self.read_slow(entry);
        }
    }

    /// Lets the owner of a record that nothing else is read by in to read. Returns whether that is announced.
    #[inline]
    pub(crate) fn read_by(&self, record: &Record) -> bool {
        // Acquire: as in `read`.
        let word = self.word.load(Ordering::Acquire);
        if word & BIASED == 0 {
            if !self.count_reader(0, Cost::Alone) {
                self.read_slow_by(None);
            }
            return false;
        }
        let id = self.id.load(Ordering::Relaxed);
        let entry = record.first();
        if self.announce(word, entry, id) {
            return true;
        }
        self.read_slow_by(Some(entry));
        false
    }

    /// Reads a lock by announcement that was biased when its word was `word`, unless it turns out that it no longer
    /// is: then the announcement is left to be taken back.
    #[inline]
    fn announce(&self, word: usize, entry: &Entry, id: LockId) -> bool {
        if word & LIGHT != 0 {
            entry.announce_lightly(id);
            // Acquire: what the last writer has done. See the header.
            if self.word.load(Ordering::Acquire) & LIGHT != 0 {
                return true;
            }
        } else {
            entry.announce(id);
            // SeqCst: see the header. Acquires what the last writer has done.
            if self.word.load(Ordering::SeqCst) & BIASED != 0 {
                if entry.count() % LIGHT_AFTER == 0 {
                    self.lighten();
                }
                return true;
            }
        }
        cold();
        false
    }

    /// Makes the lock light, if it is biased, and barriers are to be had.
    #[cold]
    fn lighten(&self) {
        if !barrier::is_available() {
            return;
        }
        // Relaxed: says nothing of the value, and continues the release of who has.
        let is_heavy = |word| (word & (BIASED | LIGHT) == BIASED).then_some(word | LIGHT);
        let _ = self
            .word
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_heavy);
    }

    /// Lets this thread in to read, if it need not wait.
    pub(crate) fn try_read(&self) -> bool {
        loop {
            // Acquire: as in `read`, for the identifier.
            let word = self.word.load(Ordering::Acquire);
            if word & WRITER != 0 {
                return false;
            }
            if self.enter(word, Cost::Alone) {
                return true;
            }
        }
    }

    /// Ends an announced read, or takes an announcement back.
    #[inline]
    pub(crate) fn leave(&self, entry: &Entry, id: LockId) {
        entry.leave(id);
        // Relaxed: see `NAP`.
        if self.word.load(Ordering::Relaxed) & DRAINING != 0 {
            self.wake_draining();
        }
    }

    /// Ends a read of the owner of a record: an announced one, or one that was counted.
    #[inline]
    pub(crate) fn leave_by(&self, record: &Record, is_announced: bool) {
        if is_announced {
            self.leave(record.first(), self.id.load(Ordering::Relaxed));
        } else {
            self.uncount_reader();
        }
    }

    /// Reads by announcement or by number, whichever is possible, when there is no writer. Takes back
    /// what was `announced` in vain.
    #[cold]
    #[inline(never)]
    fn read_slow(&self, announced: Option<&Entry>) {
        self.wait_to_read(announced, |word, cost| self.enter(word, cost));
    }

    /// The same by number only.
    #[inline(never)]
    fn read_slow_by(&self, announced: Option<&Entry>) {
        self.wait_to_read(announced, |word, cost| self.count_reader(word, cost));
    }

    #[inline]
    fn wait_to_read(&self, announced: Option<&Entry>, enter: impl Fn(usize, Cost) -> bool) {
        if let Some(entry) = announced {
            self.leave(entry, self.id.load(Ordering::Relaxed));
        }
        let mut spin = Spin::to_read();
        let mut cost = Cost::Alone;
        loop {
            // Acquire: as in `read`.
            let mut word = self.word.load(Ordering::Acquire);
            // As in `write_slow`, but sooner: a reader inside is no hindrance.
            let may_join = word < READER || word & (BIASED | PARKED) != 0 || spin.is_long();
            if word & WRITER == 0 && may_join && enter(word, cost) {
                return;
            }
            cost = Cost::Contended;
            if word & (WRITER | ASKED | PARKED) == WRITER && spin.is_yielding() && self.ask(word) {
                word |= ASKED;
            }
            if word & PARKED == 0 && spin.spin() || word & WRITER == 0 {
                continue;
            }
            if self.wait_for_writer(word, kind::READ) == Some(pass::READ) {
                return;
            }
            spin = Spin::to_read();
        }
    }

    /// Asks the writer of `word` to leave the next turn to readers, if it is still that word.
    fn ask(&self, word: usize) -> bool {
        let asked = word | ASKED;
        // Relaxed: says nothing of the value.
        self.word
            .compare_exchange_weak(word, asked, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }

    /// Lets this thread in to read, if the word is still `word`, in which no writer is.
    #[inline]
    fn enter(&self, word: usize, cost: Cost) -> bool {
        if word & BIASED == 0 {
            return self.count_reader(word, cost);
        }
        let id = self.id.load(Ordering::Relaxed);
        let record = threads::current().or_else(threads::register);
        let Some(entry) = record.and_then(|record| record.prepare(id)) else {
            return self.count_reader(word, cost);
        };
        let is_in = self.announce(word, entry, id);
        if !is_in {
            self.leave(entry, id);
        }
        is_in
    }

    /// Counts this thread among the readers, and switches the bias on if it is time, unless the word is
    /// no longer `word`.
    #[inline]
    fn count_reader(&self, word: usize, cost: Cost) -> bool {
        assert!(
            word < usize::MAX - READER,
            "more read guards than a word can count"
        );
        let is_earned = word & BIASED == 0 && self.bias.is_earned(cost);
        let bias = if is_earned && self.name(&IDENTIFIERS) {
            BIASED
        } else {
            0
        };
        let next = ((word + READER) | bias) & !ASKED;
        // Acquire: what the last writer did. Release: the identifier, for `read`.
        let counted =
            self.word
                .compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Relaxed);
        if counted.is_ok() {
            self.bias.count(cost);
        }
        counted.is_ok()
    }

    /// Gives the lock its identifier, if it has none. Returns whether it has one now: without, it must not be
    /// biased, since another lock could have the same.
    #[cold]
    fn name(&self, identifiers: &Identifiers) -> bool {
        // Relaxed: the release of `count_reader` publishes it.
        if self.id.load(Ordering::Relaxed) != 0 {
            return true;
        }
        let Some(id) = identifiers.next() else {
            return false;
        };
        let _ = self
            .id
            .compare_exchange(0, id, Ordering::Relaxed, Ordering::Relaxed);
        true
    }

    /// Ends a read of this thread.
    ///
    /// Whether a thread reads by announcement or by number need not be remembered. If it does both, by
    /// reading inside a read, it holds two and ends two, in whatever order.
    ///
    /// # Safety
    ///
    /// This thread reads.
    #[inline]
    pub(crate) unsafe fn unlock_read(&self) {
        let id = self.id.load(Ordering::Relaxed);
        let entry = threads::current().map(|record| record.entry(id));
        match entry.filter(|entry| entry.is_active(id)) {
            Some(entry) => self.leave(entry, id),
            None => self.uncount_reader(),
        }
    }

    /// Ends a read that was counted.
    #[inline]
    pub(crate) fn uncount_reader(&self) {
        // Release: what was read comes before what is written by who acquires it in `drain`. Compared as
        // a whole: processors subtract and compare in less time than they subtract and return what was there.
        if self.word.fetch_sub(READER, Ordering::Release) != READER {
            self.was_last_reader();
        }
    }

    /// After a reader has left: wakes the writer who waits for the last one.
    #[cold]
    fn was_last_reader(&self) {
        // Relaxed: in the order of the word, this is after the subtraction. If the writer says only later
        // that it sleeps, it looks at the number after that.
        let word = self.word.load(Ordering::Relaxed);
        if word & DRAINING != 0 && word < READER {
            self.wake_draining();
        }
    }

    /// Whether a thread is inside, or waits for one that is.
    #[cfg(not(all(test, any(pivot_loom, pivot_shuttle))))]
    fn is_locked(&self) -> bool {
        // Relaxed: of a read or write that happens before this, the word or the entry tells. Others may be
        // missed.
        let id = self.id.load(Ordering::Relaxed);
        let word = self.word.load(Ordering::Relaxed);
        word & WRITER != 0 || word >= READER || word & BIASED != 0 && threads::any_is_reading(id)
    }

    /// Lets this thread in to write.
    #[inline]
    pub(crate) fn write(&self) {
        // Acquire: what the last writer did, and that the last readers have left. A word of zero is not
        // biased, so nobody can be announced.
        let locked = self
            .word
            .compare_exchange(0, WRITER, Ordering::Acquire, Ordering::Relaxed);
        if locked.is_err() {
            self.write_slow();
        }
        self.bias.start_again();
    }

    #[cold]
    fn write_slow(&self) {
        let mut spin = Spin::to_write();
        // Relaxed, as all of these: `claim` compares.
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            // Whoever is counted leaves soon, and may come again for a while. Two processors that take turns
            // at each operation get less done than if each has the lock for some operations. When that takes
            // long, readers have to wait. And if a reader had to, it and those that follow get a turn first.
            let is_free = word < READER && word & ASKED == 0;
            let may_claim = is_free || word & (BIASED | PARKED) != 0 || spin.is_over();
            if word & WRITER == 0 && may_claim {
                match self.claim(word) {
                    Ok(()) => return self.drain(word),
                    Err(now) => word = now,
                }
                continue;
            }
            if word & (WRITER | ASKED | PARKED) == ASKED {
                Spin::a_turn();
            }
            if word & PARKED == 0 && spin.spin() {
                word = self.word.load(Ordering::Relaxed);
                continue;
            }
            if self.wait_for_writer(word, kind::WRITE) == Some(pass::WRITE) {
                return;
            }
            spin = Spin::to_write();
            word = self.word.load(Ordering::Relaxed);
        }
    }

    /// Lets this thread in to write, if it need not wait.
    #[inline]
    pub(crate) fn try_write(&self) -> bool {
        let locked = self
            .word
            .compare_exchange(0, WRITER, Ordering::Acquire, Ordering::Relaxed);
        let is_locked = locked.is_ok() || self.try_write_slow();
        if is_locked {
            self.bias.start_again();
        }
        is_locked
    }

    #[cold]
    fn try_write_slow(&self) -> bool {
        // Relaxed: `claim` compares.
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if word & WRITER != 0 || word >= READER {
                return false;
            }
            match self.claim(word) {
                Ok(()) => break,
                Err(now) => word = now,
            }
        }
        if word & BIASED == 0 {
            return true;
        }
        let id = self.id.load(Ordering::Relaxed);
        if !threads::any_is_reading(id) {
            return true;
        }
        // Somebody reads: it stays biased, but no longer light, since whoever tries again would pay for a barrier each
        // time. Nothing was written, so the release is for nothing but the rule that a writer's last change is one.
        self.unlock(BIASED);
        false
    }

    /// Changes `word`, in which no writer is, to one in which this thread is the writer.
    fn claim(&self, word: usize) -> Result<(), usize> {
        let next = (word | WRITER) & !(BIASED | LIGHT | ASKED);
        // SeqCst: see the header; its acquire is that of `write`.
        self.word
            .compare_exchange_weak(word, next, Ordering::SeqCst, Ordering::Relaxed)?;
        if word & LIGHT != 0 {
            barrier::heavy();
        } else {
            store_load();
        }
        Ok(())
    }

    /// Waits for all readers inside. `before` is the word that this thread claimed: none can come since.
    fn drain(&self, before: usize) {
        let mut has_parked = false;
        if before & BIASED != 0 {
            has_parked |= self.revoke(before & LIGHT != 0);
        }
        // Acquire: pairs with the release of every reader that was counted.
        let is_empty = || self.word.load(Ordering::Acquire) < READER;
        has_parked |= self.wait_for_readers(is_empty, None);
        if has_parked {
            // Relaxed: who still sees the mark wakes nobody.
            self.word.fetch_and(!DRAINING, Ordering::Relaxed);
        }
    }

    /// Waits for all announced readers, and settles what the bias has yielded: of one that was light enough,
    /// whose reads were not all counted. Returns whether it has parked.
    fn revoke(&self, was_light: bool) -> bool {
        let id = self.id.load(Ordering::Relaxed);
        let (mut has_parked, mut threads) = (false, 0);
        let mut fast_reads = if was_light { usize::MAX } else { 0 };
        for record in threads::all() {
            threads += 1;
            for entry in record.entries() {
                has_parked |= self.wait_for_readers(|| !entry.is_reading(id), Some(NAP));
                fast_reads = fast_reads.saturating_add(entry.settle(id));
            }
        }
        let were_more =
            || threads::all().fold(false, |more, record| record.take_displaced(id) | more);
        self.bias.settle(fast_reads, threads, were_more);
        has_parked
    }

    /// Ends the write of this thread.
    ///
    /// # Safety
    ///
    /// This thread writes.
    #[inline]
    pub(crate) unsafe fn unlock_write(&self) {
        self.unlock(0);
    }

    /// Ends being the writer, and leaves `bias` behind.
    #[inline]
    fn unlock(&self, bias: usize) {
        // Release: what was written, for whoever gets in. Not looked at before, since a load that follows a locked
        // instruction on the same word waits for it; what else a writer's word can have is `PARKED` and `ASKED`.
        let left = self
            .word
            .compare_exchange(WRITER, bias, Ordering::Release, Ordering::Relaxed);
        if let Err(word) = left {
            self.unlock_slow(word, bias);
        }
    }

    #[cold]
    fn unlock_slow(&self, word: usize, bias: usize) {
        if word & PARKED == 0 {
            // Release: as in `unlock`. That a reader has asked is left for the next writer.
            let next = word & ASKED | bias;
            let left = self
                .word
                .compare_exchange(word, next, Ordering::Release, Ordering::Relaxed);
            if left.is_ok() {
                return;
            }
        }
        self.wake(true, bias);
    }

    /// Turns a write of this thread into a read.
    ///
    /// # Safety
    ///
    /// This thread writes.
    pub(crate) unsafe fn downgrade(&self) {
        // Release: what was written, for the readers that get in beside.
        let word = self.word.fetch_add(READER - WRITER, Ordering::Release);
        if word & PARKED != 0 {
            self.wake(false, 0);
        }
    }

    /// Whether readers announce themselves.
    #[cfg(all(test, not(any(pivot_loom, pivot_shuttle))))]
    pub(crate) fn is_biased(&self) -> bool {
        self.word.load(Ordering::Relaxed) & BIASED != 0
    }

    /// Whether they do so without a fence.
    #[cfg(all(test, not(any(pivot_loom, pivot_shuttle))))]
    pub(crate) fn is_light(&self) -> bool {
        self.word.load(Ordering::Relaxed) & LIGHT != 0
    }
}

// SAFETY: readers and writers exclude each other, as the header of this module argues.
#[cfg(not(all(test, any(pivot_loom, pivot_shuttle))))]
unsafe impl lock_api::RawRwLock for RawRwLock {
    const INIT: Self = Self::new();

    /// A reader is known by its thread.
    type GuardMarker = lock_api::GuardNoSend;

    #[inline]
    fn lock_shared(&self) {
        self.read();
    }

    #[inline]
    fn try_lock_shared(&self) -> bool {
        self.try_read()
    }

    #[inline]
    unsafe fn unlock_shared(&self) {
        // SAFETY: the caller's promise.
        unsafe { self.unlock_read() }
    }

    #[inline]
    fn lock_exclusive(&self) {
        self.write();
    }

    #[inline]
    fn try_lock_exclusive(&self) -> bool {
        self.try_write()
    }

    #[inline]
    unsafe fn unlock_exclusive(&self) {
        // SAFETY: the caller's promise.
        unsafe { self.unlock_write() }
    }

    fn is_locked(&self) -> bool {
        RawRwLock::is_locked(self)
    }

    fn is_locked_exclusive(&self) -> bool {
        // Relaxed: as in `is_locked`.
        self.word.load(Ordering::Relaxed) & WRITER != 0
    }
}

// SAFETY: no writer can get in between, since the number of readers is never zero.
#[cfg(not(all(test, any(pivot_loom, pivot_shuttle))))]
unsafe impl lock_api::RawRwLockDowngrade for RawRwLock {
    unsafe fn downgrade(&self) {
        // SAFETY: the caller's promise.
        unsafe { self.downgrade() }
    }
}

impl fmt::Debug for RawRwLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word.load(Ordering::Relaxed);
        f.debug_struct("RawRwLock")
            .field("is_biased", &(word & BIASED != 0))
            .field("is_light", &(word & LIGHT != 0))
            .field("has_writer", &(word & WRITER != 0))
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(any(pivot_loom, pivot_shuttle))))]
mod tests {
    use super::*;

    /// Writes once, and is asked for a turn meanwhile. Returns what the word is after that.
    fn write_and_be_asked(lock: &RawRwLock) -> usize {
        lock.write();
        // The exchange may fail for no reason.
        assert!((0..100).any(|_| lock.ask(WRITER)));
        // SAFETY: locked above.
        unsafe { lock.unlock_write() };
        lock.word.load(Ordering::Relaxed)
    }

    #[test]
    fn the_turn_after_a_writer_that_was_asked_is_for_readers() {
        let lock = RawRwLock::new();
        assert_eq!(write_and_be_asked(&lock), ASKED);
        assert!(lock.try_read());
        assert_eq!(lock.word.load(Ordering::Relaxed), READER);
    }

    #[test]
    fn a_writer_takes_the_turn_if_no_reader_comes() {
        let lock = RawRwLock::new();
        assert_eq!(write_and_be_asked(&lock), ASKED);
        assert_eq!(write_and_be_asked(&lock), ASKED);
    }

    #[test]
    fn a_lock_for_which_no_identifier_is_left_gets_none() {
        let identifiers = Identifiers(AtomicUsize::new(usize::MAX - 3));
        let [last, late] = [RawRwLock::new(), RawRwLock::new()];
        assert!(last.name(&identifiers));
        assert!(last.name(&identifiers), "it has one");
        for _ in 0..3 {
            assert!(!late.name(&identifiers));
        }
        assert_eq!(last.id.into_inner(), usize::MAX - 3);
        assert_eq!(late.id.into_inner(), 0);
    }
}
