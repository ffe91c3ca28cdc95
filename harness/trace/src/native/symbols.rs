//! Names for addresses: of functions, with what was inlined into them, and of variables.

use std::collections::{BTreeSet, HashMap};
use std::{fmt, fs};

use object::{Object, ObjectKind, ObjectSymbol, SymbolKind};

/// A variable of the program.
#[derive(Debug)]
struct Variable {
    begin: u64,
    bytes: u64,
    name: String,
}

/// The names of this program.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    /// Statics, by where they are in this process.
    statics: Vec<Variable>,
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
        let bias = match file.kind() {
            ObjectKind::Dynamic => begin_of_program().unwrap_or(0),
            _ => 0,
        };
        let of_kind = file
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Data && symbol.size() > 0);
        let mut statics: Vec<Variable> = of_kind
            .map(|symbol| Variable {
                begin: bias + symbol.address(),
                bytes: symbol.size(),
                name: short(&demangled(symbol.name().unwrap_or("?"))),
            })
            .collect();
        statics.sort_by_key(|variable| variable.begin);
        Self {
            statics,
            functions: HashMap::new(),
        }
    }

    /// The static variable at an address, and how far into it that is.
    pub(crate) fn variable(&self, address: u64) -> Option<(&str, u64)> {
        let begin = |variable: &Variable| variable.begin <= address;
        let variable = self.statics[..self.statics.partition_point(begin)].last()?;
        let offset = address - variable.begin;
        (offset < variable.bytes).then_some((variable.name.as_str(), offset))
    }

    /// The innermost function on a call stack that does not only do what another wants; nothing if
    /// they all do.
    pub(crate) fn owner(&mut self, calls: impl IntoIterator<Item = u64>) -> Option<String> {
        calls.into_iter().find_map(|call| {
            let mut functions = self.functions(call).iter();
            let own = functions.find(|function| !function.is_plumbing())?;
            Some(own.to_string())
        })
    }

    /// The functions that begin at addresses, with their crates, in alphabetical order.
    pub(crate) fn all_called(&mut self, addresses: &BTreeSet<u64>) -> Vec<String> {
        let called = addresses.iter().filter_map(|&at| self.called(at));
        let called: BTreeSet<String> = called.collect();
        called.into_iter().collect()
    }

    /// The function that begins at an address, with its crate: not what was inlined there, but what it was
    /// inlined into.
    pub(crate) fn called(&mut self, address: u64) -> Option<String> {
        self.functions(address).last().map(Function::with_crate)
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
                if !function.is_plumbing() {
                    return Some(function.to_string());
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
                functions.extend(Function::of(symbol));
            });
            functions
        })
    }
}

/// A function of the program.
#[derive(Debug)]
struct Function {
    /// Without the path, where the debugging information has none.
    name: String,
    /// The crate.
    of: String,
    /// File and line, where known.
    place: Option<(String, u32)>,
}

impl Function {
    fn of(symbol: &backtrace::Symbol) -> Option<Self> {
        let name = short(&format!("{:#}", symbol.name()?));
        let path = symbol.filename().and_then(|path| path.to_str());
        let of = path.and_then(crate_of).or(name.split("::").next());
        let file = path.and_then(|path| path.rsplit('/').next());
        Some(Self {
            of: of.unwrap_or_default().replace('-', "_"),
            place: file.map(str::to_owned).zip(symbol.lineno()),
            name,
        })
    }

    fn with_crate(&self) -> String {
        if self.of == self.name || self.name.starts_with(&format!("{}::", self.of)) {
            return self.name.clone();
        }
        format!("{}::{}", self.of, self.name)
    }

    /// Whether it only does what another wants: the standard library, collections, and what is
    /// around the strategies here.
    fn is_plumbing(&self) -> bool {
        const PLUMBING: [&str; 10] = [
            "core",
            "alloc",
            "std",
            "hashbrown",
            "rustc_hash",
            "contract",
            "conformance",
            "backtrace",
            "trace",
            "trap",
        ];
        PLUMBING.contains(&self.of.as_str()) || self.name.starts_with("__") || self.of == self.name
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with_crate())?;
        match &self.place {
            Some((file, line)) => write!(f, " ({file}:{line})"),
            None => Ok(()),
        }
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

/// Where the program was loaded.
fn begin_of_program() -> Option<u64> {
    let program = fs::read_link("/proc/self/exe").ok()?;
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let program = program.to_str().unwrap_or("?");
    let first = maps.lines().find(|line| line.ends_with(program))?;
    u64::from_str_radix(first.split('-').next()?, 16).ok()
}

fn demangled(name: &str) -> String {
    format!("{:#}", backtrace::SymbolName::new(name.as_bytes()))
}

/// A name without its generic arguments, and of an implementation only whose it is.
pub(crate) fn short(name: &str) -> String {
    let mut rest = name;
    let mut text = String::new();
    while let Some(at) = rest.find('<') {
        text.push_str(rest[..at].trim_end_matches("::"));
        let inside = inside_angles(&rest[at..]);
        // At the beginning it is `<Type as Trait>`, later on a list of arguments.
        if at == 0 && text.is_empty() {
            let implementor = inside.split(" as ").next().unwrap_or(inside);
            text.push_str(&short(implementor.trim_start_matches(['&', '*'])));
        }
        rest = &rest[at + inside.len() + 1..];
        rest = rest.strip_prefix('>').unwrap_or(rest);
    }
    text.push_str(rest);
    text
}

/// What is between the first angle bracket and its counterpart.
fn inside_angles(text: &str) -> &str {
    let mut depth = 0;
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        match character {
            '<' => depth += 1,
            // Not the arrow of a function's type.
            '>' if before != '-' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[1..at];
        }
        before = character;
    }
    &text[1..]
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
