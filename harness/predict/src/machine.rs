//! Machines that nobody here has: how their cores are grouped, and what a line costs between them.

use model::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// A kind of machine, from a file in `benches/machines`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// What it is called on the command line.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// Sockets.
    pub sockets: u32,
    /// Chiplets of a socket, each with a cache of its own that its cores share.
    pub chiplets: u32,
    /// Cores of a chiplet.
    pub cores: u32,
    /// What a line that was just written costs from core to core: lowest and highest, in ns.
    pub within_chiplet_ns: [f64; 2],
    /// From chiplet to chiplet, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub across_chiplets_ns: Option<[f64; 2]>,
    /// From socket to socket, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub across_sockets_ns: Option<[f64; 2]>,
}

/// Those that come with the program.
const SHIPPED: [&str; 5] = [
    include_str!("../../../benches/machines/10-desktop.toml"),
    include_str!("../../../benches/machines/20-server.toml"),
    include_str!("../../../benches/machines/30-chiplets.toml"),
    include_str!("../../../benches/machines/40-two-sockets.toml"),
    include_str!("../../../benches/machines/50-eight-sockets.toml"),
];

/// More than any machine has, of each.
const MOST: u32 = 1_024;

impl Machine {
    /// Those that come with the program.
    ///
    /// # Panics
    ///
    /// Never: a test reads them.
    pub fn shipped() -> Vec<Self> {
        let read = |text| Self::parse(text, "benches/machines").expect("it is part of the program");
        SHIPPED.map(read).to_vec()
    }

    /// Reads one.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in one line.
    pub fn parse(text: &str, place: &str) -> Result<Self> {
        let machine: Self =
            toml::from_str(text).map_err(|error| Error::toml(place, text, &error))?;
        let wrong = |message: String| Err(Error::input(format!("{place}: {message}")));
        for (field, count) in [
            ("sockets", machine.sockets),
            ("chiplets", machine.chiplets),
            ("cores", machine.cores),
        ] {
            if !(1..=MOST).contains(&count) {
                return wrong(format!("{field} = {count}, where 1 to {MOST} are expected"));
            }
        }
        let (of_chiplets, of_sockets) = (machine.across_chiplets_ns, machine.across_sockets_ns);
        for (field, needed, given) in [
            ("within_chiplet_ns", true, Some(machine.within_chiplet_ns)),
            ("across_chiplets_ns", machine.chiplets > 1, of_chiplets),
            ("across_sockets_ns", machine.sockets > 1, of_sockets),
        ] {
            match given {
                None if needed => {
                    return wrong(format!("{field} is missing: there are several of them"));
                }
                Some([low, high]) if !(low > 0.0 && low <= high && high < 1e6) => {
                    let expected = "two rising times in ns are expected";
                    return wrong(format!("{field} = [{low}, {high}], where {expected}"));
                }
                _ => {}
            }
        }
        Ok(machine)
    }

    /// All of its cores.
    pub const fn cpus(&self) -> u32 {
        self.sockets * self.chiplets * self.cores
    }

    /// What a line costs from one core to another: lowest and highest, in ns.
    fn transfer_ns(&self, core: u32, other: u32) -> [f64; 2] {
        let is_same = |cores: u32| core / cores == other / cores;
        let given = match is_same(self.cores) {
            true => None,
            false if is_same(self.cores * self.chiplets) => self.across_chiplets_ns,
            false => self.across_sockets_ns,
        };
        given.unwrap_or(self.within_chiplet_ns)
    }

    /// The time from one core to another, a `share` of the way from the low figure to the high one.
    pub(crate) fn transfers_ns(&self, share: f64) -> impl Fn(usize, usize) -> f64 {
        move |from, to| between(share, self.transfer_ns(from as u32, to as u32))
    }

    /// What it costs on average between two of the first `cpus` cores: lowest and highest, in ns.
    pub fn hand_over_ns(&self, cpus: u32) -> [f64; 2] {
        let mut total = [0.0; 2];
        // By symmetry the distances from core 0 would do for whole chiplets; the last may be part of one.
        for core in 0..cpus {
            for other in (0..cpus).filter(|&other| other != core) {
                let [low, high] = self.transfer_ns(core, other);
                total = [total[0] + low, total[1] + high];
            }
        }
        match cpus {
            0 | 1 => self.within_chiplet_ns,
            _ => total.map(|sum| sum / (f64::from(cpus) * f64::from(cpus - 1))),
        }
    }
}

/// What lies a `share` of the way from the low figure to the high one.
pub(crate) fn between(share: f64, [low, high]: [f64; 2]) -> f64 {
    low + share * (high - low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_are_shipped_can_be_read_and_differ() {
        let machines = Machine::shipped();
        assert_eq!(machines.len(), 5);
        let mut names: Vec<&str> = machines
            .iter()
            .map(|machine| machine.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 5);
    }

    #[test]
    fn a_line_costs_more_the_more_of_the_machine_takes_part() {
        let chiplets = &Machine::shipped()[2];
        assert_eq!(chiplets.cpus(), 64);
        let [low, high] = chiplets.hand_over_ns(8);
        assert!((low - 17.0).abs() < 1e-9 && (high - 25.0).abs() < 1e-9);
        let [low, high] = chiplets.hand_over_ns(64);
        assert!(low > 70.0 && high < 115.0, "{low} {high}");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let text = |chiplets: u32, ns: &str| {
            format!(
                "name = \"x\"\ntitle = \"x\"\nsockets = 1\nchiplets = {chiplets}\ncores = 4\n\
                 within_chiplet_ns = {ns}\n"
            )
        };
        for (text, expected) in [
            (text(1, "[30, 20]"), "two rising times"),
            (text(1, "[0, 20]"), "two rising times"),
            (text(1, "[nan, 20]"), "two rising times"),
            (text(0, "[10, 20]"), "chiplets = 0"),
            (text(2, "[10, 20]"), "across_chiplets_ns is missing"),
            (text(1, "[10, 20]") + "speed = 1\n", "m.toml:7:1"),
        ] {
            let error = Machine::parse(&text, "m.toml").unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert_eq!(error.lines().count(), 1);
        }
    }
}
