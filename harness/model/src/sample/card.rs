//! Strategies as samples name them, typed; and in words, as `results.json` has them.

use contract::{Profile, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Value, to_value};

use crate::claims::{Claims, Property};

/// A strategy, with what it claims of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// `crate/variant`.
    pub name: String,
    /// One line: what it is.
    pub summary: String,
    /// The library that does the work.
    pub library: String,
    /// When not to use it.
    pub avoid_when: String,
    /// Whether it is a control: a yardstick, never recommended.
    pub control: bool,
    /// What it claims.
    pub claims: Claims,
}

impl Card {
    /// Whether this workspace implements it, and no crate that others can add.
    pub fn is_own(&self) -> bool {
        self.library == "own"
    }

    /// As `results.json` has it: its claims in words.
    ///
    /// # Panics
    ///
    /// Never: a card is plain data.
    pub fn in_words(&self) -> Value {
        let has_field = |property| matches!(property, Property::ReadAllocates | Property::Records);
        let claims = self.claims.all();
        let claims = claims.filter(|(property, _)| !has_field(*property));
        let claims = claims.map(|(property, claim)| vec![property.to_string(), claim.to_string()]);
        let mut words = to_value(self).expect("a card is plain data");
        words["claims"] = claims.collect();
        words["read_allocates"] = self.claims.read_allocates.into();
        words["plain_data_only"] = self.claims.plain_data_only.into();
        words
    }
}

impl From<&Profile> for Card {
    fn from(profile: &Profile) -> Self {
        Self {
            name: profile.name.into(),
            summary: profile.summary.into(),
            library: profile.library.into(),
            avoid_when: profile.avoid_when.into(),
            control: profile.role == Role::Control,
            claims: profile.into(),
        }
    }
}
