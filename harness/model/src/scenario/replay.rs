//! Scenarios that replay a process trace.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Activity, Group, Identifiers, Keys, Scenario};
use crate::error::{Error, Result};
use crate::workload::Workload;

/// The file of a process trace, by the name that a scenario gives it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TraceFile {
    /// From the scenario's folder on.
    pub name: String,
    /// Where it is on this machine, once the scenario is loaded. Samples do not keep it.
    #[serde(skip)]
    pub place: PathBuf,
}

/// Where the file lies is not what a scenario asks.
impl PartialEq for TraceFile {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Scenario {
    /// Looks the trace up that the scenario in `folder` replays, and whether it fits in. How many of its
    /// processes live at once is found out once for all points of a sweep.
    pub(super) fn find_trace(
        &mut self,
        folder: &Path,
        place: &str,
        peak: &mut Option<usize>,
    ) -> Result<()> {
        let Some(trace) = &mut self.replay else {
            return Ok(());
        };
        trace.place = folder.join(&trace.name);
        let peak = match *peak {
            Some(known) => known,
            None => *peak.insert(Workload::load(&trace.place)?.peak()),
        };
        if self.processes < peak {
            return Err(Error::input(format!(
                "{place}: processes = {} are too few for {}, in which up to {peak} live at once; give at \
                 least that",
                self.processes,
                trace.place.display()
            )));
        }
        Ok(())
    }

    /// What is nonsensical about how it replays, if anything.
    pub(super) fn fault_of_replay(&self) -> Option<String> {
        let replays = |group: &&Group| group.does == Activity::Replay;
        let threads: usize = self.groups.iter().filter(replays).map(|g| g.threads).sum();
        if self.replay.is_none() {
            let fault =
                "a group that does \"replay\" needs a trace: replay = \"FILE\" of the scenario";
            return (threads > 0).then(|| fault.into());
        }
        if threads != 1 {
            return Some(format!(
                "a trace is replayed by exactly 1 thread of a group that does \"replay\"; here by {threads}"
            ));
        }
        let polls = |group: &Group| {
            matches!(group.does, Activity::Read | Activity::Scan) && !group.follows_script()
        };
        let mut others = self.groups.iter().filter(|group| !replays(group));
        if let Some(other) = others.find(|group| !polls(group)) {
            return Some(format!(
                "beside a replay the processes are the trace's, and a group can only read or scan them, and \
                 here one does {}",
                other.doing()
            ));
        }
        let chosen = [
            (self.operations.is_some(), "operations"),
            (self.hit_rate.is_some(), "hit_rate"),
            (self.keys != Keys::Uniform, "keys"),
            (self.ids != Identifiers::Pids, "ids"),
            (self.record.is_padded(), "a padded record"),
        ];
        let (_, what) = chosen.into_iter().find(|&(is_chosen, _)| is_chosen)?;
        Some(format!(
            "{what} cannot be chosen where a trace is replayed; leave it out"
        ))
    }
}
