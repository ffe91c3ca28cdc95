//! What can go wrong.

use core::error::Error;
use core::fmt;

/// A table cannot hold more records: see [`Table::RECORDS_MAX`](crate::Table::RECORDS_MAX).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapacityError {
    pub(crate) limit: usize,
}

impl CapacityError {
    /// How many buffers the table may have: one for each record, and in a [`CasTable`](crate::CasTable) one
    /// for each handle.
    pub fn limit(&self) -> usize {
        self.limit
    }
}

impl fmt::Display for CapacityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.limit;
        write!(
            f,
            "the table is full: it has room for {limit} records and spare buffers"
        )
    }
}

impl Error for CapacityError {}
