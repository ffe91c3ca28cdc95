//! The calls that led to each access: a tree, since most share their beginning.

use std::collections::HashMap;

/// A tree of calls. Number 0 is where the operation begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    /// The caller, and the address of the call; those of number `n` at `n - 1`.
    calls: Vec<(u32, u64)>,
    known: HashMap<(u32, u64), u32>,
}

impl Calls {
    /// The call at `address`, made inside call number `from`.
    pub(crate) fn enter(&mut self, from: u32, address: u64) -> u32 {
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
