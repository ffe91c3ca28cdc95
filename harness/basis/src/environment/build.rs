//! How a program was built, as far as that decides what it costs.

use std::collections::BTreeMap;

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
        let profiles = Profiles::parse(include_str!("../../../../Cargo.toml"));
        let profile = env!("PIVOT_PROFILE");
        let or = |value: &str, otherwise: String| match value {
            "" => otherwise,
            value => value.to_owned(),
        };
        let units = or(CODEGEN_UNITS, profiles.codegen_units(profile).to_string());
        Self {
            rustc: env!("PIVOT_RUSTC").into(),
            target: env!("PIVOT_TARGET").into(),
            profile: profile.into(),
            opt_level: env!("PIVOT_OPT_LEVEL").into(),
            codegen_units: units.parse().ok(),
            lto: Some(or(LTO, profiles.lto(profile))),
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

/// The profiles of a manifest.
#[derive(Debug, Deserialize)]
struct Profiles {
    #[serde(default)]
    profile: BTreeMap<String, Profile>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Profile {
    inherits: Option<String>,
    codegen_units: Option<u32>,
    lto: Option<toml::Value>,
}

impl Profiles {
    fn parse(manifest: &str) -> Self {
        toml::from_str(manifest).expect("the manifest is the one that cargo has built from")
    }

    /// The profile and those that it inherits from. Cargo knows where `bench` and `test` come from.
    fn chain<'p>(&'p self, name: &'p str) -> impl Iterator<Item = (&'p str, Option<&'p Profile>)> {
        let mut next = Some(name);
        std::iter::from_fn(move || {
            let name = next?;
            let profile = self.profile.get(name);
            next = match profile.and_then(|profile| profile.inherits.as_deref()) {
                Some(parent) => Some(parent),
                None if name == "bench" => Some("release"),
                None if name == "test" => Some("dev"),
                None => None,
            };
            Some((name, profile))
        })
    }

    /// What the manifest says, or cargo's default (The Cargo Book, Profiles).
    fn codegen_units(&self, name: &str) -> u32 {
        let said = self
            .chain(name)
            .find_map(|(_, profile)| profile?.codegen_units);
        let is_dev = self.chain(name).any(|(name, _)| name == "dev");
        said.unwrap_or(if is_dev { 256 } else { 16 })
    }

    fn lto(&self, name: &str) -> String {
        let said = self
            .chain(name)
            .find_map(|(_, profile)| profile?.lto.as_ref());
        match said {
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
        let profiles = Profiles::parse(
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
        let without = Profiles::parse("");
        assert_eq!(without.codegen_units("release"), 16);
        assert_eq!(without.lto("release"), "false");
    }

    #[test]
    fn the_profile_of_this_program_is_one_of_the_manifest() {
        let build = Build::of_this_program();
        let manifest = Profiles::parse(include_str!("../../../../Cargo.toml"));
        assert!(manifest.profile.contains_key(&build.profile), "{build:?}");
        assert!(
            build.codegen_units.is_some() && build.lto.is_some(),
            "{build:?}"
        );
    }
}
