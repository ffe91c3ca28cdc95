//! The way of an operation through the lines that another thread uses, too.

use serde::{Deserialize, Serialize};

/// How an instruction uses a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Usage {
    /// Reads it.
    Load,
    /// Writes it, whatever is there.
    Store,
    /// Reads and writes it in one, whatever is there: `xadd`, `xchg` and their like.
    Exchange,
    /// Compares and exchanges: writes it only if it is as expected.
    CompareExchange,
}

impl Usage {
    /// Whether the processor needs the line for itself.
    pub const fn writes(self) -> bool {
        !matches!(self, Usage::Load)
    }

    /// Whether it is one atomic read-modify-write.
    pub const fn is_locked(self) -> bool {
        matches!(self, Usage::Exchange | Usage::CompareExchange)
    }
}

/// One access to a line that both threads of a pair use and at least one writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// The thread's own instructions since the access before, or since the operation began; this one
    /// included.
    pub after: u64,
    /// Which line, by a number that is the same for both threads of the pair, from 0.
    pub line: u32,
    /// The first byte of the line that is used, from 0 to 63.
    pub offset: u8,
    /// How.
    pub usage: Usage,
}

/// The accesses of one operation to such lines, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// The accesses.
    pub touches: Vec<Touch>,
    /// All instructions of the operation, those after the last access included, those inside the
    /// system's allocator, too.
    pub instructions: u64,
    /// Whether there were more than [`Path::TOUCHES_MAX`], so that the last are missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut_short: bool,
}

impl Path {
    /// Longer ways are those of copies, of which nobody needs each word.
    pub const TOUCHES_MAX: usize = 96;

    /// The lines that it writes, by number, each once.
    pub fn written(&self) -> Vec<u32> {
        let writes = self.touches.iter().filter(|touch| touch.usage.writes());
        let mut lines: Vec<u32> = writes.map(|touch| touch.line).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }
}
