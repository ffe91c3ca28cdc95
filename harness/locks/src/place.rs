//! Where in the source something is.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// A line of the recorded program's source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct Place {
    /// The file, as the compiler names it.
    pub file: String,
    /// The line, from 1 on.
    pub line: u32,
    /// The column, from 1 on.
    pub column: u32,
}

impl Display for Place {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        write!(to, "{}:{}:{}", self.file, self.line, self.column)
    }
}
