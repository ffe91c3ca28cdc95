//! What a recording says: instructions, memory accesses, calls of the allocator.
//!
//! Decoding happens afterwards and in the same process, so that the code is still where it was. An
//! operand's address follows from the registers before its instruction; what an instruction does to
//! memory is `iced-x86`'s knowledge (the access tables of the Intel and AMD manuals).

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use basis::trace::{Counts, Usage};
use iced_x86::{
    Code, Decoder, DecoderOptions, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind,
    Register, UsedMemory,
};
use trap::{Recording, Step};

use super::access_path::AccessPath;
use super::allocator::{Allocator, Call, Wish};
use super::calls::Calls;
use super::lines::{Access, Lines};

/// A block that was allocated.
#[derive(Clone, Debug)]
pub(crate) struct Fresh {
    pub(crate) address: u64,
    pub(crate) bytes: u64,
    /// The calls that led to it, the innermost first.
    pub(crate) calls: Vec<u64>,
}

/// What one operation executed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Execution {
    pub(crate) counts: Counts,
    /// What it accessed itself.
    pub(crate) lines: Lines,
    /// The same in its order.
    pub(crate) access_path: AccessPath,
    /// What the system's allocator accessed on its behalf.
    pub(crate) allocator_lines: Lines,
    /// The calls that led to its accesses.
    pub(crate) calls: Calls,
    /// Where the functions begin that it calls, outside the allocator.
    pub(crate) called: BTreeSet<u64>,
    /// The blocks that it allocated, those included that it freed again.
    pub(crate) fresh: Vec<Fresh>,
    /// The blocks that it freed.
    pub(crate) freed: Vec<u64>,
    pub(crate) is_cut_short: bool,
}

impl Execution {
    pub(crate) fn of(recording: &Recording) -> Self {
        let mut reader = Reader::new(recording);
        for (index, step) in recording.steps.iter().enumerate() {
            // An instruction that repeats itself traps at its address once for each round.
            let is_first = index == 0 || recording.steps[index - 1].address != step.address;
            reader.take(step, is_first);
        }
        reader.finish()
    }
}

impl Execution {
    /// What it accessed, without the blocks that it allocated itself: somebody else may know the same
    /// addresses as another block, which is gone.
    pub(crate) fn own_lines(&self) -> Lines {
        self.lines.outside(&self.own_blocks())
    }

    /// Where the blocks are that it allocated itself.
    pub(crate) fn own_blocks(&self) -> Vec<Range<u64>> {
        let range = |fresh: &Fresh| fresh.address..fresh.address + fresh.bytes;
        self.fresh.iter().map(range).collect()
    }
}

/// A call that has not returned.
#[derive(Clone, Copy)]
struct Frame {
    /// The stack pointer before the call, and again after the return.
    stack_pointer: u64,
    /// Its number among the [`Calls`].
    call: u32,
}

struct Reader<'r> {
    recording: &'r Recording,
    code: HashMap<u64, Instruction>,
    knowledge: InstructionInfoFactory,
    frames: Vec<Frame>,
    allocator: Allocator,
    /// The call of the allocator that has not returned.
    call: Option<Call>,
    /// Whether the instruction before was a call.
    is_entering: bool,
    seen: Execution,
}

impl<'r> Reader<'r> {
    fn new(recording: &'r Recording) -> Self {
        Self {
            recording,
            code: HashMap::new(),
            knowledge: InstructionInfoFactory::new(),
            frames: Vec::new(),
            allocator: Allocator::new(),
            call: None,
            is_entering: false,
            seen: Execution {
                is_cut_short: recording.is_cut_short,
                ..Execution::default()
            },
        }
    }

    fn take(&mut self, step: &Step, is_first: bool) {
        let pointer = step.stack_pointer();
        while self
            .frames
            .last()
            .is_some_and(|top| pointer >= top.stack_pointer)
        {
            self.frames.pop();
        }
        self.follow_allocator(step);
        if std::mem::take(&mut self.is_entering) && self.call.is_none() {
            self.seen.called.insert(step.address);
        }
        let instruction = *self
            .code
            .entry(step.address)
            .or_insert_with(|| decode(step.address));
        if instruction.is_call_near() || instruction.is_call_near_indirect() {
            self.is_entering = true;
            let call = self.seen.calls.enter(self.within(), step.address);
            self.frames.push(Frame {
                stack_pointer: pointer,
                call,
            });
        }
        if is_first {
            self.count(&instruction);
        }
        self.access(step, &instruction, is_first);
    }

    /// The innermost call that has not returned.
    fn within(&self) -> u32 {
        self.frames.last().map_or(0, |frame| frame.call)
    }

    /// Notes when the system's allocator is entered and left.
    fn follow_allocator(&mut self, step: &Step) {
        let returned = self.call.take_if(|call| call.has_returned(step));
        if let Some((address, bytes)) = returned.and_then(|call| call.block(step)) {
            // The frames of the call are gone; those of whoever wanted the block are not.
            let calls = self.seen.calls.outwards(self.within()).collect();
            self.seen.fresh.push(Fresh {
                address,
                bytes,
                calls,
            });
        }
        if self.call.is_some() {
            return;
        }
        self.call = self.allocator.entered(step);
        let Some(call) = &self.call else { return };
        if let Some(bytes) = call.bytes() {
            self.seen.counts.allocations += 1;
            self.seen.counts.allocated_bytes += bytes;
        }
        if let Some(address) = call.freed() {
            self.seen.counts.frees += 1;
            self.seen.freed.push(address);
        }
    }

    fn count(&mut self, instruction: &Instruction) {
        let counts = &mut self.seen.counts;
        // The one after a system call is not seen.
        let here = 1 + u64::from(is_system_call(instruction));
        self.seen.access_path.step(here);
        if self.call.is_some() {
            counts.allocator_instructions += here;
            return;
        }
        counts.instructions += here;
        counts.system_calls += u64::from(is_system_call(instruction));
        counts.fences += u64::from(instruction.mnemonic() == Mnemonic::Mfence);
    }

    fn access(&mut self, step: &Step, instruction: &Instruction, is_first: bool) {
        let is_repeating = instruction.has_rep_prefix() || instruction.has_repne_prefix();
        if is_repeating && instruction.is_string_instruction() && step.registers[1] == 0 {
            // With rcx at 0 there is no round.
            return;
        }
        let is_locked = is_locked(instruction);
        let called_from = self.within();
        let mut counts = Counts::default();
        let mut is_shared = false;
        for memory in self.knowledge.info(instruction).used_memory() {
            let Some(address) = address_of(memory, step, self.recording.fs_base) else {
                continue;
            };
            let (reads, writes) = effects(memory.access());
            if !reads && !writes {
                continue;
            }
            if writes
                && let Some(Wish::Aligned { out, .. }) = self.call.as_mut().map(Call::wish_mut)
            {
                out.written(address, || value_written(instruction, step));
            }
            if self.recording.stack.contains(&address) {
                continue;
            }
            is_shared = true;
            counts.loads += u64::from(reads);
            counts.stores += u64::from(writes);
            let bytes = memory.memory_size().size().max(1) as u64;
            let lines = if self.call.is_some() {
                &mut self.seen.allocator_lines
            } else {
                let usage = usage(instruction, is_locked, writes);
                self.seen.access_path.add(address, bytes, usage);
                &mut self.seen.lines
            };
            lines.add(Access {
                address,
                bytes,
                is_write: writes,
                is_read: reads,
                by: step.address,
                called_from,
            });
        }
        if self.call.is_none() && is_first {
            let seen = &mut self.seen.counts;
            seen.loads += counts.loads;
            seen.stores += counts.stores;
            if is_locked {
                // On the own stack nobody else sees what it does, only that it was done.
                seen.locked += u64::from(is_shared);
                seen.fences += u64::from(!is_shared);
            }
        }
    }

    fn finish(mut self) -> Execution {
        self.seen.counts.lines_touched = self.seen.lines.touched();
        self.seen.counts.lines_written = self.seen.lines.written();
        self.seen
    }
}

pub(crate) fn is_system_call(instruction: &Instruction) -> bool {
    instruction.code() == Code::Syscall
}

/// An exchange with memory is locked without a prefix (Intel SDM, `XCHG`).
fn is_locked(instruction: &Instruction) -> bool {
    let is_exchange = instruction.mnemonic() == Mnemonic::Xchg
        && (0..2).any(|operand| instruction.op_kind(operand) == OpKind::Memory);
    instruction.has_lock_prefix() || is_exchange
}

/// How an access uses its line.
fn usage(instruction: &Instruction, is_locked: bool, writes: bool) -> Usage {
    let compares = matches!(
        instruction.mnemonic(),
        Mnemonic::Cmpxchg | Mnemonic::Cmpxchg8b | Mnemonic::Cmpxchg16b
    );
    match (writes, is_locked, compares) {
        (false, ..) => Usage::Load,
        (true, false, _) => Usage::Store,
        (true, true, true) => Usage::CompareExchange,
        (true, true, false) => Usage::Exchange,
    }
}

/// Whether memory is read, and whether it is written. A compare-and-exchange that fails writes what
/// was there (Intel SDM, `CMPXCHG`): the line is taken either way.
pub(crate) const fn effects(access: OpAccess) -> (bool, bool) {
    match access {
        OpAccess::Read | OpAccess::CondRead => (true, false),
        OpAccess::Write | OpAccess::CondWrite => (false, true),
        OpAccess::ReadWrite | OpAccess::ReadCondWrite => (true, true),
        OpAccess::None | OpAccess::NoMemAccess => (false, false),
    }
}

/// The address of an operand; `None` where it depends on a register that is not recorded.
pub(crate) fn address_of(memory: &UsedMemory, step: &Step, fs_base: u64) -> Option<u64> {
    memory.virtual_address(0, |register, _, _| match register {
        Register::FS => Some(fs_base),
        // Flat since long mode, GS apart, which user code does not use.
        Register::ES | Register::CS | Register::SS | Register::DS | Register::GS => Some(0),
        _ => value_of(register, step),
    })
}

fn value_of(register: Register, step: &Step) -> Option<u64> {
    let value = *step
        .registers
        .get(register.full_register().number())
        .filter(|_| register.is_gpr())?;
    Some(match register.size() {
        4 => value & u64::from(u32::MAX),
        _ => value,
    })
}

/// What a plain store stores.
fn value_written(instruction: &Instruction, step: &Step) -> Option<u64> {
    (instruction.mnemonic() == Mnemonic::Mov && instruction.op1_kind() == OpKind::Register)
        .then(|| value_of(instruction.op1_register(), step))?
}

/// The longest instruction.
const INSTRUCTION_BYTES_MAX: u64 = 15;
const PAGE_BYTES: u64 = 4_096;

/// The instruction at `address`, which was executed in this process.
pub(crate) fn decode(address: u64) -> Instruction {
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use trap::Trap;

    use super::super::symbols::Symbols;
    use super::*;

    #[inline(never)]
    fn outlined(word: &AtomicU64) -> u64 {
        word.fetch_add(1, Ordering::Relaxed)
    }

    #[expect(
        clippy::inline_always,
        reason = "the test is about what is inlined for certain"
    )]
    #[inline(always)]
    fn inlined(word: &AtomicU64) -> u64 {
        word.fetch_sub(1, Ordering::Relaxed)
    }

    #[test]
    fn a_function_that_is_called_is_named_and_one_that_is_inlined_is_not() {
        let trap = Trap::install(10_000).expect("single steps are there where this is compiled");
        let word = AtomicU64::new(1);
        let recording = trap
            .on_this_thread(|stepper| stepper.run(true, || outlined(&word) + inlined(&word)).1)
            .expect("the thread can be stepped");
        let seen = Execution::of(&recording.expect("it was stepped"));
        let mut symbols = Symbols::load();
        let called = seen.called.iter().filter_map(|&at| symbols.called(at));
        let called: Vec<String> = called.collect();
        let is_called = |name: &str| called.iter().any(|known| known.ends_with(name));
        assert!(
            is_called("::outlined") && !is_called("::inlined"),
            "{called:?}"
        );
    }
}
