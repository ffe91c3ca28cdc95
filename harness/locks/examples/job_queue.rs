//! Planted: jobs that come in bursts, behind a mutex. A worker holds the lock for long when it takes a job; the producer and the
//! other worker wait for it. Threads are idle for most of the time.
#![expect(clippy::print_stdout, reason = "the truth is what it is run for")]

mod truth;

use std::collections::VecDeque;
use std::thread;
use std::time::Duration;

use lockrecord::std::Mutex;
use truth::{Event, Program, Watch, spin};

struct Queue {
    jobs: Mutex<VecDeque<u64>>,
    done: Mutex<u64>,
}

fn push(queue: &Queue, watch: &mut Watch<'_>) {
    let time = watch.around(20.0);
    let mut held = watch.lock("jobs", &queue.jobs);
    held.guard.push_back(1);
    spin(time);
    watch.give(held, "write");
}

fn is_empty(queue: &Queue, watch: &mut Watch<'_>) -> bool {
    let time = watch.around(4.0);
    let held = watch.lock("jobs", &queue.jobs);
    let is_empty = held.guard.is_empty();
    spin(time);
    watch.give(held, "read");
    is_empty
}

/// The section that is too long.
fn pop(queue: &Queue, watch: &mut Watch<'_>) {
    let time = watch.around(150.0);
    let mut held = watch.lock("jobs", &queue.jobs);
    held.guard.pop_front();
    spin(time);
    watch.give(held, "write");
}

fn produce(queue: &Queue, mut watch: Watch<'_>) -> Vec<Event> {
    while watch.is_running() {
        let pause = watch.until_next(25_000.0);
        thread::sleep(pause);
        for _ in 0..20 + (watch.part() * 20.0) as u32 {
            push(queue, &mut watch);
            let pause = watch.around(10.0);
            spin(pause);
        }
    }
    watch.events()
}

fn work(queue: &Queue, mut watch: Watch<'_>) -> Vec<Event> {
    while watch.is_running() {
        if is_empty(queue, &mut watch) {
            thread::sleep(Duration::from_millis(1));
            continue;
        }
        pop(queue, &mut watch);
        let job = watch.around(100.0);
        spin(job);
        let mut held = watch.lock("done", &queue.done);
        *held.guard += 1;
        watch.give(held, "write");
    }
    watch.events()
}

fn main() {
    let queue = Queue {
        jobs: Mutex::new(VecDeque::new()),
        done: Mutex::new(0),
    };
    lockrecord::name(&queue.jobs, "jobs");
    lockrecord::name(&queue.done, "done");
    let program = Program::begin();
    let events = thread::scope(|scope| {
        let (queue, program) = (&queue, &program);
        let producer = scope.spawn(move || produce(queue, program.watch(1)));
        let workers = [2, 3].map(|seed| scope.spawn(move || work(queue, program.watch(seed))));
        program.wait();
        let threads = workers.into_iter().chain([producer]);
        threads
            .flat_map(|thread| thread.join().unwrap())
            .collect::<Vec<_>>()
    });
    drop(queue);
    println!("{}", truth::truth(&program, Some("jobs"), &events));
}
