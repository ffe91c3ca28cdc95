//! Every variant keeps the contract.

use conformance::CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn every_variant_conforms() {
    conformance::assert_family::<hazard::Variants>();
}
