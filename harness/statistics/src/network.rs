//! The medians of several sets of numbers at once, side by side.

/// So many sets at once: two registers of every x86-64 and every ARM.
pub(super) const LANES: usize = 8;

/// A number of each set. Ranks stand here as floating-point numbers, which are exact to 2^24: their minimum
/// is one instruction on every x86-64, that of integers is not.
pub(super) type Row = [f32; LANES];

/// The comparisons that bring the median of a set of given size into the middle, whatever is in it: those of
/// Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M) that the middle
/// depends on. None depends on what came out before, so no branch is guessed wrong, and the sets go through
/// it side by side.
#[derive(Clone, Debug)]
pub(super) struct Network {
    size: usize,
    comparisons: Vec<(usize, usize)>,
}

impl Network {
    /// For sets of this size, at least 1.
    pub(super) fn of(size: usize) -> Self {
        let mut needed = vec![false; size];
        needed[(size - 1) / 2] = true;
        needed[size / 2] = true;
        let mut comparisons = merge_exchange(size);
        comparisons.reverse();
        comparisons.retain(|&(low, high)| {
            let keep = needed[low] || needed[high];
            needed[low] |= keep;
            needed[high] |= keep;
            keep
        });
        comparisons.reverse();
        Self { size, comparisons }
    }

    /// The middle two of each set, which are the same one where the size is odd. `rows` has as many as a set
    /// has numbers; afterwards they have lost their order.
    #[inline]
    pub(super) fn middle(&self, rows: &mut [Row]) -> (Row, Row) {
        for &(low, high) in &self.comparisons {
            let (a, b) = (rows[low], rows[high]);
            // Not `min`, which minds what is no number.
            rows[low] =
                std::array::from_fn(|lane| if a[lane] < b[lane] { a[lane] } else { b[lane] });
            rows[high] =
                std::array::from_fn(|lane| if a[lane] > b[lane] { a[lane] } else { b[lane] });
        }
        (rows[(self.size - 1) / 2], rows[self.size / 2])
    }
}

/// Sorts a set if, in this order, the smaller of each pair is put into the first place.
fn merge_exchange(size: usize) -> Vec<(usize, usize)> {
    let mut comparisons = Vec::new();
    let half = size.next_power_of_two() / 2;
    let mut step = half;
    while step > 0 {
        let (mut reach, mut part, mut distance) = (half, 0, step);
        loop {
            let lower = (0..size - distance).filter(|place| place & step == part);
            comparisons.extend(lower.map(|place| (place, place + distance)));
            if reach == step {
                break;
            }
            (distance, part) = (reach - step, step);
            reach /= 2;
        }
        step /= 2;
    }
    comparisons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_every_set_is_found() {
        // What works for all sets of zeros and ones works for all (Knuth's theorem Z).
        for size in 1..=12 {
            let network = Network::of(size);
            for first in (0..1_usize << size).step_by(LANES) {
                let set = |lane: usize| (first + lane) % (1 << size);
                let mut rows: Vec<Row> = (0..size)
                    .map(|place| std::array::from_fn(|lane| (set(lane) >> place & 1) as f32))
                    .collect();
                let (lower, upper) = network.middle(&mut rows);
                for lane in 0..LANES {
                    let zeros = size - set(lane).count_ones() as usize;
                    let of = |place: usize| f32::from(u8::from(place >= zeros));
                    let expected = (of((size - 1) / 2), of(size / 2));
                    assert!(
                        (lower[lane], upper[lane]) == expected,
                        "{size}: {:b}",
                        set(lane)
                    );
                }
            }
        }
    }
}
