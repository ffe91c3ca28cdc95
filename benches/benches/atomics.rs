//! All variants of `pivot-atomics`.

fn main() {
    benches::family::<atomics::Variants>();
}
