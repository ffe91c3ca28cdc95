//! What stepping asks of the system.

use std::arch::asm;
use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use crate::Unavailable;

/// Room for a handler's frame with the widest vector state, and then some.
const HANDLER_STACK_BYTES: usize = 64 << 10;

/// A handler with `SA_SIGINFO`.
pub(super) type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

/// Has `SIGTRAP` handled, for good.
pub(super) fn handle_traps(handler: Handler) -> Result<(), Unavailable> {
    let flags = SaFlags::SA_ONSTACK | SaFlags::SA_RESTART;
    let action = SigAction::new(SigHandler::SigAction(handler), flags, SigSet::empty());
    // SAFETY: the handler does what a handler may: atomics, a plain store, a system call that touches no
    // `errno`.
    let before = unsafe { sigaction(Signal::SIGTRAP, &action) };
    before.map(drop).map_err(refused("handle SIGTRAP"))
}

/// Lets the calling thread, and those that it starts, have `SIGTRAP`.
pub(super) fn unblock_traps() -> Result<(), Unavailable> {
    let unblocked = SigSet::from(Signal::SIGTRAP).thread_unblock();
    unblocked.map_err(refused("unblock SIGTRAP"))
}

/// Sleeps for as long as `word` is `value`; in a signal handler, too.
pub(super) fn sleep_while(word: &AtomicU32, value: u32) {
    // It may wake without reason, as when another signal was handled.
    while word.load(Ordering::SeqCst) == value {
        futex(word, libc::FUTEX_WAIT, value);
    }
}

/// Wakes a thread that sleeps because of `word`, which is another now.
pub(super) fn wake(word: &AtomicU32) {
    futex(word, libc::FUTEX_WAKE, 1);
}

/// `futex(2)` without a time limit. The C library's wrapper would change `errno`, which whatever a
/// handler interrupts may be about to read.
fn futex(word: &AtomicU32, operation: c_int, value: u32) {
    // SAFETY: the word outlives the call; the kernel reads it and writes no memory. `syscall` changes
    // rax, rcx and r11 and leaves the stack alone.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") libc::SYS_futex => _,
            in("rdi") word.as_ptr(),
            in("rsi") i64::from(operation | libc::FUTEX_PRIVATE_FLAG),
            in("rdx") u64::from(value),
            in("r10") 0_u64,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
}

/// The process that traces this one, if any.
pub(super) fn tracer() -> Option<u32> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let tracer = status
        .lines()
        .find_map(|line| line.strip_prefix("TracerPid:"))?;
    tracer.trim().parse().ok().filter(|&tracer| tracer != 0)
}

/// The lowest address of the calling thread's stack.
pub(super) fn lowest_of_stack() -> Result<u64, Unavailable> {
    let mut attributes = MaybeUninit::uninit();
    let (mut lowest, mut bytes) = (ptr::null_mut(), 0);
    // SAFETY: a thread may ask for its own attributes; they are initialised if that succeeds, and
    // destroyed once, after they were read.
    unsafe {
        match libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) {
            0 => {}
            error => {
                return Err(refused("find the stack of a thread")(Errno::from_raw(
                    error,
                )));
            }
        }
        libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut lowest, &raw mut bytes);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
    }
    Ok(lowest.addr() as u64)
}

/// A stack for the handler, so that it does not overwrite what it looks at; the one there was before
/// comes back when it is dropped.
pub(super) struct HandlerStack {
    before: libc::stack_t,
    /// Freed after the system has forgotten it.
    _bytes: Box<[MaybeUninit<u8>]>,
}

impl HandlerStack {
    pub(super) fn new() -> Result<Self, Unavailable> {
        let mut bytes = Box::<[u8]>::new_uninit_slice(HANDLER_STACK_BYTES);
        let stack = libc::stack_t {
            ss_sp: bytes.as_mut_ptr().cast(),
            ss_flags: 0,
            ss_size: HANDLER_STACK_BYTES,
        };
        let mut before = MaybeUninit::uninit();
        // SAFETY: the block is as long as it says and lives until another stack is set, in `drop`;
        // the call writes to the second argument if it succeeds.
        let before = unsafe {
            let set = Errno::result(libc::sigaltstack(&raw const stack, before.as_mut_ptr()));
            set.map_err(refused("set a stack for signals"))?;
            before.assume_init()
        };
        Ok(Self {
            before,
            _bytes: bytes,
        })
    }
}

impl Drop for HandlerStack {
    fn drop(&mut self) {
        // SAFETY: the stack was in use before, or none was; whoever set it has not ended, as this is
        // dropped before the frame that it was made in.
        unsafe { libc::sigaltstack(&raw const self.before, ptr::null_mut()) };
    }
}

/// That the system refused something.
fn refused(what: &'static str) -> impl Fn(Errno) -> Unavailable {
    move |errno| Unavailable::Refused {
        what,
        why: std::io::Error::from(errno).to_string(),
    }
}
