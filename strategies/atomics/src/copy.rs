//! Copying a record's words into and out of atomics.
//!
//! A loop of relaxed loads says all that the sequence lock needs, and compilers turn it into one
//! 8-byte load a word. How many lookups a processor overlaps is limited by the loads it can have
//! under way, so on x86-64 a line of eight words is moved by four 16-byte instructions instead: a
//! read of 64 bytes then takes a third less time. Rust has no name for such an access on stable,
//! other than assembly.
//!
//! Each of those instructions is two relaxed atomic accesses. Processors with AVX guarantee that much
//! and more (the 16 bytes at once, where aligned), older ones do it for each aligned half. Nothing
//! rests on it, though: a word that is torn, like a record that is torn, was being stored while it
//! was loaded, and then the stamp has changed.

use contract::Words;

use support::sync::{AtomicU64, Ordering};

/// Words to a cache line of 64 bytes.
const LINE: usize = 8;

/// Loads the words, each relaxed.
#[inline(always)]
pub(crate) fn load<W: Words>(words: &[AtomicU64]) -> W {
    let mut copy = W::zeroed();
    let (to_lines, to_rest) = copy.as_mut().as_chunks_mut::<LINE>();
    let (from_lines, from_rest) = words.as_chunks::<LINE>();
    for (to, from) in to_lines.iter_mut().zip(from_lines) {
        *to = line::load(from);
    }
    for (to, from) in to_rest.iter_mut().zip(from_rest) {
        *to = from.load(Ordering::Relaxed);
    }
    copy
}

/// Stores the words, each relaxed.
#[inline(always)]
pub(crate) fn store<W: Words>(words: &[AtomicU64], new: &W) {
    let (to_lines, to_rest) = words.as_chunks::<LINE>();
    let (from_lines, from_rest) = new.as_ref().as_chunks::<LINE>();
    for (to, from) in to_lines.iter().zip(from_lines) {
        line::store(to, *from);
    }
    for (to, &from) in to_rest.iter().zip(from_rest) {
        to.store(from, Ordering::Relaxed);
    }
}

#[cfg(all(target_arch = "x86_64", not(pivot_loom), not(pivot_shuttle), not(miri)))]
mod line {
    use std::arch::{asm, x86_64::__m128i};
    use std::mem::transmute;

    use super::{AtomicU64, LINE};

    #[inline(always)]
    pub(super) fn load(from: &[AtomicU64; LINE]) -> [u64; LINE] {
        let (a, b, c, d): (__m128i, __m128i, __m128i, __m128i);
        // SAFETY: the block reads the 64 bytes behind a reference that is valid for as long, and
        // nothing else. Others may store there meanwhile, through atomics: these are relaxed loads of
        // the same words (see above), so there is no data race. SSE2 is part of x86-64.
        unsafe {
            asm!(
                "movdqu {a}, [{from}]",
                "movdqu {b}, [{from} + 16]",
                "movdqu {c}, [{from} + 32]",
                "movdqu {d}, [{from} + 48]",
                from = in(reg) from,
                a = lateout(xmm_reg) a,
                b = lateout(xmm_reg) b,
                c = lateout(xmm_reg) c,
                d = lateout(xmm_reg) d,
                options(nostack, preserves_flags, readonly),
            );
        }
        // SAFETY: both are 64 bytes, of which every pattern is a value.
        unsafe { transmute([a, b, c, d]) }
    }

    #[inline(always)]
    pub(super) fn store(to: &[AtomicU64; LINE], from: [u64; LINE]) {
        // SAFETY: both are 64 bytes, of which every pattern is a value.
        let [a, b, c, d]: [__m128i; 4] = unsafe { transmute(from) };
        // SAFETY: the block writes the 64 bytes behind a reference that is valid for as long, and
        // nothing else. They are atomics, which may be written through a shared reference, and others
        // may access them meanwhile: these are relaxed stores of the same words (see above).
        unsafe {
            asm!(
                "movdqu [{to}], {a}",
                "movdqu [{to} + 16], {b}",
                "movdqu [{to} + 32], {c}",
                "movdqu [{to} + 48], {d}",
                to = in(reg) to,
                a = in(xmm_reg) a,
                b = in(xmm_reg) b,
                c = in(xmm_reg) c,
                d = in(xmm_reg) d,
                options(nostack, preserves_flags),
            );
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", not(pivot_loom), not(pivot_shuttle), not(miri))))]
mod line {
    use super::{AtomicU64, LINE, Ordering};

    #[inline(always)]
    pub(super) fn load(from: &[AtomicU64; LINE]) -> [u64; LINE] {
        from.each_ref().map(|word| word.load(Ordering::Relaxed))
    }

    #[inline(always)]
    pub(super) fn store(to: &[AtomicU64; LINE], from: [u64; LINE]) {
        for (to, from) in to.iter().zip(from) {
            to.store(from, Ordering::Relaxed);
        }
    }
}
