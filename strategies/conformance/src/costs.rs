//! What a write takes from the heap, and how soon it gives it back: no more, and no later, than the
//! profile says. Whether a read takes anything.
//!
//! How it could fail: an update that should change one record copies the table, or a path that is as
//! long as the table is large; what a write replaced is kept until a collector comes round, although
//! it should be gone with the write or with its last reader; a read frees what writes have left, and
//! needs memory for it.
//!
//! One thread, so every count is exact and every run the same. The same updates are made in a small
//! and in a large table: what grows with the table was copied from it. Messages and nodes have a size
//! of their own, so a record counts as copied only from [`MESSAGE_BYTES`] on; wide records show more
//! than narrow ones. When there are readers, more is kept; [`churn`](crate::churn) has some.

use contract::{Handle, Profile, Reclamation, Reentrancy, Specimen, WriteCost};

use crate::accounting::Counting;
use crate::shutdown::allocator_must_count;
use crate::specimens::{Gaze, heartbeat, observe, running, scattered};
use crate::trial::Trial;
use crate::verdict::{Breach, Evidence, Promise};
use crate::yielding_record::hurry;

/// Records in the small table and in the large one.
const SIZES: [u64; 2] = [64, 1_024];
/// Updates that are counted, and as many before.
const UPDATES: u64 = 192;
/// What an update may take from the heap without copying a record: a request, its answer, a node of a
/// queue.
const MESSAGE_BYTES: u64 = 512;
/// What may come and go without being what writes replaced: a block of a queue.
const SWING_BYTES: i64 = 8_192;

/// Reads that are counted, after as many updates. Of versions that a collector frees, so many fill hundreds of its bags,
/// and one that comes round at each 128th read has time for all.
const READS: u64 = 32_768;
/// The same where nothing waits for a collector.
const FEW_READS: u64 = 1_024;
/// Allocations of reads that are none of theirs. A thread that waits for the first time makes something of its own and
/// an entry in a list of those who wait, and two threads may: the caller, and one that the strategy has started. Where both
/// are fast, that may be after thousands of calls.
const FIRST_USES: u64 = 4;

/// What updates of one table took.
struct Bill {
    records: u64,
    /// Per update.
    allocations: f64,
    /// Per update.
    bytes: u64,
    /// Of the filled table.
    table_bytes: u64,
    /// Between the highest and the lowest level of live bytes after an update.
    swing: i64,
}

pub(crate) fn check<R: Specimen>(trial: &Trial<'_, R>) -> Result<Evidence, Breach> {
    allocator_must_count()?;
    // Nobody is to be met here, so nobody has to yield; on a thread of its own, because that is for good.
    let bills = std::thread::scope(|scope| {
        let counting = scope.spawn(|| {
            hurry();
            let bills = SIZES.map(|records| bill(trial, records));
            let reads = match trial.profile.reclamation {
                Reclamation::Deferred => READS,
                _ => FEW_READS,
            };
            (bills, reads, allocations_of_reads(trial, reads))
        });
        counting.join()
    });
    let ([small, large], reads, of_reads) =
        bills.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let (small, large) = (small?, large?);
    if of_reads > FIRST_USES && !trial.profile.read_allocates {
        return Err(Promise::ReadsTakeNothing.broken(format!(
            "{reads} reads allocated {of_reads} times, after as many updates"
        )));
    }
    if let Some(account) = excess::<R>(trial.profile, &small, &large) {
        return Err(Promise::CopiesNoMore.broken(account));
    }
    let at_once = match trial.profile.reclamation {
        Reclamation::Immediate | Reclamation::LastReference | Reclamation::NextPublish => true,
        Reclamation::Deferred => false,
    };
    for bill in [&small, &large] {
        // Of a message that was answered the other thread may still hold its part.
        let messages = if trial.profile.read_allocates {
            4 * bill.bytes.cast_signed()
        } else {
            0
        };
        if at_once && bill.swing > SWING_BYTES + messages {
            return Err(Promise::FreesInTime.broken(format!(
                "while {UPDATES} updates replaced records of a table with {} that nobody read, up to {} \
                 bytes were waiting to be freed",
                bill.records, bill.swing
            )));
        }
    }
    let describe = |bill: &Bill| {
        format!(
            "{:.1} allocations and {} bytes per update of {} records",
            bill.allocations, bill.bytes, bill.records
        )
    };
    Ok(Evidence::Observed(format!(
        "{}; {}; at most {} bytes waited to be freed; {of_reads} allocations in {reads} reads",
        describe(&small),
        describe(&large),
        small.swing.max(large.swing)
    )))
}

/// How an update took more than is claimed, if it did.
fn excess<R>(profile: Profile, small: &Bill, large: &Bill) -> Option<String> {
    let record = size_of::<R>() as u64;
    // Whoever takes from the heap to read sends messages, of any size: what they are in a small table
    // they are in a large one.
    let message = if profile.read_allocates {
        small.bytes + MESSAGE_BYTES
    } else {
        MESSAGE_BYTES.max(record / 2)
    };
    let (most, what) = match profile.write_cost {
        WriteCost::InPlace => (message, "nothing is copied"),
        WriteCost::CopiesRecord => (message + 2 * record, "a record is copied"),
        WriteCost::Twice => (message + 4 * record, "a record is copied twice"),
        WriteCost::CopiesPath => (4 * small.bytes, "a path is copied"),
        WriteCost::CopiesTable => (message + 2 * large.table_bytes, "the table is copied"),
    };
    (large.bytes > most).then(|| {
        format!(
            "an update took {} bytes with {} records in the table and {} with {}, where {what}",
            small.bytes, small.records, large.bytes, large.records
        )
    })
}

/// How often reads allocate that find the garbage of as many updates.
fn allocations_of_reads<R: Specimen>(trial: &Trial<'_, R>, reads: u64) -> u64 {
    let id = scattered(0);
    let table = trial.table(1);
    let [mut reader, mut writer] = [(); 2].map(|()| table.handle());
    writer.insert(id, running(id, 1));
    writer.publish();
    // Whatever is made at the first use, or when a thread waits for the first time, is made.
    (0..reads).for_each(|_| {
        reader.read(id, R::revision);
    });
    let mut update = || {
        for number in 0..reads {
            let _ = writer.apply(id, heartbeat(number));
            writer.publish();
            trial.progress.tick();
        }
    };
    if trial.profile.inside_read == Reentrancy::ReadsAndWrites {
        // Nothing that is replaced meanwhile is freed by a collector that waits for readers.
        reader.read(id, |_| update());
    } else {
        update();
    }
    let counting = Counting::start();
    for _ in 0..reads {
        // To examine a record may allocate.
        reader.read(id, R::revision);
        trial.progress.tick();
    }
    counting.usage().allocations
}

fn bill<R: Specimen>(trial: &Trial<'_, R>, records: u64) -> Result<Bill, Breach> {
    let counting = Counting::start();
    let table = trial.table(records as usize);
    let mut handle = table.handle();
    for number in 0..records {
        let id = scattered(number);
        handle.insert(id, running(id, 1));
    }
    handle.publish();
    let table_bytes = counting.usage().live_bytes().max(0).cast_unsigned();
    let mut update = |number: u64| {
        let id = scattered(number % records);
        let _ = handle.apply(id, heartbeat(number));
        handle.publish();
        trial.progress.tick();
    };
    // Whatever is made at first use is made.
    (0..UPDATES).for_each(&mut update);
    let before = counting.usage();
    (0..UPDATES).for_each(&mut update);
    let used = counting.usage() - before;
    let mut levels = Vec::with_capacity(UPDATES as usize);
    for number in 0..UPDATES {
        let id = scattered(number % records);
        let _ = handle.apply(id, heartbeat(number));
        handle.publish();
        // Who keeps what it read last keeps the newest now.
        observe(&mut handle, id, Gaze::Glance)?;
        levels.push(counting.usage().live_bytes());
        trial.progress.tick();
    }
    let swing = levels.iter().max().zip(levels.iter().min());
    Ok(Bill {
        records,
        allocations: used.allocations as f64 / UPDATES as f64,
        bytes: used.allocated_bytes / UPDATES,
        table_bytes,
        swing: swing.map_or(0, |(highest, lowest)| highest - lowest),
    })
}
