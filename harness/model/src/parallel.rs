//! The thread pool: work on many items by some threads of this process.
//!
//! Scoped threads of the standard library, and not a library's pool: threads that wait for child processes would
//! take a global pool's places, and what is computed here takes much longer than to start a thread.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, ScopedJoinHandle};

use crate::environment::cpus;

/// Does `work` on every item, on `threads` threads that each take the next item. What `work` sends meanwhile is
/// handed to `receive` on the calling thread, in the order in which it comes.
///
/// # Panics
///
/// When `work` or `receive` does.
pub fn for_each<T: Sync, M: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T, &Sender<M>) + Sync,
    receive: impl FnMut(M),
) {
    let next = AtomicUsize::new(0);
    let (sender, messages) = channel();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.min(items.len()))
            .map(|_| {
                let (sender, next, work) = (sender.clone(), &next, &work);
                scope.spawn(move || {
                    // Relaxed: the counter gives each place to one thread, and hands nothing over.
                    while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                        work(item, &sender);
                    }
                })
            })
            .collect();
        drop(sender);
        messages.into_iter().for_each(receive);
        workers.into_iter().for_each(joined);
    });
}

/// What a thread came to.
///
/// # Panics
///
/// When the thread has.
pub fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// As many pieces for each thread: enough that one that was slow is made up for by the others.
const PIECES: usize = 32;
/// Fewer items are done before a thread has begun.
const ITEMS_MIN: usize = 16;

/// `work` of every item on all processors, in the order of the items: what comes out does not depend on how many
/// processors there are.
///
/// # Panics
///
/// When `work` does.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    map_on(cpus(), items, work)
}

fn map_on<T: Sync, R: Send>(threads: usize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if threads < 2 || items.len() < ITEMS_MIN {
        return items.iter().map(work).collect();
    }
    let length = items.len().div_ceil(threads * PIECES);
    let pieces: Vec<(usize, &[T])> = items.chunks(length).enumerate().collect();
    let do_piece = |&(place, piece): &(usize, &[T]), sender: &Sender<(usize, Vec<R>)>| {
        // It is received until all threads have ended.
        let _ = sender.send((place, piece.iter().map(&work).collect()));
    };
    let mut done = Vec::new();
    for_each(threads, &pieces, do_piece, |results| done.push(results));
    done.sort_unstable_by_key(|&(place, _)| place);
    done.into_iter().flat_map(|(_, results)| results).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_items_however_many_threads() {
        for count in [0, 1, 2, 15, 16, 17, 1_000] {
            let items: Vec<u64> = (0..count).collect();
            let squares: Vec<u64> = items.iter().map(|item| item * item).collect();
            for threads in [1, 2, 3, 7] {
                let mapped = map_on(threads, &items, |item| item * item);
                assert_eq!(mapped, squares, "{count} items on {threads} threads");
            }
        }
    }

    #[test]
    fn all_that_is_sent_is_received_in_each_items_order() {
        let items: Vec<u64> = (0..20).collect();
        let mut received = vec![Vec::new(); items.len()];
        let send = |&item: &u64, sender: &Sender<(u64, u64)>| {
            (0..3).for_each(|number| sender.send((item, number)).expect("it is received"));
        };
        for_each(3, &items, send, |(item, number)| {
            received[usize::try_from(item).expect("it is small")].push(number);
        });
        assert_eq!(received, vec![vec![0, 1, 2]; items.len()]);
    }

    #[test]
    #[should_panic(expected = "item 7")]
    fn a_panic_comes_through() {
        let items: Vec<u64> = (0..100).collect();
        map_on(3, &items, |&item| assert_ne!(item, 7, "item 7"));
    }
}
