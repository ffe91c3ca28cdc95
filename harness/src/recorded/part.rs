//! The parts of a document that a command writes, between two comments.

use std::path::Path;

use model::error::{Error, Result};

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
        let found = self.find(text)?;
        Some(&text[found.source.0..found.source.1])
    }

    /// The document with this in the part's place.
    ///
    /// # Errors
    ///
    /// When the document, which `place` names, lacks one of the two comments.
    pub fn spliced(self, text: &str, place: &Path, source: &str, body: &str) -> Result<String> {
        let name = <&str>::from(self);
        let Some(found) = self.find(text) else {
            return Err(Error::input(format!(
                "{} lacks the lines <!-- pivot:{name} --> and <!-- pivot:{name} end --> that it belongs \
                 between",
                place.display()
            )));
        };
        let space = if source.is_empty() { "" } else { " " };
        Ok(format!(
            "{}<!-- pivot:{name}{space}{source} -->\n{body}{}",
            &text[..found.begin],
            &text[found.end..]
        ))
    }

    fn find(self, text: &str) -> Option<Found> {
        let open = format!("<!-- pivot:{}", <&str>::from(self));
        let close = format!("<!-- pivot:{} end -->", <&str>::from(self));
        let begin = text.find(&open)?;
        let after = begin + open.len();
        let length = text[after..].find("-->\n")?;
        let said = &text[after..after + length];
        let source = said.trim();
        // A longer name, or only the second comment.
        if !said.starts_with(' ') || source.contains('\n') || source == "end" {
            return None;
        }
        let start = after + (said.len() - said.trim_start().len());
        let end = after + length + text[after + length..].find(&close)?;
        Some(Found {
            begin,
            source: (
                start.min(after + length),
                start.min(after + length) + source.len(),
            ),
            end,
        })
    }
}

/// Where a part is, in bytes.
struct Found {
    /// Where the first comment begins.
    begin: usize,
    source: (usize, usize),
    /// Where the second comment begins.
    end: usize,
}
