//! Arguments of C: ids, texts, views, messages, with flaws that a C program can have.

use super::world::World;
use gossip::ffi::testing::c_text;
use gossip::ffi::*;
use std::ffi::{CString, c_char};
use std::mem::{MaybeUninit, size_of, transmute_copy};
use std::ptr;

/// An enumeration of C with any number in it.
pub(super) fn junk<T>(raw: u32) -> MaybeUninit<T> {
    const { assert!(size_of::<MaybeUninit<T>>() == size_of::<u32>()) };
    // SAFETY: a MaybeUninit may hold any bytes, and the sizes are equal.
    unsafe { transmute_copy(&raw) }
}

/// An id by its number.
pub(super) fn id(number: u8) -> gossip_node_id_t {
    gossip_node_id_t { data: [number; 16] }
}

/// A view without a flaw.
pub(super) fn view(number: u8) -> gossip_node_view_t {
    gossip_node_view_t {
        id: id(number),
        ip: c_text(&format!("10.0.0.{number}")),
        port: 7000 + i32::from(number),
        config_epoch: 0,
        heartbeat: 10,
        version: 0,
        status: junk(2),
        role: c_text("replica"),
        region: c_text("eu"),
        sent_messages: 0,
        received_messages: 0,
    }
}

/// A message and its entries.
pub(super) struct Message {
    entries: Vec<gossip_node_view_t>,
    head: gossip_message_t,
}

impl Message {
    /// The struct, whose pointer is valid as long as this lives.
    pub(super) fn as_struct(&mut self) -> gossip_message_t {
        let entries = self.entries.as_mut_ptr();
        let none = self.entries.is_empty();
        gossip_message_t { entries: if none { ptr::null_mut() } else { entries }, ..self.head }
    }
}

impl World {
    /// A number with a small range, and a foreign one now and then.
    pub(super) fn raw(&self, range: u8) -> u32 {
        if self.once_in(32) { self.number() as u32 } else { u32::from(self.byte() % range) }
    }

    pub(super) fn any_id(&self) -> gossip_node_id_t {
        match self.byte() {
            number @ 0..=239 => id(number % 8),
            240..=247 => id(0),
            _ => {
                let mut any = id(9);
                any.data.iter_mut().for_each(|byte| *byte = self.byte());
                any
            }
        }
    }

    /// A text in an array, now and then without NUL or not UTF-8.
    fn any_array(&self) -> [c_char; 64] {
        match self.byte() {
            0..=99 => c_text("10.0.0.1"),
            100..=149 => c_text(""),
            150..=199 => c_text("replica"),
            200..=219 => [b'x' as c_char; 64],
            220..=229 => [0xff_u8 as c_char; 64],
            _ => {
                let mut text = c_text("");
                for (place, byte) in text.iter_mut().zip(self.bytes(63)) {
                    *place = byte as c_char;
                }
                text
            }
        }
    }

    /// A text that ends in NUL.
    pub(super) fn any_text(&self) -> CString {
        let texts = [c"zone", c"a", c"", c"config_epoch", c"10.0.0.1", c"::1", c"\xff\xfe", c"7"];
        match self.byte() {
            byte @ 0..=199 => texts[usize::from(byte) % texts.len()].to_owned(),
            byte @ 200..=209 => {
                CString::new(vec![b'v'; usize::from(byte - 199) * 7_000]).unwrap_or_default()
            }
            byte => {
                let bytes = self.bytes(usize::from(byte) - 200);
                CString::new(bytes).unwrap_or_default()
            }
        }
    }

    /// A pointer to a text, or NULL.
    pub(super) fn text_or_null(&self, text: &CString) -> *const c_char {
        if self.once_in(24) { ptr::null() } else { text.as_ptr() }
    }

    fn any_counter(&self) -> u64 {
        match self.byte() {
            byte @ 0..=219 => u64::from(byte),
            220..=229 => (1 << 63) - 1,
            230..=239 => 1 << 63,
            _ => self.number(),
        }
    }

    pub(super) fn any_view(&self) -> gossip_node_view_t {
        let flags = self.byte();
        let plain = gossip_node_view_t {
            heartbeat: self.any_counter(),
            status: junk(self.raw(5)),
            ..view(flags % 8)
        };
        if flags & 0xe0 != 0 {
            return plain;
        }
        gossip_node_view_t {
            id: self.any_id(),
            ip: self.any_array(),
            port: self.number() as i32,
            config_epoch: self.any_counter(),
            version: self.number(),
            role: self.any_array(),
            region: self.any_array(),
            ..plain
        }
    }

    pub(super) fn any_message(&self) -> Message {
        let sender = self.any_id();
        let mut entries = Vec::new();
        for _ in 0..self.byte() % 6 {
            entries.push(self.any_view());
        }
        if let Some(first) = entries.first_mut()
            && self.byte() & 1 == 0
        {
            first.id = sender;
        }
        let mut count = entries.len();
        if self.once_in(64) {
            // Refused before the entries are looked at.
            count = usize::MAX - usize::from(self.byte());
        }
        let head = gossip_message_t {
            sender,
            r#type: junk(self.raw(8)),
            timestamp: self.any_counter(),
            entries: ptr::null_mut(),
            entries_count: count,
        };
        Message { entries, head }
    }

    /// The time of a function with `_at`, which usually rises.
    pub(super) fn any_time(&self) -> u64 {
        let step = u64::from(self.byte());
        let time = match step {
            0..=199 => self.now.get().saturating_add(step * 4),
            200..=239 => self.now.get().saturating_add((step - 199) * 10_000),
            240..=249 => self.now.get() / 2,
            _ => self.number(),
        };
        if step < 240 {
            self.now.set(time);
        }
        time
    }
}
