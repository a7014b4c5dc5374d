//! Memory that the program frees with plain `free()`.

use core::mem;

/// An array from `malloc`, to be filled from the front. Freed if it is not given away.
pub(super) struct CArray<T: Copy> {
    start: *mut T,
    len: usize,
    room: usize,
}

impl<T: Copy> CArray<T> {
    /// Room for `room` elements; `None` if there is no such amount of memory.
    ///
    /// With `room` 0 there is still a block, so that the pointer is not NULL.
    #[must_use]
    pub(super) fn with_room(room: usize) -> Option<Self> {
        // malloc aligns for every basic type of C.
        const { assert!(mem::align_of::<T>() <= 16 && mem::size_of::<T>() > 0) };
        let bytes = room.max(1).checked_mul(mem::size_of::<T>())?;
        // SAFETY: malloc has no preconditions.
        let start = unsafe { libc::malloc(bytes) }.cast::<T>();
        (!start.is_null()).then_some(Self { start, len: 0, room })
    }

    /// Adds an element; does nothing and returns `false` when there is no room.
    pub(super) fn push(&mut self, element: T) -> bool {
        let free = self.len < self.room;
        if free {
            // SAFETY: the block has `room` places, and `len` is below it.
            unsafe { self.start.add(self.len).write(element) };
            self.len += 1;
        }
        free
    }

    /// How many elements it has.
    #[must_use]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no element.
    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Gives the block away; who takes it calls `free()`.
    #[must_use]
    pub(super) fn into_raw(self) -> *mut T {
        mem::ManuallyDrop::new(self).start
    }
}

impl CArray<u8> {
    /// A copy of some bytes; `None` if there is no memory.
    #[must_use]
    pub(super) fn copy_of(bytes: &[u8]) -> Option<Self> {
        let mut copy = Self::with_room(bytes.len())?;
        // SAFETY: the block has room for `bytes.len()` bytes and is not part of `bytes`.
        unsafe { copy.start.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        copy.len = bytes.len();
        Some(copy)
    }
}

impl<T: Copy> Drop for CArray<T> {
    fn drop(&mut self) {
        // SAFETY: the block came from malloc and was not given away.
        unsafe { free(self.start.cast()) };
    }
}

/// Frees what [`CArray::into_raw`] gave away; NULL is allowed.
///
/// # Safety
/// `block` is NULL or came from `malloc` and was not freed.
pub(super) unsafe fn free(block: *mut core::ffi::c_void) {
    // SAFETY: the caller's promise is that of free().
    unsafe { libc::free(block) };
}

#[cfg(test)]
mod tests {
    use super::CArray;

    #[test]
    fn takes_no_more_than_its_room() {
        let mut array = CArray::<u64>::with_room(2).expect("memory");
        assert!(array.is_empty());
        assert!(array.push(1) && array.push(2) && !array.push(3));
        assert_eq!(array.len(), 2);
    }

    #[test]
    fn refuses_a_size_that_overflows() {
        assert!(CArray::<u64>::with_room(usize::MAX / 4).is_none());
    }
}
