//! What a lock that is free would gain at most.
//!
//! **Throughput.** Let the threads that use a lock spend the time `T` (each from its first lock to its last). Of it they wait
//! for `W` and hold the lock for `H`, and locking and unlocking takes `O`. A free lock makes `W` and `O` vanish. The work inside
//! stays, as does all other work, so a round of the program takes `1 - (W + O) / T` of its time, and the throughput grows by
//! `1 / (1 - (W + O) / T) - 1` (Amdahl 1967). The real gain is less: threads that no longer wait need processors, and meet at
//! the next lock. The choices below make the bound larger, not smaller:
//!
//! - `T` is the time of all threads that used a recorded lock, or, if that is less, of as many threads as are known to use
//!   this lock: those of one call site, and those that were seen to wait at once; of threads that wait there are two at least. So the
//!   idle threads of a program do not dilute what the busy ones lose.
//! - `T` is at least the length of the recording, for which one thread of the program runs at least: what is taken once, or in the
//!   beginning only, does not matter.
//! - `T` is at least `W + H`. Of tasks, which wait without a thread, only that is known.
//! - `O` is not recorded. An acquisition counts with [`ALONE_NS`] if the program has one thread, otherwise with [`SHARED_NS`]:
//!   locking fetches the lock's cache line from another core, and so does unlocking if another thread has asked for the lock
//!   meanwhile. Readers of a reader-writer lock pay that and do not wait, so no count of waits shows it. `O` is at most what `W`
//!   and `H` leave of `T`.
//!
//! One choice can make the bound too small: many readers of one reader-writer lock, or cores of several sockets, may take
//! longer than [`SHARED_NS`] to fetch the line.
//!
//! Moving work out of a section makes `W` smaller at most: that gains `1 / (1 - W / T) - 1` at most. Only work that is no longer done
//! at all gains more: the time inside, `H / T`, is shown for that.
//!
//! **Latency.** Where work arrives from outside, threads are idle for most of the time, and the throughput is what arrives:
//! `W / T` says little. There the bound is the 99th percentile of the wait over all acquisitions, those that did not wait
//! included: a free lock takes at most that from the 99th percentile of what a request waits for in one acquisition.
//!
//! **A lock matters** if its bound reaches [`GAIN_LEAST`], or [`WAIT_P99_LEAST_NS`] and [`WAITS_LEAST`] acquisitions waited.
//! Both bounds are small on purpose: a lock that is left alone by mistake costs more than a second look. And both are above
//! what a change cannot show: two runs of a program differ by some percent, and waking a thread takes tens of microseconds
//! on a loaded machine.

/// A bound on the throughput from which on a lock matters: 5 %. The reports of this workspace tolerate as much as a loss.
pub const GAIN_LEAST: f64 = 0.05;

/// A 99th percentile of the wait from which on a lock matters: 100 us. Less is within what the scheduler takes to run a
/// thread that is ready.
pub const WAIT_P99_LEAST_NS: f64 = 100_000.0;

/// Fewer waits than this have no 99th percentile that decides.
pub const WAITS_LEAST: u64 = 10;

/// What locking and unlocking takes at most without a second thread. Two atomic operations on a line in the cache take 5 to 20 ns.
pub const ALONE_NS: f64 = 20.0;

/// A transfer of a cache line between cores takes at most so long: 30 to 100 ns within a socket.
pub const TRANSFER_NS: f64 = 100.0;

/// What locking and unlocking takes at most if another core had the lock before: a transfer for each.
pub const SHARED_NS: f64 = 2.0 * TRANSFER_NS;

/// What bounds the gain of throughput; times in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// The time that the threads spend altogether.
    pub time_ns: f64,
    /// The length of the recording.
    pub elapsed_ns: f64,
    /// Threads that are known to use the lock, times the length of the recording.
    pub users_ns: f64,
    /// The time they wait for the lock.
    pub waiting_ns: f64,
    /// The time they hold it.
    pub held_ns: f64,
    /// How often they take it.
    pub acquired: f64,
    /// Whether more than one thread takes it.
    pub is_shared: bool,
}

impl Load {
    /// What all acquisitions take by themselves, at most: no more than the time in which the threads neither wait nor hold.
    pub fn own_ns(&self) -> f64 {
        let all = self.acquired * if self.is_shared { SHARED_NS } else { ALONE_NS };
        all.min(self.spent_ns() - self.waiting_ns - self.held_ns)
    }

    /// The time of the threads that the lock is a share of, at most what is known of them.
    pub fn spent_ns(&self) -> f64 {
        let spent = self.time_ns.min(self.users_ns);
        spent
            .max(self.elapsed_ns)
            .max(self.waiting_ns + self.held_ns)
    }

    /// The share by which a free lock would raise the throughput at most: 0.25 is a quarter more. Infinite if the threads do
    /// nothing but wait.
    pub fn gain(&self) -> f64 {
        self.gain_without(self.waiting_ns + self.own_ns())
    }

    /// The same if only the waiting vanishes: what a shorter section gains at most.
    pub fn waiting_gain(&self) -> f64 {
        self.gain_without(self.waiting_ns)
    }

    fn gain_without(&self, lost_ns: f64) -> f64 {
        // The length of a recording is not 0.
        let share = (lost_ns / self.spent_ns()).clamp(0.0, 1.0);
        share / (1.0 - share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Load = Load {
        time_ns: 4e9,
        elapsed_ns: 2e9,
        users_ns: 4e9,
        waiting_ns: 0.0,
        held_ns: 0.0,
        acquired: 0.0,
        is_shared: true,
    };

    #[test]
    fn half_the_time_waiting_doubles_the_throughput_at_most() {
        let load = Load {
            waiting_ns: 2e9,
            held_ns: 1e9,
            ..IDLE
        };
        assert!((load.gain() - 1.0).abs() < 1e-12);
        assert!(IDLE.gain().abs() < 1e-12);
    }

    #[test]
    fn idle_threads_do_not_dilute_the_loss_of_the_busy() {
        let load = Load {
            time_ns: 40e9,
            users_ns: 2e9,
            waiting_ns: 1e9,
            ..IDLE
        };
        assert!((load.gain() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_taken_in_the_beginning_only_does_not_matter() {
        let startup = Load {
            time_ns: 400.0,
            elapsed_ns: 3.6e12,
            acquired: 3.0,
            ..IDLE
        };
        assert!(startup.gain() < 1e-9);
    }

    #[test]
    fn tasks_wait_longer_than_their_threads_live() {
        let load = Load {
            waiting_ns: 90e9,
            held_ns: 10e9,
            ..IDLE
        };
        assert!((load.gain() - 9.0).abs() < 1e-9);
        let all = Load {
            held_ns: 0.0,
            ..load
        };
        assert!(all.gain().is_infinite());
    }

    #[test]
    fn locking_takes_no_more_than_the_time_that_is_left() {
        let hot = Load {
            held_ns: 1e9,
            waiting_ns: 1e9,
            acquired: 60e6,
            ..IDLE
        };
        assert!((hot.own_ns() - 2e9).abs() < 1e-3);
        assert!((hot.gain() - 3.0).abs() < 1e-9);
        assert!((hot.waiting_gain() - 1.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn acquisitions_cost_without_a_wait() {
        let load = Load {
            acquired: 2e6,
            ..IDLE
        };
        // 0.4 s of 4 s.
        assert!((load.gain() - 0.4 / 3.6).abs() < 1e-12);
        let alone = Load {
            is_shared: false,
            ..load
        };
        assert!(alone.gain() < load.gain() / 4.0);
    }
}
