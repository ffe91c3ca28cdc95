//! What a recording says: instructions, memory accesses, calls of the allocator.
//!
//! Decoding happens afterwards and in the same process, so that the code is still where it was. An
//! operand's address follows from the registers before its instruction; what an instruction does to
//! memory is `iced-x86`'s knowledge (the access tables of the Intel and AMD manuals).
//!
//! The allocator is recognised by the addresses of its functions: whatever runs from the entry of one until its return
//! belongs to it. That holds for every allocator that the C library's names lead to.

use std::collections::{BTreeSet, HashMap};

use iced_x86::{
    Code, Decoder, DecoderOptions, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind,
    Register, UsedMemory,
};
use model::trace::{Counts, Usage};
use trap::{Recording, Step};

use super::allocation_map::Owned;
use super::lines::{Access, Lines};

/// What one operation executed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Execution {
    pub(crate) counts: Counts,
    /// What it accessed, and the system's allocator on its behalf, in order.
    pub(crate) accesses: Vec<Access>,
    /// What it accessed itself.
    pub(crate) lines: Lines,
    /// The calls that led to its accesses.
    pub(crate) calls: Calls,
    /// Where the functions begin that it calls, outside the allocator.
    pub(crate) called: BTreeSet<u64>,
    /// The blocks that it allocated, by their addresses, those included that it freed again.
    pub(crate) fresh: Vec<(u64, Owned)>,
    /// The blocks that it freed.
    pub(crate) freed: Vec<u64>,
    pub(crate) is_cut_short: bool,
}

impl Execution {
    pub(crate) fn from_recording(recording: &Recording) -> Self {
        let mut reader = Reader {
            recording,
            knowledge: InstructionInfoFactory::new(),
            follower: Follower::default(),
            execution: Self {
                is_cut_short: recording.is_cut_short,
                ..Self::default()
            },
        };
        let mut before = None;
        for step in &recording.steps {
            // An instruction that repeats itself traps at its address once for each round.
            let is_first = before.replace(step.address) != Some(step.address);
            reader.take(step, is_first);
        }
        let mut execution = reader.execution;
        execution.calls = reader.follower.calls;
        execution.lines = Lines::from_accesses(execution.outside_allocator());
        execution.counts.lines_touched = execution.lines.touched();
        execution.counts.lines_written = execution.lines.written();
        execution
    }

    /// All that was executed, by the allocator, too.
    pub(crate) fn instructions(&self) -> u64 {
        self.counts.instructions + self.counts.allocator_instructions
    }

    /// Adds an access. An instruction that repeats itself goes on where it was, reading and writing in turn.
    pub(super) fn add(&mut self, access: Access) {
        let goes_on = |last: &&mut Access| {
            let is_same = (last.at, last.usage) == (access.at, access.usage);
            is_same && last.address + last.bytes == access.address
        };
        match self.accesses.iter_mut().rev().take(2).find(goes_on) {
            Some(last) => last.bytes += access.bytes,
            None => self.accesses.push(access),
        }
    }

    /// What it accessed itself.
    pub(crate) fn outside_allocator(&self) -> impl Iterator<Item = &Access> {
        self.accesses.iter().filter(|access| !access.in_allocator)
    }

    /// The same without the blocks that it allocated itself: somebody else may know the same addresses as
    /// another block, which is gone.
    pub(crate) fn own_accesses(&self) -> impl Iterator<Item = &Access> {
        self.outside_allocator().filter(|access| {
            let is_in = |begin: u64, bytes| access.address.wrapping_sub(begin) < bytes;
            let mut blocks = self.fresh.iter();
            !blocks.any(|&(begin, ref block)| is_in(begin, block.bytes))
        })
    }

    /// Their lines.
    pub(crate) fn own_lines(&self) -> Lines {
        Lines::from_accesses(self.own_accesses())
    }
}

struct Reader<'r> {
    recording: &'r Recording,
    knowledge: InstructionInfoFactory,
    follower: Follower,
    execution: Execution,
}

impl Reader<'_> {
    fn take(&mut self, step: &Step, is_first: bool) {
        let Self {
            follower,
            execution,
            ..
        } = self;
        follower.follow(step);
        if let Some((address, bytes)) = follower.block {
            // The frames of the call are gone; those of whoever wanted the block are not.
            let calls = follower.calls.outwards(follower.within).collect();
            execution.fresh.push((address, Owned { bytes, calls }));
        }
        let counts = &mut execution.counts;
        match &follower.allocation {
            Some(call) if follower.is_allocation => {
                counts.allocations += u64::from(call.bytes.is_some());
                counts.allocated_bytes += call.bytes.unwrap_or(0);
                counts.frees += u64::from(call.freed.is_some());
                execution.freed.extend(call.freed);
            }
            None if follower.is_entered => drop(execution.called.insert(step.address)),
            _ => {}
        }
        if is_first {
            let system_calls = u64::from(is_system_call(&follower.instruction));
            // The one after a system call is not seen.
            if follower.allocation.is_some() {
                counts.allocator_instructions += 1 + system_calls;
            } else {
                counts.instructions += 1 + system_calls;
                counts.system_calls += system_calls;
                let is_fence = follower.instruction.mnemonic() == Mnemonic::Mfence;
                counts.fences += u64::from(is_fence);
            }
        }
        self.access(step, is_first);
    }

    fn access(&mut self, step: &Step, is_first: bool) {
        let instruction = &self.follower.instruction;
        let is_repeating = instruction.has_rep_prefix() || instruction.has_repne_prefix();
        if is_repeating && instruction.is_string_instruction() && step.registers[1] == 0 {
            // With rcx at 0 there is no round.
            return;
        }
        let is_locked = is_locked(instruction);
        let in_allocator = self.follower.allocation.is_some();
        let at = self.execution.instructions();
        let (mut loads, mut stores) = (0, 0);
        for memory in self.knowledge.info(instruction).used_memory() {
            let (reads, writes) = effects(memory.access());
            let address = address_of(memory, step, self.recording.fs_base);
            let Some(address) = address.filter(|_| reads || writes) else {
                continue;
            };
            if writes && let Some(call) = &mut self.follower.allocation {
                call.written(address, || value_written(instruction, step));
            }
            if self.recording.stack.contains(&address) {
                continue;
            }
            loads += u64::from(reads);
            stores += u64::from(writes);
            self.execution.add(Access {
                address,
                bytes: memory.memory_size().size().max(1) as u64,
                usage: usage(instruction, is_locked, writes),
                at,
                by: step.address,
                called_from: self.follower.within,
                in_allocator,
            });
        }
        if !in_allocator && is_first {
            let counts = &mut self.execution.counts;
            counts.loads += loads;
            counts.stores += stores;
            // On the own stack nobody else sees what a locked one does, only that it was done.
            let is_shared = loads + stores > 0;
            counts.locked += u64::from(is_locked && is_shared);
            counts.fences += u64::from(is_locked && !is_shared);
        }
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

/// A thread, as far as it was followed, and what is new with its last step.
#[derive(Default)]
pub(crate) struct Follower {
    code: HashMap<u64, Instruction>,
    /// The stack pointers before the calls that have not returned, and the calls' numbers.
    frames: Vec<(u64, u32)>,
    pub(crate) calls: Calls,
    /// The call of the allocator that has not returned.
    pub(crate) allocation: Option<Call>,
    pub(crate) instruction: Instruction,
    /// The innermost call that has not returned: its number among the [`Calls`].
    pub(crate) within: u32,
    /// Whether the instruction before was a call.
    is_entered: bool,
    /// Whether the system's allocator has just been entered.
    is_allocation: bool,
    /// The block that it has just returned: address and size.
    pub(crate) block: Option<(u64, u64)>,
}

impl Follower {
    pub(crate) fn follow(&mut self, step: &Step) {
        let pointer = step.stack_pointer();
        while self.frames.pop_if(|&mut (top, _)| pointer >= top).is_some() {}
        self.within = self.frames.last().map_or(0, |&(_, call)| call);
        let returned = self.allocation.take_if(|call| call.has_returned(step));
        self.block = returned.and_then(|call| call.block(step));
        let was_inside = self.allocation.is_some();
        if !was_inside {
            self.allocation = Call::entered(step);
        }
        self.is_allocation = !was_inside && self.allocation.is_some();
        let is_call = |code: &Instruction| code.is_call_near() || code.is_call_near_indirect();
        self.is_entered = is_call(&self.instruction);
        let code = self.code.entry(step.address);
        self.instruction = *code.or_insert_with(|| decode(step.address));
        if is_call(&self.instruction) {
            let call = self.calls.enter(self.within, step.address);
            self.frames.push((pointer, call));
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

    #[inline(always)]
    fn inlined(word: &AtomicU64) -> u64 {
        word.fetch_sub(1, Ordering::Relaxed)
    }

    #[test]
    fn a_function_that_is_called_is_named_and_one_that_is_inlined_is_not() {
        let trap = Trap::install().expect("single steps are there where this is compiled");
        let word = AtomicU64::new(1);
        let recording = trap
            .on_this_thread(|stepper| stepper.run(true, || outlined(&word) + inlined(&word)).1)
            .expect("the thread can be stepped");
        let execution = Execution::from_recording(&recording.expect("it was stepped"));
        let mut symbols = Symbols::load();
        let called = symbols.all_called(&execution.called);
        let is_called = |name: &str| called.iter().any(|known| known.ends_with(name));
        assert!(
            is_called("::outlined") && !is_called("::inlined"),
            "{called:?}"
        );
    }
}
