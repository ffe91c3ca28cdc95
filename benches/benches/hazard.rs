//! All variants of `pivot-hazard`.

fn main() {
    benches::family::<hazard::Variants>();
}
