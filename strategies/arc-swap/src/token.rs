//! A record for the unit tests: its clones can be counted.

use std::sync::Arc;

use contract::Record;

/// A record whose clones share one counted token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    token: Arc<()>,
    revision: u64,
}

/// Tells how many clones of a [`Token`] are alive.
pub(crate) struct Probe(Arc<()>);

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Next,
    Illegal,
}

impl Token {
    pub(crate) fn new() -> (Self, Probe) {
        let token = Arc::new(());
        let probe = Probe(Arc::clone(&token));
        (Self { token, revision: 0 }, probe)
    }
}

impl Probe {
    pub(crate) fn alive(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.token, &other.token) && self.revision == other.revision
    }
}

impl Record for Token {
    type Event = Step;
    type Rejected = ();

    fn apply(&self, event: &Step) -> Result<Self, ()> {
        match event {
            Step::Next => Ok(Self {
                token: Arc::clone(&self.token),
                revision: self.revision + 1,
            }),
            Step::Illegal => Err(()),
        }
    }

    fn revision(&self) -> u64 {
        self.revision
    }
}
