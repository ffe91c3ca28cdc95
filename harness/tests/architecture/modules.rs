//! The modules of a crate and what each uses, read from the source: an import that only passes a name on is followed
//! to where the name is defined, and what is compiled for tests alone is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, Meta, UseTree, Visibility};

/// Where a name leads to: segments, the first `crate` or the name of another crate.
type Name = Vec<String>;

/// A crate as modules, by their paths within it.
pub(crate) struct Crate {
    modules: BTreeMap<Name, Module>,
}

/// A file, or a part of one that is a module of its own.
#[derive(Default)]
struct Module {
    file: PathBuf,
    imports: Vec<Import>,
    /// The paths in its code, as they are written.
    paths: BTreeSet<Name>,
}

struct Import {
    /// What it is called here; empty where everything is imported.
    name: String,
    path: Name,
    is_private: bool,
}

impl Crate {
    /// Reads a crate from its first file on.
    pub(crate) fn read(root: &Path) -> Self {
        let mut read = Self {
            modules: BTreeMap::new(),
        };
        read.file(root, &root.with_file_name(""), &["crate".into()]);
        read
    }

    /// Reads a file that is a module; the files of its own modules are in `folder`.
    fn file(&mut self, file: &Path, folder: &Path, module: &[String]) {
        let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let syntax = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut reader = Reader {
            krate: self,
            folder: folder.to_owned(),
            file: file.to_owned(),
            module: module.to_vec(),
        };
        reader.begin();
        reader.visit_file(&syntax);
    }

    /// Every file with what it uses: names of this crate, of others and of the standard library, in full.
    pub(crate) fn uses(&self) -> BTreeSet<(PathBuf, String)> {
        let mut uses = BTreeSet::new();
        for (at, module) in &self.modules {
            let imports = module.imports.iter().filter(|import| import.is_private);
            for path in module
                .paths
                .iter()
                .chain(imports.map(|import| &import.path))
            {
                if let Some(name) = self.resolve(at, path) {
                    uses.insert((module.file.clone(), name.join("::")));
                }
            }
        }
        uses
    }

    /// The arrows of files that lead round in a ring of more than two. A module and a part of it may use each other.
    pub(crate) fn rings(&self) -> BTreeSet<(PathBuf, PathBuf)> {
        let arrows = self.arrows();
        let mut rings = arrows.clone();
        rings.retain(|(from, to)| leads(&arrows, to, from));
        rings
    }

    /// Which file uses which other one.
    fn arrows(&self) -> BTreeSet<(PathBuf, PathBuf)> {
        let arrow = |(file, used): (PathBuf, String)| {
            let name: Name = used.split("::").map(str::to_owned).collect();
            // A module by itself is a name for what lies in it; what is used of it is a longer one.
            let (module, _) = self.split(&name).filter(|(_, item)| !item.is_empty())?;
            let used = &self.modules[module].file;
            (*used != file).then(|| (file, used.clone()))
        };
        self.uses().into_iter().filter_map(arrow).collect()
    }

    /// The innermost module that a full name leads through, and what is named in it.
    fn split<'n>(&self, name: &'n [String]) -> Option<(&'n [String], &'n [String])> {
        let ends = (1..=name.len()).rev();
        let mut splits = ends.map(|end| name.split_at(end));
        splits.find(|(module, _)| self.modules.contains_key(*module))
    }

    /// The full name of what a path means in a module; nothing for names of the module's own.
    fn resolve(&self, at: &[String], path: &[String]) -> Option<Name> {
        let (mut at, mut path) = (at.to_vec(), path.to_vec());
        // Each round follows an import; a name that is imported from itself is another crate.
        for _ in 0..16 {
            let name = self.absolute(&at, &path)?;
            let Some((module, [item, ..])) = self.split(&name) else {
                return Some(name);
            };
            let imports = &self.modules[module].imports;
            let Some(import) = imports.iter().find(|import| &import.name == item) else {
                return Some(name);
            };
            let rest = &name[module.len() + 1..];
            at = module.to_vec();
            path = [&import.path, rest].concat();
        }
        None
    }

    /// A path from the root of its crate on, or that of another crate.
    fn absolute(&self, at: &[String], path: &[String]) -> Option<Name> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(path.to_vec()),
            "self" => Some([at, rest].concat()),
            "super" => {
                let parent = at.split_last()?.1;
                if rest.first().is_some_and(|next| next == "super") {
                    self.absolute(parent, rest)
                } else {
                    Some([parent, rest].concat())
                }
            }
            // Anything else is a module here, or imported here, or another crate.
            _ => {
                let here = [at, path].concat();
                let is_module = self.modules.contains_key(&here[..=at.len()]);
                let imports = &self.modules[at].imports;
                let import = imports.iter().find(|import| &import.name == first);
                // As in `use trace::trace`.
                let is_import = import.is_some_and(|import| &import.path[0] != first);
                if is_module || is_import {
                    Some(here)
                } else {
                    (!rest.is_empty()).then(|| path.to_vec())
                }
            }
        }
    }
}

/// Whether arrows lead from one file to another, over a third.
fn leads(arrows: &BTreeSet<(PathBuf, PathBuf)>, from: &PathBuf, to: &PathBuf) -> bool {
    let mut reached = BTreeSet::from([from]);
    let mut waiting = vec![from];
    while let Some(file) = waiting.pop() {
        for (_, next) in arrows.iter().filter(|(tail, _)| tail == file) {
            if (file, next) == (from, to) {
                continue;
            }
            if next == to {
                return true;
            }
            if reached.insert(next) {
                waiting.push(next);
            }
        }
    }
    false
}

/// Reads the syntax of one file.
struct Reader<'c> {
    krate: &'c mut Crate,
    file: PathBuf,
    folder: PathBuf,
    module: Name,
}

impl Reader<'_> {
    fn begin(&mut self) {
        let module = Module {
            file: self.file.clone(),
            ..Module::default()
        };
        self.krate.modules.insert(self.module.clone(), module);
    }

    fn here(&mut self) -> &mut Module {
        let module = self.krate.modules.get_mut(&self.module);
        module.expect("it has begun")
    }

    fn import(&mut self, tree: &UseTree, before: &[String], is_private: bool) {
        let with = |last: String| {
            let is_self = last == "self" && !before.is_empty();
            let last = (!is_self).then_some(last);
            before.iter().cloned().chain(last).collect::<Name>()
        };
        let (name, path) = match tree {
            UseTree::Path(path) => {
                return self.import(&path.tree, &with(path.ident.to_string()), is_private);
            }
            UseTree::Group(group) => {
                let trees = group.items.iter();
                return trees.for_each(|tree| self.import(tree, before, is_private));
            }
            UseTree::Name(name) => {
                let path = with(name.ident.to_string());
                (path.last().cloned().unwrap_or_default(), path)
            }
            UseTree::Rename(rename) => (rename.rename.to_string(), with(rename.ident.to_string())),
            UseTree::Glob(_) => (String::new(), with("*".into())),
        };
        self.here().imports.push(Import {
            name,
            path,
            is_private,
        });
    }

    /// Paths in the arguments of a macro: nothing but words can be told apart there.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path = Name::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end(&mut path);
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                other => {
                    self.end(&mut path);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.end(&mut path);
    }

    fn end(&mut self, path: &mut Name) {
        if !path.is_empty() {
            self.here().paths.insert(std::mem::take(path));
        }
    }
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_item(&mut self, item: &'a Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Macro(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Const(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !attributes.iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        let name = item.ident.to_string();
        let inner = [&self.module[..], std::slice::from_ref(&name)].concat();
        let folder = self.folder.join(&name);
        let Some((_, items)) = &item.content else {
            let beside = self.folder.join(format!("{name}.rs"));
            let inside = folder.join("mod.rs");
            let file = if beside.is_file() { beside } else { inside };
            return self.krate.file(&file, &folder, &inner);
        };
        let mut reader = Reader {
            krate: self.krate,
            file: self.file.clone(),
            folder,
            module: inner,
        };
        reader.begin();
        for item in items {
            reader.visit_item(item);
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        let is_private = matches!(item.vis, Visibility::Inherited);
        self.import(&item.tree, &[], is_private);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let segments = path.segments.iter();
        let name = segments.map(|segment| segment.ident.to_string()).collect();
        self.here().paths.insert(name);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'a Macro) {
        self.tokens(item.tokens.clone());
    }
}

/// `#[cfg(test)]`, alone or with more that must hold.
fn is_for_tests(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else {
        return false;
    };
    let text = list.tokens.to_string();
    list.path.is_ident("cfg") && (text == "test" || text.starts_with("all (test"))
}
