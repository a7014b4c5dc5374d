//! Texts that many members share, kept once.

use alloc::boxed::Box;
use alloc::vec::Vec;
use hashbrown::HashTable;

/// The longest text of a member's ip, role or region in bytes; a C struct holds one more for the NUL.
pub(crate) const MAX_TEXT: usize = 63;

/// A text held by [`Strings`]; the empty text needs no place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct TextId(u32);

#[derive(Debug)]
struct HeldText {
    text: Box<str>,
    holders: u32,
}

/// Counts who holds each text and frees it with the last one.
#[derive(Debug)]
pub(crate) struct Strings {
    places: Vec<HeldText>,
    free: Vec<u32>,
    index: HashTable<u32>,
    key: u64,
}

impl Strings {
    pub(crate) const fn new(key: u64) -> Self {
        Self { places: Vec::new(), free: Vec::new(), index: HashTable::new(), key }
    }

    pub(crate) fn get(&self, text: TextId) -> &str {
        match text.0.checked_sub(1) {
            None => "",
            Some(i) => &self.places[i as usize].text,
        }
    }

    /// Takes hold of a text; give it back with [`Strings::release`].
    pub(crate) fn hold(&mut self, text: &str) -> TextId {
        if text.is_empty() {
            return TextId(0);
        }
        let hash = hash(text, self.key);
        let places = &mut self.places;
        if let Some(&i) = self.index.find(hash, |&i| *places[i as usize].text == *text) {
            places[i as usize].holders += 1;
            return TextId(i + 1);
        }
        let place = HeldText { text: text.into(), holders: 1 };
        let i = if let Some(i) = self.free.pop() {
            places[i as usize] = place;
            i
        } else {
            places.push(place);
            (places.len() - 1) as u32
        };
        let key = self.key;
        self.index.insert_unique(hash, i, |&i| self::hash(&places[i as usize].text, key));
        TextId(i + 1)
    }

    pub(crate) fn release(&mut self, text: TextId) {
        let Some(i) = text.0.checked_sub(1) else { return };
        let place = &mut self.places[i as usize];
        place.holders -= 1;
        if place.holders > 0 {
            return;
        }
        let hash = hash(&place.text, self.key);
        if let Ok(entry) = self.index.find_entry(hash, |&have| have == i) {
            entry.remove();
        }
        self.places[i as usize].text = Box::default();
        self.free.push(i);
    }
}

fn hash(text: &str, key: u64) -> u64 {
    text.as_bytes().chunks(8).fold(key ^ text.len() as u64, |hash, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        super::hash::mix(hash ^ u64::from_le_bytes(word), key | 0x9e37_79b9_7f4a_7c15)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_shared_text_once_and_frees_it_with_the_last_holder() {
        let mut strings = Strings::new(7);
        let a = strings.hold("eu-west-1");
        let b = strings.hold("eu-west-1");
        assert_eq!(a, b);
        strings.release(a);
        assert_eq!(strings.get(b), "eu-west-1");
        strings.release(b);
        let c = strings.hold("replica");
        assert_eq!((strings.get(c), strings.places.len()), ("replica", 1));
    }
}
