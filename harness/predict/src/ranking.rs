//! Who is faster than whom, where no machine disagrees.

use crate::Band;

/// For each contender those that it is faster than, by their places in `contenders`: on every machine
/// its band ends below the other's beginning. Each has one band for each machine, in the same order;
/// who lacks one is not ranked.
pub fn faster_than(contenders: &[Vec<Band>]) -> Vec<Vec<usize>> {
    let machines = contenders.iter().map(Vec::len).max().unwrap_or(0);
    let is_faster = |one: &[Band], other: &[Band]| {
        machines > 0
            && [one.len(), other.len()] == [machines; 2]
            && one
                .iter()
                .zip(other)
                .all(|(one, other)| one.high < other.low)
    };
    let others = |one: &Vec<Band>| {
        let all = contenders.iter().enumerate();
        let slower = all.filter(|(_, other)| is_faster(one, other));
        slower.map(|(place, _)| place).collect()
    };
    contenders.iter().map(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(low: f64, high: f64) -> Band {
        Band {
            low,
            mid: f64::midpoint(low, high),
            high,
        }
    }

    #[test]
    fn an_order_that_one_machine_denies_is_not_stated() {
        let fast = vec![band(1.0, 2.0), band(1.0, 2.0)];
        let slow = vec![band(3.0, 4.0), band(3.0, 4.0)];
        assert_eq!(
            faster_than(&[fast.clone(), slow.clone()]),
            [vec![1], vec![]]
        );
        let denied = vec![band(3.0, 4.0), band(1.5, 4.0)];
        let none: [Vec<usize>; 2] = [vec![], vec![]];
        assert_eq!(faster_than(&[fast.clone(), denied]), none);
        let unknown = vec![band(3.0, 4.0)];
        assert_eq!(faster_than(&[fast, unknown]), none);
    }
}
