//! Whether the shared trait distorts what is compared through it: two strategies, each beside its
//! library without the trait. The two must agree within 3 %.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use benches::{PROCESSES, Workload, touch, trait_cost};
use concurrent_map::Papaya;
use contract::{Handle, IdHasher, ProcessStatus, Strategy, id_map};
use criterion::Criterion;
use mutex::StdMutex;

fn main() {
    let workload = Workload::new();
    // Few and long samples: each is the fastest of its passes, and needs one that is undisturbed.
    let mut criterion = benches::criterion()
        .measurement_time(Duration::from_secs(4))
        .sample_size(20)
        .configure_from_args();
    std_mutex(&mut criterion, &workload);
    papaya(&mut criterion, &workload);
    criterion.final_summary();
}

fn std_mutex(criterion: &mut Criterion, workload: &Workload) {
    let mut map = id_map(PROCESSES);
    map.extend(workload.records());
    let map = &Mutex::new(map);

    let table: StdMutex<ProcessStatus> = workload.table();
    let mut handle = table.handle();

    trait_cost(
        criterion,
        "mutex/std",
        workload,
        move |id| {
            let map = map.lock().unwrap_or_else(PoisonError::into_inner);
            map.get(&id).map(touch);
        },
        move |id| {
            handle.read(id, touch);
        },
    );
}

fn papaya(criterion: &mut Criterion, workload: &Workload) {
    let map = papaya::HashMap::with_capacity_and_hasher(PROCESSES, IdHasher::default());
    for (id, record) in workload.records() {
        map.pin().insert(id, record);
    }
    let map = &map;

    let table: Papaya<ProcessStatus> = workload.table();
    let mut handle = table.handle();

    trait_cost(
        criterion,
        "concurrent-map/papaya",
        workload,
        move |id| {
            map.pin().get(&id).map(touch);
        },
        move |id| {
            handle.read(id, touch);
        },
    );
}
