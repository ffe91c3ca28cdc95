//! Recognises calls of the system's allocator in what a thread executes.
//!
//! By the addresses of its functions: whatever runs from the entry of one until its return belongs to
//! it. That holds for every allocator that the C library's names lead to.

use trap::Step;

/// Where the functions begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allocator {
    malloc: u64,
    calloc: u64,
    realloc: u64,
    free: u64,
    posix_memalign: u64,
    aligned_alloc: u64,
    memalign: u64,
}

/// A call that was entered.
#[derive(Debug)]
pub(crate) struct Call {
    /// The stack pointer at its first instruction, where the return address is.
    stack_pointer: u64,
    wish: Wish,
}

/// What is wanted of the allocator.
#[derive(Debug)]
enum Wish {
    Allocate {
        bytes: u64,
    },
    Reallocate {
        from: u64,
        bytes: u64,
    },
    /// The block comes through a pointer, and not as the result: where it is written to, and what was, as far as
    /// that is known.
    Aligned {
        bytes: u64,
        out: u64,
        block: Option<u64>,
    },
    Free {
        block: u64,
    },
}

impl Default for Allocator {
    fn default() -> Self {
        Self {
            malloc: libc::malloc as *const () as u64,
            calloc: libc::calloc as *const () as u64,
            realloc: libc::realloc as *const () as u64,
            free: libc::free as *const () as u64,
            posix_memalign: libc::posix_memalign as *const () as u64,
            aligned_alloc: libc::aligned_alloc as *const () as u64,
            memalign: libc::memalign as *const () as u64,
        }
    }
}

impl Allocator {
    /// The call whose first instruction this is.
    pub(crate) fn entered(&self, step: &Step) -> Option<Call> {
        // The arguments of a function (System V ABI): rdi, rsi, rdx.
        let [first, second, third] = [7, 6, 2].map(|register| step.registers[register]);
        let wish = match step.address {
            at if at == self.malloc => Wish::Allocate { bytes: first },
            at if at == self.calloc => Wish::Allocate {
                bytes: first.wrapping_mul(second),
            },
            at if at == self.aligned_alloc || at == self.memalign => {
                Wish::Allocate { bytes: second }
            }
            at if at == self.realloc => Wish::Reallocate {
                from: first,
                bytes: second,
            },
            at if at == self.posix_memalign => Wish::Aligned {
                bytes: third,
                out: first,
                block: None,
            },
            at if at == self.free && first != 0 => Wish::Free { block: first },
            _ => return None,
        };
        Some(Call {
            stack_pointer: step.stack_pointer(),
            wish,
        })
    }
}

impl Call {
    pub(crate) const fn has_returned(&self, step: &Step) -> bool {
        step.stack_pointer() > self.stack_pointer
    }

    /// `address` was written; `value` says with what, where that is known.
    pub(crate) fn written(&mut self, address: u64, value: impl FnOnce() -> Option<u64>) {
        if let Wish::Aligned { out, block, .. } = &mut self.wish
            && address == *out
        {
            *block = value().or(*block);
        }
    }

    /// How much it asks for, if it does.
    pub(crate) const fn bytes(&self) -> Option<u64> {
        match self.wish {
            Wish::Allocate { bytes }
            | Wish::Reallocate { bytes, .. }
            | Wish::Aligned { bytes, .. } => Some(bytes),
            Wish::Free { .. } => None,
        }
    }

    /// The block that it gives back, if it does.
    pub(crate) fn freed(&self) -> Option<u64> {
        match self.wish {
            Wish::Free { block } => Some(block),
            Wish::Reallocate { from, .. } => Some(from).filter(|&from| from != 0),
            _ => None,
        }
    }

    /// The block that it has allocated: address and size. `step` is the one after its return.
    pub(crate) fn block(&self, step: &Step) -> Option<(u64, u64)> {
        let address = match self.wish {
            Wish::Aligned { block, .. } => block?,
            _ => step.registers[0],
        };
        Some((address, self.bytes()?)).filter(|&(address, _)| address != 0)
    }
}
