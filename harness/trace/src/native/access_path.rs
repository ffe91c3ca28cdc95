//! The order in which an operation accessed lines, as far as another thread cares.

use std::collections::{HashMap, HashSet};

use model::trace::{Path, Touch};

use super::lines::Access;

/// Bytes of a line.
const LINE_BYTES: u64 = 64;

/// What of an operation of so many `instructions` is about those lines, by the addresses of their first bytes;
/// `numbers` are the lines' own.
pub(crate) fn through<'a>(
    accesses: impl Iterator<Item = &'a Access>,
    instructions: u64,
    numbers: &HashMap<u64, u32>,
) -> Path {
    let mut path = Path {
        instructions,
        ..Path::default()
    };
    let mut before = 0;
    for access in accesses {
        for (line, offset) in lines(access) {
            let Some(&number) = numbers.get(&line) else {
                continue;
            };
            if path.touches.len() == Path::TOUCHES_MAX {
                path.is_cut_short = true;
                return path;
            }
            path.touches.push(Touch {
                after: access.at - before,
                line: number,
                offset,
                usage: access.usage,
            });
            before = access.at;
        }
    }
    path
}

/// Numbers for those lines: in the order of the accesses, then by their addresses.
pub(crate) fn number<'a>(
    accesses: impl Iterator<Item = &'a Access>,
    shared: &HashSet<u64>,
) -> HashMap<u64, u32> {
    let in_order = accesses.flat_map(|access| lines(access).map(|(line, _)| line));
    let mut rest: Vec<u64> = shared.iter().copied().collect();
    rest.sort_unstable();
    let mut numbers = HashMap::new();
    for line in in_order.filter(|line| shared.contains(line)).chain(rest) {
        let next = numbers.len() as u32;
        numbers.entry(line).or_insert(next);
    }
    numbers
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

    use super::super::execution::{Execution, Fresh};
    use super::*;

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
        execution.fresh.push(Fresh {
            address: 256,
            bytes: 8,
            calls: Vec::new(),
        });
        execution
    }

    #[test]
    fn a_way_is_what_is_shared_of_it_and_what_lies_between() {
        let execution = execution();
        let shared = HashSet::from([192, 0, 256, 512]);
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
        let shared = HashSet::from([64, 128]);
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
