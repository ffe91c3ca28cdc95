//! How a program was built, as far as that decides what it costs.

use serde::{Deserialize, Serialize};

/// How the harness was built.
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codegen_units: Option<u32>,
    /// The profile's link-time optimisation as the manifest says it: `false` is none across crates; none where
    /// samples do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lto: Option<String>,
    /// Extra compiler flags.
    pub rustflags: String,
}

/// Empty unless somebody builds with flags of their own.
const RUSTFLAGS: &str = env!("PIVOT_RUSTFLAGS");

/// What cargo sets where no manifest says otherwise (The Cargo Book, Profiles).
const DEFAULTS: &str = r#"
[profile.dev]
codegen-units = 256
lto = false
[profile.release]
codegen-units = 16
lto = false
[profile.test]
inherits = "dev"
[profile.bench]
inherits = "release"
"#;

impl Build {
    /// How the running program was built: by what cargo told its build script, and by the profile in the
    /// workspace's manifest.
    pub fn of_this_program() -> Self {
        let profile = env!("PIVOT_PROFILE");
        // Empty unless the environment overrides the manifest.
        let setting = |overriding: &str, key| match overriding {
            "" => setting(include_str!("../../../../Cargo.toml"), profile, key),
            value => Some(value.to_owned()),
        };
        let units = setting(env!("PIVOT_CODEGEN_UNITS"), "codegen-units");
        Self {
            rustc: env!("PIVOT_RUSTC").into(),
            target: env!("PIVOT_TARGET").into(),
            profile: profile.into(),
            opt_level: env!("PIVOT_OPT_LEVEL").into(),
            codegen_units: units.and_then(|units| units.parse().ok()),
            lto: setting(env!("PIVOT_LTO"), "lto"),
            rustflags: RUSTFLAGS.into(),
        }
    }

    /// The profile and what it says: `release (opt-level 3, codegen-units 1, lto false)`.
    pub fn settings(&self) -> String {
        let units = self.codegen_units.map(|units| units.to_string());
        let settings = [
            ("opt-level", self.opt_level.as_str()),
            ("codegen-units", units.as_deref().unwrap_or_default()),
            ("lto", self.lto.as_deref().unwrap_or_default()),
            ("flags", &self.rustflags),
        ];
        let settings = settings.iter().filter(|(_, value)| !value.is_empty());
        let settings = settings.map(|(name, value)| format!("{name} {value}"));
        let settings: Vec<String> = settings.collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_what_it_says_then_what_it_inherits_then_cargos_default() {
        let manifest = "[profile.release]\nlto = \"thin\"\ncodegen-units = 1\n\
             [profile.a]\ninherits = \"release\"\ncodegen-units = 4\n\
             [profile.b]\ninherits = \"a\"\nlto = false\n";
        for (manifest, profile, units, lto) in [
            (manifest, "release", "1", "thin"),
            (manifest, "a", "4", "thin"),
            (manifest, "b", "4", "false"),
            (manifest, "bench", "1", "thin"),
            (manifest, "dev", "256", "false"),
            ("", "release", "16", "false"),
        ] {
            let setting = |key| setting(manifest, profile, key);
            assert_eq!(
                setting("codegen-units").as_deref(),
                Some(units),
                "{profile}"
            );
            assert_eq!(setting("lto").as_deref(), Some(lto), "{profile}");
        }
    }

    #[test]
    fn the_profile_of_this_program_is_one_of_the_manifest() {
        let build = Build::of_this_program();
        let manifest: toml::Table = include_str!("../../../../Cargo.toml").parse().unwrap();
        assert!(
            manifest["profile"].get(&build.profile).is_some(),
            "{build:?}"
        );
        assert!(
            build.codegen_units.is_some() && build.lto.is_some(),
            "{build:?}"
        );
    }
}
