//! The crates of the workspace and what their manifests say that they use, as cargo reads them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What `cargo metadata` says of the workspace.
pub(crate) struct Workspace {
    root: PathBuf,
    packages: Vec<Value>,
}

impl Workspace {
    /// Reads the manifests alone: no lock file, no registry, no network.
    pub(crate) fn here() -> Self {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args([
                "metadata",
                "--no-deps",
                "--offline",
                "--format-version",
                "1",
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let root = metadata["workspace_root"].as_str().unwrap().into();
        let packages = metadata["packages"].as_array().unwrap().clone();
        Self { root, packages }
    }

    /// Which crate uses which, each named by its folder, and whether only for its tests and benches.
    pub(crate) fn arrows(&self) -> Vec<(String, String, bool)> {
        let of_package = |package: &Value| {
            let manifest = Path::new(package["manifest_path"].as_str().unwrap());
            let from = self.relative(manifest.parent().unwrap());
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            // The others come from a registry.
            let local = dependencies.filter_map(|dependency| {
                let to = self.relative(Path::new(dependency["path"].as_str()?));
                Some((from.clone(), to, dependency["kind"] == "dev"))
            });
            local.collect::<Vec<_>>()
        };
        self.packages.iter().flat_map(of_package).collect()
    }

    /// The first file of each library and program below a folder.
    pub(crate) fn roots_below(&self, folder: &str) -> Vec<PathBuf> {
        let packages = self.packages.iter();
        let targets = packages.flat_map(|package| package["targets"].as_array().unwrap());
        let compiled = targets.filter(|target| {
            let mut kinds = target["kind"].as_array().unwrap().iter();
            kinds.any(|kind| kind == "lib" || kind == "bin")
        });
        let files = compiled.map(|target| PathBuf::from(target["src_path"].as_str().unwrap()));
        let below = files.filter(|file| file.starts_with(self.root.join(folder)));
        below.collect()
    }

    /// A path as seen from the workspace.
    pub(crate) fn relative(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.root).unwrap();
        path.to_str().unwrap().replace('\\', "/")
    }
}
