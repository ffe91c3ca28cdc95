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
/// Empty unless the environment overrides the manifest.
const CODEGEN_UNITS: &str = env!("PIVOT_CODEGEN_UNITS");
/// Empty unless the environment overrides the manifest.
const LTO: &str = env!("PIVOT_LTO");

impl Build {
    /// How the running program was built: by what cargo told its build script, and by the profile in the
    /// workspace's manifest.
    ///
    /// # Panics
    ///
    /// Never: the manifest is the one that cargo has built from.
    pub fn of_this_program() -> Self {
        let manifest = Manifest::parse(include_str!("../../../../Cargo.toml"));
        let profile = env!("PIVOT_PROFILE");
        let or = |value: &str, otherwise: String| match value {
            "" => otherwise,
            value => value.to_owned(),
        };
        let units = or(CODEGEN_UNITS, manifest.codegen_units(profile).to_string());
        Self {
            rustc: env!("PIVOT_RUSTC").into(),
            target: env!("PIVOT_TARGET").into(),
            profile: profile.into(),
            opt_level: env!("PIVOT_OPT_LEVEL").into(),
            codegen_units: units.parse().ok(),
            lto: Some(or(LTO, manifest.lto(profile))),
            rustflags: RUSTFLAGS.into(),
        }
    }

    /// The profile and what it says: `release (opt-level 3, codegen-units 1, lto false)`.
    pub fn settings(&self) -> String {
        let mut settings = Vec::new();
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                settings.push(format!("{name} {value}"));
            }
        };
        add("opt-level", &self.opt_level);
        let units = self.codegen_units.map(|units| units.to_string());
        add("codegen-units", &units.unwrap_or_default());
        add("lto", self.lto.as_deref().unwrap_or_default());
        add("flags", &self.rustflags);
        format!("{} ({})", self.profile, settings.join(", "))
    }
}

/// A manifest, for its profiles.
#[derive(Debug)]
struct Manifest(toml::Table);

impl Manifest {
    fn parse(manifest: &str) -> Self {
        let parsed = toml::from_str(manifest);
        Self(parsed.expect("the manifest is the one that cargo has built from"))
    }

    fn profile(&self, name: &str) -> Option<&toml::Value> {
        self.0.get("profile")?.get(name)
    }

    /// The profile and those that it inherits from. Cargo knows where `bench` and `test` come from.
    fn chain<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m str> {
        let parent = |name: &&'m str| {
            let inherits = || self.profile(name)?.get("inherits")?.as_str();
            inherits().or(match *name {
                "bench" => Some("release"),
                "test" => Some("dev"),
                _ => None,
            })
        };
        std::iter::successors(Some(name), parent)
    }

    fn setting<'m>(&'m self, profile: &'m str, key: &str) -> Option<&'m toml::Value> {
        let mut chain = self.chain(profile);
        chain.find_map(|name| self.profile(name)?.get(key))
    }

    /// What the manifest says, or cargo's default (The Cargo Book, Profiles).
    fn codegen_units(&self, profile: &str) -> u32 {
        let units = self.setting(profile, "codegen-units");
        let units = units.and_then(|units| u32::try_from(units.as_integer()?).ok());
        let is_dev = self.chain(profile).any(|name| name == "dev");
        units.unwrap_or(if is_dev { 256 } else { 16 })
    }

    fn lto(&self, profile: &str) -> String {
        match self.setting(profile, "lto") {
            Some(toml::Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => "false".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_what_it_says_then_what_it_inherits_then_cargos_default() {
        let profiles = Manifest::parse(
            "[profile.release]\nlto = \"thin\"\ncodegen-units = 1\n\
             [profile.a]\ninherits = \"release\"\ncodegen-units = 4\n\
             [profile.b]\ninherits = \"a\"\nlto = false\n",
        );
        let of = |name| (profiles.codegen_units(name), profiles.lto(name));
        assert_eq!(of("release"), (1, "thin".into()));
        assert_eq!(of("a"), (4, "thin".into()));
        assert_eq!(of("b"), (4, "false".into()));
        assert_eq!(of("bench"), (1, "thin".into()));
        assert_eq!(of("dev"), (256, "false".into()));
        let without = Manifest::parse("");
        assert_eq!(without.codegen_units("release"), 16);
        assert_eq!(without.lto("release"), "false");
    }

    #[test]
    fn the_profile_of_this_program_is_one_of_the_manifest() {
        let build = Build::of_this_program();
        let manifest = Manifest::parse(include_str!("../../../../Cargo.toml"));
        assert!(manifest.profile(&build.profile).is_some(), "{build:?}");
        assert!(
            build.codegen_units.is_some() && build.lto.is_some(),
            "{build:?}"
        );
    }
}
