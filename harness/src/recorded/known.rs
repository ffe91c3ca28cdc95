//! What was read already: a merged report is made of runs that have reports of their own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use basis::error::Result;

use super::results;
use crate::results::Results;

/// The results of sample files, each analysed once.
#[derive(Debug, Default)]
pub struct Known(HashMap<PathBuf, (Results, Vec<String>)>);

impl Known {
    /// As [`results()`].
    ///
    /// # Errors
    ///
    /// As [`results()`].
    pub fn results(&mut self, file: &Path) -> Result<(Results, Vec<String>)> {
        let Ok(place) = file.canonicalize() else {
            return results(file);
        };
        if let Some(known) = self.0.get(&place) {
            return Ok(known.clone());
        }
        let new = results(file)?;
        self.0.insert(place, new.clone());
        Ok(new)
    }
}
