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
pub(crate) enum Wish {
    Allocate {
        bytes: u64,
    },
    Reallocate {
        from: u64,
        bytes: u64,
    },
    /// The block comes through a pointer, and not as the result.
    Aligned {
        bytes: u64,
        out: Out,
    },
    Free {
        block: u64,
    },
}

/// A place in memory that a result is written to.
#[derive(Debug)]
pub(crate) struct Out {
    address: u64,
    value: Option<u64>,
}

impl Out {
    /// `address` was written; `value` says with what, where that is known.
    pub(crate) fn written(&mut self, address: u64, value: impl FnOnce() -> Option<u64>) {
        if address == self.address {
            self.value = value().or(self.value);
        }
    }
}

/// The arguments of a function (System V ABI): rdi, rsi, rdx.
const fn arguments(step: &Step) -> [u64; 3] {
    [step.registers[7], step.registers[6], step.registers[2]]
}

impl Allocator {
    pub(crate) fn new() -> Self {
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

    /// The call whose first instruction this is.
    pub(crate) fn entered(&self, step: &Step) -> Option<Call> {
        let [first, second, third] = arguments(step);
        let at = |function| step.address == function;
        let wish = if at(self.malloc) {
            Wish::Allocate { bytes: first }
        } else if at(self.calloc) {
            let bytes = first.wrapping_mul(second);
            Wish::Allocate { bytes }
        } else if at(self.aligned_alloc) || at(self.memalign) {
            Wish::Allocate { bytes: second }
        } else if at(self.realloc) {
            Wish::Reallocate {
                from: first,
                bytes: second,
            }
        } else if at(self.posix_memalign) {
            let (address, value) = (first, None);
            Wish::Aligned {
                bytes: third,
                out: Out { address, value },
            }
        } else if at(self.free) && first != 0 {
            Wish::Free { block: first }
        } else {
            return None;
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

    pub(crate) const fn wish_mut(&mut self) -> &mut Wish {
        &mut self.wish
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
        let result = step.registers[0];
        match &self.wish {
            Wish::Allocate { bytes } | Wish::Reallocate { bytes, .. } => Some((result, *bytes)),
            Wish::Aligned { bytes, out } => Some((out.value?, *bytes)),
            Wish::Free { .. } => None,
        }
        .filter(|&(address, _)| address != 0)
    }
}
