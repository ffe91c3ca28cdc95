//! Records come and go, each at the hands of one owner, while others watch: what was removed stays
//! away, what was inserted again is new, and a replacement has no gap.
//!
//! How it could fail: remove marks one of two copies; a reader's cache keeps a removed record; a
//! probe sequence finds an old slot; overwriting is removing and inserting; readers of the
//! identifiers that share the chain or shard lose their way meanwhile.
//!
//! What makes it exact: revisions tell incarnations apart. The `n`th record under an identifier is
//! inserted at revision `n * SPAN` and gets fewer than `SPAN` updates, so the revisions under one
//! identifier only rise, and a reader that found nothing must next find a higher multiple. The owner
//! knows every answer. It also posts the present on a [`Bulletin`], marked while a write is under way:
//! a watcher that reads the same unmarked bulletin before and after its read knows the one answer
//! that is right.

use std::sync::atomic::{AtomicU64, Ordering};

use contract::{Handle, ProcessId, Specimen};

use crate::crew::{Member, Pace};
use crate::specimens::{Gaze, IDS, advance, difference, heartbeat, observe, running};
use crate::trial::Trial;
use crate::verdict::{Breach, Evidence, Promise};

const OWNERS: usize = 2;
const WATCHERS: usize = 2;
/// Identifiers in a duel: few, so that owner and watcher meet.
const DUEL_IDS: usize = 2;
/// Revisions per incarnation.
const SPAN: u64 = 16;
/// Where watchers stop at the latest, in reads per operation of all owners.
const READS_PER_OPERATION_MAX: u64 = 64;

pub(crate) fn check<R: Specimen>(trial: &Trial<'_, R>) -> Result<Evidence, Breach> {
    let mut diaries = Vec::new();
    for pace in Pace::BOTH {
        let table = trial.table(IDS.len());
        let bulletins = [const { Bulletin(AtomicU64::new(0)) }; IDS.len()];
        let bulletins = match pace {
            Pace::Crowd => &bulletins[..],
            Pace::Duel => &bulletins[..DUEL_IDS],
        };
        let (owners, watchers) = (pace.members(OWNERS), pace.members(WATCHERS));
        diaries.extend(trial.crew(pace, owners, watchers, |member| {
            let handle = table.handle();
            if member.leads() {
                act_as_owner(trial, member, handle, bulletins, owners)
            } else {
                watch(trial, member, handle, bulletins)
            }
        })?);
    }
    let total = |count: fn(&Diary) -> u64| diaries.iter().map(count).sum::<u64>();
    Ok(Evidence::Observed(format!(
        "{} records came and went, {} reads saw none come back{}",
        total(|diary| diary.incarnations),
        total(|diary| diary.reads),
        if trial.reads_latest() {
            format!(
                ", {} of them with one right answer",
                total(|diary| diary.exact_reads)
            )
        } else {
            String::new()
        }
    )))
}

/// What one member did.
#[derive(Default)]
struct Diary {
    incarnations: u64,
    reads: u64,
    exact_reads: u64,
}

/// What the owner says about one identifier.
///
/// | bits | content |
/// |---|---|
/// | 0 | a write is under way |
/// | 1 | the record is there; of a write under way: was there before |
/// | 2 | of a write under way: it takes the record away |
/// | 3..64 | the latest revision; of a write under way: before it |
///
/// Words of settled notices never repeat: every write raises the revision or changes the presence.
struct Bulletin(AtomicU64);

/// The word of a [`Bulletin`].
#[derive(Clone, Copy, PartialEq, Eq)]
struct Notice(u64);

const UNDER_WAY: u64 = 1;
const PRESENT: u64 = 1 << 1;
const REMOVING: u64 = 1 << 2;
const REVISION_SHIFT: u32 = 3;

impl Notice {
    fn settled(revision: u64, present: bool) -> Self {
        Self(revision << REVISION_SHIFT | if present { PRESENT } else { 0 })
    }

    fn under_way(self, removing: bool) -> Self {
        Self(self.0 | UNDER_WAY | if removing { REMOVING } else { 0 })
    }

    fn is_under_way(self) -> bool {
        self.0 & UNDER_WAY != 0
    }

    fn is_present(self) -> bool {
        self.0 & PRESENT != 0
    }

    /// There before, and after what is under way.
    fn stays_present(self) -> bool {
        self.0 & (PRESENT | REMOVING) == PRESENT
    }

    fn revision(self) -> u64 {
        self.0 >> REVISION_SHIFT
    }

    fn incarnation(self) -> u64 {
        self.revision() / SPAN
    }
}

impl Bulletin {
    // SeqCst throughout: the checks' own accesses must not be what is in question.
    fn load(&self) -> Notice {
        Notice(self.0.load(Ordering::SeqCst))
    }

    fn store(&self, notice: Notice) {
        self.0.store(notice.0, Ordering::SeqCst);
    }
}

/// What an owner does to its record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Write {
    Insert,
    Update,
    Remove,
}

/// An identifier in the hands of its owner.
struct Possession<'c, R> {
    id: ProcessId,
    bulletin: &'c Bulletin,
    /// What the table holds.
    record: Option<R>,
    /// The next incarnation.
    next: R,
}

impl<R: Specimen> Possession<'_, R> {
    /// Announces a write, does it, and posts what holds then.
    fn write<H: Handle<R>>(&mut self, handle: &mut H, write: Write) -> Result<(), Breach> {
        let before = self.bulletin.load();
        self.bulletin
            .store(before.under_way(write == Write::Remove));
        match write {
            Write::Insert => self.insert(handle)?,
            Write::Update => self.update(handle)?,
            Write::Remove => self.remove(handle)?,
        }
        let revision = self.record.as_ref().map_or(before.revision(), R::revision);
        self.bulletin
            .store(Notice::settled(revision, self.record.is_some()));
        Ok(())
    }

    fn insert(&mut self, handle: &mut impl Handle<R>) -> Result<(), Breach> {
        let record = self.next.clone();
        advance(&mut self.next, SPAN);
        let displaced = handle.insert(self.id, record.clone());
        let expected = self.record.replace(record);
        if displaced == expected {
            return Ok(());
        }
        Err(Promise::Displaces.broken(format!(
            "insert {} displaced {}; nobody else writes it",
            self.id,
            difference(displaced.as_ref(), expected.as_ref())
        )))
    }

    fn remove(&mut self, handle: &mut impl Handle<R>) -> Result<(), Breach> {
        let removed = handle.remove(self.id);
        let expected = self.record.take();
        if removed == expected {
            return Ok(());
        }
        Err(Promise::Removes.broken(format!(
            "remove {} gave {}; nobody else writes it",
            self.id,
            difference(removed.as_ref(), expected.as_ref())
        )))
    }

    fn update(&mut self, handle: &mut impl Handle<R>) -> Result<(), Breach> {
        let event = heartbeat(self.next.revision());
        let outcome = handle.apply(self.id, event);
        let expected = self
            .record
            .as_mut()
            .map(|record| record.apply_in_place(&event));
        if outcome == expected {
            return Ok(());
        }
        Err(Promise::AppliesOnce.broken(format!(
            "heartbeat to {} gave {outcome:?} instead of {expected:?}; nobody else writes it",
            self.id
        )))
    }

    /// Its last revisions are kept free, so that an incarnation never runs into the next.
    fn is_worn_out(&self) -> bool {
        let revision = self.record.as_ref().map_or(0, R::revision);
        revision % SPAN == SPAN - 1
    }
}

fn act_as_owner<R: Specimen>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    mut handle: impl Handle<R>,
    bulletins: &[Bulletin],
    owners: usize,
) -> Result<Diary, Breach> {
    let mut dice = trial.dice(member.index);
    let mut diary = Diary::default();
    // Neighbours belong to different owners, so that shards and chains are shared.
    let mut mine: Vec<_> = (member.index..bulletins.len())
        .step_by(owners)
        .map(|number| Possession {
            id: IDS[number],
            bulletin: &bulletins[number],
            record: None,
            next: running(IDS[number], SPAN),
        })
        .collect();
    let mut watch = Watch::default();
    for _ in member.rounds_until_met(trial.effort.operations / OWNERS as u64) {
        let index = dice.below(mine.len());
        let it = &mut mine[index];
        let write = match dice.below(8) {
            0..4 if !it.is_worn_out() => Write::Update,
            4..7 => Write::Insert,
            _ => Write::Remove,
        };
        diary.incarnations += u64::from(write == Write::Insert);
        it.write(&mut handle, write)?;
        let number = member.index + index * owners;
        watch.look(trial, &mut handle, number, &bulletins[number], Gaze::Glance)?;
    }
    diary.reads = watch.reads;
    diary.exact_reads = watch.exact_reads;
    Ok(diary)
}

fn watch<R: Specimen>(
    trial: &Trial<'_, R>,
    member: &Member<'_>,
    mut handle: impl Handle<R>,
    bulletins: &[Bulletin],
) -> Result<Diary, Breach> {
    let mut dice = trial.dice(member.index);
    let mut watch = Watch::default();
    for _ in member.rounds(trial.effort.operations * READS_PER_OPERATION_MAX) {
        let number = dice.below(bulletins.len());
        let gaze = if dice.once_in(16) {
            Gaze::Linger
        } else {
            Gaze::Glance
        };
        watch.look(trial, &mut handle, number, &bulletins[number], gaze)?;
    }
    Ok(Diary {
        incarnations: 0,
        reads: watch.reads,
        exact_reads: watch.exact_reads,
    })
}

/// What one thread has seen so far.
#[derive(Default)]
struct Watch {
    /// Per identifier, the latest revision seen, and whether the record was found absent since.
    latest: [(u64, bool); IDS.len()],
    reads: u64,
    exact_reads: u64,
}

impl Watch {
    fn look<R: Specimen>(
        &mut self,
        trial: &Trial<'_, R>,
        handle: &mut impl Handle<R>,
        number: usize,
        bulletin: &Bulletin,
        gaze: Gaze,
    ) -> Result<(), Breach> {
        let before = bulletin.load();
        let revision = observe(handle, IDS[number], gaze)?;
        let after = bulletin.load();
        self.reads += 1;
        self.follows(number, revision)?;
        if trial.reads_latest() {
            judge(IDS[number], revision, before)?;
            if before == after && !before.is_under_way() {
                self.exact_reads += 1;
                exactly(IDS[number], revision, before)?;
            }
            if revision.is_none() {
                without_gap(IDS[number], before, after)?;
            }
        }
        Ok(())
    }

    /// What this thread sees never goes back, and what was absent returns only as a new incarnation.
    fn follows(&mut self, number: usize, revision: Option<u64>) -> Result<(), Breach> {
        let id = IDS[number];
        let (last, absent_since) = &mut self.latest[number];
        let Some(revision) = revision else {
            *absent_since = true;
            return Ok(());
        };
        if revision < *last {
            return Err(Promise::Monotonic.broken(format!(
                "a reader of {id} saw revision {last} and then {revision}"
            )));
        }
        if *absent_since && revision / SPAN == *last / SPAN {
            return Err(Promise::Absent.broken(format!(
                "a reader of {id} saw revision {last}, then no record, then revision {revision}, \
                 which is the same record: removed ones do not return, others are not absent"
            )));
        }
        (*last, *absent_since) = (revision, false);
        Ok(())
    }
}

/// `revision` is not from before `notice`, which was posted before the read began.
fn judge(id: ProcessId, revision: Option<u64>, notice: Notice) -> Result<(), Breach> {
    let Some(revision) = revision else {
        return Ok(());
    };
    let gone = !notice.is_present() && !notice.is_under_way();
    if gone && revision <= notice.revision() {
        return Err(Promise::Absent.broken(format!(
            "a read of {id} gave revision {revision}; the removal of {} had returned before",
            notice.revision()
        )));
    }
    if revision < notice.revision() {
        return Err(Promise::Fresh.broken(format!(
            "a read of {id} gave revision {revision}; the write of {} had returned before",
            notice.revision()
        )));
    }
    Ok(())
}

/// Nothing was written during the read, so there is one right answer.
fn exactly(id: ProcessId, revision: Option<u64>, notice: Notice) -> Result<(), Breach> {
    match (notice.is_present(), revision) {
        (true, Some(revision)) if revision == notice.revision() => Ok(()),
        (false, None) => Ok(()),
        (true, None) => Err(Promise::Present.broken(format!(
            "a read of {id} found nothing; it was at revision {} all the time",
            notice.revision()
        ))),
        (true, Some(revision)) => Err(Promise::Fresh.broken(format!(
            "a read of {id} gave revision {revision}; it was at {} all the time",
            notice.revision()
        ))),
        (false, Some(revision)) => Err(Promise::Absent.broken(format!(
            "a read of {id} gave revision {revision}; it was absent all the time"
        ))),
    }
}

/// A read found nothing between these two notices. That is wrong if they are of one incarnation, and
/// what was under way at most changed or replaced it.
fn without_gap(id: ProcessId, before: Notice, after: Notice) -> Result<(), Breach> {
    let same = before.incarnation() == after.incarnation();
    if !(same && before.stays_present() && after.stays_present()) {
        return Ok(());
    }
    Err(Promise::Present.broken(format!(
        "a read of {id} found nothing; it was changed or replaced from revision {}, not removed",
        before.revision()
    )))
}
