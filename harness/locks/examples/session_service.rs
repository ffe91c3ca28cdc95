//! Planted: sessions behind a mutex. One call in fifty clears out sessions and writes them to a slow disk, with the lock in its
//! hands; the others wait for it. The configuration and the counters are taken as often and do not matter.
//! With the argument `shortened`, it writes without the lock; with `workload`, it prints what is planted as a workload file.
#![expect(clippy::print_stdout, reason = "the truth is what it is run for")]

mod truth;

use std::collections::HashMap;
use std::thread;

use lockrecord::std::{Mutex, RwLock};
use truth::{Event, Program, Watch, spin};

struct Service {
    sessions: Mutex<HashMap<u64, u64>>,
    config: RwLock<u64>,
    counters: Mutex<u64>,
    is_shortened: bool,
}

const USERS: u64 = 1_000;
/// The shares of calls, and how long each holds the sessions on average.
const EXPIRES: f64 = 0.02;
const TOUCHES: f64 = 0.08;
const LOOK_UP_US: f64 = 3.0;
const TOUCH_US: f64 = 5.0;
const EXPIRE_US: f64 = 1_000.0;
/// A thread for each.
const SEEDS: [u64; 2] = [1, 2];

fn look_up(service: &Service, watch: &mut Watch<'_>, user: u64) {
    let time = watch.around(LOOK_UP_US);
    let held = watch.lock("sessions", &service.sessions);
    std::hint::black_box(held.guard.get(&user));
    spin(time);
    watch.give(held, "read");
}

fn touch(service: &Service, watch: &mut Watch<'_>, user: u64) {
    let time = watch.around(TOUCH_US);
    let mut held = watch.lock("sessions", &service.sessions);
    *held.guard.entry(user).or_default() += 1;
    spin(time);
    watch.give(held, "write");
}

/// The section that is too long: a thread that sleeps in it needs no processor, so the others wait on a busy machine, too. If
/// it is shortened, the thread writes after it has given the lock back.
fn expire(service: &Service, watch: &mut Watch<'_>) {
    let time = watch.around(EXPIRE_US);
    let mut held = watch.lock("sessions", &service.sessions);
    held.guard.retain(|_, uses| *uses < u64::MAX);
    if service.is_shortened {
        watch.give(held, "write");
        thread::sleep(time);
    } else {
        thread::sleep(time);
        watch.give(held, "write");
    }
}

fn serve(service: &Service, mut watch: Watch<'_>) -> Vec<Event> {
    while watch.is_running() {
        let think = watch.around(40.0);
        spin(think);
        let held = watch.read("config", &service.config);
        std::hint::black_box(*held.guard);
        watch.give(held, "read");
        let user = watch.below(USERS);
        match watch.part() {
            part if part < EXPIRES => expire(service, &mut watch),
            part if part < EXPIRES + TOUCHES => touch(service, &mut watch, user),
            _ => look_up(service, &mut watch, user),
        }
        let mut held = watch.lock("counters", &service.counters);
        *held.guard += 1;
        watch.give(held, "write");
    }
    watch.events()
}

/// What is planted, as a workload file. Half of the long times are longer than 1 ms, and no longer ones are measured.
fn workload() -> String {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let writes = EXPIRES + TOUCHES;
    let (touches, expires) = (TOUCHES / writes, EXPIRES / writes);
    let (look_up, touch, expire) = (LOOK_UP_US * 1e3, TOUCH_US * 1e3, EXPIRE_US * 1e3);
    format!(
        "name = \"sessions\"\nbaseline = \"mutex/std\"\n\
         [table]\nrecords = {USERS}\nvalue = \"plain\"\nkeys = \"integers\"\nhasher = \"sip\"\n\
         [mixed]\nthreads = {}\nwrites = {writes}\nsection_ns = {look_up}\n\
         write_section_ns = [{{ ns = {touch}, share = {touches:.3} }}, {{ ns = {}, share = {:.3} }}, {{ ns = {expire}, share = {:.3} }}]\n\
         [needs]\nlinearizable = true\n[deploy]\ncores = {processors}",
        SEEDS.len(),
        expire * 0.75,
        expires / 2.0,
        expires / 2.0,
    )
}

fn main() {
    let argument = std::env::args().nth(1);
    if argument.as_deref() == Some("workload") {
        println!("{}", workload());
        return;
    }
    let service = Service {
        sessions: Mutex::new((0..USERS).map(|user| (user, 0)).collect()),
        config: RwLock::new(7),
        counters: Mutex::new(0),
        is_shortened: argument.as_deref() == Some("shortened"),
    };
    lockrecord::name(&service.sessions, "sessions");
    lockrecord::name(&service.config, "config");
    lockrecord::name(&service.counters, "counters");
    let program = Program::begin();
    let events = thread::scope(|scope| {
        let threads = SEEDS.map(|seed| {
            let (service, watch) = (&service, program.watch(seed));
            scope.spawn(move || serve(service, watch))
        });
        program.wait();
        threads
            .map(|thread| thread.join().unwrap())
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
    });
    drop(service);
    println!("{}", truth::truth(&program, Some("sessions"), &events));
}
