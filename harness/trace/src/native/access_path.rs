//! The order in which an operation accessed lines, as far as another thread cares.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use model::trace::{Path, Touch, Usage};

/// Bytes of a line.
const LINE_BYTES: u64 = 64;

/// One access.
#[derive(Clone, Copy, Debug)]
struct Stop {
    address: u64,
    bytes: u64,
    usage: Usage,
    /// Instructions that were executed until then, this one included.
    at: u64,
}

/// The accesses of an operation, in their order, those of the system's allocator left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccessPath {
    stops: Vec<Stop>,
    /// Instructions in all, those inside the allocator, too.
    instructions: u64,
}

impl AccessPath {
    pub(crate) fn step(&mut self, instructions: u64) {
        self.instructions += instructions;
    }

    pub(crate) fn add(&mut self, address: u64, bytes: u64, usage: Usage) {
        let stop = Stop {
            address,
            bytes,
            usage,
            at: self.instructions,
        };
        // An instruction that repeats itself goes on where it was, reading and writing in turn.
        let goes_on = |last: &&mut Stop| {
            last.at == stop.at && last.usage == usage && last.address + last.bytes == address
        };
        match self.stops.iter_mut().rev().take(2).find(goes_on) {
            Some(last) => last.bytes += bytes,
            None => self.stops.push(stop),
        }
    }

    /// What of it is about those lines, by the addresses of their first bytes, and not in one of the
    /// `own` blocks; `numbers` are the lines' own.
    pub(crate) fn through(&self, numbers: &HashMap<u64, u32>, own: &[Range<u64>]) -> Path {
        let mut path = Path {
            instructions: self.instructions,
            ..Path::default()
        };
        let mut before = 0;
        for stop in &self.stops {
            if own.iter().any(|block| block.contains(&stop.address)) {
                continue;
            }
            for (line, offset) in lines(stop.address, stop.bytes) {
                let Some(&number) = numbers.get(&line) else {
                    continue;
                };
                if path.touches.len() == Path::TOUCHES_MAX {
                    path.is_cut_short = true;
                    return path;
                }
                path.touches.push(Touch {
                    after: stop.at - before,
                    line: number,
                    offset,
                    usage: stop.usage,
                });
                before = stop.at;
            }
        }
        path
    }

    /// Numbers for those lines: in the order in which this way comes to them, then by their addresses.
    pub(crate) fn number(&self, shared: &HashSet<u64>) -> HashMap<u64, u32> {
        let stops = self.stops.iter();
        let accessed = stops.flat_map(|stop| lines(stop.address, stop.bytes).map(|(line, _)| line));
        let mut rest: Vec<u64> = shared.iter().copied().collect();
        rest.sort_unstable();
        let mut numbers = HashMap::new();
        for line in accessed.filter(|line| shared.contains(line)).chain(rest) {
            let next = numbers.len() as u32;
            numbers.entry(line).or_insert(next);
        }
        numbers
    }
}

/// The line of an address, by that of its first byte.
pub(crate) const fn line_of(address: u64) -> u64 {
    address / LINE_BYTES * LINE_BYTES
}

/// The lines that so many bytes lie in, each with the first byte that is used of it.
fn lines(address: u64, bytes: u64) -> impl Iterator<Item = (u64, u8)> {
    let end = address.saturating_add(bytes.max(1));
    let all = (line_of(address)..end).step_by(LINE_BYTES as usize);
    all.map(move |line| (line, (address.max(line) - line) as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lock word at 0, a record of two lines at 128 and 192, a block of its own at 256.
    fn access_path() -> AccessPath {
        let mut access_path = AccessPath::default();
        for (instructions, address, bytes, usage) in [
            (10, 0, 4, Usage::CompareExchange),
            (5, 184, 16, Usage::Load),
            (7, 256, 8, Usage::Store),
            (1, 0, 4, Usage::Exchange),
        ] {
            access_path.step(instructions);
            access_path.add(address, bytes, usage);
        }
        access_path.step(3);
        access_path
    }

    #[test]
    fn a_way_is_what_is_shared_of_it_and_what_lies_between() {
        let access_path = access_path();
        let shared = HashSet::from([192, 0, 256, 512]);
        let numbers = access_path.number(&shared);
        assert_eq!([0, 192, 256, 512].map(|line| numbers[&line]), [0, 1, 2, 3]);
        let own = 256..264;
        let path = access_path.through(&numbers, std::slice::from_ref(&own));
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
    fn a_copy_is_one_access_to_each_line_and_an_endless_way_is_cut() {
        let mut access_path = AccessPath::default();
        access_path.step(1);
        (0..16).for_each(|word| access_path.add(64 + 8 * word, 8, Usage::Load));
        let shared = HashSet::from([64, 128]);
        let path = access_path.through(&access_path.number(&shared), &[]);
        assert_eq!(path.touches.len(), 2);
        for _ in 0..2 * Path::TOUCHES_MAX {
            access_path.step(1);
            access_path.add(64, 8, Usage::Store);
        }
        let path = access_path.through(&access_path.number(&shared), &[]);
        assert_eq!(path.touches.len(), Path::TOUCHES_MAX);
        assert!(path.is_cut_short);
    }
}
