//! Where the hypervisor had put the processors during a block: to cores that share a cache, or to cores that do not. Nothing else
//! that disturbs a block keeps it from counting: it is noise, in every strategy alike, and the tests have it in their error.

use std::collections::HashSet;

use model::sample::Line;

/// Handing a line over costs more or less than it usually does in the run by this factor. On the same two processors it
/// varies by tenths; cores of one cache and of two are several times apart, two threads of one core half of that.
const HAND_OFF_APART_MAX: f64 = 1.5;

/// A block: scenario, process and number.
pub(super) type BlockKey<'a> = (&'a str, u32, u32);

/// The blocks during which the processors were not where they usually are: handing a line over cost other than usual, before
/// the block or after it.
pub(super) fn moved(lines: &[Line]) -> HashSet<BlockKey<'_>> {
    let all = || lines.iter().filter_map(Line::try_as_interference_ref);
    let readings: Vec<f64> = all()
        .flat_map(|interference| interference.hand_off_ns.into_iter().flatten())
        .collect();
    let usual = usual_hand_off(&readings);
    let moved = all().filter(|block| {
        let mut readings = block.hand_off_ns.into_iter().flatten();
        readings.any(|reading| usual.is_some_and(|usual| is_apart(reading, usual)))
    });
    moved
        .map(|block| (&*block.scenario, block.process, block.block))
        .collect()
}

/// The hand-off that most of the others are near: processors stay where they are for seconds, so there are a few values and
/// not all between. Nothing where less than a third are near any.
pub fn usual_hand_off(readings: &[f64]) -> Option<f64> {
    let mut ordered = readings.to_vec();
    ordered.sort_by(f64::total_cmp);
    let below = |end: f64| ordered.partition_point(|&reading| reading < end);
    let near = |usual: f64| below(usual * HAND_OFF_APART_MAX) - below(usual / HAND_OFF_APART_MAX);
    // From the most distant: of as many, the nearest is taken.
    let usual = ordered.iter().rev().copied();
    let usual = usual.max_by_key(|&reading| near(reading))?;
    (3 * near(usual) >= readings.len()).then_some(usual)
}

/// Whether two hand-offs were not between the same places.
pub fn is_apart(hand_off: f64, other: f64) -> bool {
    hand_off >= other * HAND_OFF_APART_MAX || hand_off < other / HAND_OFF_APART_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::sample::Interference;

    #[test]
    fn a_block_is_moved_if_it_began_or_ended_elsewhere() {
        let block = |(block, hand_off_ns): (u32, Option<[f64; 2]>)| {
            Line::Interference(Interference {
                scenario: "s".into(),
                process: 0,
                block,
                slices: 10,
                took_ns: 100_000_000,
                stolen_ns: 50_000_000,
                hand_off_ns,
            })
        };
        let here = Some([32.0, 35.0]);
        let readings = [here, here, Some([32.0, 180.0]), Some([14.0, 33.0]), None];
        let lines: Vec<Line> = (0..).zip(readings).map(block).collect();
        assert_eq!(moved(&lines), HashSet::from([("s", 0, 2), ("s", 0, 3)]));
        assert!(moved(&lines[4..]).is_empty());
    }

    #[test]
    fn the_usual_hand_off_is_one_that_was_measured() {
        let usual = |readings: &[f64]| usual_hand_off(readings);
        assert_eq!(usual(&[]), None);
        assert_eq!(usual(&[32.0, 31.0, 180.0]).map(f64::round), Some(31.0));
        // As many there as here: neither is halfway, and the nearer is taken.
        assert!(usual(&[32.0, 180.0, 32.0, 180.0]).is_some_and(|ns| ns < 40.0));
        assert!(usual(&[180.0, 181.0, 32.0]).is_some_and(|ns| ns > 100.0));
        // No value is usual.
        assert_eq!(usual(&[10.0, 20.0, 40.0, 80.0]), None);
    }
}
