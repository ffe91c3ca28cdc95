//! The reader-biased lock under every interleaving that loom can tell apart:
//! `RUSTFLAGS="--cfg pivot_loom" cargo test --profile model -p pivot-hybrid --lib`.

use loom::thread;

use super::*;

/// The value is two words that a writer changes one after the other, in a cell whose accesses loom
/// checks: it panics if a reader and a writer are inside at once.
fn model(readers: usize, reads: usize, writes: u64, preemptions: usize) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(move || {
        let lock = Arc::new(BiasedLock::new((0u64, 0u64)));
        // Switches the bias on, so that the writer below has something to revoke.
        lock.reader().read(|_| ());
        let threads: Vec<_> = (0..readers)
            .map(|_| {
                let lock = Arc::clone(&lock);
                thread::spawn(move || {
                    let mut reader = lock.reader();
                    let mut last = 0;
                    for _ in 0..reads {
                        let (first, second) = reader.read(|&value| value);
                        assert_eq!(first, second);
                        assert!(first >= last, "a reader went back");
                        last = first;
                    }
                })
            })
            .collect();
        for _ in 0..writes {
            lock.write(|value| {
                value.0 += 1;
                value.1 += 1;
            });
        }
        for thread in threads {
            thread.join().unwrap();
        }
        let observed = lock.reader().read(|&value| value);
        assert_eq!(observed, (writes, writes));
    });
}

#[test]
fn a_reader_and_a_writer() {
    model(1, 2, 2, 5);
}

#[test]
fn two_readers_and_a_writer() {
    model(2, 2, 1, 3);
}
