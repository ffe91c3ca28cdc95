//! A record for unit tests: its live clones can be counted.

use std::sync::Arc;

use contract::Record;

/// A record whose clones share one counted token.
#[derive(Clone, Debug)]
pub struct Token {
    token: Arc<()>,
    revision: u64,
}

/// Counts the clones of a [`Token`].
#[derive(Debug)]
pub struct Probe(Arc<()>);

/// What can happen to a [`Token`].
#[derive(Clone, Debug)]
pub enum Step {
    /// The next revision, which is one more clone.
    Next,
    /// Always rejected.
    Illegal,
}

impl Token {
    /// A token of revision 0, and the count of its clones.
    pub fn new() -> (Self, Probe) {
        let token = Arc::new(());
        let probe = Probe(Arc::clone(&token));
        (Self { token, revision: 0 }, probe)
    }
}

impl Probe {
    /// How many clones are alive, the first one included.
    pub fn alive(&self) -> usize {
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
