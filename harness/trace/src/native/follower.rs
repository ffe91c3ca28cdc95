//! Follows what a thread executes, step by step: the instructions, the calls that have not returned, and the
//! system's allocator at work.

use std::collections::HashMap;

use iced_x86::{Decoder, DecoderOptions, Instruction};
use trap::Step;

use super::allocator::Call;

/// The calls of an operation: a tree, since most share their beginning. Number 0 is where the operation begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    /// The caller, and the address of the call; those of number `n` at `n - 1`.
    calls: Vec<(u32, u64)>,
    known: HashMap<(u32, u64), u32>,
}

impl Calls {
    /// The call at `address`, made inside call number `from`.
    fn enter(&mut self, from: u32, address: u64) -> u32 {
        *self.known.entry((from, address)).or_insert_with(|| {
            self.calls.push((from, address));
            self.calls.len() as u32
        })
    }

    /// The addresses of the calls that led to inside number `call`, the innermost first.
    pub(crate) fn outwards(&self, call: u32) -> impl Iterator<Item = u64> {
        let mut next = call;
        std::iter::from_fn(move || {
            let (from, address) = *self.calls.get(next.checked_sub(1)? as usize)?;
            next = from;
            Some(address)
        })
    }
}

/// A thread, as far as it was followed.
#[derive(Default)]
pub(crate) struct Follower {
    code: HashMap<u64, Instruction>,
    /// The stack pointers before the calls that have not returned, and the calls' numbers.
    frames: Vec<(u64, u32)>,
    pub(crate) calls: Calls,
    /// The call of the allocator that has not returned.
    pub(crate) allocation: Option<Call>,
}

/// What is new with a step.
pub(crate) struct Followed {
    pub(crate) instruction: Instruction,
    /// The innermost call that has not returned: its number among the [`Calls`].
    pub(crate) within: u32,
    pub(crate) is_call: bool,
    /// Whether the system's allocator has just been entered.
    pub(crate) is_allocation: bool,
    /// The block that it has just returned: address and size.
    pub(crate) block: Option<(u64, u64)>,
}

impl Follower {
    pub(crate) fn follow(&mut self, step: &Step) -> Followed {
        let pointer = step.stack_pointer();
        while self.frames.pop_if(|&mut (top, _)| pointer >= top).is_some() {}
        let within = self.frames.last().map_or(0, |&(_, call)| call);
        let returned = self.allocation.take_if(|call| call.has_returned(step));
        let was_inside = self.allocation.is_some();
        if !was_inside {
            self.allocation = Call::entered(step);
        }
        let code = self.code.entry(step.address);
        let instruction = *code.or_insert_with(|| decode(step.address));
        let is_call = instruction.is_call_near() || instruction.is_call_near_indirect();
        if is_call {
            let call = self.calls.enter(within, step.address);
            self.frames.push((pointer, call));
        }
        Followed {
            instruction,
            within,
            is_call,
            is_allocation: !was_inside && self.allocation.is_some(),
            block: returned.and_then(|call| call.block(step)),
        }
    }
}

/// The longest instruction.
const INSTRUCTION_BYTES_MAX: u64 = 15;
const PAGE_BYTES: u64 = 4_096;

/// The instruction at `address`, which was executed in this process.
fn decode(address: u64) -> Instruction {
    let to_page_end = PAGE_BYTES - address % PAGE_BYTES;
    let within = read_code(address, to_page_end.min(INSTRUCTION_BYTES_MAX));
    if within.is_invalid() {
        // It goes on in the next page, which is therefore there.
        return read_code(address, INSTRUCTION_BYTES_MAX);
    }
    within
}

fn read_code(address: u64, bytes: u64) -> Instruction {
    // SAFETY: the instruction was executed, so its pages are mapped, and readable: nobody here makes
    // pages that can be executed only. `decode` looks beyond the first only if the instruction does.
    let code = unsafe { std::slice::from_raw_parts(address as *const u8, bytes as usize) };
    Decoder::with_ip(64, code, address, DecoderOptions::NONE).decode()
}
