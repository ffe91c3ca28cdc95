//! The table as it should be: a plain map that remembers its past.
//!
//! The past is what makes one model fit strategies that publish at once and strategies that publish
//! in batches: a read may return the version of any moment since the oldest one that the profile
//! still allows, and never of a moment before the one that this reader has already seen.

use std::collections::HashMap;

use contract::{ProcessId, ReadConsistency, Specimen};

use crate::specimens::{brief_or_nothing, difference};
use crate::verdict::{Breach, Promise};

/// Versions of one identifier in order: from which moment on, and what it then held.
type Versions<R> = Vec<(u64, Option<R>)>;

/// The sequential specification, for a fixed number of readers.
pub(crate) struct Model<R> {
    consistency: ReadConsistency,
    versions: HashMap<ProcessId, Versions<R>>,
    /// Writes so far: the present moment.
    now: u64,
    /// The moment of the last publish.
    published: u64,
    /// Per reader and identifier, the latest moment that it is known to have seen.
    moments: Vec<HashMap<ProcessId, u64>>,
}

impl<R: Specimen> Model<R> {
    pub(crate) fn new(consistency: ReadConsistency, readers: usize) -> Self {
        Self {
            consistency,
            versions: HashMap::new(),
            now: 0,
            published: 0,
            moments: vec![HashMap::new(); readers],
        }
    }

    /// What `id` holds now.
    pub(crate) fn latest(&self, id: ProcessId) -> Option<&R> {
        self.versions.get(&id)?.last()?.1.as_ref()
    }

    /// `id` holds `record` from now on.
    pub(crate) fn write(&mut self, id: ProcessId, record: Option<R>) {
        self.now += 1;
        self.versions
            .entry(id)
            .or_insert_with(|| vec![(0, None)])
            .push((self.now, record));
    }

    /// Everything written so far is visible from now on.
    pub(crate) fn publish(&mut self) {
        self.published = self.now;
    }

    /// The oldest moment that a read may still show.
    fn oldest_allowed(&self) -> u64 {
        match self.consistency {
            ReadConsistency::Linearizable => self.now,
            ReadConsistency::Published { every } => {
                self.published.max(self.now.saturating_sub(every.into()))
            }
        }
    }

    /// `reader` saw `actual` under `id`: may it?
    pub(crate) fn sees(
        &mut self,
        reader: usize,
        id: ProcessId,
        actual: Option<&R>,
    ) -> Result<(), Breach> {
        let already = self.moments[reader].get(&id).copied().unwrap_or(0);
        let from = self.oldest_allowed().max(already);
        let initially = vec![(0, None)];
        let versions = self.versions.get(&id).unwrap_or(&initially);
        let ends = versions.iter().skip(1).map(|&(start, _)| start);
        let moment = versions
            .iter()
            .zip(ends.chain([u64::MAX]))
            .find(|((_, record), end)| *end > from && record.as_ref() == actual)
            .map(|((start, _), _)| (*start).max(from));
        if let Some(moment) = moment {
            self.moments[reader].insert(id, moment);
            return Ok(());
        }
        Err(self.explain(id, actual, already))
    }

    /// Which promise `actual` breaks.
    fn explain(&self, id: ProcessId, actual: Option<&R>, already: u64) -> Breach {
        let latest = self.latest(id);
        let stale_since = self.versions.get(&id).and_then(|versions| {
            let stale = versions.iter().rposition(|(_, r)| r.as_ref() == actual)?;
            versions.get(stale + 1).map(|&(end, _)| end)
        });
        let what = format!("{id} gave {}", difference(actual, latest));
        let batched = self.consistency != ReadConsistency::Linearizable;
        match (actual, latest, stale_since) {
            (_, _, Some(end)) if batched && end <= already => Promise::Monotonic.broken(format!(
                "{what}, and this reader had already seen what came after"
            )),
            (Some(_), None, _) => Promise::Absent.broken(what),
            (None, Some(_), _) => Promise::Present.broken(what),
            (_, _, Some(end)) => Promise::Fresh.broken(format!(
                "{what}: {} writes too late, where the profile says {}",
                self.now - end + 1,
                self.consistency
            )),
            _ => Promise::Fresh.broken(format!(
                "{what}: {} was never stored there",
                brief_or_nothing(actual)
            )),
        }
    }
}
