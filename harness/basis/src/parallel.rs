//! The same work on many items, on all processors; what comes out does not depend on how many there are.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// As many pieces for each thread: enough that one that was slow is made up for by the others.
const PIECES: usize = 8;

/// `work` of every item, in the order of the items.
///
/// # Panics
///
/// When `work` does.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    map_on(thread::available_parallelism(), items, work)
}

fn map_on<T: Sync, R: Send>(
    processors: std::io::Result<NonZeroUsize>,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let threads = processors.map_or(1, NonZeroUsize::get);
    // A few items are done before a thread has begun.
    if threads < 2 || items.len() < 2 * PIECES {
        return items.iter().map(work).collect();
    }
    let pieces: Vec<&[T]> = items
        .chunks(items.len().div_ceil(threads * PIECES))
        .collect();
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            // Which thread does a piece does not matter: it is put back by its place.
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = pieces.get(place) else {
                return done;
            };
            done.push((place, piece.iter().map(&work).collect::<Vec<R>>()));
        }
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        let mut done = take();
        for other in others {
            let theirs = other.join();
            done.extend(theirs.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
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
                let processors = Ok(NonZeroUsize::new(threads).expect("none is 0"));
                let found = map_on(processors, &items, |item| item * item);
                assert_eq!(found, squares, "{count} items on {threads} threads");
            }
        }
    }

    #[test]
    #[should_panic(expected = "item 7")]
    fn a_panic_comes_through() {
        let items: Vec<u64> = (0..100).collect();
        let processors = Ok(NonZeroUsize::new(3).expect("it is not 0"));
        map_on(processors, &items, |&item| assert_ne!(item, 7, "item 7"));
    }
}
