//! Criterion benches of every strategy, through one shared body.
