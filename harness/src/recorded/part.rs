//! The parts of a document that a command writes, between two comments.

use std::path::Path;

use model::error::{Error, Result};
use regex_lite::{Captures, Regex};

/// What a document shows between `<!-- pivot:NAME -->` and `<!-- pivot:NAME end -->`. The first comment may
/// say after the name what the part is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Part {
    /// The headline table of a run; made of the run's folder.
    Headline,
    /// The recorded runs.
    Runs,
}

impl Part {
    /// What the part of a document is said to be made of, empty if that is not said; `None` if the document
    /// does not have it.
    pub fn source(self, text: &str) -> Option<&str> {
        let source = self.find(text)?.get(1);
        Some(source.map_or("", |source| source.as_str().trim()))
    }

    /// The document with this in the part's place.
    ///
    /// # Errors
    ///
    /// When the document, which `place` names, lacks one of the two comments.
    pub fn spliced(self, text: &str, place: &Path, source: &str, body: &str) -> Result<String> {
        let name = <&str>::from(self);
        let part = self.find(text).and_then(|part| part.get(0));
        let part = part.ok_or_else(|| {
            Error::input(format!(
                "{} lacks the lines <!-- pivot:{name} --> and <!-- pivot:{name} end --> that it belongs between",
                place.display()
            ))
        })?;
        let space = if source.is_empty() { "" } else { " " };
        Ok(format!(
            "{}<!-- pivot:{name}{space}{source} -->\n{body}<!-- pivot:{name} end -->{}",
            &text[..part.start()],
            &text[part.end()..]
        ))
    }

    /// Both comments and what is between them; the first group is what it is made of.
    fn find(self, text: &str) -> Option<Captures<'_>> {
        let name = <&str>::from(self);
        let pattern =
            format!("(?s)<!-- pivot:{name}(?: ([^\n]*?))? -->\n.*?<!-- pivot:{name} end -->");
        let part = Regex::new(&pattern)
            .expect("names have letters only")
            .captures(text)?;
        // The end of another part is no beginning.
        let source = part.get(1).map(|source| source.as_str());
        (source != Some("end")).then_some(part)
    }
}
