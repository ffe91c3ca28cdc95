//! What a run left behind.

use model::sample::{Header, Line};

/// The lines of a run, its header apart.
#[derive(Clone, Debug)]
pub struct Samples {
    /// What the run was about.
    pub header: Header,
    /// All lines but the header.
    pub lines: Vec<Line>,
}

impl Samples {
    /// Sorts the lines of a file: the first is its header, as [`model::sample::read`] makes sure.
    pub fn from_lines(lines: Vec<Line>) -> Option<Self> {
        let mut lines = lines.into_iter();
        let header = *lines.next()?.try_as_header()?;
        let lines = lines.collect();
        Some(Self { header, lines })
    }

    /// The lines of a kind.
    pub(super) fn all<T: 'static>(&self, of: fn(&Line) -> Option<&T>) -> impl Iterator<Item = &T> {
        self.lines.iter().filter_map(of)
    }
}
