//! All variants of `pivot-left-right`.

fn main() {
    benches::family::<left_right_table::Variants>();
}
