//! The order of slices within a block.

use model::random::{self, shuffle};
use model::sample::Part;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Tells it from what else a process draws.
const ORDER: u64 = 2;

/// A block of a part: every strategy once, in random order, with a slice of the baseline before, between and
/// after them. Even positions are the baseline's.
///
/// A fixed order would let a drifting machine decide the ranking (Abedi and Brecht, ICPE 2017); the
/// neighbours are what each strategy is compared with.
pub fn block<'n>(part: &'n Part, baseline: &'n str, seed: u64, block: u32) -> Vec<&'n str> {
    let seed = random::seed(seed, &[part.process.into(), block.into(), ORDER]);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let strategies = part.strategies.iter().map(String::as_str);
    let mut contenders: Vec<&str> = strategies.filter(|&name| name != baseline).collect();
    shuffle(&mut contenders, &mut random);
    let mut order = vec![baseline];
    for contender in contenders {
        order.extend([contender, baseline]);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(strategies: &[&str], process: u32) -> Part {
        Part {
            scenario: String::new(),
            process,
            strategies: strategies.iter().copied().map(String::from).collect(),
            blocks: 0,
        }
    }

    #[test]
    fn every_strategy_stands_between_two_slices_of_the_baseline() {
        let part = part(&["a", "base", "b", "c"], 0);
        for number in 0..20 {
            let order = block(&part, "base", 7, number);
            assert_eq!(order.len(), 7);
            assert!(
                order.iter().step_by(2).all(|&name| name == "base"),
                "{order:?}"
            );
            let mut others: Vec<&str> = order.iter().skip(1).step_by(2).copied().collect();
            others.sort_unstable();
            assert_eq!(others, ["a", "b", "c"]);
        }
    }

    #[test]
    fn the_order_depends_on_seed_process_and_block_only() {
        let names: Vec<String> = (0..20).map(|n| format!("s{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let order = |seed, process, number| {
            let part = part(&names, process);
            block(&part, "s0", seed, number).join(" ")
        };
        assert_eq!(order(1, 2, 3), order(1, 2, 3));
        assert_ne!(order(1, 2, 3), order(2, 2, 3));
        assert_ne!(order(1, 2, 3), order(1, 3, 3));
        assert_ne!(order(1, 2, 3), order(1, 2, 4));
    }
}
