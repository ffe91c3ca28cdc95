//! All variants of `pivot-mutex`.

fn main() {
    benches::family::<mutex::Variants>();
}
