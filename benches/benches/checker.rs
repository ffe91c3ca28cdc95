//! How fast recorded histories are judged: `cargo bench --bench checker`.
//!
//! `zones`: a register of a million operations, by four threads. `search`: registries of four threads
//! with 50 operations each. The histories are made by carrying operations out at random instants of
//! one time line, so they are linearizable and overlap, and no order is known to the checker.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use histories::models::{Register, RegisterAction};
use histories::search::{Limits, search};
use histories::{Operation, Verdict, zones};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

const THREADS: u64 = 4;

/// Operations of `threads`, of which each takes effect at an instant of its own between its call and
/// its return. Every fourth one writes, each something else.
fn history(operations: u64, seed: u64) -> Vec<Operation<RegisterAction>> {
    let mut random = SplitMix64::seed_from_u64(seed);
    let mut free_at = [1; THREADS as usize];
    let mut planned: Vec<(u64, Operation<RegisterAction>)> = (0..operations)
        .map(|number| {
            let process = number % THREADS;
            let free = &mut free_at[process as usize];
            let call = *free + random.next_u64() % 20;
            let effect = call + 1 + random.next_u64() % 40;
            let ret = effect + 1 + random.next_u64() % 40;
            *free = ret + 1;
            let action = if random.next_u64().is_multiple_of(4) {
                RegisterAction::Write(number)
            } else {
                RegisterAction::Read(None)
            };
            let operation = Operation {
                process,
                call,
                ret,
                action,
            };
            (effect, operation)
        })
        .collect();
    planned.sort_by_key(|(effect, _)| *effect);
    let mut value = None;
    for (_, operation) in &mut planned {
        match &mut operation.action {
            RegisterAction::Write(written) => value = Some(*written),
            RegisterAction::Read(shown) => *shown = value,
        }
    }
    planned.sort_by_key(|(_, operation)| operation.call);
    planned
        .into_iter()
        .map(|(_, operation)| operation)
        .collect()
}

fn checker(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("checker");
    let long = history(1_000_000, 1);
    assert_eq!(zones::check(&long), Ok(Ok(())));
    group.throughput(Throughput::Elements(long.len() as u64));
    group.bench_function("zones/1000000", |bencher| {
        bencher.iter(|| zones::check(&long));
    });
    group.bench_function("search/1000000", |bencher| {
        bencher.iter(|| search(&Register::default(), &[None], &long, &Limits::default()));
    });
    let short: Vec<_> = (0..1_000).map(|seed| history(THREADS * 50, seed)).collect();
    group.throughput(Throughput::Elements(short.len() as u64));
    group.bench_function("search/histories-of-4x50", |bencher| {
        bencher.iter(|| {
            for history in &short {
                let verdict = search(&Register::default(), &[None], history, &Limits::default());
                assert_eq!(verdict, Verdict::Linearizable);
            }
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = checker
}
criterion_main!(benches);
