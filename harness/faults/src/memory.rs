//! No memory is left: every allocation of the process fails.
//!
//! What needs memory then ends the process, as Rust's collections do; whoever watches it sees that.

use std::panic::{AssertUnwindSafe, catch_unwind};

use basis::fault::{Deed, Fate};
use conformance::Refusing;
use contract::Handle;
use subject::{Subject, TableHandle, heartbeat};

use crate::scene::{Scene, Seen, guest, resident};

/// What somebody wants to do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wish {
    Read,
    Update,
    Insert,
}

/// How often: what needs memory only now and then shall need it here.
const TIMES: u64 = 256;
/// How often with memory, before: whatever is set up at first use.
const WARM_UP: u64 = 8;

pub(crate) fn see(scene: Scene, wish: Wish) -> Seen {
    leave_no_core();
    let mut handle = scene.table.handle();
    for n in 0..WARM_UP {
        wish.fulfil(&mut handle, n);
    }
    let refusing = Refusing::start();
    let went = catch_unwind(AssertUnwindSafe(|| {
        (WARM_UP..WARM_UP + TIMES).for_each(|n| wish.fulfil(&mut handle, n));
    }));
    drop(refusing);
    let mut seen = Seen::default();
    let fate = went.map_or(Fate::Panicked, |()| Fate::Done);
    seen.add(wish.deed(), fate);
    seen
}

impl Wish {
    fn fulfil(self, handle: &mut TableHandle<'_>, n: u64) {
        let id = resident(n);
        match self {
            Wish::Read => drop(std::hint::black_box(handle.read(id, Subject::touch))),
            Wish::Update => drop(handle.apply(id, heartbeat(n as usize))),
            Wish::Insert => {
                handle.insert(guest(1 + n), Subject::running(guest(1 + n)));
            }
        }
    }

    const fn deed(self) -> Deed {
        match self {
            Wish::Read => Deed::Read,
            Wish::Update => Deed::Update,
            Wish::Insert => Deed::Insert,
        }
    }
}

/// A process that is meant to end so leaves no image of itself on the disk.
fn leave_no_core() {
    #[cfg(unix)]
    // Best effort: where it cannot be forbidden, it is not harmful.
    let _ = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0);
}
