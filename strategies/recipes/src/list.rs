//! Which recipe is whose.

use super::Recipe;

macro_rules! code {
    ($name:literal) => {
        include_str!(concat!("../tests/recipes/", $name, ".rs"))
    };
}

macro_rules! text {
    ($name:literal) => {
        include_str!(concat!("text/", $name, ".md"))
    };
}

type Crates = &'static [(&'static str, &'static str)];

const CONTRACT: (&str, &str) = ("pivot-contract", "strategies/contract");
const PODTABLE: Crates = &[("podtable", "strategies/podtable")];
const HYBRID: Crates = &[("pivot-hybrid", "strategies/hybrid"), CONTRACT];

const fn recipe(
    strategies: &'static [&'static str],
    libraries: &'static [&'static str],
    after: &'static [&'static str],
    text: &'static str,
) -> Recipe {
    Recipe {
        strategies,
        libraries,
        crates: &[],
        derived: &[],
        before: &[code!("mutex"), code!("main")],
        after,
        text,
    }
}

/// Of a table of this workspace that holds numbered records.
const fn numbered(
    strategies: &'static [&'static str],
    crates: Crates,
    after: &'static [&'static str],
    text: &'static str,
) -> Recipe {
    Recipe {
        crates,
        before: &[code!("mutex_plain")],
        ..recipe(strategies, &[], after, text)
    }
}

/// Of a table or a cell of plain data.
const fn plain(
    strategies: &'static [&'static str],
    libraries: &'static [&'static str],
    after: &'static [&'static str],
    text: &'static str,
) -> Recipe {
    Recipe {
        derived: &[("bytemuck", "derive")],
        libraries,
        ..numbered(strategies, PODTABLE, after, text)
    }
}

/// In the order of the registry.
#[rustfmt::skip]
pub(crate) static RECIPES: [Recipe; 26] = [
    recipe(&["mutex/std"], &[], &[code!("mutex_arcs")], text!("mutex-std")),
    recipe(&["mutex/parking_lot"], &["parking_lot"], &[code!("mutex_parking_lot")], text!("mutex-parking-lot")),
    recipe(&["rwlock/std"], &[], &[code!("rwlock_std")], text!("rwlock")),
    recipe(&["rwlock/parking_lot"], &["parking_lot"], &[code!("rwlock_parking_lot")], text!("rwlock")),
    // Nobody should adopt it: the recipe leads away from it.
    Recipe {
        before: &[code!("actor"), code!("main")],
        ..recipe(&["channel/std-mpsc", "channel/crossbeam"], &[], &[code!("mutex")], text!("channel"))
    },
    plain(&["atomics/seqlock"], &[], &[code!("seq_table")], text!("atomics")),
    plain(&["atomics/cas"], &[], &[code!("cas_table"), code!("seq_table")], text!("atomics")),
    recipe(&["arc-swap/table"], &["arc-swap"], &[code!("arc_swap_table")], text!("arc-swap")),
    recipe(&["arc-swap/persistent"], &["arc-swap", "imbl"], &[code!("arc_swap_persistent")], text!("arc-swap-persistent")),
    recipe(&["arc-swap/per-process"], &["arc-swap"], &[code!("arc_swap_cells"), code!("arc_swap_table")], text!("arc-swap-cells")),
    recipe(&["arc-swap/cached"], &["arc-swap"], &[code!("arc_swap_cached"), code!("arc_swap_table")], text!("arc-swap")),
    recipe(&["sharded/mutex", "sharded/padded"], &[], &[code!("sharded")], text!("sharded")),
    recipe(&["sharded/rwlock"], &[], &[code!("sharded_rwlock")], text!("sharded")),
    recipe(&["left-right/evmap", "left-right/evmap-batched"], &["evmap"], &[code!("evmap")], text!("evmap")),
    recipe(&["left-right/map"], &["left-right"], &[code!("left_right")], text!("left-right")),
    recipe(&["epoch/table"], &["crossbeam-epoch"], &[code!("epoch_table")], text!("epoch")),
    recipe(&["epoch/per-process"], &["crossbeam-epoch"], &[code!("epoch_cells"), code!("epoch_table")], text!("epoch")),
    recipe(&["concurrent-map/dashmap"], &["dashmap"], &[code!("dashmap_shards"), code!("dashmap")], text!("dashmap")),
    recipe(&["concurrent-map/dashmap-default"], &["dashmap"], &[code!("dashmap")], text!("dashmap")),
    recipe(&["concurrent-map/papaya"], &["papaya"], &[code!("papaya")], text!("papaya")),
    recipe(&["concurrent-map/scc-hashmap"], &["scc"], &[code!("scc_hash_map")], text!("scc-hash-map")),
    recipe(&["concurrent-map/scc-hashindex"], &["scc"], &[code!("scc_hash_index")], text!("scc-hash-index")),
    numbered(&["hybrid/sync-map"], HYBRID, &[code!("sync_map"), code!("handles")], text!("sync-map")),
    Recipe {
        crates: &[HYBRID[0]],
        ..recipe(&["hybrid/bravo"], &[], &[code!("bravo")], text!("bravo"))
    },
    plain(&["hybrid/cells"], &["papaya"], &[code!("cells"), code!("seq_table")], text!("cells")),
    Recipe {
        crates: &[("biased-rwlock", "strategies/biased")],
        ..recipe(&["hybrid/biased"], &[], &[code!("biased")], text!("biased"))
    },
];
