//! Where a run took place: everything that could make it come out differently elsewhere.

mod build;
mod differences;
mod machine;

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

pub use build::Build;
pub use differences::Difference;
pub use machine::Machine;

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
    /// The hasher of all tables.
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

/// The libraries whose versions a report names.
const LIBRARIES: [&str; 10] = [
    "arc-swap",
    "crossbeam-channel",
    "crossbeam-epoch",
    "dashmap",
    "evmap",
    "imbl",
    "left-right",
    "papaya",
    "parking_lot",
    "scc",
];

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
            threads_per_core: threads_per_core(),
            caches: caches(),
            hypervisor: hypervisor(&cpuinfo),
            governor: line_of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            memory_bytes: memory_bytes(),
            kernel: format!("{} {release}", std::env::consts::OS),
            load_before: load.and_then(|line| line.split(' ').next()?.parse().ok()),
            build: Build::of_this_program(),
            allocator: "system (malloc of the C library), counted outside timed windows".into(),
            hasher: "rustc-hash FxHasher, unseeded".into(),
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

fn threads_per_core() -> Option<usize> {
    let siblings = line_of("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list")?;
    Some(siblings.split([',', '-']).count())
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

/// The libraries under comparison, with the versions in the lock file that this binary was built with.
///
/// # Panics
///
/// Never: the lock file is cargo's own.
pub fn libraries() -> Vec<(String, String)> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
        #[serde(default)]
        dependencies: Vec<String>,
    }
    let lock: Lock =
        toml::from_str(include_str!("../../../Cargo.lock")).expect("the lock file is cargo's own");
    let needs = |name: &String| {
        let package = lock.package.iter().find(|package| package.name == *name);
        package.map_or(&[][..], |package| &package.dependencies)
    };
    // Of what the strategies of the registry need: tests bring old releases of the same libraries. Where
    // there are several, the lock file adds the version to the name.
    let strategies = needs(&"pivot-registry".into());
    let used: Vec<&String> = strategies.iter().flat_map(needs).collect();
    let is_used = |package: &&Package| {
        let exact = format!("{} {}", package.name, package.version);
        let is_used = used.contains(&&package.name) || used.contains(&&exact);
        is_used && LIBRARIES.contains(&package.name.as_str())
    };
    let libraries = lock.package.iter().filter(is_used);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_library_under_comparison_has_one_version() {
        let names: Vec<String> = libraries().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, LIBRARIES);
    }
}
