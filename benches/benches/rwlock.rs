//! All variants of `pivot-rwlock`.

fn main() {
    benches::family::<rwlock::Variants>();
}
