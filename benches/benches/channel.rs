//! All variants of `pivot-channel`.

fn main() {
    benches::family::<channel::Variants>();
}
