//! Every recipe compiles as it is printed, without what the files of `tests/recipes` have around it.

#![allow(
    warnings,
    clippy::all,
    clippy::pedantic,
    reason = "programs that nobody runs, made of steps that do not use each other's results"
)]

include!(concat!(env!("OUT_DIR"), "/printed.rs"));
