//! Time as a number of dependent operations: what an operation spends without a clock in it.

/// A chain of `links` dependent operations that begins with `value`; the result depends on all of them.
///
/// Each link needs the one before it: a shift, an exclusive or and a multiplication, which no compiler knows how to
/// take together. How long a link takes, whoever asks for time has to calibrate.
#[inline]
pub fn work(value: u64, links: u64) -> u64 {
    (0..links).fold(value, |value, _| {
        (value ^ value >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93)
    })
}
