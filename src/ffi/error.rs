//! The text of the last error of each thread.

use super::types::gossip_error_code_t;
use core::cell::{Cell, RefCell};
use core::ffi::c_char;
use core::fmt::{self, Write};

/// The code for an argument that has a flaw.
pub(super) const INVALID: gossip_error_code_t = gossip_error_code_t::GOSSIP_ERR_INVALID_ARGUMENT;

/// The most bytes of an error text, with its final NUL; what is longer is cut.
const TEXT_BYTES: usize = 512;

/// A text of bounded length that always ends in NUL. `repr(C)`: a pointer to it points to the text.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Text {
    bytes: [u8; TEXT_BYTES],
    len: usize,
}

impl Text {
    pub(super) const EMPTY: Self = Self { bytes: [0; TEXT_BYTES], len: 0 };

    /// The text, ending in NUL.
    #[cfg(feature = "ext")]
    pub(super) const fn as_ptr(&self) -> *const c_char {
        self.bytes.as_ptr().cast()
    }

    /// The text without its NUL.
    #[cfg(feature = "ext")]
    pub(super) fn as_str(&self) -> &str {
        // Only whole characters are put in.
        core::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }

    /// Puts question marks for each control character, so that the text is one line and whole. Those of
    /// two bytes, U+0080 to U+009F, include a line break and the start of commands to a terminal.
    #[cfg(feature = "ext")]
    pub(super) fn replace_controls(&mut self) {
        for at in 0..self.len {
            if self.bytes[at] == 0xc2 && self.bytes[at + 1] < 0xa0 {
                self.bytes[at..at + 2].fill(b'?');
            } else if self.bytes[at].is_ascii_control() {
                self.bytes[at] = b'?';
            }
        }
    }

    fn clear(&mut self) {
        self.len = 0;
        self.bytes[0] = 0;
    }
}

impl Write for Text {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = TEXT_BYTES - 1 - self.len;
        let more = &more.as_bytes()[..cut(more, room)];
        self.bytes[self.len..self.len + more.len()].copy_from_slice(more);
        self.len += more.len();
        self.bytes[self.len] = 0;
        Ok(())
    }
}

/// The most bytes of `text` up to `most` that end between two characters.
#[inline]
pub(super) fn cut(text: &str, most: usize) -> usize {
    if text.len() <= most { text.len() } else { boundary(text, most) }
}

#[cold]
#[inline(never)]
fn boundary(text: &str, most: usize) -> usize {
    // Index 0 is always a boundary.
    (0..=most).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0)
}

// Neither has a destructor: so they can be used while a thread or the process is taken down, and
// nothing is registered that would be called after the library was unloaded.
std::thread_local! {
    static LAST: RefCell<Text> = const { RefCell::new(Text::EMPTY) };
    static FUNCTION: Cell<&'static str> = const { Cell::new("libgossip") };
}

/// Notes which function of the ABI this thread runs; returns the one it ran before.
#[inline]
pub(super) fn enter(function: &'static str) -> &'static str {
    FUNCTION.replace(function)
}

/// Makes the text of this thread empty.
pub(super) fn clear() {
    LAST.with_borrow_mut(Text::clear);
}

/// Sets the error text of this thread, after the name of the function that it runs.
///
/// The text names the argument, its value and the remedy, as in
/// `format_args!("count is {count}; pass at most 8")`.
#[cold]
#[inline(never)]
pub(super) fn set_last_error(text: fmt::Arguments<'_>) {
    LAST.with_borrow_mut(|last| {
        last.clear();
        // Writing to the bounded text cannot fail; a Display of ours that fails leaves it cut.
        let _ = write!(last, "{}: {text}", FUNCTION.get());
    });
}

/// The error text for an argument that must not be NULL.
#[cold]
#[inline(never)]
pub(super) fn report_null(name: &str) {
    set_last_error(format_args!("{name} is NULL; pass a pointer"));
}

/// Whether a pointer is not NULL; leaves an error text if it is.
pub(super) fn is_given<T>(pointer: *const T, name: &str) -> bool {
    if pointer.is_null() {
        report_null(name);
    }
    !pointer.is_null()
}

/// What a result has; `None`, with an error text that begins with `before`, for an error.
pub(super) fn or_report<T>(result: Result<T, impl fmt::Display>, before: &str) -> Option<T> {
    result.map_err(|error| set_last_error(format_args!("{before}{error}"))).ok()
}

/// A copy of the text of this thread.
#[cfg(feature = "ext")]
pub(super) fn copy() -> Text {
    LAST.with_borrow(|last| *last)
}

/// An error text that callbacks must not overwrite.
pub(super) struct Saved(Option<Text>);

/// Takes a copy of the text of this thread, if there is one.
pub(super) fn save() -> Saved {
    LAST.with_borrow(|last| Saved((last.len > 0).then_some(*last)))
}

impl Saved {
    /// Brings the copy back; without one the text becomes empty.
    pub(super) fn restore(self) {
        LAST.with_borrow_mut(|last| match self.0 {
            Some(text) => *last = text,
            None => last.clear(),
        });
    }
}

/// The text of this thread, ending in NUL; empty if its last call had no error.
pub(super) fn last() -> *const c_char {
    LAST.with(|last| last.as_ptr().cast::<c_char>().cast_const())
}

#[cfg(all(test, feature = "ext"))]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_one_and_two_bytes_are_replaced() {
        let mut text = Text::EMPTY;
        text.write_str("a\n\u{7f}\u{80}\u{85}\u{9f}\u{a0}\u{e9}\u{20ac}").expect("it has room");
        text.replace_controls();
        assert_eq!(text.as_str(), "a????????\u{a0}\u{e9}\u{20ac}");
    }
}
