//! All variants of `pivot-hybrid`.

fn main() {
    benches::family::<hybrid::Variants>();
}
