//! What a strategy claims, from its card: what samples say of it and not what its code says today.

use std::fmt::Display;

use basis::error::{Error, Result};
use basis::sample::Card;
use contract::{
    AfterDeadThread, AfterPanic, Capacity, Progress, ReadConsistency, Reclamation, Reentrancy,
    ScanConsistency, WriteCost,
};

/// The claims of a [`Card`], as [`contract::Profile`] has them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in the profile")]
pub struct Claims {
    pub name: String,
    pub reads: Progress,
    pub updates: Progress,
    pub resizes: Progress,
    pub read_consistency: ReadConsistency,
    pub scan_consistency: ScanConsistency,
    pub after_panic: AfterPanic,
    pub after_dead_thread: AfterDeadThread,
    /// Nothing in samples from before it was a claim.
    pub inside_read: Option<Reentrancy>,
    /// Nothing in samples from before it was a claim.
    pub inside_scan: Option<Reentrancy>,
    pub capacity: Capacity,
    pub reclamation: Reclamation,
    pub write_cost: WriteCost,
    pub read_allocates: bool,
    pub plain_data_only: bool,
}

const PROGRESS: [Progress; 3] = [Progress::Blocking, Progress::LockFree, Progress::WaitFree];

impl Claims {
    /// Of a card.
    ///
    /// # Errors
    ///
    /// When it lacks a claim, or states one that no profile makes: which card, and which claim.
    pub fn of(card: &Card) -> Result<Self> {
        use {AfterDeadThread as D, AfterPanic as P, Reclamation as R, ScanConsistency as S};
        use {Capacity as C, WriteCost as W};
        Ok(Self {
            name: card.name.clone(),
            reads: one_of(card, "reads", &PROGRESS)?,
            updates: one_of(card, "updates", &PROGRESS)?,
            resizes: one_of(card, "inserts and removes", &PROGRESS)?,
            read_consistency: read_consistency(card)?,
            scan_consistency: one_of(
                card,
                "scan consistency",
                &[S::Weak, S::PerShard, S::Snapshot],
            )?,
            after_panic: one_of(
                card,
                "after a panic in an update",
                &[P::Intact, P::Exposed, P::Unusable],
            )?,
            after_dead_thread: one_of(
                card,
                "after a thread dies while reading",
                &[
                    D::Unaffected,
                    D::KeepsOneVersion,
                    D::KeepsAllGarbage,
                    D::BlocksWriters,
                    D::BlocksEveryone,
                ],
            )?,
            inside_read: one_if_any(card, "inside a read", &Reentrancy::ALL)?,
            inside_scan: one_if_any(card, "inside a scan", &Reentrancy::ALL)?,
            capacity: one_of(card, "capacity", &[C::Grows, C::GrowsAndKeeps])?,
            reclamation: one_of(
                card,
                "reclamation",
                &[R::Immediate, R::LastReference, R::Deferred, R::NextPublish],
            )?,
            write_cost: one_of(
                card,
                "a write",
                &[
                    W::InPlace,
                    W::CopiesRecord,
                    W::CopiesPath,
                    W::CopiesTable,
                    W::Twice,
                ],
            )?,
            read_allocates: card.read_allocates,
            plain_data_only: card.plain_data_only,
        })
    }
}

fn read_consistency(card: &Card) -> Result<ReadConsistency> {
    let words = words(card, "read consistency")?;
    if words == ReadConsistency::Linearizable.to_string() {
        return Ok(ReadConsistency::Linearizable);
    }
    let mut numbers = words.split(' ').filter_map(|word| word.parse().ok());
    numbers
        .next()
        .map(|every| ReadConsistency::Published { every })
        .filter(|claim| words == claim.to_string())
        .ok_or_else(|| unknown(card, "read consistency", words))
}

fn one_of<T: Copy + Display>(card: &Card, property: &str, all: &[T]) -> Result<T> {
    let words = words(card, property)?;
    let found = all.iter().find(|claim| claim.to_string() == words);
    found.copied().ok_or_else(|| unknown(card, property, words))
}

/// A claim that older samples lack.
fn one_if_any<T: Copy + Display>(card: &Card, property: &str, all: &[T]) -> Result<Option<T>> {
    let is_claimed = card.claims.iter().any(|(name, _)| name == property);
    is_claimed.then(|| one_of(card, property, all)).transpose()
}

fn words<'c>(card: &'c Card, property: &str) -> Result<&'c str> {
    let mut claims = card.claims.iter();
    let found = claims.find(|(name, _)| name == property);
    found.map(|(_, claim)| claim.as_str()).ok_or_else(|| {
        Error::input(format!(
            "the samples lack what {} claims of {property:?}",
            card.name
        ))
    })
}

fn unknown(card: &Card, property: &str, words: &str) -> Error {
    Error::input(format!(
        "in the samples {} claims {words:?} of {property:?}, which this version does not know",
        card.name
    ))
}

#[cfg(test)]
mod tests {
    use basis::scenario::RecordKind;

    use super::*;
    use crate::roster;

    #[test]
    fn every_card_of_the_registry_says_what_its_profile_does() {
        for entry in roster::entries(RecordKind::Status) {
            let profile = entry.profile;
            let claims = Claims {
                name: profile.name.into(),
                reads: profile.reads,
                updates: profile.updates,
                resizes: profile.resizes,
                read_consistency: profile.read_consistency,
                scan_consistency: profile.scan_consistency,
                after_panic: profile.after_panic,
                after_dead_thread: profile.after_dead_thread,
                inside_read: Some(profile.inside_read),
                inside_scan: Some(profile.inside_scan),
                capacity: profile.capacity,
                reclamation: profile.reclamation,
                write_cost: profile.write_cost,
                read_allocates: profile.read_allocates,
                plain_data_only: profile.plain_data_only,
            };
            assert_eq!(Claims::of(&roster::card(&profile)).unwrap(), claims);
        }
    }

    #[test]
    fn what_nobody_claims_is_named() {
        let mut card = roster::card(&roster::entries(RecordKind::Status)[0].profile);
        card.claims[4].1 = "sometimes".into();
        let said = Claims::of(&card).unwrap_err().to_string();
        assert!(said.contains("mutex/std claims \"sometimes\""), "{said}");
        card.claims.remove(4);
        let said = Claims::of(&card).unwrap_err().to_string();
        assert!(said.contains("\"scan consistency\""), "{said}");
    }

    #[test]
    fn samples_from_before_a_claim_existed_claim_nothing() {
        let mut card = roster::card(&roster::entries(RecordKind::Status)[0].profile);
        card.claims
            .retain(|(property, _)| !property.starts_with("inside"));
        let claims = Claims::of(&card).unwrap();
        assert_eq!((claims.inside_read, claims.inside_scan), (None, None));
    }
}
