//! Strategies as samples name them, typed; and in words, as `results.json` has them.

use std::str::FromStr;

use contract::{Profile, Role};
use serde::{Deserialize, Deserializer, Serialize};

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

/// A card in words.
#[derive(Deserialize)]
struct InWords {
    name: String,
    summary: String,
    library: String,
    avoid_when: String,
    control: bool,
    read_allocates: bool,
    plain_data_only: bool,
    /// Property and claim.
    claims: Vec<(String, String)>,
}

impl TryFrom<InWords> for Card {
    /// Which strategy claims what that this version does not know, or lacks which claim.
    type Error = String;

    fn try_from(words: InWords) -> Result<Self, String> {
        Ok(Self {
            claims: Claims {
                reads: words.claim(Property::Reads)?,
                updates: words.claim(Property::Updates)?,
                resizes: words.claim(Property::Resizes)?,
                read_consistency: words.claim(Property::ReadConsistency)?,
                scan_consistency: words.claim(Property::ScanConsistency)?,
                after_panic: words.claim(Property::AfterPanic)?,
                after_dead_thread: words.claim(Property::AfterDeadThread)?,
                inside_read: words.claim_if_any(Property::InsideRead)?,
                inside_scan: words.claim_if_any(Property::InsideScan)?,
                capacity: words.claim(Property::Capacity)?,
                reclamation: words.claim(Property::Reclamation)?,
                write_cost: words.claim(Property::WriteCost)?,
                read_allocates: words.read_allocates,
                plain_data_only: words.plain_data_only,
            },
            name: words.name,
            summary: words.summary,
            library: words.library,
            avoid_when: words.avoid_when,
            control: words.control,
        })
    }
}

impl InWords {
    fn claim<T: FromStr>(&self, property: Property) -> Result<T, String> {
        let claim = self.claim_if_any(property)?;
        claim.ok_or_else(|| format!("{} claims nothing of {:?}", self.name, property.to_string()))
    }

    fn claim_if_any<T: FromStr>(&self, property: Property) -> Result<Option<T>, String> {
        let name = property.to_string();
        let Some((_, words)) = self.claims.iter().find(|(known, _)| *known == name) else {
            return Ok(None);
        };
        words.parse().map(Some).map_err(|_| {
            let strategy = &self.name;
            format!("{strategy} claims {words:?} of {name:?}, which this version does not know")
        })
    }
}

/// Cards in words.
pub mod in_words {
    use serde_json::{Value, to_value};

    use super::{Card, Deserialize, Deserializer, InWords, Property};

    /// A card in words.
    ///
    /// # Panics
    ///
    /// Never: a card is plain data.
    pub fn written(card: &Card) -> Value {
        let has_field = |property| matches!(property, Property::ReadAllocates | Property::Records);
        let claims = card.claims.all();
        let claims = claims.filter(|(property, _)| !has_field(*property));
        let claims = claims.map(|(property, claim)| vec![property.to_string(), claim.to_string()]);
        let mut words = to_value(card).expect("a card is plain data");
        words["claims"] = claims.collect();
        words["read_allocates"] = card.claims.read_allocates.into();
        words["plain_data_only"] = card.claims.plain_data_only.into();
        words
    }

    /// Reads cards, for `#[serde(deserialize_with)]`.
    ///
    /// # Errors
    ///
    /// When one lacks a claim, or claims what this version does not know: which, and what.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Card>, D::Error> {
        let words: Vec<InWords> = Deserialize::deserialize(from)?;
        let cards: Result<_, _> = words.into_iter().map(Card::try_from).collect();
        cards.map_err(serde::de::Error::custom)
    }
}
