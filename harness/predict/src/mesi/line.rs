//! A line, and who has it.

use rand_core::Rng;

/// A cache line.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Who may write it, or wrote it last.
    pub(super) holder: Option<usize>,
    /// Whether the holder shares it, and so may not write it either.
    is_shared: bool,
    /// Who may read it.
    readers: Vec<bool>,
    /// How often it was written.
    pub(super) version: u64,
    /// Who asked for it, and whether to write.
    pub(super) asked: Vec<(usize, bool)>,
    /// Whether it is about to move, or on its way.
    pub(super) is_moving: bool,
    /// Where a program takes it for one.
    pub(super) lock: Lock,
    /// To whom.
    coming: Vec<usize>,
    comes_to_be_written: bool,
}

/// A lock.
#[derive(Debug, Default)]
pub(super) struct Lock {
    pub(super) is_taken: bool,
    /// Who found it taken.
    pub(super) waiting: Vec<usize>,
}

impl Lock {
    /// It is free again; one of those who wait for it, if any does.
    pub(super) fn release(&mut self, random: &mut impl Rng) -> Option<usize> {
        self.is_taken = false;
        let waiting = self.waiting.len() as u64;
        let chosen = random.next_u64().checked_rem(waiting)?;
        Some(self.waiting.swap_remove(chosen as usize))
    }
}
impl Line {
    pub(super) fn new(processors: usize) -> Self {
        Self {
            is_shared: true,
            readers: vec![false; processors],
            ..Self::default()
        }
    }

    /// Whether the processor has what it needs.
    pub(super) fn allows(&self, processor: usize, writes: bool) -> bool {
        if writes {
            self.holder == Some(processor) && !self.is_shared
        } else {
            self.readers[processor]
        }
    }

    /// Chooses who gets it: one who wants to write, or all who want to read.
    pub(super) fn choose(&mut self, random: &mut impl Rng) -> usize {
        let chosen = (random.next_u64() % self.asked.len() as u64) as usize;
        let (to, writes) = self.asked[chosen];
        self.comes_to_be_written = writes;
        if writes {
            self.asked.swap_remove(chosen);
            self.coming = vec![to];
        } else {
            let readers = self.asked.iter().filter(|(_, writes)| !writes);
            self.coming = readers.map(|&(processor, _)| processor).collect();
            self.asked.retain(|&(_, writes)| writes);
        }
        to
    }

    /// The holder lets go; who shares it does so when it is to be written.
    pub(super) fn leave(&mut self) {
        if self.comes_to_be_written {
            self.readers.fill(false);
        }
        self.is_shared = true;
    }

    pub(super) fn arrive(&mut self) -> Vec<usize> {
        let served = std::mem::take(&mut self.coming);
        for &processor in &served {
            self.readers[processor] = true;
        }
        if self.comes_to_be_written {
            self.holder = served.first().copied();
            self.is_shared = false;
        }
        served
    }
}
