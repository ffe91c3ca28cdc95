//! Planted: a registry of metrics behind a reader-writer lock. Two threads read it all the time, one registers metrics and
//! exports them. It is taken more than a hundred thousand times a second, and does not matter.
#![expect(clippy::print_stdout, reason = "the truth is what it is run for")]

mod truth;

use std::thread;
use std::time::Duration;

use lockrecord::std::{Mutex, RwLock};
use truth::{Event, Program, Watch, spin};

struct Registry {
    metrics: RwLock<Vec<u64>>,
    exported: Mutex<String>,
}

fn record(registry: &Registry, mut watch: Watch<'_>) -> Vec<Event> {
    while watch.is_running() {
        let (think, time) = (watch.around(10.0), watch.around(3.0));
        spin(think);
        let held = watch.read("registry", &registry.metrics);
        std::hint::black_box(held.guard.first());
        spin(time);
        watch.give(held, "read");
    }
    watch.events()
}

fn register(registry: &Registry, watch: &mut Watch<'_>) {
    let time = watch.around(2.0);
    let mut held = watch.write("registry", &registry.metrics);
    held.guard.push(1);
    spin(time);
    watch.give(held, "write");
}

fn export(registry: &Registry, watch: &mut Watch<'_>) {
    let time = watch.around(100.0);
    let held = watch.read("registry", &registry.metrics);
    let text = format!("{} metrics", held.guard.len());
    spin(time);
    watch.give(held, "read");
    let mut held = watch.lock("exported", &registry.exported);
    *held.guard = text;
    watch.give(held, "write");
}

fn manage(registry: &Registry, mut watch: Watch<'_>) -> Vec<Event> {
    for round in 1_u64.. {
        if !watch.is_running() {
            break;
        }
        thread::sleep(Duration::from_millis(50));
        register(registry, &mut watch);
        if round.is_multiple_of(2) {
            export(registry, &mut watch);
        }
    }
    watch.events()
}

fn main() {
    let registry = Registry {
        metrics: RwLock::new(vec![1; 64]),
        exported: Mutex::new(String::new()),
    };
    lockrecord::name(&registry.metrics, "registry");
    lockrecord::name(&registry.exported, "exported");
    let program = Program::begin();
    let events = thread::scope(|scope| {
        let (registry, program) = (&registry, &program);
        let readers = [1, 2].map(|seed| scope.spawn(move || record(registry, program.watch(seed))));
        let manager = scope.spawn(move || manage(registry, program.watch(3)));
        program.wait();
        let threads = readers.into_iter().chain([manager]);
        threads
            .flat_map(|thread| thread.join().unwrap())
            .collect::<Vec<_>>()
    });
    drop(registry);
    println!("{}", truth::truth(&program, None, &events));
}
