//! What the address sanitizer must report, or it does not look: `canary use-after-free` and
//! `canary leak`, both through the allocator that every test of a strategy installs.

#[global_allocator]
static ALLOCATOR: conformance::CountingAllocator = conformance::CountingAllocator;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("use-after-free") => {
            let record = Box::into_raw(Box::new([1_u64; 8]));
            // SAFETY: the first is sound. The second is not: that is what has to be reported, and the
            // process ends there.
            unsafe {
                drop(Box::from_raw(record));
                std::hint::black_box(record.cast::<u64>().read_volatile());
            }
        }
        Some("leak") => {
            std::hint::black_box(Box::into_raw(Box::new([1_u64; 8])));
        }
        _ => panic!("name `use-after-free` or `leak`"),
    }
}
