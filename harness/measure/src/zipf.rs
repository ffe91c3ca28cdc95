//! Zipf's law, as YCSB draws it.
//!
//! The algorithm is that of Gray, Sundaresan, Englert, Baclawski and Weinberger, "Quickly Generating
//! Billion-Record Synthetic Databases" (SIGMOD 1994), as YCSB's `ZipfianGenerator` has it; the
//! scattering is that of its `ScrambledZipfianGenerator`, which draws from ten billion ranks and
//! folds their hashes onto the table. So the most popular of 1,024 processes gets some 4 % of the
//! operations and not the 13 % that the law alone would give it: what is compared here is what
//! published YCSB figures were measured with.

/// The law's exponent: YCSB's `ZIPFIAN_CONSTANT`.
const THETA: f64 = 0.99;
/// The ranks that are scattered: YCSB's `ITEM_COUNT`.
const SCRAMBLED_RANKS: u64 = 10_000_000_000;
/// The sum of rank^-THETA over them, which would take minutes to add up: YCSB's `ZETAN`.
const SCRAMBLED_ZETA: f64 = 26.469_028_201_783_02;

/// Draws ranks, the most popular being 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Zipf {
    ranks: u64,
    zeta: f64,
    eta: f64,
}

impl Zipf {
    /// Over so many ranks, at least 1.
    pub(crate) fn over(ranks: u64) -> Self {
        let zeta = (1..=ranks).map(|rank| (rank as f64).powf(-THETA)).sum();
        Self::with_zeta(ranks, zeta)
    }

    /// Over the ranks that [`scrambled`](Zipf::scrambled) folds.
    pub(crate) fn to_scramble() -> Self {
        Self::with_zeta(SCRAMBLED_RANKS, SCRAMBLED_ZETA)
    }

    fn with_zeta(ranks: u64, zeta: f64) -> Self {
        let zeta_of_two = 1.0 + 0.5_f64.powf(THETA);
        let eta = (1.0 - (2.0 / ranks as f64).powf(1.0 - THETA)) / (1.0 - zeta_of_two / zeta);
        Self { ranks, zeta, eta }
    }

    /// The rank at a uniform number of [0, 1).
    #[expect(clippy::cast_sign_loss, reason = "a share of a count is not negative")]
    pub(crate) fn rank(&self, uniform: f64) -> u64 {
        let mass = uniform * self.zeta;
        let rank = if mass < 1.0 {
            0
        } else if mass < 1.0 + 0.5_f64.powf(THETA) {
            1
        } else {
            let place = self.eta.mul_add(uniform, 1.0 - self.eta);
            (self.ranks as f64 * place.powf(1.0 / (1.0 - THETA))) as u64
        };
        rank.min(self.ranks - 1)
    }

    /// The same, scattered over `count` places.
    pub(crate) fn scrambled(&self, uniform: f64, count: usize) -> usize {
        (hash(self.rank(uniform)) % count as u64) as usize
    }
}

/// FNV-1a of the eight bytes, its sign dropped as YCSB's `fnvhash64` does.
fn hash(value: u64) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for byte in value.to_le_bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    hash.cast_signed().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws at evenly spaced numbers: the law itself, without the noise of a generator.
    fn shares(zipf: Zipf, place: impl Fn(&Zipf, f64) -> usize, places: usize) -> Vec<f64> {
        const DRAWS: usize = 200_000;
        let mut counts = vec![0.0; places];
        for draw in 0..DRAWS {
            let uniform = (draw as f64 + 0.5) / DRAWS as f64;
            counts[place(&zipf, uniform)] += 1.0 / DRAWS as f64;
        }
        counts
    }

    #[test]
    fn the_first_ranks_have_the_laws_shares() {
        let zipf = Zipf::over(1_000);
        let shares = shares(zipf, |zipf, u| zipf.rank(u) as usize, 1_000);
        let of_law = |rank: f64| rank.powf(-THETA) / zipf.zeta;
        assert!((shares[0] - of_law(1.0)).abs() < 1e-4, "{}", shares[0]);
        assert!((shares[1] - of_law(2.0)).abs() < 1e-4, "{}", shares[1]);
        // Beyond the second rank the algorithm is an approximation.
        let tail: f64 = shares[100..].iter().sum();
        let tail_of_law: f64 = (101..=1_000).map(|rank| of_law(f64::from(rank))).sum();
        assert!((tail / tail_of_law - 1.0).abs() < 0.1, "{tail}");
    }

    #[test]
    fn one_rank_is_all_there_is() {
        let zipf = Zipf::over(1);
        assert_eq!([0.0, 0.5, 0.999_999].map(|u| zipf.rank(u)), [0, 0, 0]);
    }

    #[test]
    fn scattered_ranks_keep_the_first_ones_share() {
        let shares = shares(Zipf::to_scramble(), |z, u| z.scrambled(u, 1_024), 1_024);
        let mut sorted = shares.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        // The share of the first rank, and a little of what all ranks give each place.
        let first = 1.0 / SCRAMBLED_ZETA;
        assert!(
            (first..first + 0.002).contains(&sorted[1_023]),
            "{}",
            sorted[1_023]
        );
        assert!(sorted[0] > 0.0, "no place is left out");
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        // Computed by hand from the definition: eight zero bytes only multiply.
        let expected = (0..8).fold(0xCBF2_9CE4_8422_2325_u64, |hash, _| {
            hash.wrapping_mul(0x0000_0100_0000_01B3)
        });
        assert_eq!(hash(0), expected.cast_signed().unsigned_abs());
    }
}
