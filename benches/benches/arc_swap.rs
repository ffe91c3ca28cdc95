//! All variants of `pivot-arc-swap`.

fn main() {
    benches::family::<arc_swap_table::Variants>();
}
