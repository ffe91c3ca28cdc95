//! The command's inside: it runs what is measured of every strategy, and keeps recorded runs.

#[cfg(test)]
mod damage;
pub mod recorded;
pub mod replay;
pub mod run;
