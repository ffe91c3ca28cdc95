//! Which bytes of which cache lines were read and written, and by what code.

use std::collections::BTreeMap;
use std::ops::Range;

use model::trace::SharedLines;

/// Two lines of 64 bytes, neighbours, which Intel's prefetcher brings together: the key of a group of bytes here.
const PAIR_BYTES: u64 = 128;

/// Bytes of a pair of lines, a bit each.
type Mask = u128;

/// One access to memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) address: u64,
    pub(crate) bytes: u64,
    pub(crate) is_read: bool,
    pub(crate) is_write: bool,
    /// The instruction.
    pub(crate) by: u64,
    /// The calls that led to it: see [`super::calls::Calls`].
    pub(crate) called_from: u32,
}

/// The use of a pair of lines.
#[derive(Clone, Debug, Default)]
struct Use {
    read: Mask,
    written: Mask,
    /// The accesses, to know whom to blame; each instruction and place once.
    accesses: Vec<Access>,
}

/// The lines of an execution.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(BTreeMap<u64, Use>);

/// A line that two executions share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shared {
    pub(crate) both_write: bool,
    /// Whether no byte that one writes is used by the other.
    pub(crate) is_false: bool,
    /// A byte to name it by: one that one writes and the other uses, if there is one.
    pub(crate) address: u64,
    /// The instructions that use it, of the one and the other execution, and the calls that led there.
    pub(crate) by: [(u64, u32); 2],
}

impl Lines {
    pub(crate) fn add(&mut self, access: Access) {
        let mut address = access.address;
        let end = address.saturating_add(access.bytes);
        while address < end {
            let pair = address / PAIR_BYTES * PAIR_BYTES;
            let mask = bits(address - pair..(end - pair).min(PAIR_BYTES));
            let used = self.0.entry(pair).or_default();
            if access.is_read {
                used.read |= mask;
            }
            if access.is_write {
                used.written |= mask;
            }
            let is_known = |one: &Access| one.by == access.by && one.address == access.address;
            if !used.accesses.iter().any(is_known) {
                used.accesses.push(access);
            }
            address = pair + PAIR_BYTES;
        }
    }

    /// Lines of 64 bytes that are read or written.
    pub(crate) fn touched(&self) -> u64 {
        self.count(|used| used.read | used.written)
    }

    /// Lines of 64 bytes that are written.
    pub(crate) fn written(&self) -> u64 {
        self.count(|used| used.written)
    }

    fn count(&self, which: impl Fn(&Use) -> Mask) -> u64 {
        let lines =
            |used: &Use| u64::from(which(used) & LOWER != 0) + u64::from(which(used) & !LOWER != 0);
        self.0.values().map(lines).sum()
    }

    /// Both together.
    pub(crate) fn and(&self, other: &Lines) -> Lines {
        let mut both = self.clone();
        for (&pair, used) in &other.0 {
            let into = both.0.entry(pair).or_default();
            into.read |= used.read;
            into.written |= used.written;
            into.accesses.extend_from_slice(&used.accesses);
        }
        both
    }

    /// All but what is in those blocks, of so many bytes each.
    pub(crate) fn outside(&self, blocks: &[Range<u64>]) -> Lines {
        let mut rest = self.clone();
        for block in blocks {
            let first = block.start / PAIR_BYTES * PAIR_BYTES;
            for (&pair, used) in rest.0.range_mut(first..block.end) {
                let from = block.start.max(pair) - pair;
                let to = (block.end - pair).min(PAIR_BYTES);
                used.read &= !bits(from..to);
                used.written &= !bits(from..to);
                used.accesses
                    .retain(|access| !block.contains(&access.address));
            }
        }
        rest
    }

    /// Lines of this that the other has written.
    pub(crate) fn dirtied_by(&self, writer: &Lines) -> u64 {
        let dirtied = |(pair, used): (&u64, &Use)| {
            let written = writer.0.get(pair).map_or(0, |other| other.written);
            let touched = used.read | used.written;
            halves()
                .filter(|half| touched & half != 0 && written & half != 0)
                .count() as u64
        };
        self.0.iter().map(dirtied).sum()
    }

    /// The lines of 64 bytes that both use and one writes.
    pub(crate) fn shared_with(&self, other: &Lines) -> Vec<Shared> {
        self.pairs_with(other)
            .flat_map(|(pair, one, two)| {
                halves().filter_map(move |half| shared(pair, one, two, half))
            })
            .collect()
    }

    /// The same, counted, in lines of 128 bytes.
    pub(crate) fn shared_pairs_with(&self, other: &Lines) -> SharedLines {
        let shared: Vec<Shared> = self
            .pairs_with(other)
            .filter_map(|(pair, one, two)| shared(pair, one, two, Mask::MAX))
            .collect();
        tally(&shared)
    }

    fn pairs_with<'l>(&'l self, other: &'l Lines) -> impl Iterator<Item = (u64, &'l Use, &'l Use)> {
        self.0
            .iter()
            .filter_map(|(&pair, one)| Some((pair, one, other.0.get(&pair)?)))
    }
}

/// How many lines are shared, and how.
pub(crate) fn tally(shared: &[Shared]) -> SharedLines {
    let mut lines = SharedLines::default();
    for line in shared {
        *match (line.both_write, line.is_false) {
            (true, false) => &mut lines.both_write,
            (true, true) => &mut lines.both_write_apart,
            (false, false) => &mut lines.one_writes,
            (false, true) => &mut lines.one_writes_apart,
        } += 1;
    }
    lines
}

/// How the bytes in `part` of a pair of lines are shared.
fn shared(pair: u64, one: &Use, two: &Use, part: Mask) -> Option<Shared> {
    let touched = |used: &Use| (used.read | used.written) & part;
    let (of_one, of_two) = (one.written & part, two.written & part);
    let both_write = of_one != 0 && of_two != 0;
    let one_writes = of_one != 0 && touched(two) != 0 || of_two != 0 && touched(one) != 0;
    if !one_writes {
        return None;
    }
    let common = (of_one & touched(two)) | (of_two & touched(one));
    let named = match (common, of_one) {
        (0, 0) => of_two,
        (0, _) => of_one,
        _ => common,
    };
    let byte = u64::from(named.trailing_zeros());
    Some(Shared {
        both_write,
        is_false: common == 0,
        address: pair + byte,
        by: [one, two].map(|used| used.blamed(pair, pair + byte, part)),
    })
}

impl Use {
    /// The instruction that uses the byte at `address`: one that writes, if there is one; where none
    /// uses it, one that uses `part` of the lines.
    fn blamed(&self, pair: u64, address: u64, part: Mask) -> (u64, u32) {
        let uses_byte =
            |access: &&Access| (access.address..access.address + access.bytes).contains(&address);
        let uses_part = |access: &&Access| {
            let from = access.address.max(pair) - pair;
            let to = (access.address + access.bytes - pair).min(PAIR_BYTES);
            bits(from..to) & part != 0
        };
        let writes = |access: &&Access| access.is_write;
        let all = || self.accesses.iter();
        let blamed = all()
            .filter(uses_byte)
            .find(writes)
            .or_else(|| all().find(uses_byte))
            .or_else(|| all().filter(uses_part).find(writes))
            .or_else(|| all().find(uses_part));
        blamed.map_or((0, 0), |access| (access.by, access.called_from))
    }
}

/// The first line of a pair.
const LOWER: Mask = u64::MAX as Mask;

fn halves() -> impl Iterator<Item = Mask> {
    [LOWER, !LOWER].into_iter()
}

/// The bytes of a pair from one offset to another.
fn bits(bytes: Range<u64>) -> Mask {
    let below = |end: u64| {
        if end >= PAIR_BYTES {
            Mask::MAX
        } else {
            (1 << end) - 1
        }
    };
    below(bytes.end) & !below(bytes.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(accesses: &[(u64, u64, bool)]) -> Lines {
        let mut lines = Lines::default();
        for &(address, bytes, is_write) in accesses {
            lines.add(Access {
                address,
                bytes,
                is_read: !is_write,
                is_write,
                by: address + 1,
                called_from: 0,
            });
        }
        lines
    }

    #[test]
    fn an_access_across_lines_touches_both() {
        let lines = lines(&[(124, 8, true), (300, 4, false)]);
        assert_eq!((lines.touched(), lines.written()), (3, 2));
    }

    #[test]
    fn true_and_false_sharing_are_told_apart() {
        let writes = lines(&[(0, 8, true)]);
        let same = tally(&writes.shared_with(&lines(&[(4, 8, false)])));
        assert_eq!((same.one_writes, same.one_writes_apart), (1, 0));
        let apart = tally(&writes.shared_with(&lines(&[(8, 8, false)])));
        assert_eq!((apart.one_writes, apart.one_writes_apart), (0, 1));
        let both = tally(&writes.shared_with(&lines(&[(56, 8, true)])));
        assert_eq!((both.both_write, both.both_write_apart), (0, 1));
        assert!(writes.shared_with(&lines(&[(64, 8, true)])).is_empty());
    }

    #[test]
    fn neighbours_share_a_pair_of_lines_only() {
        let (one, two) = (lines(&[(0, 8, true)]), lines(&[(64, 8, true)]));
        assert!(one.shared_with(&two).is_empty());
        assert_eq!(one.shared_pairs_with(&two).both_write_apart, 1);
    }

    #[test]
    fn readers_do_not_share() {
        let read = lines(&[(0, 8, false)]);
        assert!(read.shared_with(&read).is_empty());
    }

    #[test]
    fn what_is_in_a_block_can_be_left_out() {
        let all = lines(&[(100, 100, true), (16, 8, true)]);
        let rest = all.outside(std::slice::from_ref(&(100..200)));
        assert_eq!(rest.written(), 1);
        assert_eq!(rest.shared_with(&lines(&[(16, 8, true)])).len(), 1);
    }

    #[test]
    fn who_uses_the_byte_is_to_blame() {
        let (one, two) = (
            lines(&[(0, 4, true), (8, 4, true)]),
            lines(&[(8, 4, false)]),
        );
        let shared = one.shared_with(&two);
        assert_eq!((shared[0].address, shared[0].by), (8, [(9, 0); 2]));
    }
}
