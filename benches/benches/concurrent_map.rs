//! All variants of `pivot-concurrent-map`.

fn main() {
    benches::family::<concurrent_map::Variants>();
}
