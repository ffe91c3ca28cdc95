//! Recognises calls of the system's allocator in what a thread executes.
//!
//! By the addresses of its functions: whatever runs from the entry of one until its return belongs to
//! it. That holds for every allocator that the C library's names lead to.

use trap::Step;

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
