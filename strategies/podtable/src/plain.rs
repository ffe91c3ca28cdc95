//! Which types a table can hold.

use core::hash::Hash;

use bytemuck::{AnyBitPattern, NoUninit};

/// Bytes to a word.
pub(crate) const WORD: usize = size_of::<u64>();

/// A type of plain data: it can be copied byte by byte, into memory and out of it.
///
/// Implemented for each type that is
///
/// - [`NoUninit`]: each byte of it is initialised, so that it can be stored as integers. A type with padding is
///   not: the bytes in between have no value, and to read them is undefined behaviour. Name the padding as a
///   field (`_pad: [u8; 4]`), or order the fields by size.
/// - [`AnyBitPattern`]: each pattern of bytes is a value of it. A `bool`, an `enum` or a reference is not.
///   Store the number and convert it outside.
/// - [`Send`] and [`Sync`], as each such type in use is.
///
/// Derive the first two with `bytemuck`'s feature `derive`, or derive its `Pod`, which is both. An array has
/// them if its element has.
///
/// Padding does not compile. This fails with *the trait bound `Reading: NoUninit` is not satisfied*, and
/// `#[derive(NoUninit)]` on this type would fail as well:
///
/// ```compile_fail,E0277
/// #[derive(Clone, Copy, bytemuck::AnyBitPattern)]
/// #[repr(C)]
/// struct Reading {
///     sensor: u32,
///     // Four bytes of padding.
///     value: u64,
/// }
///
/// let table = podtable::SeqTable::<u64, Reading>::new();
/// ```
///
/// With the padding named it compiles:
///
/// ```
/// #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
/// #[repr(C)]
/// struct Reading {
///     sensor: u32,
///     _pad: u32,
///     value: u64,
/// }
///
/// let table = podtable::SeqTable::<u64, Reading>::new();
/// # assert!(table.is_empty());
/// ```
pub trait Value: NoUninit + AnyBitPattern + Send + Sync {}

impl<T: NoUninit + AnyBitPattern + Send + Sync> Value for T {}

/// A [`Value`] that can be looked up.
///
/// As in the standard library's map, keys that are equal must have equal hashes. A lookup may compare its key
/// with a mixture of two other keys, if one is being replaced by the other: whatever the comparison says is then
/// discarded, but it must not panic, whatever the bytes are.
pub trait Key: Value + Eq + Hash {}

impl<T: Value + Eq + Hash> Key for T {}

/// The words that a `T` takes.
pub(crate) const fn words_of<T>() -> usize {
    size_of::<T>().div_ceil(WORD)
}
