//! All variants of `pivot-combining`.

fn main() {
    benches::family::<combining::Variants>();
}
