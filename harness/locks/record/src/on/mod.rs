//! The crate with the feature `record`.

// All locks of the process, and the file.
pub(crate) mod document;
pub(crate) mod keys;
pub(crate) mod record;
pub(crate) mod threads;
pub(crate) mod turns;
pub(crate) mod writer;

// One lock, and what stands for those of the libraries.
pub(crate) mod annotations;
pub(crate) mod guard;
pub(crate) mod handle;
pub mod map;
#[cfg(feature = "parking_lot")]
pub mod parking_lot;
pub mod std;
pub(crate) mod take;
#[cfg(feature = "tokio")]
pub mod tokio;

pub use annotations::{Lock, keys_of, len_of, name};
pub use guard::Guard;
pub use writer::{recording, write};
