//! Follows what a thread executes, step by step: the instructions, the calls that have not returned, and the
//! system's allocator at work.
//!
//! The allocator is recognised by the addresses of its functions: whatever runs from the entry of one until its return
//! belongs to it. That holds for every allocator that the C library's names lead to.

use std::collections::HashMap;

use iced_x86::{Decoder, DecoderOptions, Instruction};
use trap::Step;

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

/// A call of the allocator that was entered.
#[derive(Debug)]
pub(crate) struct Call {
    /// The stack pointer at its first instruction, where the return address is.
    stack_pointer: u64,
    /// How much it asks for, if it does.
    pub(crate) bytes: Option<u64>,
    /// The address of the block that it gives back, if it does.
    pub(crate) freed: Option<u64>,
    /// The address through which it hands over its block, if it does not return it, and what was written
    /// there so far, as far as that is known.
    out: Option<(u64, Option<u64>)>,
}

impl Call {
    /// The call whose first instruction this is.
    pub(crate) fn entered(step: &Step) -> Option<Self> {
        // The arguments of a function (System V ABI): rdi, rsi, rdx.
        let [first, second, third] = [7, 6, 2].map(|register| step.registers[register]);
        let begins = |function: *const ()| step.address == function as u64;
        let (bytes, freed, out) = if begins(libc::malloc as *const ()) {
            (Some(first), None, None)
        } else if begins(libc::calloc as *const ()) {
            (Some(first.wrapping_mul(second)), None, None)
        } else if begins(libc::aligned_alloc as *const ()) || begins(libc::memalign as *const ()) {
            (Some(second), None, None)
        } else if begins(libc::realloc as *const ()) {
            (Some(second), Some(first).filter(|&block| block != 0), None)
        } else if begins(libc::posix_memalign as *const ()) {
            (Some(third), None, Some((first, None)))
        } else if begins(libc::free as *const ()) && first != 0 {
            (None, Some(first), None)
        } else {
            return None;
        };
        Some(Self {
            stack_pointer: step.stack_pointer(),
            bytes,
            freed,
            out,
        })
    }

    pub(crate) const fn has_returned(&self, step: &Step) -> bool {
        step.stack_pointer() > self.stack_pointer
    }

    /// `address` was written; `value` says with what, where that is known.
    pub(crate) fn written(&mut self, address: u64, value: impl FnOnce() -> Option<u64>) {
        if let Some((out, block)) = &mut self.out
            && address == *out
        {
            *block = value().or(*block);
        }
    }

    /// The block that it has allocated: address and size. `step` is the one after its return.
    pub(crate) fn block(&self, step: &Step) -> Option<(u64, u64)> {
        let address = match self.out {
            Some((_, block)) => block?,
            None => step.registers[0],
        };
        Some((address, self.bytes?)).filter(|&(address, _)| address != 0)
    }
}
