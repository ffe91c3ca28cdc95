//! All variants of `pivot-epoch`.

fn main() {
    benches::family::<epoch::Variants>();
}
