//! What a strategy claims of itself, property by property, and how two claims compare.

pub use contract::WriteCost;
use contract::{
    AfterDeadThread, AfterPanic, Capacity, Profile, Progress, ReadConsistency, Reclamation,
    Reentrancy, ScanConsistency,
};
use serde::{Deserialize, Serialize};
use serde_with::{DeserializeFromStr, SerializeDisplay};
use strum::{Display, EnumIter, EnumString, IntoEnumIterator};

/// Something that strategies claim, in the order of the report; in files by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Display, EnumIter, EnumString)]
#[strum(serialize_all = "lowercase")]
#[derive(SerializeDisplay, DeserializeFromStr)]
pub enum Property {
    /// [`Claims::reads`]
    Reads,
    /// [`Claims::updates`]
    Updates,
    /// [`Claims::resizes`]
    #[strum(to_string = "inserts and removes")]
    Resizes,
    /// [`Claims::read_consistency`]
    #[strum(to_string = "read consistency")]
    ReadConsistency,
    /// [`Claims::scan_consistency`]
    #[strum(to_string = "scan consistency")]
    ScanConsistency,
    /// [`Claims::after_panic`]
    #[strum(to_string = "after a panic in an update")]
    AfterPanic,
    /// [`Claims::after_dead_thread`]
    #[strum(to_string = "after a thread dies while reading")]
    AfterDeadThread,
    /// [`Claims::inside_read`]
    #[strum(to_string = "inside a read")]
    InsideRead,
    /// [`Claims::inside_scan`]
    #[strum(to_string = "inside a scan")]
    InsideScan,
    /// [`Claims::capacity`]
    Capacity,
    /// [`Claims::reclamation`]
    Reclamation,
    /// [`Claims::write_cost`]
    #[strum(to_string = "a write")]
    WriteCost,
    /// [`Claims::read_allocates`]
    #[strum(to_string = "reads allocate")]
    ReadAllocates,
    /// [`Claims::plain_data_only`]
    Records,
}

/// One claim. Those about the same property compare, the better the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Display)]
#[expect(missing_docs, reason = "each is what the profile calls so")]
pub enum Claim {
    #[strum(transparent)]
    Progress(Progress),
    #[strum(transparent)]
    ReadConsistency(ReadConsistency),
    #[strum(transparent)]
    ScanConsistency(ScanConsistency),
    #[strum(transparent)]
    AfterPanic(AfterPanic),
    #[strum(transparent)]
    AfterDeadThread(AfterDeadThread),
    #[strum(transparent)]
    Reentrancy(Reentrancy),
    #[strum(transparent)]
    Capacity(Capacity),
    #[strum(transparent)]
    Reclamation(Reclamation),
    #[strum(transparent)]
    WriteCost(WriteCost),
    #[strum(to_string = "yes")]
    Allocates,
    #[strum(to_string = "no")]
    AllocatesNothing,
    #[strum(to_string = "plain data only")]
    PlainDataOnly,
    #[strum(to_string = "any")]
    AnyRecord,
}

/// The claims of a strategy, as its [`Profile`] had them when it was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in the profile")]
pub struct Claims {
    pub reads: Progress,
    pub updates: Progress,
    pub resizes: Progress,
    pub read_consistency: ReadConsistency,
    pub scan_consistency: ScanConsistency,
    pub after_panic: AfterPanic,
    pub after_dead_thread: AfterDeadThread,
    pub inside_read: Reentrancy,
    pub inside_scan: Reentrancy,
    pub capacity: Capacity,
    pub reclamation: Reclamation,
    pub write_cost: WriteCost,
    pub read_allocates: bool,
    pub plain_data_only: bool,
}

impl Claims {
    /// What is claimed of a property.
    pub fn get(&self, property: Property) -> Claim {
        match property {
            Property::Reads => Claim::Progress(self.reads),
            Property::Updates => Claim::Progress(self.updates),
            Property::Resizes => Claim::Progress(self.resizes),
            Property::ReadConsistency => Claim::ReadConsistency(self.read_consistency),
            Property::ScanConsistency => Claim::ScanConsistency(self.scan_consistency),
            Property::AfterPanic => Claim::AfterPanic(self.after_panic),
            Property::AfterDeadThread => Claim::AfterDeadThread(self.after_dead_thread),
            Property::InsideRead => Claim::Reentrancy(self.inside_read),
            Property::InsideScan => Claim::Reentrancy(self.inside_scan),
            Property::Capacity => Claim::Capacity(self.capacity),
            Property::Reclamation => Claim::Reclamation(self.reclamation),
            Property::WriteCost => Claim::WriteCost(self.write_cost),
            Property::ReadAllocates if self.read_allocates => Claim::Allocates,
            Property::ReadAllocates => Claim::AllocatesNothing,
            Property::Records if self.plain_data_only => Claim::PlainDataOnly,
            Property::Records => Claim::AnyRecord,
        }
    }

    /// All of them, in the order of the report.
    pub fn all(&self) -> impl Iterator<Item = (Property, Claim)> {
        Property::iter().map(|property| (property, self.get(property)))
    }

    /// What is claimed less than by another strategy: the property, this one's claim and the other's.
    pub fn weaker_than(&self, other: &Self) -> impl Iterator<Item = (Property, Claim, Claim)> {
        self.all().filter_map(|(property, ours)| {
            let theirs = other.get(property);
            (ours < theirs).then_some((property, ours, theirs))
        })
    }
}

impl From<&Profile> for Claims {
    /// By name: a profile has all that is claimed, and more.
    fn from(profile: &Profile) -> Self {
        let fields = serde_json::to_value(profile);
        let claims = fields.and_then(serde_json::from_value);
        claims.expect("a test makes those of all strategies")
    }
}
