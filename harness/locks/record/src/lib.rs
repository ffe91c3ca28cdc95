#![doc = include_str!("../README.md")]
#![allow(clippy::cast_sign_loss, reason = "times and counts are not negative")]
// The models use a part, and so does each library of locks.
#![cfg_attr(
    not(all(feature = "record", feature = "parking_lot", feature = "tokio")),
    allow(dead_code, unused_imports, unused_macros)
)]

#[cfg(any(feature = "record", all(test, pivot_loom)))]
mod counts;
#[cfg(any(feature = "record", all(test, pivot_loom)))]
use counts::{arrivals, beside, block, clock, histogram, sync};
#[cfg(feature = "record")]
mod on;
#[cfg(feature = "record")]
pub use on::*;
#[cfg(not(feature = "record"))]
mod off;
#[cfg(not(feature = "record"))]
pub use off::*;

#[cfg(all(test, pivot_loom))]
mod models;
#[cfg(all(test, feature = "record", not(pivot_loom)))]
mod tests;
