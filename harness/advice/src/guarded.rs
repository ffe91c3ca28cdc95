//! What a lock guards, by the name of its type: a guess that the workload file shows, to be corrected there.

use model::scenario::Hasher;
use serde::Serialize;

use super::workload::{KeyKind, Shape, ValueKind};

/// What the name of a type says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Guarded {
    /// What it is.
    pub(super) shape: Shape,
    /// What its records are, or the value itself.
    pub(super) value: ValueKind,
    /// Its keys, if it is a map.
    pub(super) keys: KeyKind,
    /// What hashes them.
    pub(super) hasher: Hasher,
}

impl Guarded {
    /// Reads the name of a type, as the compiler writes it: `std::collections::hash::map::HashMap<alloc::string::String, u64>`.
    /// A type of the program's own is a cell that may own memory.
    pub(super) fn by_type(name: &str) -> Self {
        let (outer, arguments) = taken_apart(name);
        let is_cache = outer.to_ascii_lowercase().contains("cache") || outer == "LruMap";
        let shape = match outer {
            "()" => Shape::Nothing,
            _ if is_number(outer) => Shape::Counter,
            "VecDeque" | "BinaryHeap" | "LinkedList" => Shape::Queue,
            "HashSet" | "BTreeSet" | "IndexSet" => Shape::Table,
            _ if is_cache => Shape::BoundedCache,
            _ if outer.ends_with("Map") => Shape::Table,
            _ => Shape::Cell,
        };
        let is_table = shape == Shape::Table;
        let is_set = outer.ends_with("Set");
        // Ordered maps compare and hash nothing. The compiler leaves out the standard library's own hasher.
        let is_hashed = outer.starts_with("Hash") || outer.starts_with("Index");
        let hasher = arguments.get(if is_set { 1 } else { 2 });
        let is_std = hasher.is_none_or(|name| name.ends_with("RandomState"));
        let has_strings = arguments.first().is_some_and(|name| is_string(name));
        Self {
            shape,
            value: match arguments.get(1) {
                _ if !is_table => value_of(name),
                _ if is_set => ValueKind::Plain,
                Some(value) => value_of(value),
                None => ValueKind::Heap,
            },
            keys: if is_table && has_strings {
                KeyKind::Strings
            } else {
                KeyKind::default()
            },
            hasher: if is_table && is_hashed && is_std {
                Hasher::Sip
            } else {
                Hasher::default()
            },
        }
    }
}

fn is_string(name: &str) -> bool {
    let (outer, inner) = taken_apart(name);
    let is_behind = || inner.first().is_some_and(|inner| inner.ends_with("str"));
    matches!(outer, "String" | "&str" | "str") || is_behind()
}

/// Whether a value of the type can be plain data, is behind an `Arc`, or owns memory, as every type may that is not known.
fn value_of(name: &str) -> ValueKind {
    let (outer, arguments) = taken_apart(name);
    let is_plain_array = || {
        let items = inside(name, ['[', ']']);
        let item = items.and_then(|items| items.split(';').next());
        item.is_some_and(is_plain)
    };
    match outer {
        "Arc" => ValueKind::Arc,
        "Option" if !arguments.is_empty() => value_of(arguments[0]),
        _ if is_plain(name) || is_plain_array() => ValueKind::Plain,
        _ => ValueKind::Heap,
    }
}

fn is_number(name: &str) -> bool {
    let digits = name.strip_prefix(['u', 'i', 'f']);
    digits.is_some_and(|size| matches!(size, "8" | "16" | "32" | "64" | "128" | "size"))
}

fn is_plain(name: &str) -> bool {
    let items = inside(name, ['(', ')']);
    let is_tuple = || items.is_some_and(|items| split(items).into_iter().all(is_plain));
    is_number(name) || matches!(name, "bool" | "char" | "Instant") || is_tuple()
}

/// What is between two brackets.
fn inside(name: &str, [open, close]: [char; 2]) -> Option<&str> {
    name.strip_prefix(open)?.strip_suffix(close)
}

/// The last segment of the path of a type, and its arguments.
fn taken_apart(name: &str) -> (&str, Vec<&str>) {
    let (path, arguments) = match name.split_once('<') {
        Some((path, rest)) => (path, split(rest.strip_suffix('>').unwrap_or(rest))),
        None => (name, Vec::new()),
    };
    (path.rsplit("::").next().unwrap_or(path), arguments)
}

/// Between the commas that are in no brackets.
fn split(list: &str) -> Vec<&str> {
    let mut depth = 0;
    let is_comma = |letter: char| {
        match letter {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth -= 1,
            _ => (),
        }
        letter == ',' && depth == 0
    };
    let parts = list.split(is_comma).map(str::trim);
    parts.filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSIONS: &str = "std::collections::hash::map::HashMap<alloc::string::String, \
                            alloc::sync::Arc<app::Session>>";

    #[test]
    fn maps_are_tables_of_their_keys_and_values() {
        let sessions = Guarded::by_type(SESSIONS);
        let expected = Guarded {
            shape: Shape::Table,
            value: ValueKind::Arc,
            keys: KeyKind::Strings,
            hasher: Hasher::Sip,
        };
        assert_eq!(sessions, expected);
        let metrics = Guarded::by_type(
            "std::collections::hash::map::HashMap<u32, (u64, [u8; 4]), rustc_hash::FxBuildHasher>",
        );
        assert_eq!(
            (metrics.keys, metrics.hasher),
            (KeyKind::Integers, Hasher::Fx)
        );
        let sorted = Guarded::by_type("alloc::collections::btree::map::BTreeMap<u64, u64>");
        assert_eq!(
            (sorted.shape, sorted.value),
            (Shape::Table, ValueKind::Plain)
        );
        assert_eq!(sorted.hasher, Hasher::Fx);
    }

    #[test]
    fn what_no_strategy_is_is_recognised() {
        let shape = |name: &str| Guarded::by_type(name).shape;
        assert_eq!(shape("u64"), Shape::Counter);
        assert_eq!(
            shape("alloc::collections::vec_deque::VecDeque<app::Job>"),
            Shape::Queue
        );
        assert_eq!(shape("lru::LruCache<u64, u64>"), Shape::BoundedCache);
        assert_eq!(shape("()"), Shape::Nothing);
    }

    #[test]
    fn what_is_not_known_may_own_memory() {
        let of = |name: &str| {
            let Guarded { shape, value, .. } = Guarded::by_type(name);
            (shape, value)
        };
        assert_eq!(of("app::State"), (Shape::Cell, ValueKind::Heap));
        assert_eq!(
            of("alloc::sync::Arc<app::Config>"),
            (Shape::Cell, ValueKind::Arc)
        );
        assert_eq!(of("(u64, bool)"), (Shape::Cell, ValueKind::Plain));
        assert_eq!(
            of("core::option::Option<u8>"),
            (Shape::Cell, ValueKind::Plain)
        );
    }
}
