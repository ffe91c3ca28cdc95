//! The checks that every strategy passes before it is measured.

mod accounting;

pub use accounting::{Counting, CountingAllocator, Usage, allocator_is_installed};

use contract::{Family, Handle, ProcessId, ProcessStatus, Strategy, Visitor};

/// Runs every check on every variant of a family.
///
/// # Panics
///
/// When a variant breaks the contract.
pub fn assert_family<F: Family>() {
    struct Smoke;
    impl Visitor<ProcessStatus> for Smoke {
        fn visit<S: Strategy<ProcessStatus>>(&mut self) {
            let table = S::with_capacity(4);
            let mut handle = table.handle();
            for id in 0..100 {
                let id = ProcessId(id * 77);
                assert_eq!(handle.insert(id, ProcessStatus::pending(id)), None);
            }
            handle.publish();
            for id in 0..100 {
                let id = ProcessId(id * 77);
                assert_eq!(handle.read(id, |r| *r), Some(ProcessStatus::pending(id)));
            }
        }
        fn exclude(&mut self, _: contract::Profile, _: &'static str) {}
    }
    F::plain(&mut Smoke);
}
