//! The points at which an operation can be stopped, and which of them differ for others.
//!
//! Others see of a stopped thread what it has written to memory, and nothing else. Between two of its
//! writes that others could see all points are therefore one state, and it is enough to try one of
//! them; where the kernel was asked for something another state begins, too. Others cannot see its
//! own stack, nor a block that it has just allocated: not before it has written something, such as
//! the block's address, to where they could find it.

use std::collections::HashMap;
use std::ops::Range;

use iced_x86::{Instruction, InstructionInfoFactory, UsedMemory};
use trap::{Place, Recording, Step};

use crate::native::allocator::{Allocator, Call};
use crate::native::calls::Calls;
use crate::native::execution::{address_of, decode, effects, is_system_call};

/// The points of an operation: one before each of its instructions.
#[derive(Debug)]
pub(crate) struct Points {
    all: Vec<Point>,
    calls: Calls,
    /// The first point of each state that others can tell from the one before.
    states: Vec<usize>,
}

/// What of the operation others can see, in order: where it has come to. How the allocator goes about
/// it changes from call to call, with what was freed before, and so does what is only read.
fn changes(points: &[Point]) -> impl Iterator<Item = u64> {
    let changes = points
        .iter()
        .filter(|point| point.is_seen && !point.in_allocator);
    changes.map(|point| point.address)
}

#[derive(Clone, Copy, Debug)]
struct Point {
    /// The instruction that comes next.
    address: u64,
    /// How often it came before.
    nth: usize,
    in_allocator: bool,
    /// Whether others can see what that does.
    is_seen: bool,
    /// Whether it could find what others have done.
    is_access: bool,
    /// The innermost call: its number among the [`Calls`].
    within: u32,
}

impl Points {
    /// Those of a recorded operation; each a state of its own if `every` is to be tried.
    pub(crate) fn of(recording: &Recording, every: bool) -> Self {
        let mut reader = Reader::new();
        let mut points = Vec::with_capacity(recording.steps.len());
        let mut states = Vec::new();
        let mut is_new = true;
        for (number, step) in recording.steps.iter().enumerate() {
            if is_new || every {
                states.push(number);
            }
            let mut point = reader.point(step);
            (point.is_access, point.is_seen) = reader.reaches(step, recording);
            is_new = point.is_seen;
            points.push(point);
        }
        Self {
            all: points,
            calls: reader.calls,
            states,
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// The first point of each state.
    pub(crate) fn states(&self) -> &[usize] {
        &self.states
    }

    /// The points of a state, by its number.
    pub(crate) fn of_state(&self, state: usize) -> Range<usize> {
        let end = self.states.get(state + 1).copied();
        self.states[state]..end.unwrap_or(self.all.len())
    }

    /// Where what others do meanwhile can make a difference to the operation: before each instruction
    /// that accesses memory which they can reach, and before it asks the kernel. The allocator is
    /// nobody's to judge.
    pub(crate) fn accesses(&self) -> Vec<usize> {
        let is_access = |&point: &usize| self.all[point].is_access && !self.is_in_allocator(point);
        (0..self.len()).filter(is_access).collect()
    }

    /// The point of a place.
    pub(crate) fn at(&self, place: Place) -> Option<usize> {
        let is_it = |point: &Point| (point.address, point.nth) == (place.address, place.nth);
        self.all.iter().position(is_it)
    }

    /// Whether the system's allocator is at work there.
    pub(crate) fn is_in_allocator(&self, point: usize) -> bool {
        self.all[point].in_allocator
    }

    /// The instruction that comes next, and the calls that led there, the innermost first.
    pub(crate) fn calls_at(&self, point: usize) -> impl Iterator<Item = u64> {
        let Point {
            address, within, ..
        } = self.all[point];
        std::iter::once(address).chain(self.calls.outwards(within))
    }

    /// Where to stop for a point.
    pub(crate) fn place(&self, point: usize) -> Place {
        let Point { address, nth, .. } = self.all[point];
        Place { address, nth }
    }

    /// How far another recording has come in the same way: changes that others
    /// can see.
    pub(crate) fn in_common(&self, recording: &Recording) -> usize {
        let other = Self::of(recording, false);
        let both = changes(&self.all).zip(changes(&other.all));
        both.take_while(|(one, other)| one == other).count()
    }

    /// How far that is for a point: the changes that lead there.
    pub(crate) fn way_to(&self, point: usize) -> usize {
        changes(&self.all[..point]).count()
    }
}

struct Reader {
    code: HashMap<u64, Instruction>,
    /// How often each instruction came.
    times: HashMap<u64, usize>,
    knowledge: InstructionInfoFactory,
    allocator: Allocator,
    call: Option<Call>,
    calls: Calls,
    /// The stack pointers before the calls that have not returned, and the calls' numbers.
    frames: Vec<(u64, u32)>,
    /// Blocks that it has allocated, and that nobody else can know of.
    unknown: Vec<Range<u64>>,
}

impl Reader {
    fn new() -> Self {
        Self {
            code: HashMap::new(),
            times: HashMap::new(),
            knowledge: InstructionInfoFactory::new(),
            allocator: Allocator::new(),
            call: None,
            calls: Calls::default(),
            frames: Vec::new(),
            unknown: Vec::new(),
        }
    }

    fn point(&mut self, step: &Step) -> Point {
        let pointer = step.stack_pointer();
        while self.frames.last().is_some_and(|&(top, _)| pointer >= top) {
            self.frames.pop();
        }
        let returned = self.call.take_if(|call| call.has_returned(step));
        if let Some((address, bytes)) = returned.and_then(|call| call.block(step)) {
            self.unknown.push(address..address + bytes);
        }
        if self.call.is_none() {
            self.call = self.allocator.entered(step);
        }
        let within = self.frames.last().map_or(0, |&(_, call)| call);
        let instruction = self.instruction(step);
        if instruction.is_call_near() || instruction.is_call_near_indirect() {
            let call = self.calls.enter(within, step.address);
            self.frames.push((pointer, call));
        }
        let times = self.times.entry(step.address).or_default();
        let nth = std::mem::replace(times, *times + 1);
        Point {
            address: step.address,
            nth,
            in_allocator: self.call.is_some(),
            is_seen: false,
            is_access: false,
            within,
        }
    }

    /// Whether the instruction accesses what others can reach, and whether they can see what it does.
    fn reaches(&mut self, step: &Step, recording: &Recording) -> (bool, bool) {
        let instruction = self.instruction(step);
        if is_system_call(&instruction) {
            return (true, true);
        }
        let unknown = &self.unknown;
        let is_shared = |memory: &UsedMemory| {
            let address = address_of(memory, step, recording.fs_base);
            // One that cannot be told may be anybody's.
            address.is_none_or(|address| {
                let is_unknown = unknown.iter().any(|block| block.contains(&address));
                !recording.stack.contains(&address) && !is_unknown
            })
        };
        let used = self.knowledge.info(&instruction).used_memory().iter();
        let (mut is_access, mut is_seen) = (false, false);
        for memory in used {
            let (reads, writes) = effects(memory.access());
            if (reads || writes) && is_shared(memory) {
                is_access = true;
                is_seen |= writes;
            }
        }
        if is_seen && self.call.is_none() {
            // It may have been the address of any of them. The allocator's own books name no block
            // that is in use.
            self.unknown.clear();
        }
        (is_access, is_seen)
    }

    fn instruction(&mut self, step: &Step) -> Instruction {
        let code = self.code.entry(step.address);
        *code.or_insert_with(|| decode(step.address))
    }
}
