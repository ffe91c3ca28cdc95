//! Whether every other thread of the process sleeps, so that nothing will happen by itself, and what
//! those that do not sleep use of a processor.

use std::fs;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use nix::unistd::gettid;

/// What was seen of the other threads.
#[derive(Debug)]
pub(crate) struct Quiescence {
    /// How often in a row all have to be found asleep, without having run in between.
    looks_needed: u32,
    /// How often each had given up its processor, when all were asleep.
    before: Vec<u64>,
    looks: u32,
}

impl Quiescence {
    /// Who has to be found asleep so often in a row.
    pub(crate) const fn within(looks_needed: u32) -> Self {
        Self {
            looks_needed,
            before: Vec::new(),
            looks: 0,
        }
    }

    /// Looks once more: whether all sleep, and have slept since an earlier look. A thread that is slow
    /// does not sleep, however long it takes.
    pub(crate) fn are_all(&mut self) -> bool {
        match switches_of_sleepers() {
            Some(now) if now == self.before => self.looks += 1,
            Some(now) => (self.before, self.looks) = (now, 1),
            None => self.looks = 0,
        }
        self.looks >= self.looks_needed
    }
}

/// How often each of the other threads gave up its processor, if all of them sleep.
fn switches_of_sleepers() -> Option<Vec<u64>> {
    let this = gettid().to_string();
    let mut switches = Vec::new();
    for thread in fs::read_dir("/proc/self/task").ok()? {
        let thread = thread.ok()?;
        if thread.file_name() == *this {
            continue;
        }
        let status = fs::read_to_string(thread.path().join("status")).ok()?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()
        };
        if field("State:")? != "S" {
            return None;
        }
        switches.push(field("voluntary_ctxt_switches:")?.parse().ok()?);
    }
    Some(switches)
}

/// Processor time that all other threads of the process have used.
pub(crate) fn processor_time_of_others() -> Duration {
    let time = |clock| clock_gettime(clock).map_or(Duration::ZERO, Duration::from);
    let all = time(ClockId::CLOCK_PROCESS_CPUTIME_ID);
    all.saturating_sub(time(ClockId::CLOCK_THREAD_CPUTIME_ID))
}
