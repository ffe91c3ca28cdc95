//! The points at which an operation can be stopped, and which of them differ for others.
//!
//! Others see of a stopped thread what it has written to memory, and nothing else. Between two of its
//! writes that others could see all points are therefore one state, and it is enough to try one of
//! them; where the kernel was asked for something another state begins, too. Others cannot see its
//! own stack, nor a block that it has just allocated: not before it has written something, such as
//! the block's address, to where they could find it.

use std::collections::HashMap;
use std::ops::Range;

use iced_x86::InstructionInfoFactory;
use trap::{Place, Recording};

use crate::native::execution::{Calls, Follower, address_of, effects, is_system_call};

/// The points of an operation: one before each of its instructions.
#[derive(Debug)]
pub(crate) struct Points {
    pub(super) all: Vec<Point>,
    calls: Calls,
    /// The first point of each state that others can tell from the one before.
    pub(super) states: Vec<usize>,
}

/// What of the operation others can see, in order: where it has come to. How the allocator goes about
/// it changes from call to call, with what was freed before, and so does what is only read.
fn changes(points: &[Point]) -> impl Iterator<Item = u64> {
    let is_change = |point: &&Point| point.is_seen && !point.in_allocator;
    points
        .iter()
        .filter(is_change)
        .map(|point| point.place.address)
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    /// Where to stop for it: the instruction that comes next, and how often it came before.
    pub(super) place: Place,
    /// Whether the system's allocator is at work there.
    pub(super) in_allocator: bool,
    /// Whether others can see what that does.
    is_seen: bool,
    /// Whether it could find what others have done.
    is_access: bool,
    /// The innermost call: its number among the [`Calls`].
    within: u32,
}

impl Points {
    /// Those of a recorded operation; each a state of its own if `every` is to be tried.
    pub(crate) fn from_recording(recording: &Recording, every: bool) -> Self {
        let mut follower = Follower::default();
        let mut knowledge = InstructionInfoFactory::new();
        // How often each instruction came.
        let mut times: HashMap<u64, usize> = HashMap::new();
        // Blocks that it has allocated, and that nobody else can know of.
        let mut unknown: Vec<Range<u64>> = Vec::new();
        let mut all: Vec<Point> = Vec::with_capacity(recording.steps.len());
        let mut states = Vec::new();
        for step in &recording.steps {
            if every || all.last().is_none_or(|before| before.is_seen) {
                states.push(all.len());
            }
            follower.follow(step);
            if let Some((address, bytes)) = follower.block {
                unknown.push(address..address + bytes);
            }
            let times = times.entry(step.address).or_default();
            let nth = std::mem::replace(times, *times + 1);
            let in_allocator = follower.allocation.is_some();
            let code = &follower.instruction;
            // The kernel may reach anything.
            let (mut is_access, mut is_seen) = (is_system_call(code), is_system_call(code));
            for memory in knowledge.info(code).used_memory() {
                let (reads, writes) = effects(memory.access());
                // An address that cannot be told may be anybody's.
                let is_shared = address_of(memory, step, recording.fs_base).is_none_or(|address| {
                    let is_unknown = unknown.iter().any(|block| block.contains(&address));
                    !recording.stack.contains(&address) && !is_unknown
                });
                is_access |= (reads || writes) && is_shared;
                is_seen |= writes && is_shared;
            }
            if is_seen && !in_allocator && !is_system_call(code) {
                // It may have been the address of any of them. The allocator's own books name no block
                // that is in use.
                unknown.clear();
            }
            let address = step.address;
            all.push(Point {
                place: Place { address, nth },
                in_allocator,
                is_seen,
                is_access,
                within: follower.within,
            });
        }
        Self {
            all,
            calls: follower.calls,
            states,
        }
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
        let is_access = |&point: &usize| self.all[point].is_access && !self.all[point].in_allocator;
        (0..self.all.len()).filter(is_access).collect()
    }

    /// The point of a place.
    pub(crate) fn at(&self, place: Place) -> Option<usize> {
        self.all.iter().position(|point| point.place == place)
    }

    /// The instruction that comes next, and the calls that led there, the innermost first.
    pub(crate) fn calls_at(&self, point: usize) -> impl Iterator<Item = u64> {
        let Point { place, within, .. } = self.all[point];
        std::iter::once(place.address).chain(self.calls.outwards(within))
    }

    /// How far another recording has come in the same way: changes that others
    /// can see.
    pub(crate) fn in_common(&self, recording: &Recording) -> usize {
        let other = Self::from_recording(recording, false);
        let both = changes(&self.all).zip(changes(&other.all));
        both.take_while(|(ours, theirs)| ours == theirs).count()
    }

    /// How far that is for a point: the changes that lead there.
    pub(crate) fn way_to(&self, point: usize) -> usize {
        changes(&self.all[..point]).count()
    }
}
