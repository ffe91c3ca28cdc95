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
use std::ops::RangeInclusive;

use model::trace::{Path, Touch, Usage};

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
        let locked = path.touches.iter().filter(is_locked).count() as f64;
        let most = (1.0 - REST_LEAST) * self.alone_ns / locked.max(1.0);
        let locked_ns = self.locked_ns.min(most);
        let unlocked_ns = self.alone_ns - locked * locked_ns;
        let touches = path.touches.iter();
        let executed = touches.fold(0, |sum: u64, touch| sum.saturating_add(touch.after));
        let instructions = path.instructions.max(executed).max(1) as f64;
        (unlocked_ns / instructions, locked_ns)
    }
}

/// A lock: from the access by which it is taken to the one by which it is given back.
pub(crate) type Held = RangeInclusive<usize>;

/// Words that are taken by an exchange and written again, on lines that the partner writes, too; none
/// within another, and none at all unless who finds one taken `waits`.
pub(crate) fn locks(path: &Path, partner: &Path, waits: bool) -> Vec<Held> {
    if !waits {
        return Vec::new();
    }
    let contended = partner.written();
    let mut locks: Vec<Held> = Vec::new();
    for (from, taken) in path.touches.iter().enumerate() {
        let is_inside = locks.last().is_some_and(|held| from <= *held.end());
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
        locks.extend(until.map(|(until, _)| from..=until));
    }
    locks
}

/// The programs of two operations, each beside the other. With `waits`, who finds a word taken waits
/// until it is given back; without, nobody waits for anybody.
pub(crate) fn programs(paths: &[Path; 2], cost: Cost, waits: bool) -> [Program; 2] {
    let numbers = numbers(paths);
    [0, 1].map(|index| {
        let (path, partner) = (&paths[index], &paths[1 - index]);
        let builder = Builder {
            path,
            contended: partner.written(),
            numbers: &numbers,
            locks: locks(path, partner, waits),
            steps: Vec::new(),
            remembered: HashMap::new(),
        };
        builder.build(cost)
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
    /// The step that remembers each word of each line, since the own last write to the line. None from before a lock:
    /// what goes back beyond it would take it twice, or give it back twice.
    remembered: HashMap<(u32, u8), usize>,
}

impl Builder<'_> {
    fn build(mut self, cost: Cost) -> Program {
        let (instruction_ns, locked_ns) = cost.apportioned(self.path);
        let mut left = self.path.instructions;
        for (place, touch) in self.path.touches.iter().enumerate() {
            let is_locked = touch.usage.is_locked();
            let extra = if is_locked { locked_ns } else { 0.0 };
            self.work(touch.after as f64 * instruction_ns + extra);
            left = left.saturating_sub(touch.after);
            self.touch(place, *touch);
        }
        self.work(left as f64 * instruction_ns);
        if !self.steps.iter().any(|step| matches!(step, Step::Work(_))) {
            self.work(cost.alone_ns);
        }
        Program::new(self.steps)
    }

    fn work(&mut self, ns: f64) {
        if ns > 0.0 {
            self.steps.push(Step::Work(ns));
        }
    }

    fn touch(&mut self, place: usize, touch: Touch) {
        let line = self.numbers[&touch.line];
        let held = self.locks.iter().find(|held| held.contains(&place));
        let is_inside = held.is_some();
        if let Some(held) = held.filter(|held| [held.start(), held.end()].contains(&&place)) {
            let takes = *held.start() == place;
            let step = if takes { Step::Acquire } else { Step::Release };
            self.steps.push(step(line));
            self.remembered.clear();
            return;
        }
        match touch.usage {
            // Nobody changes what a lock protects.
            Usage::Load if is_inside => self.steps.push(Step::Load(line)),
            Usage::Load => self.load(place, touch, line),
            Usage::CompareExchange if !is_inside => self.swap(touch, line),
            Usage::Store | Usage::Exchange | Usage::CompareExchange => {
                self.steps.push(Step::Store(line));
            }
        }
        if touch.usage.writes() {
            self.remembered.retain(|(of, _), _| *of != touch.line);
        }
    }

    fn load(&mut self, place: usize, touch: Touch, line: usize) {
        let word = (touch.line, touch.offset);
        let later = self.path.touches[place + 1..].iter();
        let mut later = later.filter(|other| other.line == touch.line);
        let mut until_write = later.clone().take_while(|other| !other.usage.writes());
        let is_loaded_again = until_write.any(|other| other.offset == touch.offset);
        let next_write = later.find(|other| other.usage.writes());
        let is_compared = next_write.is_some_and(|write| write.usage == Usage::CompareExchange);
        match self.remembered.get(&word) {
            Some(&again) if !is_loaded_again && self.contended.contains(&touch.line) => {
                self.steps.push(Step::Check { line, again });
            }
            None if is_loaded_again || is_compared => {
                self.remembered.insert(word, self.steps.len());
                self.steps.push(Step::Remember(line));
            }
            _ => self.steps.push(Step::Load(line)),
        }
    }

    fn swap(&mut self, touch: Touch, line: usize) {
        let words = self.remembered.iter();
        let of_line = words.filter(|((of, _), _)| *of == touch.line);
        let again = of_line.map(|(_, &step)| step).max();
        let again = again.unwrap_or(self.steps.len());
        if again == self.steps.len() {
            self.steps.push(Step::Remember(line));
        }
        self.steps.push(Step::Swap { line, again });
    }
}

#[cfg(test)]
pub(crate) mod tests;
