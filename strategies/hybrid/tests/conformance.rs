//! Every variant keeps the contract.
#![cfg(not(pivot_loom))]

use conformance::CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn every_variant_conforms() {
    conformance::assert_family::<hybrid::Variants>();
}
