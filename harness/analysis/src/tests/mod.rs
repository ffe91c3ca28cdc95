//! Sample files, whole and damaged: what is read, and what follows from it.

mod files;
mod packed;
mod protocol;
