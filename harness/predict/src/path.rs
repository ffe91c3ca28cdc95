//! From the way of an operation through shared lines to a program that can be executed with others.
//!
//! | what is seen | becomes |
//! |---|---|
//! | a plain store, an unconditional exchange | a store |
//! | a compare-and-exchange | a swap that goes back to the load before it |
//! | a load of bytes that were loaded before and that the partner writes | a check that goes back there |
//! | a word taken by an exchange and written again later, where others wait meanwhile | a lock |
//! | instructions in between | work, in proportion, of what the operation takes alone |

use std::collections::HashMap;

use basis::trace::{Path, Touch, Usage};

use crate::mesi::{Program, Step};

/// What the operation of a [`Path`] takes without others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// All of it, in ns.
    pub alone_ns: f64,
    /// Each of its atomic read-modify-writes, in ns; what is left is for the other instructions.
    pub locked_ns: f64,
}

/// What an instruction keeps of the whole, however many read-modify-writes there are.
const REST_LEAST: f64 = 0.25;

impl Cost {
    /// What one instruction takes, and one read-modify-write more than that.
    fn apportioned(self, path: &Path) -> (f64, f64) {
        let is_locked = |touch: &&Touch| touch.usage.is_locked();
        let locked = path.touches.iter().filter(is_locked).count().max(1) as f64;
        let most = (1.0 - REST_LEAST) * self.alone_ns / locked;
        let any = path.touches.iter().any(|touch| touch.usage.is_locked());
        let locked_ns = if any { self.locked_ns.min(most) } else { 0.0 };
        let rest = self.alone_ns - locked * locked_ns;
        let executed: u64 = path
            .touches
            .iter()
            .fold(0_u64, |sum, touch| sum.saturating_add(touch.after));
        let instructions = path.instructions.max(executed).max(1) as f64;
        (rest / instructions, locked_ns)
    }
}

/// A lock: by which access it is taken, and by which given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) from: usize,
    pub(crate) until: usize,
}

/// Words that are taken by an exchange and written again, on lines that the partner writes, too; none
/// within another.
pub(crate) fn locks(path: &Path, partner: &Path) -> Vec<Held> {
    let contended = partner.written();
    let mut locks: Vec<Held> = Vec::new();
    for (from, taken) in path.touches.iter().enumerate() {
        let is_inside = locks.last().is_some_and(|held| from <= held.until);
        if is_inside || !taken.usage.is_locked() || !contended.contains(&taken.line) {
            continue;
        }
        let is_word = |touch: &Touch| (touch.line, touch.offset) == (taken.line, taken.offset);
        let gives_back = |touch: &Touch| match taken.usage {
            Usage::CompareExchange => touch.usage.writes(),
            // What adds to a number twice counts; what takes a lock by an exchange stores afterwards.
            _ => touch.usage == Usage::Store,
        };
        let mut later = path.touches.iter().enumerate().skip(from + 1);
        let until = later.find(|(_, touch)| is_word(touch) && gives_back(touch));
        locks.extend(until.map(|(until, _)| Held { from, until }));
    }
    locks
}

/// The programs of two operations, each beside the other. With `waits`, who finds a word taken waits
/// until it is given back; without, nobody waits for anybody.
pub fn programs(paths: &[Path; 2], cost: Cost, waits: bool) -> [Program; 2] {
    let numbers = numbers(paths);
    [0, 1].map(|own| {
        let (path, partner) = (&paths[own], &paths[1 - own]);
        let locks = if waits {
            locks(path, partner)
        } else {
            Vec::new()
        };
        Builder::new(path, partner, &numbers, locks).build(cost)
    })
}

/// Numbers without gaps, whatever a file says.
fn numbers(paths: &[Path; 2]) -> HashMap<u32, usize> {
    let mut numbers = HashMap::new();
    for touch in paths.iter().flat_map(|path| &path.touches) {
        let next = numbers.len();
        numbers.entry(touch.line).or_insert(next);
    }
    numbers
}

struct Builder<'p> {
    path: &'p Path,
    /// The lines that the partner writes.
    contended: Vec<u32>,
    numbers: &'p HashMap<u32, usize>,
    locks: Vec<Held>,
    steps: Vec<Step>,
    /// The step that remembers each word of each line, since the own last write to the line.
    remembered: HashMap<(u32, u8), usize>,
    /// Nothing goes back beyond a lock: it would be taken twice, or given back twice.
    floor: usize,
}

impl<'p> Builder<'p> {
    fn new(
        path: &'p Path,
        partner: &Path,
        numbers: &'p HashMap<u32, usize>,
        locks: Vec<Held>,
    ) -> Self {
        Self {
            path,
            contended: partner.written(),
            numbers,
            locks,
            steps: Vec::new(),
            remembered: HashMap::new(),
            floor: 0,
        }
    }

    fn build(mut self, cost: Cost) -> Program {
        let (instruction_ns, locked_ns) = cost.apportioned(self.path);
        let mut left = self.path.instructions;
        for (place, touch) in self.path.touches.iter().enumerate() {
            let extra = if touch.usage.is_locked() {
                locked_ns
            } else {
                0.0
            };
            self.work(touch.after as f64 * instruction_ns + extra);
            left = left.saturating_sub(touch.after);
            self.touch(place, *touch);
        }
        self.work(left as f64 * instruction_ns);
        if self.path.touches.is_empty() && left == 0 {
            self.work(cost.alone_ns);
        }
        Program::new(self.steps)
    }

    fn work(&mut self, ns: f64) {
        if ns > 0.0 {
            self.steps.push(Step::Work { ns });
        }
    }

    fn touch(&mut self, place: usize, touch: Touch) {
        let line = self.numbers[&touch.line];
        let takes = self.locks.iter().any(|held| held.from == place);
        let gives_back = self.locks.iter().any(|held| held.until == place);
        let is_inside = |held: &Held| (held.from..held.until).contains(&place);
        let is_inside = self.locks.iter().any(is_inside);
        if takes || gives_back {
            self.steps.push(if takes {
                Step::Acquire { line }
            } else {
                Step::Release { line }
            });
            self.remembered.clear();
            self.floor = self.steps.len();
            return;
        }
        match touch.usage {
            // Nobody changes what a lock protects.
            Usage::Load if is_inside => self.steps.push(Step::Load { line }),
            Usage::Load => self.load(place, touch, line),
            Usage::CompareExchange if !is_inside => self.swap(touch, line),
            Usage::Store | Usage::Exchange | Usage::CompareExchange => {
                self.steps.push(Step::Store { line });
            }
        }
        if touch.usage.writes() {
            self.remembered.retain(|(of, _), _| *of != touch.line);
        }
    }

    fn load(&mut self, place: usize, touch: Touch, line: usize) {
        let word = (touch.line, touch.offset);
        let later = self.path.touches[place + 1..]
            .iter()
            .filter(|other| other.line == touch.line);
        let mut until_write = later.clone().take_while(|other| !other.usage.writes());
        let is_loaded_again = until_write.any(|other| other.offset == touch.offset);
        let is_compared = later
            .into_iter()
            .find(|other| other.usage.writes())
            .is_some_and(|other| other.usage == Usage::CompareExchange);
        match self.remembered.get(&word) {
            Some(&again) if !is_loaded_again && self.contended.contains(&touch.line) => {
                let again = again.max(self.floor);
                self.steps.push(Step::Check { line, again });
            }
            None if is_loaded_again || is_compared => {
                self.remembered.insert(word, self.steps.len());
                self.steps.push(Step::Remember { line });
            }
            _ => self.steps.push(Step::Load { line }),
        }
    }

    fn swap(&mut self, touch: Touch, line: usize) {
        let words = self.remembered.iter();
        let before = words.filter(|((of, _), _)| *of == touch.line);
        let before = before.map(|(_, &step)| step).max();
        let again = before.unwrap_or_else(|| {
            self.steps.push(Step::Remember { line });
            self.steps.len() - 1
        });
        let again = again.max(self.floor);
        self.steps.push(Step::Swap { line, again });
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const COST: Cost = Cost {
        alone_ns: 100.0,
        locked_ns: 10.0,
    };

    /// A path of so many instructions, by line, offset and usage, ten instructions each.
    pub(crate) fn path(touches: &[(u32, u8, Usage)], instructions: u64) -> Path {
        let touch = |&(line, offset, usage): &(u32, u8, Usage)| Touch {
            after: 10,
            line,
            offset,
            usage,
        };
        Path {
            touches: touches.iter().map(touch).collect(),
            instructions,
            is_cut_short: false,
        }
    }

    fn built(own: &Path, partner: &Path, waits: bool) -> Program {
        let [program, _] = programs(&[own.clone(), partner.clone()], COST, waits);
        program
    }

    /// The steps that access a line.
    fn accesses(program: &Program) -> Vec<Step> {
        let is_access = |step: &&Step| !matches!(step, Step::Work { .. });
        program.steps().iter().filter(is_access).copied().collect()
    }

    fn work(program: &Program) -> f64 {
        let ns = |step: &Step| match step {
            Step::Work { ns } => *ns,
            _ => 0.0,
        };
        program.steps().iter().map(ns).sum()
    }

    pub(crate) fn mutex() -> Path {
        path(
            &[
                (7, 0, Usage::CompareExchange),
                (9, 8, Usage::Load),
                (7, 0, Usage::Exchange),
            ],
            40,
        )
    }

    #[test]
    fn a_lock_is_taken_and_given_back_where_others_wait() {
        let program = built(&mutex(), &mutex(), true);
        let expected = [
            Step::Acquire { line: 0 },
            Step::Load { line: 1 },
            Step::Release { line: 0 },
        ];
        assert_eq!(accesses(&program), expected);
        assert!(!program.retries());
        // Two of 10 ns, and 80 ns for 40 instructions.
        assert!((work(&program) - 100.0).abs() < 1e-9);
        assert_eq!(program.steps()[0], Step::Work { ns: 30.0 });
    }

    #[test]
    fn a_count_of_readers_holds_nobody_up() {
        let program = built(&mutex(), &mutex(), false);
        let [remember, swap, _, store] = accesses(&program)[..] else {
            panic!("{program:?}")
        };
        assert_eq!(remember, Step::Remember { line: 0 });
        assert!(matches!(swap, Step::Swap { line: 0, again: 1 }));
        assert_eq!(store, Step::Store { line: 0 });
        let counter = path(&[(0, 0, Usage::Exchange), (0, 0, Usage::Exchange)], 20);
        let program = built(&counter, &counter, true);
        assert_eq!(accesses(&program), [Step::Store { line: 0 }; 2]);
    }

    #[test]
    fn a_compare_and_exchange_goes_back_to_the_load_before_it() {
        let own = path(
            &[
                (3, 0, Usage::Load),
                (4, 0, Usage::Load),
                (3, 0, Usage::CompareExchange),
            ],
            30,
        );
        let program = built(&own, &own, true);
        let place = |wanted: fn(&Step) -> bool| program.steps().iter().position(wanted);
        let remember = place(|step| matches!(step, Step::Remember { line: 0 }));
        let swap = place(|step| matches!(step, Step::Swap { .. })).expect("it swaps");
        let Step::Swap { again, .. } = program.steps()[swap] else {
            unreachable!()
        };
        assert_eq!(Some(again), remember);
    }

    #[test]
    fn a_validated_read_goes_back_only_beside_a_writer() {
        let read = path(
            &[
                (0, 0, Usage::Load),
                (0, 8, Usage::Load),
                (0, 0, Usage::Load),
            ],
            30,
        );
        let write = path(&[(0, 0, Usage::Store), (0, 8, Usage::Store)], 20);
        let beside = |partner: &Path| built(&read, partner, false).retries();
        assert!(beside(&write));
        assert!(!beside(&read));
        // Its own write in between makes the second load another one.
        let own = path(
            &[
                (0, 0, Usage::Load),
                (0, 0, Usage::Store),
                (0, 0, Usage::Load),
            ],
            30,
        );
        assert!(!built(&own, &write, false).retries());
    }

    #[test]
    fn nothing_goes_back_beyond_a_lock() {
        let own = path(
            &[
                (1, 0, Usage::Load),
                (0, 0, Usage::CompareExchange),
                (0, 0, Usage::Store),
                (1, 0, Usage::CompareExchange),
            ],
            40,
        );
        let program = built(&own, &own, true);
        let release = |step: &Step| matches!(step, Step::Release { .. });
        let release = program.steps().iter().position(release).expect("it locks");
        let Some(Step::Swap { again, .. }) = accesses(&program).last().copied() else {
            panic!("{program:?}")
        };
        assert!(again > release);
    }

    #[test]
    fn what_a_file_says_is_not_believed() {
        let own = Path {
            touches: vec![Touch {
                after: u64::MAX,
                line: u32::MAX,
                offset: 255,
                usage: Usage::CompareExchange,
            }],
            instructions: 0,
            is_cut_short: true,
        };
        let program = built(&own, &own, true);
        assert!((work(&program) - 100.0).abs() < 1e-6);
        assert!((work(&built(&Path::default(), &own, true)) - 100.0).abs() < 1e-9);
    }
}
