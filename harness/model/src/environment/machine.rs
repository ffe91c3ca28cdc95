//! Which machine a run was measured on, as far as a report tells machines apart.

use std::fmt;

use super::Environment;

/// A machine: its processor's model, how many processors a run may use, its operating system with the
/// kernel, and how the program was built that ran on it. Runs that agree in all four are runs of one machine
/// and can be pooled; a ratio on one machine and a ratio on another are different quantities, and so are
/// ratios of two builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The processor's model.
    pub cpu: String,
    /// Logical processors that a run may use.
    pub cpus: usize,
    /// Operating system and kernel.
    pub kernel: String,
    /// The Cargo profile of the program.
    pub profile: String,
    /// What else its build says: [`Build::settings`](super::Build::settings).
    pub build: String,
}

impl Environment {
    /// The machine that the run was measured on.
    pub fn machine(&self) -> Machine {
        Machine {
            cpu: self.cpu.clone(),
            cpus: self.cpus,
            kernel: self.kernel.clone(),
            profile: self.build.profile.clone(),
            build: self.build.settings(),
        }
    }

    /// Whether another run was on the same hardware and system, however both were built.
    pub fn is_same_hardware(&self, other: &Self) -> bool {
        let hardware = |one: &Self| (one.cpu.clone(), one.cpus, one.kernel.clone());
        hardware(self) == hardware(other)
    }
}

impl Machine {
    /// Words of a processor's name that do not tell it from others.
    const COMMON: [&str; 5] = ["amd", "intel", "cpu", "processor", "core"];

    /// The profile that reports leave unsaid in names: that of the main job.
    const USUAL_PROFILE: &str = "release";

    /// A short name: `epyc-2cpu`, and of another profile than the usual one, `epyc-2cpu-stock`.
    pub fn name(&self) -> String {
        let model = self.cpu.to_lowercase();
        // After an @ is the frequency, and in parentheses a trade mark.
        let model = model.split('@').next().unwrap_or_default();
        let model = model.replace("(r)", " ").replace("(tm)", " ");
        let words = model.split(|letter: char| !letter.is_ascii_alphanumeric());
        let words = words.filter(|word| !word.is_empty() && !Self::COMMON.contains(word));
        let mut parts: Vec<&str> = words.collect();
        let cpus = format!("{}cpu", self.cpus);
        parts.push(&cpus);
        if ![Self::USUAL_PROFILE, ""].contains(&self.profile.as_str()) {
            parts.push(&self.profile);
        }
        parts.join("-")
    }

    /// Short names of several machines, no two alike: where the models and numbers of processors are the
    /// same, the kernel tells them apart, `epyc-2cpu-linux-6.1`; and where that has no letters to tell,
    /// their order.
    pub fn names(machines: &[Self]) -> Vec<String> {
        let short: Vec<String> = machines.iter().map(Self::name).collect();
        let long = told_apart(&short, |place| machines[place].kernel_name());
        told_apart(&long, |place| (place + 1).to_string())
    }

    /// The kernel in characters that the name of a folder may have.
    fn kernel_name(&self) -> String {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
        let words = self.kernel.split(|letter| !plain(letter));
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        words.join("-")
    }
}

/// The names, those that occur more than once with something appended.
fn told_apart(names: &[String], more: impl Fn(usize) -> String) -> Vec<String> {
    let is_alone = |name: &String| names.iter().filter(|other| *other == name).count() == 1;
    let mut unique = names.to_vec();
    for (place, name) in unique.iter_mut().enumerate() {
        if !is_alone(name) {
            *name = format!("{name}-{}", more(place));
        }
    }
    unique
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.cpus == 1 { "" } else { "s" };
        let (cpu, cpus, kernel) = (&self.cpu, self.cpus, &self.kernel);
        write!(f, "{cpu}, {cpus} processor{plural}, {kernel}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(cpu: &str, kernel: &str) -> Machine {
        Machine {
            cpu: cpu.into(),
            cpus: 2,
            kernel: kernel.into(),
            profile: "release".into(),
            build: String::new(),
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
            Machine::names(&machines),
            [
                "epyc-2cpu",
                "xeon-2cpu-linux-6.1",
                "xeon-2cpu-linux-6.2-3",
                "xeon-2cpu-linux-6.2-4"
            ]
        );
        let usual = machine("AMD EPYC", "linux 6.1");
        let other = Machine {
            profile: "stock".into(),
            ..usual.clone()
        };
        assert_eq!(
            Machine::names(&[usual, other]),
            ["epyc-2cpu", "epyc-2cpu-stock"]
        );
    }
}
