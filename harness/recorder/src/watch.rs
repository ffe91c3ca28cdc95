//! From looks to events.

use std::collections::HashMap;

use model::workload::{Entry, Process, ProcessState, What};

use crate::{Life, Observed};

/// Whose names are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Names {
    /// The names of all processes
    #[default]
    All,
    /// The names of processes that start during the recording
    New,
    /// No names
    None,
}

/// What was known of a process after the last look.
#[derive(Debug)]
struct Known {
    process: Process,
    state: ProcessState,
    /// Processor time and memory.
    used: (u64, u64),
    look: u64,
}

/// The processes so far, and what became of them.
#[derive(Debug, Default)]
pub struct Watch {
    names: Names,
    /// Those that live, by their pids.
    alive: HashMap<u64, Known>,
    /// Those that are over and still there, with the last look that saw them.
    over: HashMap<Process, u64>,
    entries: Vec<Entry>,
    look: u64,
}

impl Watch {
    /// Nobody yet.
    pub fn new(names: Names) -> Self {
        Self {
            names,
            ..Self::default()
        }
    }

    /// Takes a process into account that was seen at `at_ns` nanoseconds.
    pub fn see(&mut self, at_ns: u64, observed: &Observed) {
        let process = observed.process;
        if let Some(look) = self.over.get_mut(&process) {
            *look = self.look;
            return;
        }
        let owner = self.alive.get(&process.pid).map(|known| known.process);
        if let Some(owner) = owner.filter(|owner| *owner != process) {
            // The pid was given away between two looks.
            self.exits(at_ns, owner, None);
        }
        match observed.life {
            Life::Alive(state) => self.lives(at_ns, observed, state),
            Life::Over { code } => {
                if owner == Some(process) {
                    self.exits(at_ns, process, Some(code));
                }
                self.over.insert(process, self.look);
            }
        }
    }

    fn lives(&mut self, at_ns: u64, observed: &Observed, state: ProcessState) {
        let process = observed.process;
        let used @ (cpu_ns, rss_bytes) = (observed.cpu_ns, observed.rss_bytes);
        let known = Known {
            process,
            state,
            used,
            look: self.look,
        };
        let known = self.alive.insert(process.pid, known);
        let mut push = |what| {
            self.entries.push(Entry {
                at_ns,
                process,
                what,
            });
        };
        let known = known.map(|known| (known.state, known.used));
        let (state_before, used_before) = known.unwrap_or_else(|| {
            let keeps = self.names == Names::All || self.names == Names::New && self.look > 0;
            let name = keeps.then(|| observed.name.clone());
            push(What::Born { name });
            // What a heartbeat says of a process that has used nothing.
            (ProcessState::Running, (0, 0))
        });
        if state_before != state {
            push(What::State { state });
        }
        if used_before != used {
            push(What::Resources { cpu_ns, rss_bytes });
        }
    }

    /// Ends a look at `at_ns` nanoseconds: who lived and was not seen again has exited.
    pub fn end_look(&mut self, at_ns: u64) {
        let alive = self.alive.values();
        let gone = alive.filter(|known| known.look != self.look);
        let mut gone: Vec<Process> = gone.map(|known| known.process).collect();
        gone.sort_unstable_by_key(|process| process.pid);
        for process in gone {
            self.exits(at_ns, process, None);
        }
        let look = self.look;
        self.over.retain(|_, last| *last == look);
        self.look += 1;
    }

    fn exits(&mut self, at_ns: u64, process: Process, code: Option<i32>) {
        self.alive.remove(&process.pid);
        self.entries.push(Entry {
            at_ns,
            process,
            what: What::Exit { code },
        });
    }

    /// What became of them since the last call, in order.
    pub fn drain(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    use model::output::Existing;
    use model::workload::{Header, Writer};

    fn observed(pid: u64, start: u64, life: Life, cpu_ns: u64) -> Observed {
        Observed {
            process: Process { pid, start },
            name: "x".into(),
            life,
            cpu_ns,
            rss_bytes: 0,
        }
    }

    const RUNS: Life = Life::Alive(ProcessState::Running);
    const SLEEPS: Life = Life::Alive(ProcessState::Sleeping);

    /// What became of the processes of these looks, one a nanosecond.
    fn watched(names: Names, looks: &[&[Observed]]) -> Vec<(u64, u64, What)> {
        let mut watch = Watch::new(names);
        for (at_ns, look) in (0..).zip(looks) {
            look.iter().for_each(|observed| watch.see(at_ns, observed));
            watch.end_look(at_ns);
        }
        let entries = watch.drain();
        // It refuses what cannot have happened.
        let nowhere = Path::new("/dev/null");
        let mut writer = Writer::create(nowhere, Existing::Keep, &Header::default()).unwrap();
        writer.append(&entries).unwrap();
        entries
            .iter()
            .map(|entry| (entry.process.pid, entry.at_ns, entry.what.clone()))
            .collect()
    }

    #[test]
    fn only_what_changes_is_an_event() {
        let name = Some("x".to_owned());
        let used = |cpu_ns| What::Resources {
            cpu_ns,
            rss_bytes: 0,
        };
        assert_eq!(
            watched(
                Names::All,
                &[
                    &[observed(1, 1, RUNS, 0)],
                    &[observed(1, 1, RUNS, 0)],
                    &[observed(1, 1, SLEEPS, 5)],
                    &[observed(1, 1, SLEEPS, 5), observed(2, 8, SLEEPS, 0)],
                    &[observed(2, 8, SLEEPS, 0)],
                ]
            ),
            [
                (1, 0, What::Born { name: name.clone() }),
                (
                    1,
                    2,
                    What::State {
                        state: ProcessState::Sleeping
                    }
                ),
                (1, 2, used(5)),
                (2, 3, What::Born { name }),
                (
                    2,
                    3,
                    What::State {
                        state: ProcessState::Sleeping
                    }
                ),
                (1, 4, What::Exit { code: None }),
            ]
        );
    }

    #[test]
    fn an_exit_has_its_code_where_it_is_seen_and_happens_once() {
        let over = || observed(1, 1, Life::Over { code: 3 }, 0);
        assert_eq!(
            watched(
                Names::None,
                &[&[observed(1, 1, RUNS, 0)], &[over()], &[over()], &[]]
            ),
            [
                (1, 0, What::Born { name: None }),
                (1, 1, What::Exit { code: Some(3) }),
            ]
        );
    }

    #[test]
    fn a_pid_that_was_given_away_is_another_process() {
        assert_eq!(
            watched(
                Names::None,
                &[&[observed(1, 1, RUNS, 0)], &[observed(1, 2, RUNS, 0)]]
            ),
            [
                (1, 0, What::Born { name: None }),
                (1, 1, What::Exit { code: None }),
                (1, 1, What::Born { name: None }),
            ]
        );
    }

    #[test]
    fn names_of_those_that_were_there_before_can_be_left_out() {
        let both = [observed(1, 1, RUNS, 0), observed(2, 2, RUNS, 0)];
        let named = watched(Names::New, &[&both[..1], &both]);
        let name = Some("x".to_owned());
        assert_eq!(named[0].2, What::Born { name: None });
        assert_eq!(named[1].2, What::Born { name });
    }
}
