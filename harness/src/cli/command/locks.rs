//! `pivot locks`: what the locks of a recorded program do, and which of them matter.

use std::path::Path;

use locks::{Analysis, analyse, compare};
use model::error::Result;
use serde_json::json;

use super::content;
use crate::arguments::LocksOptions;
use crate::terminal::show;

/// Analyses a recording; with a second one, says what moved between them.
pub(crate) fn locks(options: &LocksOptions) -> Result<()> {
    let analysis = analysis(&options.file)?;
    let after = options.after.as_deref().map(self::analysis).transpose()?;
    let change = after.as_ref().map(|after| compare(&analysis, after));
    // The later one is the program as it is.
    let current = after.as_ref().unwrap_or(&analysis);
    let findings = json!({ "recording": current, "change": change });
    show(options.format, "locks", &findings, |form| {
        report::locks(current, change.as_ref(), form)
    })
}

fn analysis(file: &Path) -> Result<Analysis> {
    let (bytes, place) = content(file)?;
    Ok(analyse(&locks::read(&bytes, &place)?))
}
