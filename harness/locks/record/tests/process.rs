//! When the file is written, and what is in it then: each in a process of its own, which is this program, started again with
//! the name of one of the ignored tests below.

#![cfg(all(feature = "record", unix))]

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use lockrecord::std::Mutex;
use serde_json::Value;

static LOCK: Mutex<u64> = Mutex::new(0);

fn increase(times: u64) {
    for _ in 0..times {
        *LOCK.lock().unwrap() += 1;
    }
}

/// A folder for one test, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn program(name: &str, file: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--ignored", "--nocapture"]);
    command
        .env("LOCKRECORD_FILE", file)
        .env("LOCKRECORD_SECONDS", "0");
    command
}

fn run(name: &str, file: &Path) -> Output {
    let output = program(name, file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

fn read(file: &Path) -> Value {
    let text = fs::read_to_string(file).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Acquisitions of a call site that the recording of a lock in use can lack.
const LACKING: u64 = 31;

/// Whether all acquisitions at one call site of a lock in use are in a recording.
fn is_counted(document: &Value, made: u64) -> bool {
    (made - LACKING..=made).contains(&acquired(document))
}

fn acquired(document: &Value) -> u64 {
    let uses = document["locks"][0]["uses"].as_array().unwrap().iter();
    uses.map(|of| of["acquired"].as_u64().unwrap()).sum()
}

/// The files in a folder, by their names.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[test]
#[ignore = "a program that another test starts"]
fn exits() {
    increase(1000);
}

#[test]
fn the_file_is_written_at_exit() {
    let folder = folder("exit");
    run("exits", &folder.join("locks.json"));
    let document = read(&folder.join("locks.json"));
    assert_eq!(document["written"], "exit");
    assert!(is_counted(&document, 1000));
    assert_eq!(document["lost"]["forked"], false);
    assert_eq!(document["threads"]["seen"], 1);
    let lock = &document["locks"][0];
    let file = |site: &Value| &document["sites"][site.as_u64().unwrap() as usize]["file"];
    assert!(
        file(&lock["made_at"])
            .as_str()
            .unwrap()
            .ends_with("tests/process.rs")
    );
    // Nothing is left of what was written beside.
    assert_eq!(names(&folder), ["locks.json"]);
}

#[test]
#[ignore = "a program that another test starts"]
fn exits_by_a_call() {
    increase(10);
    std::process::exit(0);
}

#[test]
fn the_file_is_written_by_a_call_of_exit() {
    let folder = folder("call");
    run("exits_by_a_call", &folder.join("locks.json"));
    assert_eq!(acquired(&read(&folder.join("locks.json"))), 10);
}

#[test]
#[ignore = "a program that another test starts"]
fn asks_for_the_file_and_aborts() {
    increase(20);
    let path = lockrecord::write().unwrap();
    assert_eq!(path.file_name().unwrap(), "locks.json");
    std::process::abort();
}

#[test]
fn the_file_is_written_on_request() {
    let folder = folder("request");
    let file = folder.join("locks.json");
    let output = program("asks_for_the_file_and_aborts", &file)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let document = read(&file);
    assert_eq!(
        (&document["written"], acquired(&document)),
        (&"request".into(), 20)
    );
}

#[test]
#[ignore = "a program that another test starts"]
fn forks() {
    increase(30);
    // SAFETY: the child calls what this test is about and nothing else of this process's threads.
    let child = unsafe { libc::fork() };
    if child == 0 {
        increase(1_000_000);
        // A panic would end a thread, not the process with an error.
        let is_quiet = lockrecord::write().is_err() && lockrecord::recording().is_empty();
        // With the handlers that write at exit.
        // SAFETY: as above.
        unsafe { libc::exit(i32::from(!is_quiet)) };
    }
    let mut status = 0;
    // SAFETY: waits for the child, and writes the status.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
    increase(5);
}

#[test]
fn a_forked_child_writes_nothing_and_the_parent_says_so() {
    let folder = folder("fork");
    run("forks", &folder.join("locks.json"));
    let document = read(&folder.join("locks.json"));
    assert_eq!(acquired(&document), 35);
    assert_eq!(document["lost"]["forked"], true);
    assert_eq!(names(&folder), ["locks.json"]);
}

#[test]
fn what_cannot_be_written_is_said_once_and_stops_nothing() {
    let folder = folder("refused");
    // A setting that is none does not keep the rest from being said.
    let output = program("exits", &folder.join("missing").join("locks.json"))
        .env("LOCKRECORD_SECONDS", "never")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let errors = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = errors
        .lines()
        .filter(|line| line.starts_with("lockrecord: "))
        .collect();
    assert_eq!(lines.len(), 2, "{errors}");
    assert!(lines[1].contains("cannot write the recording"), "{errors}");
    assert!(lines[1].contains("locks.json"), "{errors}");
}

#[test]
fn settings_that_are_none() {
    let folder = folder("settings");
    let file = folder.join("locks.json");
    let output = program("exits", &file)
        .env("LOCKRECORD_SECONDS", "soon")
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        errors.contains("lockrecord: LOCKRECORD_SECONDS is soon"),
        "{errors}"
    );
    assert!(is_counted(&read(&file), 1000));
    // An empty name is for no file.
    let output = program("exits", Path::new(""))
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(names(&folder), ["locks.json"]);
}

/// Writes as often as it can until it is killed, and says when the first file is there.
#[test]
#[ignore = "a program that another test starts"]
fn writes_on_and_on() {
    loop {
        increase(100);
        lockrecord::write().unwrap();
        // Nobody may read it any more.
        let _ = writeln!(io::stdout(), "\nwritten");
    }
}

/// Starts a program that writes on, and waits for a number of files.
fn start_writing(file: &Path, files: usize) -> Child {
    let mut child = program("writes_on_and_on", file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..files {
        assert!(lines.any(|line| line.unwrap() == "written"));
    }
    child
}

fn kill_while_it_writes(file: &Path, files: usize) {
    let mut child = start_writing(file, files);
    child.kill().unwrap();
    child.wait().unwrap();
    let document = read(file);
    assert_eq!(document["format"], "lockrecord/2");
    // All but the last interval at most.
    assert!(acquired(&document) + LACKING >= 100 * files as u64);
}

#[test]
fn a_killed_program_leaves_a_whole_file() {
    let folder = folder("killed");
    for files in [1, 2, 5] {
        kill_while_it_writes(&folder.join("locks.json"), files);
    }
}

/// At moments that nothing decides: after a time, in which the program writes all along.
#[test]
#[ignore = "takes long, and kills at moments that chance decides"]
fn a_program_that_is_killed_at_any_moment_leaves_a_whole_file() {
    let folder = folder("killed-at-any-moment");
    for round in 0..30_u64 {
        let mut child = start_writing(&folder.join("locks.json"), 1);
        let nanoseconds = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 50_000_000;
        std::thread::sleep(std::time::Duration::from_nanos(nanoseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(acquired(&read(&folder.join("locks.json"))) >= 100);
    }
}

/// Goes on until the writing thread is seen, and says which signals it blocks.
#[test]
#[cfg(target_os = "linux")]
#[ignore = "a program that another test starts"]
fn looks_at_the_writing_thread() {
    increase(1);
    let blocked = loop {
        let threads = fs::read_dir("/proc/self/task").unwrap();
        let mut statuses = threads
            .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("status")).ok());
        let of_writer = statuses.find(|status| status.starts_with("Name:\tlockrecord\n"));
        if let Some(status) = of_writer {
            let mut lines = status.lines();
            break lines.find_map(|line| line.strip_prefix("SigBlk:\t").map(str::to_owned));
        }
        std::thread::yield_now();
    };
    let blocked = u64::from_str_radix(&blocked.unwrap(), 16).unwrap();
    let others = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGUSR1];
    assert!(others.iter().all(|signal| blocked & 1 << (signal - 1) != 0));
    // This thread gets them as before.
    let mut mask = std::mem::MaybeUninit::uninit();
    // SAFETY: writes the signals that this thread has blocked.
    let mask = unsafe {
        libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), mask.as_mut_ptr());
        mask.assume_init()
    };
    // SAFETY: a set of signals, as above.
    let is_blocked = unsafe { libc::sigismember(&raw const mask, libc::SIGTERM) };
    assert_eq!(is_blocked, 0);
}

#[test]
#[cfg(target_os = "linux")]
fn the_writing_thread_leaves_signals_to_the_program() {
    let folder = folder("signals");
    let mut command = program("looks_at_the_writing_thread", &folder.join("locks.json"));
    let output = command.env("LOCKRECORD_SECONDS", "60").output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Goes on until a file of the writing thread is there.
#[test]
#[ignore = "a program that another test starts"]
fn waits_for_the_interval() {
    increase(7);
    let file = PathBuf::from(std::env::var_os("LOCKRECORD_FILE").unwrap());
    while !file.exists() {
        std::thread::yield_now();
    }
    std::process::abort();
}

#[test]
fn the_file_is_written_every_few_seconds() {
    let folder = folder("interval");
    let file = folder.join("locks.json");
    let mut command = program("waits_for_the_interval", &file);
    let output = command.env("LOCKRECORD_SECONDS", "1").output().unwrap();
    assert!(!output.status.success());
    let document = read(&file);
    assert_eq!(
        (&document["written"], acquired(&document)),
        (&"interval".into(), 7)
    );
}
