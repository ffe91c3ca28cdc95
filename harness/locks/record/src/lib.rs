#![doc = include_str!("../README.md")]
#![allow(clippy::cast_sign_loss, reason = "times and counts are not negative")]
#![allow(
    clippy::single_match_else,
    reason = "to get a lock and to wait for it are told side by side"
)]
// The models use a part.
#![cfg_attr(not(feature = "record"), allow(dead_code, unused_imports))]

// What is counted, and how. The models are made of this alone.
#[cfg(any(feature = "record", all(test, pivot_loom)))]
mod arrivals;
#[cfg(any(feature = "record", all(test, pivot_loom)))]
mod beside;
#[cfg(any(feature = "record", all(test, pivot_loom)))]
mod block;
#[cfg(any(feature = "record", all(test, pivot_loom)))]
mod clock;
#[cfg(any(feature = "record", all(test, pivot_loom)))]
mod histogram;
#[cfg(any(feature = "record", all(test, pivot_loom)))]
mod sync;

// All locks of the process, and the file.
#[cfg(feature = "record")]
mod document;
#[cfg(feature = "record")]
mod keys;
#[cfg(feature = "record")]
mod record;
#[cfg(feature = "record")]
mod threads;
#[cfg(feature = "record")]
mod turns;
#[cfg(feature = "record")]
mod writer;

// One lock, and what stands for those of the libraries.
#[cfg(feature = "record")]
mod annotations;
#[cfg(feature = "record")]
mod guard;
#[cfg(feature = "record")]
mod handle;
#[cfg(feature = "record")]
pub mod map;
#[cfg(all(feature = "record", feature = "parking_lot"))]
pub mod parking_lot;
#[cfg(feature = "record")]
pub mod std;
#[cfg(all(feature = "record", any(feature = "parking_lot", feature = "tokio")))]
mod take;
#[cfg(all(feature = "record", feature = "tokio"))]
pub mod tokio;

#[cfg(feature = "record")]
pub use annotations::{Lock, keys_of, len_of, name};
#[cfg(feature = "record")]
pub use guard::Guard;
#[cfg(feature = "record")]
pub use writer::{recording, write};

#[cfg(not(feature = "record"))]
mod off;
#[cfg(not(feature = "record"))]
pub use off::*;

#[cfg(all(test, pivot_loom))]
mod models;
#[cfg(all(test, feature = "record", not(pivot_loom)))]
mod tests;
