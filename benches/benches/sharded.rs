//! All variants of `pivot-sharded`.

fn main() {
    benches::family::<sharded::Variants>();
}
