//! What the shared trait costs: a strategy's read beside the same read without the trait.

use std::arch::asm;
use std::time::Duration;

use contract::ProcessId;
use criterion::{Criterion, Throughput};
use model::clock;

use crate::workload::{PASS, Workload};

/// Fewer passes than this, as in warming up, may all be disturbed.
const PASSES_MIN: u64 = 100;

/// Benches a pair of reads as `trait-cost/<strategy>/library` and `trait-cost/<strategy>/trait`, and
/// prints their ratio.
///
/// Both walk the same tape in the same loop and have the same chance to be inlined. For equal chances
/// in the rest, each should capture one reference to a table of its own, filled in the same order.
///
/// The question is what the code costs and not what the machine does meanwhile, and the answer is a
/// few hundredths of a nanosecond. Hence three departures from the other benches: the two sides take
/// turns, pass by pass; a sample is the fastest of its passes; and since Criterion still measures one
/// benchmark after the other, the ratio is taken within each sample, where both sides have met the
/// same weather.
pub fn trait_cost(
    criterion: &mut Criterion,
    strategy: &str,
    workload: &Workload,
    mut library: impl FnMut(ProcessId),
    mut through_trait: impl FnMut(ProcessId),
) {
    let name = format!("trait-cost/{strategy}");
    let mut ratios = Vec::new();
    let mut sample = |passes| {
        let fastest = take_turns(passes, workload, &mut library, &mut through_trait);
        if passes >= PASSES_MIN {
            ratios.push(fastest.through_trait.div_duration_f64(fastest.library));
        }
        fastest
    };
    let mut group = criterion.benchmark_group(&name);
    group.throughput(Throughput::Elements(PASS as u64));
    group.bench_function("library", |bencher| {
        bencher.iter_custom(|passes| sample(passes).library.mul_f64(passes as f64));
    });
    group.bench_function("trait", |bencher| {
        bencher.iter_custom(|passes| sample(passes).through_trait.mul_f64(passes as f64));
    });
    group.finish();
    report(&name, ratios);
}

/// Prints the median of the ratios; nothing when nothing was measured.
#[expect(clippy::print_stdout, reason = "a result, beside Criterion's")]
fn report(name: &str, mut ratios: Vec<f64>) {
    ratios.sort_by(f64::total_cmp);
    if let Some(median) = ratios.get(ratios.len() / 2) {
        let samples = ratios.len();
        println!("{name}: trait / library = {median:.4} (median of {samples} samples of both)\n");
    }
}

/// The fastest pass of each side.
struct Fastest {
    library: Duration,
    through_trait: Duration,
}

fn take_turns(
    passes: u64,
    workload: &Workload,
    library: &mut impl FnMut(ProcessId),
    through_trait: &mut impl FnMut(ProcessId),
) -> Fastest {
    let mut fastest = Fastest {
        library: Duration::MAX,
        through_trait: Duration::MAX,
    };
    for (_, ids) in (0..passes).zip(workload.passes()) {
        fastest.library = fastest.library.min(time_walk(ids, library));
        fastest.through_trait = fastest.through_trait.min(time_walk(ids, through_trait));
    }
    fastest
}

fn time_walk(ids: &[ProcessId; PASS], read: &mut impl FnMut(ProcessId)) -> Duration {
    let began = clock::now();
    walk(ids, read);
    began.elapsed()
}

/// Not inlined, so that both sides are compiled alike and their assembly is easy to find.
#[inline(never)]
fn walk(ids: &[ProcessId; PASS], read: &mut impl FnMut(ProcessId)) {
    // Functions begin at multiples of 16, so equal instructions may fall differently on the lines that
    // the processor decodes. That alone has made 4 % between two sides of the same code.
    // SAFETY: emits padding and touches nothing.
    unsafe {
        asm!(".p2align 6", options(nomem, nostack, preserves_flags));
    }
    for &id in ids {
        read(id);
    }
}
