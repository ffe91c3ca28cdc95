//! What a run left behind.

use model::sample::{CheckOutcome, Failure, Header, Line, Slice};

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
        let header = lines.next()?.try_as_header()?;
        Some(Self {
            header: *header,
            lines: lines.collect(),
        })
    }

    pub(super) fn slices(&self) -> impl Iterator<Item = &Slice> {
        self.lines.iter().filter_map(Line::try_as_slice_ref)
    }

    pub(super) fn checks(&self) -> impl Iterator<Item = &CheckOutcome> {
        self.lines.iter().filter_map(Line::try_as_check_ref)
    }

    pub(super) fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.lines.iter().filter_map(Line::try_as_failure_ref)
    }
}
