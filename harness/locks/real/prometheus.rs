//! A client of the crate `prometheus`: threads that look up a counter by its labels and increment it, between requests that
//! take a while, and one that collects all of them now and then. Prints requests per second.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use prometheus::core::Collector;
use prometheus::{IntCounterVec, Opts};

const LABELS: [&str; 3] = ["method", "path", "status"];
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
const PATHS: [&str; 8] = [
    "/", "/users", "/orders", "/items", "/cart", "/login", "/logout", "/search",
];
const STATUSES: [&str; 4] = ["200", "301", "404", "500"];

const THREADS: usize = 2;

/// What a request does besides counting: some multiplications.
fn work() {
    let mut state = black_box(1_u64);
    for _ in 0..50 {
        let product = state.wrapping_mul(6_364_136_223_846_793_005);
        state = black_box(product.wrapping_add(1));
    }
}

fn main() {
    let milliseconds = std::env::args().nth(1);
    let milliseconds = milliseconds.map_or(1000, |text| text.parse().expect("a number"));
    let time = Duration::from_millis(milliseconds);
    let requests = IntCounterVec::new(Opts::new("requests", "All requests."), &LABELS);
    let requests = requests.expect("the labels are valid");
    let ended = AtomicBool::new(false);
    let began = Instant::now();
    let served: u64 = thread::scope(|scope| {
        let servers: [_; THREADS] = std::array::from_fn(|thread| {
            let (requests, ended) = (&requests, &ended);
            scope.spawn(move || {
                let mut served = 0;
                while !ended.load(Ordering::Relaxed) {
                    let turn = thread + served;
                    let labels = [
                        METHODS[turn % METHODS.len()],
                        PATHS[turn / 4 % PATHS.len()],
                        STATUSES[turn / 32 % STATUSES.len()],
                    ];
                    requests.with_label_values(&labels).inc();
                    work();
                    served += 1;
                }
                served as u64
            })
        });
        while began.elapsed() < time {
            thread::sleep(Duration::from_millis(50));
            black_box(requests.collect());
        }
        ended.store(true, Ordering::Relaxed);
        let served = servers.into_iter().map(|server| server.join());
        served.map(|served| served.expect("a server ends")).sum()
    });
    println!("{:.0}", served as f64 / began.elapsed().as_secs_f64());
}
