//! Which bytes of which cache lines were read and written, by what code, and in which order as far as another thread
//! cares.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::collect::unique;
use model::trace::{Path, SharedLines, Touch, Usage};

/// Two lines of 64 bytes, neighbours, which Intel's prefetcher brings together: the key of a group of bytes here.
const PAIR_BYTES: u64 = 128;

/// Bytes of a pair of lines, a bit each.
type Mask = u128;

/// The two lines of a pair, of 64 bytes.
pub(crate) const LINES: &[Mask] = &[u64::MAX as Mask, !(u64::MAX as Mask)];
/// Both as one line, of 128 bytes.
pub(crate) const PAIR: &[Mask] = &[Mask::MAX];

/// One access to memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) address: u64,
    pub(crate) bytes: u64,
    pub(crate) usage: Usage,
    /// Instructions that were executed until then, this one included.
    pub(crate) at: u64,
    /// The instruction.
    pub(crate) by: u64,
    /// The calls that led to it: see [`super::execution::Calls`].
    pub(crate) called_from: u32,
    /// Whether the system's allocator does it.
    pub(crate) in_allocator: bool,
}

/// The use of a pair of lines.
#[derive(Clone, Debug, Default)]
struct Use {
    touched: Mask,
    written: Mask,
    /// The accesses, to know whom to blame; each instruction and place once.
    accesses: Vec<Access>,
}

/// The lines of some accesses.
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
    pub(crate) fn from_accesses<'a>(accesses: impl IntoIterator<Item = &'a Access>) -> Self {
        let mut lines = Self::default();
        accesses.into_iter().for_each(|access| lines.add(access));
        lines
    }

    fn add(&mut self, access: &Access) {
        let end = access.address.saturating_add(access.bytes);
        let first = access.address / PAIR_BYTES * PAIR_BYTES;
        for pair in (first..end).step_by(PAIR_BYTES as usize) {
            let used = self.0.entry(pair).or_default();
            used.touched |= mask(access, pair);
            if access.usage.writes() {
                used.written |= mask(access, pair);
            }
            let is_same = |known: &Access| (known.by, known.address) == (access.by, access.address);
            if !used.accesses.iter().any(is_same) {
                used.accesses.push(*access);
            }
        }
    }

    /// Lines of 64 bytes that are read or written.
    pub(crate) fn touched(&self) -> u64 {
        let uses = self.0.values();
        uses.map(|used| count(used.touched, Mask::MAX)).sum()
    }

    /// Lines of 64 bytes that are written.
    pub(crate) fn written(&self) -> u64 {
        let uses = self.0.values();
        uses.map(|used| count(used.written, Mask::MAX)).sum()
    }

    /// Lines of this that the other has written.
    pub(crate) fn dirtied_by(&self, writer: &Lines) -> u64 {
        let dirtied = |(_, used, other): (u64, &Use, &Use)| count(used.touched, other.written);
        self.pairs_with(writer).map(dirtied).sum()
    }

    /// The lines, [`LINES`] or each [`PAIR`], that both use and one writes.
    pub(crate) fn shared_with(&self, other: &Lines, lines: &[Mask]) -> Vec<Shared> {
        let shared = self.pairs_with(other).flat_map(|(pair, first, second)| {
            let lines = lines.iter();
            lines.filter_map(move |&part| shared(pair, first, second, part))
        });
        shared.collect()
    }

    fn pairs_with<'l>(&'l self, other: &'l Lines) -> impl Iterator<Item = (u64, &'l Use, &'l Use)> {
        let pairs = self.0.iter();
        pairs.filter_map(|(&pair, used)| Some((pair, used, other.0.get(&pair)?)))
    }
}

/// The lines of a pair in which there are bytes of both masks.
fn count(first: Mask, second: Mask) -> u64 {
    let is_in_both = |&&line: &&Mask| first & line != 0 && second & line != 0;
    LINES.iter().filter(is_in_both).count() as u64
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
fn shared(pair: u64, first: &Use, second: &Use, part: Mask) -> Option<Shared> {
    let (of_first, of_second) = (first.written & part, second.written & part);
    let [by_first, by_second] = [first, second].map(|used| used.touched & part);
    let both_write = of_first != 0 && of_second != 0;
    let one_writes = of_first != 0 && by_second != 0 || of_second != 0 && by_first != 0;
    if !one_writes {
        return None;
    }
    let common = (of_first & by_second) | (of_second & by_first);
    let named = match (common, of_first) {
        (0, 0) => of_second,
        (0, _) => of_first,
        _ => common,
    };
    let byte = named.trailing_zeros();
    Some(Shared {
        both_write,
        is_false: common == 0,
        address: pair + u64::from(byte),
        by: [first, second].map(|used| used.blamed(pair, byte, part)),
    })
}

impl Use {
    /// The instruction that uses the `byte` of the pair: one that writes, if there is one; where none
    /// uses it, one that uses `part` of the lines.
    fn blamed(&self, pair: u64, byte: u32, part: Mask) -> (u64, u32) {
        let uses = |access: &Access, bytes: Mask| mask(access, pair) & bytes != 0;
        let accesses = self.accesses.iter().filter(|access| uses(access, part));
        let blamed =
            accesses.min_by_key(|access| (!uses(access, 1 << byte), !access.usage.writes()));
        blamed.map_or((0, 0), |access| (access.by, access.called_from))
    }
}

/// The bytes of a pair that an access is about.
fn mask(access: &Access, pair: u64) -> Mask {
    let bit = |number: u64| (1 as Mask).checked_shl(number as u32);
    let below = |end: u64| bit(end).map_or(Mask::MAX, |bit| bit - 1);
    let end = access.address.saturating_add(access.bytes);
    below((end - pair).min(PAIR_BYTES)) & !below(access.address.max(pair) - pair)
}

/// Bytes of a line.
const LINE_BYTES: u64 = 64;

/// What of an operation of so many `instructions` is about those lines, by the addresses of their first bytes;
/// `numbers` are the lines' own.
pub(crate) fn through<'a>(
    accesses: impl Iterator<Item = &'a Access>,
    instructions: u64,
    numbers: &HashMap<u64, u32>,
) -> Path {
    let mut before = 0;
    let known = |access: &'a Access| {
        let known = move |(line, offset)| Some((access, *numbers.get(&line)?, offset));
        lines(access).filter_map(known)
    };
    let touch = |(access, line, offset): (&Access, u32, u8)| Touch {
        after: access.at - std::mem::replace(&mut before, access.at),
        line,
        offset,
        usage: access.usage,
    };
    let mut touches = accesses.flat_map(known).map(touch);
    Path {
        touches: touches.by_ref().take(Path::TOUCHES_MAX).collect(),
        instructions,
        is_cut_short: touches.next().is_some(),
    }
}

/// Numbers for those lines: in the order of the accesses, then by their addresses.
pub(crate) fn number<'a>(
    accesses: impl Iterator<Item = &'a Access>,
    shared: &BTreeSet<u64>,
) -> HashMap<u64, u32> {
    let in_order = accesses.flat_map(|access| lines(access).map(|(line, _)| line));
    let in_order = in_order.filter(|line| shared.contains(line));
    let all = unique(in_order.chain(shared.iter().copied()));
    all.into_iter().zip(0..).collect()
}

/// The line of an address, by that of its first byte.
pub(crate) const fn line_of(address: u64) -> u64 {
    address / LINE_BYTES * LINE_BYTES
}

/// The lines that an access is about, each with the first byte that is used of it.
fn lines(access: &Access) -> impl Iterator<Item = (u64, u8)> {
    let address = access.address;
    let end = address.saturating_add(access.bytes.max(1));
    let all = (line_of(address)..end).step_by(LINE_BYTES as usize);
    all.map(move |line| (line, (address.max(line) - line) as u8))
}

#[cfg(test)]
mod tests {
    use model::trace::Usage;

    use super::super::allocation_map::Owned;
    use super::super::execution::Execution;
    use super::*;

    fn lines(accesses: &[(u64, u64, bool)]) -> Lines {
        let access = |&(address, bytes, is_write): &(u64, u64, bool)| Access {
            address,
            bytes,
            usage: if is_write { Usage::Store } else { Usage::Load },
            at: 0,
            by: address + 1,
            called_from: 0,
            in_allocator: false,
        };
        Lines::from_accesses(&accesses.iter().map(access).collect::<Vec<_>>())
    }

    #[test]
    fn an_access_across_lines_touches_both() {
        let lines = lines(&[(124, 8, true), (300, 4, false)]);
        assert_eq!((lines.touched(), lines.written()), (3, 2));
    }

    #[test]
    fn true_and_false_sharing_are_told_apart() {
        let writes = lines(&[(0, 8, true)]);
        let same = tally(&writes.shared_with(&lines(&[(4, 8, false)]), LINES));
        assert_eq!((same.one_writes, same.one_writes_apart), (1, 0));
        let apart = tally(&writes.shared_with(&lines(&[(8, 8, false)]), LINES));
        assert_eq!((apart.one_writes, apart.one_writes_apart), (0, 1));
        let both = tally(&writes.shared_with(&lines(&[(56, 8, true)]), LINES));
        assert_eq!((both.both_write, both.both_write_apart), (0, 1));
        assert!(
            writes
                .shared_with(&lines(&[(64, 8, true)]), LINES)
                .is_empty()
        );
    }

    #[test]
    fn neighbours_share_a_pair_of_lines_only() {
        let (first, second) = (lines(&[(0, 8, true)]), lines(&[(64, 8, true)]));
        assert!(first.shared_with(&second, LINES).is_empty());
        assert_eq!(tally(&first.shared_with(&second, PAIR)).both_write_apart, 1);
    }

    #[test]
    fn readers_do_not_share() {
        let read = lines(&[(0, 8, false)]);
        assert!(read.shared_with(&read, LINES).is_empty());
    }

    #[test]
    fn who_uses_the_byte_is_to_blame() {
        let (first, second) = (
            lines(&[(0, 4, true), (8, 4, true)]),
            lines(&[(8, 4, false)]),
        );
        let shared = first.shared_with(&second, LINES);
        assert_eq!((shared[0].address, shared[0].by), (8, [(9, 0); 2]));
    }

    fn access(at: u64, address: u64, bytes: u64, usage: Usage) -> Access {
        Access {
            address,
            bytes,
            usage,
            at,
            by: 0,
            called_from: 0,
            in_allocator: false,
        }
    }

    /// A lock word at 0, a record of two lines at 128 and 192, a block of its own at 256.
    fn execution() -> Execution {
        let mut execution = Execution::default();
        for (at, address, bytes, usage) in [
            (10, 0, 4, Usage::CompareExchange),
            (15, 184, 16, Usage::Load),
            (22, 256, 8, Usage::Store),
            (23, 0, 4, Usage::Exchange),
        ] {
            execution.add(access(at, address, bytes, usage));
        }
        let (bytes, calls) = (8, Vec::new());
        execution.fresh.push((256, Owned { bytes, calls }));
        execution
    }

    #[test]
    fn a_way_is_what_is_shared_of_it_and_what_lies_between() {
        let execution = execution();
        let shared = BTreeSet::from([192, 0, 256, 512]);
        let numbers = number(execution.accesses.iter(), &shared);
        assert_eq!([0, 192, 256, 512].map(|line| numbers[&line]), [0, 1, 2, 3]);
        let path = through(execution.own_accesses(), 26, &numbers);
        let expected = [
            (10, 0, 0, Usage::CompareExchange),
            (5, 1, 0, Usage::Load),
            (8, 0, 0, Usage::Exchange),
        ];
        let touches = expected.map(|(after, line, offset, usage)| Touch {
            after,
            line,
            offset,
            usage,
        });
        assert_eq!(path.touches, touches);
        assert_eq!((path.instructions, path.is_cut_short), (26, false));
    }

    #[test]
    fn what_is_in_a_block_of_its_own_is_left_out() {
        let rest = execution().own_lines();
        assert_eq!((rest.touched(), rest.written()), (3, 1));
    }

    #[test]
    fn a_copy_is_one_access_to_each_line_and_an_endless_way_is_cut() {
        let mut execution = Execution::default();
        (0..16).for_each(|word| execution.add(access(1, 64 + 8 * word, 8, Usage::Load)));
        let shared = BTreeSet::from([64, 128]);
        let path = |execution: &Execution| {
            let numbers = number(execution.accesses.iter(), &shared);
            through(execution.own_accesses(), 1, &numbers)
        };
        assert_eq!(path(&execution).touches.len(), 2);
        for at in 2..2 * Path::TOUCHES_MAX as u64 {
            execution.add(access(at, 64, 8, Usage::Store));
        }
        let path = path(&execution);
        assert_eq!(path.touches.len(), Path::TOUCHES_MAX);
        assert!(path.is_cut_short);
    }
}
