//! `/proc/PID/stat`, as proc(5) has it.

use model::workload::{Process, ProcessState};

use crate::{Life, Machine, Observed};

/// Fields behind the name, counted from the state, which is the third of all.
const STATE: usize = 0;
const USER_TICKS: usize = 11;
const SYSTEM_TICKS: usize = 12;
const START: usize = 19;
const RSS_PAGES: usize = 21;
const EXIT_STATUS: usize = 49;

/// Reads a line; `None` if it is not one.
pub(crate) fn parse(text: &str, machine: &Machine) -> Option<Observed> {
    // A name may have anything in it, parentheses and spaces included: it ends at the last one.
    let (before, after) = text.rsplit_once(')')?;
    let (pid, name) = before.split_once('(')?;
    let fields: Vec<&str> = after.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let life = match fields.get(STATE)?.chars().next()? {
        'Z' | 'X' | 'x' => Life::Over {
            code: exit_code(number(EXIT_STATUS).unwrap_or_default() as u32),
        },
        'R' => Life::Alive(ProcessState::Running),
        'D' => Life::Alive(ProcessState::Blocked),
        'T' | 't' => Life::Alive(ProcessState::Stopped),
        'I' => Life::Alive(ProcessState::Idle),
        // `S`, and what old kernels have besides: all ways to sleep.
        _ => Life::Alive(ProcessState::Sleeping),
    };
    let ticks = number(USER_TICKS)?.saturating_add(number(SYSTEM_TICKS)?);
    Some(Observed {
        process: Process {
            pid: pid.trim().parse().ok().filter(|&pid| pid > 0)?,
            start: number(START)?,
        },
        name: name.replace(char::is_control, "?"),
        life,
        cpu_ns: ticks.saturating_mul(machine.tick_ns),
        rss_bytes: number(RSS_PAGES)?.saturating_mul(machine.page_bytes),
    })
}

/// From a status as wait(2) has it: a signal in the low seven bits, or a code above them.
fn exit_code(status: u32) -> i32 {
    let signal = (status & 0x7f).cast_signed();
    if signal == 0 {
        (status >> 8 & 0xff).cast_signed()
    } else {
        -signal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: &Machine = &Machine {
        tick_ns: 10_000_000,
        page_bytes: 4_096,
    };

    fn line(name: &str, state: &str, status: u32) -> String {
        format!(
            "9870 ({name}) {state} 9858 9858 1820 0 -1 4194304 101 0 0 0 3 4 0 0 20 0 1 0 492411 3133440 \
             413 18446744073709551615 94196370980864 94196371000745 140723927418304 0 0 0 0 0 0 0 0 0 17 \
             1 0 0 0 0 0 94196371016752 94196371018368 94196581494784 140723927419617 140723927419637 \
             140723927419637 140723927420907 {status}\n"
        )
    }

    #[test]
    fn a_line_is_read_as_the_manual_has_it() {
        let observed = parse(&line("cat", "R", 0), UNITS).unwrap();
        let expected = Observed {
            process: Process {
                pid: 9870,
                start: 492_411,
            },
            name: "cat".into(),
            life: Life::Alive(ProcessState::Running),
            cpu_ns: 70_000_000,
            rss_bytes: 413 * 4_096,
        };
        assert_eq!(observed, expected);
    }

    #[test]
    fn names_may_have_anything_in_them() {
        for (name, shown) in [
            ("a) R 1 (b", "a) R 1 (b"),
            ("<b>", "<b>"),
            ("a\nb", "a?b"),
            ("", ""),
        ] {
            assert_eq!(parse(&line(name, "S", 0), UNITS).unwrap().name, shown);
        }
    }

    #[test]
    fn an_end_has_its_code_or_its_signal() {
        for (status, code) in [(0, 0), (101 << 8, 101), (9, -9), (0x8b, -11)] {
            let observed = parse(&line("x", "Z", status), UNITS).unwrap();
            assert_eq!(observed.life, Life::Over { code });
        }
    }

    #[test]
    fn what_is_cut_off_is_no_line() {
        let whole = line("cat", "R", 0);
        for length in 0..whole.find("492411").unwrap() {
            assert_eq!(parse(&whole[..length], UNITS), None);
        }
    }
}
