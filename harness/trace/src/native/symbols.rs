//! Names for addresses: of functions, with what was inlined into them, and of variables.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;

use object::{Object, ObjectSymbol, SymbolKind};

/// The names of this program.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    /// Statics, by where they are in this process: bytes and name.
    statics: BTreeMap<u64, (u64, String)>,
    /// Functions that were asked for.
    functions: HashMap<u64, Vec<Function>>,
}

impl Symbols {
    /// Those of the running program; none where it cannot be read.
    pub(crate) fn load() -> Self {
        let program = fs::read("/proc/self/exe").unwrap_or_default();
        let Ok(file) = object::File::parse(program.as_slice()) else {
            return Self::default();
        };
        // SAFETY: reads what the kernel has handed over, and changes nothing.
        let entry = unsafe { libc::getauxval(libc::AT_ENTRY) };
        // How far from its own addresses the program was loaded.
        let bias = entry.wrapping_sub(file.entry());
        let is_static = |symbol: &object::Symbol<'_, '_>| {
            symbol.kind() == SymbolKind::Data && symbol.size() > 0
        };
        let statics = file.symbols().filter(is_static).map(|symbol| {
            let name = backtrace::SymbolName::new(symbol.name_bytes().unwrap_or(b"?"));
            let name = short(&format!("{name:#}"));
            (bias + symbol.address(), (symbol.size(), name))
        });
        Self {
            statics: statics.collect(),
            functions: HashMap::new(),
        }
    }

    /// The static variable at an address, and how far into it that is.
    pub(crate) fn variable(&self, address: u64) -> Option<(&str, u64)> {
        let (begin, (bytes, name)) = self.statics.range(..=address).next_back()?;
        let offset = address - begin;
        (offset < *bytes).then_some((name.as_str(), offset))
    }

    /// The innermost function on a call stack that does not only do what another wants; nothing if
    /// they all do.
    pub(crate) fn owner(&mut self, calls: impl IntoIterator<Item = u64>) -> Option<String> {
        calls.into_iter().find_map(|call| {
            let mut functions = self.functions(call).iter();
            let owner = functions.find(|function| !function.is_plumbing)?;
            Some(owner.located.clone())
        })
    }

    /// The functions that begin at addresses, with their crates, in alphabetical order.
    pub(crate) fn all_called(&mut self, addresses: &BTreeSet<u64>) -> Vec<String> {
        let mut called = BTreeSet::new();
        for &address in addresses {
            // Not what was inlined there, but what it was inlined into.
            let function = self.functions(address).last();
            called.extend(function.map(|function| function.name.clone()));
        }
        called.into_iter().collect()
    }

    /// The same for whoever allocated a block; nothing if that was whoever looks.
    pub(crate) fn owner_of_block(&mut self, calls: &[u64]) -> Option<String> {
        let mut is_below = true;
        for &call in calls {
            for function in self.functions(call) {
                // First comes what enters blocks, and the allocator that tells of them.
                let watches = ["backtrace", "trace", "conformance"].contains(&function.of.as_str());
                if is_below && watches {
                    continue;
                }
                is_below = false;
                if watches {
                    return None;
                }
                if !function.is_plumbing {
                    return Some(function.located.clone());
                }
            }
        }
        None
    }

    /// The functions at an instruction, what was inlined first.
    fn functions(&mut self, address: u64) -> &[Function] {
        self.functions.entry(address).or_insert_with(|| {
            let mut functions = Vec::new();
            // What is resolved is the instruction before the address, as for a return address.
            backtrace::resolve((address + 1) as *mut _, |symbol| {
                functions.extend(Function::from_symbol(symbol));
            });
            functions
        })
    }
}

/// A function of the program.
#[derive(Debug)]
struct Function {
    /// With its crate; without the path, where the debugging information has none.
    name: String,
    /// The crate.
    of: String,
    /// Name, file and line, where known.
    located: String,
    /// Whether it only does what another wants: the standard library, collections, and what is
    /// around the strategies here.
    is_plumbing: bool,
}

impl Function {
    fn from_symbol(symbol: &backtrace::Symbol) -> Option<Self> {
        const PLUMBING: &str =
            "core alloc std hashbrown rustc_hash contract conformance backtrace trace trap";
        let mut name = short(&format!("{:#}", symbol.name()?));
        let path = symbol.filename().and_then(|path| path.to_str());
        let of = path.and_then(crate_of).or(name.split("::").next());
        let of = of.unwrap_or_default().replace('-', "_");
        let is_known = PLUMBING.split(' ').any(|known| known == of);
        let is_plumbing = is_known || name.starts_with("__") || of == name;
        if of != name && !name.starts_with(&format!("{of}::")) {
            name = format!("{of}::{name}");
        }
        let file = path.and_then(|path| path.rsplit('/').next());
        let located = match file.zip(symbol.lineno()) {
            Some((file, line)) => format!("{name} ({file}:{line})"),
            None => name.clone(),
        };
        Some(Self {
            name,
            of,
            located,
            is_plumbing,
        })
    }
}

/// The crate that a source file belongs to, by the customs of cargo and of the standard library.
fn crate_of(path: &str) -> Option<&str> {
    if let Some((_, inside)) = path.split_once("/library/") {
        return inside.split('/').next();
    }
    let folder = match path.split_once("/registry/src/") {
        Some((_, inside)) => inside.split('/').nth(1)?,
        None => path.rsplit_once("/src/")?.0.rsplit('/').next()?,
    };
    let is_version = |text: &str| text.starts_with(|character: char| character.is_ascii_digit());
    match folder.rsplit_once('-') {
        Some((name, version)) if is_version(version) => Some(name),
        _ => Some(folder),
    }
}

/// A name without its generic arguments, and of an implementation only whose it is.
pub(crate) fn short(name: &str) -> String {
    let name = name.trim_start_matches(['<', '&', '*']);
    let (mut text, mut depth, mut before) = (String::new(), 0_usize, ' ');
    for (at, character) in name.char_indices() {
        match character {
            // The trait of `<Type as Trait>`, whose first bracket is gone.
            ' ' if depth == 0 && name[at..].starts_with(" as ") => depth = 1,
            '<' => depth += 1,
            // Not the arrow of a function's type.
            '>' if before != '-' => depth = depth.saturating_sub(1),
            _ if depth == 0 => text.push(character),
            _ => {}
        }
        before = character;
    }
    text.replace("::::", "::").trim_end_matches("::").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_arguments() {
        assert_eq!(short("a::b::c"), "a::b::c");
        assert_eq!(short("a::Map<K, V<W>>::get::<Q>"), "a::Map::get");
        assert_eq!(short("<a::Lock<T> as b::Raw>::lock"), "a::Lock::lock");
        assert_eq!(
            short("<&a::B as c::D<E>>::f::{closure#0}"),
            "a::B::f::{closure#0}"
        );
        assert_eq!(short("a::<fn() -> B>::c"), "a::c");
    }

    #[test]
    fn a_crate_is_told_from_the_path() {
        let registry =
            "/root/.cargo/registry/src/index.crates.io-1/arc-swap-1.9.5/src/debt/list.rs";
        assert_eq!(crate_of(registry), Some("arc-swap"));
        assert_eq!(crate_of("/rustc/abc/library/core/src/ptr.rs"), Some("core"));
        assert_eq!(
            crate_of("strategies/left-right/src/map.rs"),
            Some("left-right")
        );
    }

    #[test]
    fn functions_and_variables_of_this_program_have_names() {
        static HERE: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(3);
        let mut symbols = Symbols::load();
        let function = Symbols::load as *const () as u64;
        assert!(
            symbols
                .functions(function)
                .iter()
                .any(|function| function.name.ends_with("load"))
        );
        let address = std::hint::black_box(&raw const HERE).addr() as u64;
        let (name, offset) = symbols.variable(address).unwrap();
        assert!(name.ends_with("HERE") && offset == 0, "{name}");
    }
}
