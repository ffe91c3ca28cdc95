//! How much was measured, and in which conditions.

use fixtures::{contended, invented};
use model::sample::{Interference, Line};

use crate::{Samples, protocol};

#[test]
fn stolen_time_is_a_share_of_that_of_all_processors() {
    let mut lines = contended([invented("atomics/cas", 10.0, 10.0, 10.0)], 2, 1);
    let of_process = |process, stolen_ns| {
        Line::Interference(Interference {
            scenario: "contention-saturating".into(),
            process,
            block: 0,
            slices: 10,
            took_ns: 1_000,
            stolen_ns,
            hand_off_ns: None,
        })
    };
    lines.extend([of_process(0, 0), of_process(1, 500)]);
    let samples = Samples::from_lines(lines).unwrap();
    let processors = samples.header.environment.cpus as f64;
    let protocol = protocol(&samples, &[], 0.01);
    assert!((protocol.stolen - 0.25 / processors).abs() < 1e-12);
    assert_eq!(protocol.moved, 0);
}
