//! Who lives and who has exited, while a trace is read: what makes one consistent.

use std::collections::HashMap;

use super::{Entry, Process, Summary, What};

/// The processes of a trace so far.
#[derive(Debug, Default)]
pub(super) struct Validator {
    pub(super) summary: Summary,
    /// The process that has a pid, and the line of its birth.
    alive: HashMap<u64, (u64, usize)>,
    /// Those that have exited, and the line in which.
    exited: HashMap<Process, usize>,
}

impl Validator {
    /// Takes an event into account, if it can follow those before it.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    pub(super) fn enter(&mut self, entry: &Entry, line: usize) -> Result<(), String> {
        let &Entry { at_ns, process, .. } = entry;
        let Process { pid, start } = process;
        let refuse = |why| Err(format!("process {pid} started at {start} {why}"));
        if at_ns < self.summary.duration_ns {
            return Err(format!(
                "at_ns = {at_ns} goes back in time: the event before it is at {}",
                self.summary.duration_ns
            ));
        }
        if let (Some(exit), false) = (self.exited.get(&process), self.lives(process)) {
            return refuse(format_args!(
                "has exited in line {exit}; a later process of that pid has another `start`"
            ));
        }
        match entry.what {
            What::Born { .. } => {
                match self.alive.get(&pid) {
                    Some((other, birth)) if *other == start => {
                        return refuse(format_args!("is born twice, first in line {birth}"));
                    }
                    Some((_, birth)) => {
                        return Err(format!(
                            "pid {pid} still belongs to the process born in line {birth}, which has to exit first"
                        ));
                    }
                    None => {}
                }
                self.alive.insert(pid, (start, line));
                self.summary.births += 1;
                self.summary.peak = self.summary.peak.max(self.alive.len());
            }
            _ if !self.lives(process) => {
                return refuse(format_args!("is unknown: its `born` has to come first"));
            }
            What::Exit { .. } => {
                self.alive.remove(&pid);
                self.exited.insert(process, line);
            }
            What::State { .. } | What::Resources { .. } => {}
        }
        self.summary.events += 1;
        self.summary.duration_ns = at_ns;
        Ok(())
    }

    fn lives(&self, process: Process) -> bool {
        let owner = self.alive.get(&process.pid);
        owner.is_some_and(|&(start, _)| start == process.start)
    }
}
