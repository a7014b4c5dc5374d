//! Structs that say their size: with the right one, and with others.

use super::world::World;
use std::marker::PhantomData;

/// Words of the room; more than any struct has.
const WORDS: usize = 256;

/// Room for a struct whose first field is its size, however large it says that it is.
pub(super) struct Sized<T> {
    words: Box<[u64; WORDS]>,
    of: PhantomData<T>,
}

impl<T> Sized<T> {
    /// A struct of zeros, mostly with the size that it has.
    pub(super) fn new(world: &World) -> Self {
        let size = size_of::<T>();
        let said = match world.byte() {
            0..=199 => size,
            200..=209 => size - 8,
            210..=219 => size + 8,
            220..=229 => WORDS * 8,
            230..=239 => 0,
            byte => usize::from(byte),
        };
        let mut words = Box::new([0; WORDS]);
        words[0] = said as u64;
        Self { words, of: PhantomData }
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut T {
        self.words.as_mut_ptr().cast()
    }

    /// The size that it says.
    pub(super) fn size(&self) -> usize {
        self.words[0] as usize
    }
}
