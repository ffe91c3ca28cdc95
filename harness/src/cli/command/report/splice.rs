//! `pivot report --splice`: the headline table in a document.

use std::path::{Path, PathBuf};

use harness::recorded::Part;
use model::error::{Error, Result};
use report;

/// Puts the headline table of the samples into a document, between its markers. Of one run the first marker
/// says which, so that `--check` can make the table again.
pub(super) fn splice(given: &[PathBuf], files: &[PathBuf], document: &Path) -> Result<()> {
    let text =
        std::fs::read_to_string(document).map_err(|error| Error::file("read", document, &error))?;
    let source = match given {
        [one] => below(one, document).unwrap_or_default(),
        _ => String::new(),
    };
    let place = |table: &str| Part::Headline.spliced(&text, document, &source, table);
    // Before the samples are read, which takes longer.
    place("")?;
    let table = report::headline(&super::results(files)?);
    report::replace(document, &place(&table)?)
}

/// A path as seen from the folder of a document; `None` if it is not below that, or cannot stand in a
/// comment.
fn below(path: &Path, document: &Path) -> Option<String> {
    let folder = document.canonicalize().ok()?.parent()?.to_owned();
    let path = path.canonicalize().ok()?;
    let text = path.strip_prefix(&folder).ok()?.to_str()?;
    let is_plain = !text.contains("--") && !text.contains(['\n', '\r', '>']);
    is_plain.then(|| text.to_owned())
}
