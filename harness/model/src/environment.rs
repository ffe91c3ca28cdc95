//! Where a run took place: everything that could make it come out differently elsewhere; what sets two runs'
//! surroundings apart, and which machine a run was measured on.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The machine, the build and the command of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// When the run began, in UTC, to the second.
    pub started_at: String,
    /// The command that repeats it.
    pub command: String,
    /// The seed of every random choice.
    pub seed: u64,
    /// The preset's name.
    pub preset: String,
    /// The processor's model.
    pub cpu: String,
    /// Logical processors that the run may use.
    pub cpus: usize,
    /// Threads that share a core, as far as the system says.
    pub threads_per_core: Option<usize>,
    /// Sizes of the caches that the first processor sees.
    pub caches: Vec<String>,
    /// The hypervisor, if the machine is virtual.
    pub hypervisor: Option<String>,
    /// The frequency governor, if the system shows one.
    pub governor: Option<String>,
    /// Total memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Operating system and kernel.
    pub kernel: String,
    /// The one-minute load average before the run began.
    pub load_before: Option<f64>,
    /// Compiler, target and flags.
    pub build: Build,
    /// The allocator of all strategies.
    pub allocator: String,
    /// What hashes the identifiers.
    pub hasher: String,
    /// The libraries under comparison, with the versions that were linked.
    pub libraries: Vec<(String, String)>,
    /// The commit, if the run took place in a checkout, and whether it had uncommitted changes.
    pub commit: Option<Commit>,
}

/// A commit of the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its abbreviated hash.
    pub id: String,
    /// Whether the checkout differed from it.
    pub dirty: bool,
}

/// The libraries whose versions a report names, one a line.
const LIBRARIES: &str = include_str!("libraries.txt");

impl Environment {
    /// Looks at the machine and at the build.
    pub fn capture(workspace: &Path, command: String, seed: u64, preset: &str) -> Self {
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let release = line_of("/proc/sys/kernel/osrelease").unwrap_or_default();
        let load = line_of("/proc/loadavg");
        Self {
            started_at: format!("{:.0}", jiff::Timestamp::now()),
            command,
            seed,
            preset: preset.to_owned(),
            cpu: field(&cpuinfo, "model name").unwrap_or_else(|| std::env::consts::ARCH.into()),
            cpus: cpus(),
            threads_per_core: processors_in(&line_of(SIBLINGS).unwrap_or_default()),
            caches: caches(),
            hypervisor: hypervisor(&cpuinfo),
            governor: line_of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            memory_bytes: memory_bytes(),
            kernel: format!("{} {release}", std::env::consts::OS),
            load_before: load.and_then(|line| line.split(' ').next()?.parse().ok()),
            build: Build::of_this_program(),
            allocator: "system (malloc of the C library), counted outside timed windows".into(),
            hasher: "rustc-hash FxHasher, unseeded; none for the tables of atomics, which multiply identifiers themselves"
                .into(),
            libraries: libraries(),
            commit: commit(workspace),
        }
    }
}

/// How many processors the run may use.
pub fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn line_of(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.lines().next()?.trim().to_owned())
}

fn field(text: &str, key: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The logical processors of the first core.
const SIBLINGS: &str = "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list";

/// How many processors are in a list as the kernel writes it: two in `0,64`, four in `0-3`.
fn processors_in(text: &str) -> Option<usize> {
    let ranges = text.split(',').map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let [first, last] = [first, last].map(|number| number.parse::<usize>().ok());
        Some(last?.checked_sub(first?)? + 1)
    });
    ranges.sum()
}

fn caches() -> Vec<String> {
    let cache = |index: u32| {
        let folder = format!("/sys/devices/system/cpu/cpu0/cache/index{index}");
        let line = |name| line_of(&format!("{folder}/{name}"));
        let kind = line("type")?.to_lowercase();
        Some(format!("L{} {kind} {}", line("level")?, line("size")?))
    };
    (0..6).filter_map(cache).collect()
}

fn hypervisor(cpuinfo: &str) -> Option<String> {
    let flags = field(cpuinfo, "flags")?;
    flags.split(' ').any(|flag| flag == "hypervisor").then(|| {
        line_of("/sys/class/dmi/id/sys_vendor").unwrap_or_else(|| "unnamed hypervisor".into())
    })
}

fn memory_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kibibytes: u64 = field(&text, "MemTotal")?.split(' ').next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// A package in the lock file that this binary was built with.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    #[serde(default)]
    dependencies: Vec<String>,
}

fn packages() -> Vec<Package> {
    let lock = include_str!("../../../Cargo.lock").parse::<toml::Table>();
    let packages = lock.and_then(|mut lock| lock.remove("package").unwrap().try_into());
    packages.expect("the lock file is cargo's own")
}

/// The version of any library in the lock file: of several, the one under comparison, or the last.
///
/// # Panics
///
/// Never: the lock file is cargo's own.
pub fn locked(library: &str) -> Option<String> {
    let all = packages().into_iter();
    let all = all.map(|package| (package.name, package.version));
    let mut named = all.chain(libraries()).filter(|(name, _)| name == library);
    named.next_back().map(|(_, version)| version)
}

/// The libraries under comparison, with the versions in the lock file that this binary was built with.
///
/// # Panics
///
/// Never: the lock file is cargo's own.
pub fn libraries() -> Vec<(String, String)> {
    let packages = packages();
    let needs = |name: &str| {
        let package = packages.iter().find(|package| package.name == name);
        package.map_or(&[][..], |package| &package.dependencies)
    };
    // Of what the strategies of the registry need: tests bring old releases of the same libraries. Where
    // there are several, the lock file adds the version to the name.
    let strategies = needs("pivot-registry").iter();
    let used: Vec<&String> = strategies.flat_map(|name| needs(name)).collect();
    let is_used = |Package { name, version, .. }: &&Package| {
        let is_used = used.contains(&name) || used.contains(&&format!("{name} {version}"));
        is_used && LIBRARIES.lines().any(|library| library == name)
    };
    let libraries = packages.iter().filter(is_used);
    let named = libraries.map(|package| (package.name.clone(), package.version.clone()));
    named.collect()
}

fn commit(workspace: &Path) -> Option<Commit> {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        let output = git.arg("-C").arg(workspace).args(arguments).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(text)
    };
    Some(Commit {
        id: git(&["rev-parse", "--short=12", "HEAD"])?,
        dirty: !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty(),
    })
}

/// How the harness was built.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The compiler's version.
    pub rustc: String,
    /// The target triple.
    pub target: String,
    /// The Cargo profile.
    pub profile: String,
    /// Its optimisation level.
    pub opt_level: String,
    /// Into how many units the compiler splits a crate whose code is timed; none where samples do not say.
    pub codegen_units: Option<u32>,
    /// The profile's link-time optimisation as the manifest says it: `false` is none across crates; none where
    /// samples do not say.
    pub lto: Option<String>,
    /// Extra compiler flags.
    pub rustflags: String,
}

/// Empty unless somebody builds with flags of their own.
const RUSTFLAGS: &str = env!("PIVOT_RUSTFLAGS");

/// What cargo sets where no manifest says otherwise (The Cargo Book, Profiles).
const DEFAULTS: &str = include_str!("profiles.toml");

impl Build {
    /// How the running program was built: by what cargo told its build script, and by the profile in the
    /// workspace's manifest.
    pub fn of_this_program() -> Self {
        let profile = env!("PIVOT_PROFILE");
        // Empty unless the environment overrides the manifest.
        let setting = |overriding: &str, key| match overriding {
            "" => setting(include_str!("../../../Cargo.toml"), profile, key),
            value => Some(value.to_owned()),
        };
        let units = setting(env!("PIVOT_CODEGEN_UNITS"), "codegen-units");
        Self {
            rustc: env!("PIVOT_RUSTC").into(),
            target: env!("PIVOT_TARGET").into(),
            profile: profile.into(),
            // Not this crate's own, which has a lower one: that of the crates whose code is timed.
            opt_level: setting(env!("PIVOT_OPT_LEVEL"), "opt-level").unwrap_or_default(),
            codegen_units: units.and_then(|units| units.parse().ok()),
            lto: setting(env!("PIVOT_LTO"), "lto"),
            rustflags: RUSTFLAGS.into(),
        }
    }

    /// The profile and what it says: `release (opt-level 3, codegen-units 1, lto false)`.
    pub fn settings(&self) -> String {
        let mut settings = vec![format!("opt-level {}", self.opt_level)];
        let units = self.codegen_units;
        settings.extend(units.map(|units| format!("codegen-units {units}")));
        settings.extend(self.lto.iter().map(|lto| format!("lto {lto}")));
        settings.push(format!("flags {}", self.rustflags));
        settings.retain(|setting| !setting.ends_with(' '));
        format!("{} ({})", self.profile, settings.join(", "))
    }
}

/// A setting of a profile: what the manifest says of it, or cargo's default, or that of the profile from which it
/// inherits.
fn setting(manifest: &str, profile: &str, key: &str) -> Option<String> {
    let get = |key| {
        let mut files = [manifest, DEFAULTS].into_iter();
        files.find_map(|file| {
            let file: toml::Table = file.parse().ok()?;
            match file.get("profile")?.get(profile)?.get(key)? {
                toml::Value::String(text) => Some(text.clone()),
                value => Some(value.to_string()),
            }
        })
    };
    get(key).or_else(|| setting(manifest, &get("inherits")?, key))
}

/// A fact that is not the same in two environments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The field, with a dot between levels: `build.rustc`, `libraries.papaya`.
    pub what: String,
    /// Its value in the first; empty if it has none.
    pub a: String,
    /// Its value in the second; empty if it has none.
    pub b: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = [&self.a, &self.b].map(|side| if side.is_empty() { "none" } else { side });
        write!(f, "{}: {a} / {b}", self.what)
    }
}

/// Fields that differ between any two runs and explain nothing.
const INCIDENTAL: [&str; 4] = ["command", "load_before", "seed", "started_at"];

impl Environment {
    /// The facts that differ, in alphabetical order. Whatever field an environment has is compared,
    /// but for those that belong to the single run: its command, seed, time and load.
    pub fn differences(a: &Self, b: &Self) -> Vec<Difference> {
        let mut facts: BTreeMap<String, [String; 2]> = BTreeMap::new();
        for (side, environment) in [a, b].into_iter().enumerate() {
            let mut value = serde_json::to_value(environment).unwrap_or_default();
            let libraries = environment.libraries.iter().cloned();
            value["libraries"] = libraries.collect();
            flatten("", &value, &mut |name, text| {
                facts.entry(name).or_default()[side] = text;
            });
        }
        facts.retain(|name, [a, b]| a != b && !INCIDENTAL.contains(&name.as_str()));
        let difference = |(what, [a, b]): (String, [String; 2])| Difference { what, a, b };
        facts.into_iter().map(difference).collect()
    }

    /// The machine that the run was measured on, in words: its processor's model, how many processors a run may use,
    /// its operating system with the kernel. Runs that agree in this and in [how they were built](Build::settings) are
    /// runs of one machine and can be pooled; a ratio on one machine and a ratio on another are different quantities,
    /// and so are ratios of two builds.
    pub fn machine(&self) -> String {
        let plural = if self.cpus == 1 { "" } else { "s" };
        let (cpu, cpus, kernel) = (&self.cpu, self.cpus, &self.kernel);
        format!("{cpu}, {cpus} processor{plural}, {kernel}")
    }

    /// A short name of its machine: `epyc-2cpu`, and of another profile than the usual one, `epyc-2cpu-stock`.
    fn short_name(&self) -> String {
        /// Words of a processor's name that do not tell it from others.
        const COMMON: [&str; 5] = ["amd", "intel", "cpu", "processor", "core"];
        let model = self.cpu.to_lowercase();
        // After an @ is the frequency, and in parentheses a trade mark.
        let model = model.split('@').next().unwrap_or_default();
        let model = model.replace("(r)", " ").replace("(tm)", " ");
        let mut parts = words(&model, |letter| letter.is_ascii_alphanumeric());
        parts.retain(|word| !COMMON.contains(word));
        let cpus = format!("{}cpu", self.cpus);
        parts.push(&cpus);
        // The profile of the main job is left unsaid.
        if !["release", ""].contains(&self.build.profile.as_str()) {
            parts.push(&self.build.profile);
        }
        parts.join("-")
    }

    /// Short names of several machines, no two alike: where the models and numbers of processors are the
    /// same, the kernel tells them apart, `epyc-2cpu-linux-6.1`; and where that has no letters to tell,
    /// their order.
    pub fn short_names(machines: &[&Self]) -> Vec<String> {
        let short: Vec<String> = machines
            .iter()
            .map(|machine| machine.short_name())
            .collect();
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
        let long = unique_names(&short, |place| {
            words(&machines[place].kernel, is_plain).join("-")
        });
        unique_names(&long, |place| (place + 1).to_string())
    }
}

/// Adds the facts below a field, each by its name and as text.
fn flatten(name: &str, value: &Value, add: &mut dyn FnMut(String, String)) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            let dot = if name.is_empty() { "" } else { "." };
            for (key, value) in fields {
                flatten(&format!("{name}{dot}{key}"), value, add);
            }
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            add(name.to_owned(), items.join(", "));
        }
        single => add(name.to_owned(), text(single)),
    }
}

fn text(value: &Value) -> String {
    let text = value.as_str();
    text.map_or_else(|| value.to_string(), str::to_owned)
}

/// The words of a text that consist of such letters.
fn words(text: &str, is_letter: fn(char) -> bool) -> Vec<&str> {
    let words = text.split(|letter| !is_letter(letter));
    words.filter(|word| !word.is_empty()).collect()
}

/// The names, those that occur more than once with something appended.
fn unique_names(names: &[String], more: impl Fn(usize) -> String) -> Vec<String> {
    let is_alone = |name: &String| names.iter().filter(|other| *other == name).count() == 1;
    let mut unique = names.to_vec();
    for (place, name) in unique.iter_mut().enumerate() {
        if !is_alone(name) {
            *name = format!("{name}-{}", more(place));
        }
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_library_under_comparison_has_one_version() {
        let names: Vec<String> = libraries().into_iter().map(|(name, _)| name).collect();
        assert!(names.iter().eq(LIBRARIES.lines()), "{names:?}");
    }

    #[test]
    fn lists_of_processors_have_ranges() {
        for (list, count) in [
            ("0", 1),
            ("0,64", 2),
            ("0-1", 2),
            ("0-3", 4),
            ("0-1,8-9", 4),
        ] {
            assert_eq!(processors_in(list), Some(count), "{list}");
        }
        assert_eq!(processors_in(""), None);
    }

    #[test]
    fn a_profile_has_what_it_says_then_what_it_inherits_then_cargos_default() {
        let manifest = "[profile.release]\nlto = \"thin\"\ncodegen-units = 1\n\
             [profile.a]\ninherits = \"release\"\ncodegen-units = 4\n\
             [profile.b]\ninherits = \"a\"\nlto = false\nopt-level = 2\n";
        for (manifest, profile, wanted) in [
            (manifest, "release", ["3", "1", "thin"]),
            (manifest, "a", ["3", "4", "thin"]),
            (manifest, "b", ["2", "4", "false"]),
            (manifest, "bench", ["3", "1", "thin"]),
            (manifest, "dev", ["0", "256", "false"]),
            ("", "release", ["3", "16", "false"]),
        ] {
            let keys = ["opt-level", "codegen-units", "lto"];
            let settings = keys.map(|key| setting(manifest, profile, key).unwrap());
            assert_eq!(settings, wanted, "{profile}");
        }
    }

    #[test]
    fn the_profile_of_this_program_is_one_of_the_manifest() {
        let build = Build::of_this_program();
        let manifest: toml::Table = include_str!("../../../Cargo.toml").parse().unwrap();
        let profile = manifest["profile"]
            .get(&build.profile)
            .expect("it is there");
        assert!(
            build.codegen_units.is_some() && build.lto.is_some(),
            "{build:?}"
        );
        // This crate is built with another level than those that are measured.
        if let Some(level) = profile.get("opt-level") {
            assert_eq!(build.opt_level, level.to_string());
        }
    }

    #[test]
    fn what_differs_is_named_and_what_belongs_to_the_run_is_not() {
        let a = Environment {
            started_at: "yesterday".into(),
            seed: 1,
            cpu: "one".into(),
            cpus: 2,
            libraries: vec![
                ("papaya".into(), "0.2.4".into()),
                ("scc".into(), "3".into()),
            ],
            ..Environment::default()
        };
        assert_eq!(Environment::differences(&a, &a), []);
        let mut b = Environment {
            started_at: "today".into(),
            seed: 2,
            cpus: 4,
            ..a.clone()
        };
        b.libraries[0].1 = "0.2.5".into();
        b.build.rustc = "rustc 1.95.0".into();
        b.commit = Some(Commit {
            id: "0123".into(),
            dirty: false,
        });
        let differences: Vec<String> = Environment::differences(&a, &b)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            differences,
            [
                "build.rustc: none / rustc 1.95.0",
                "commit.dirty: none / false",
                "commit.id: none / 0123",
                "cpus: 2 / 4",
                "libraries.papaya: 0.2.4 / 0.2.5",
            ]
        );
    }

    fn machine(cpu: &str, kernel: &str) -> Environment {
        Environment {
            cpu: cpu.into(),
            cpus: 2,
            kernel: kernel.into(),
            ..Environment::default()
        }
    }

    #[test]
    fn names_are_short_and_no_two_are_alike() {
        let machines = [
            machine("AMD EPYC", "linux 6.1"),
            machine("Intel(R) Xeon(R) Processor @ 2.10GHz", "linux 6.1"),
            machine("Intel(R) Xeon(R) Processor @ 2.10GHz", "linux 6.2"),
            machine("Intel(R) Xeon(R) Processor @ 2.40GHz", "linux 6.2"),
        ];
        assert_eq!(
            Environment::short_names(&machines.each_ref()),
            [
                "epyc-2cpu",
                "xeon-2cpu-linux-6.1",
                "xeon-2cpu-linux-6.2-3",
                "xeon-2cpu-linux-6.2-4"
            ]
        );
        let usual = machine("AMD EPYC", "linux 6.1");
        let mut other = usual.clone();
        other.build.profile = "stock".into();
        assert_eq!(
            Environment::short_names(&[&usual, &other]),
            ["epyc-2cpu", "epyc-2cpu-stock"]
        );
    }
}
