use super::{Scale, spread};

#[test]
fn ticks_are_round_inside_and_apart() {
    for (low, high) in [(0.9, 1.4), (0.5, 20.0), (1.0, 1e6), (3e-3, 4e9)] {
        for apart in [18.0, 45.0] {
            let axis = Scale::over([low, high], 1.15, [100, 700]).unwrap();
            let places: Vec<i32> = axis
                .ticks(apart)
                .iter()
                .map(|&tick| axis.at(tick))
                .collect();
            assert!(!places.is_empty(), "{low} to {high}");
            assert!(places.iter().all(|place| (100..=700).contains(place)));
            let labels = axis.ticks(apart).into_iter().map(|tick| tick.to_string());
            assert!(labels.map(|label| label.len()).all(|digits| digits <= 10));
            let decades = (high / low).log10();
            for pair in places.windows(2) {
                let gap = f64::from(pair[1] - pair[0]);
                // Decades are drawn, however narrow.
                assert!(
                    gap >= apart - 1.0 || gap >= 600.0 / (decades + 1.0),
                    "{gap}"
                );
            }
        }
    }
}

#[test]
fn an_axis_keeps_order_and_ends_at_its_ends() {
    let axis = Scale::over([2.0, f64::NAN, 0.0, 50.0, f64::INFINITY], 1.0, [300, 20]).unwrap();
    assert_eq!(
        [2.0, 50.0, 1.0, 1e9, 0.0].map(|value| axis.at(value)),
        [300, 20, 300, 20, 300]
    );
    assert!(axis.at(10.0) < axis.at(9.0), "it goes upwards");
    assert!(axis.is_below(1.9) && !axis.is_below(2.1));
    assert!(Scale::over([0.0, -1.0], 1.0, [0, 1]).is_none());
}

#[test]
fn names_are_apart_and_stay_inside() {
    let heights = spread([50, 51, 52, 10, 290].into_iter(), 20, 290);
    assert_eq!(heights, [50, 66, 82, 20, 290]);
    let crowded = spread([280, 285, 289].into_iter(), 20, 290);
    assert_eq!(crowded, [258, 274, 290]);
}
