//! The address text of a member, inline where it is short.

use super::strings::{Strings, TextId};
use crate::wire::binary::{parse_v4, v4_text};
use core::net::{IpAddr, SocketAddr};

/// At most 15 bytes inline (every IPv4 address fits), longer texts in [`Strings`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ip {
    Short(u8, [u8; 15]),
    Long(TextId),
}

impl Ip {
    pub(crate) fn hold(text: &str, strings: &mut Strings) -> Self {
        if text.len() > 15 {
            return Self::Long(strings.hold(text));
        }
        let mut bytes = [0; 15];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Self::Short(text.len() as u8, bytes)
    }

    pub(crate) fn release(self, strings: &mut Strings) {
        if let Self::Long(text) = self {
            strings.release(text);
        }
    }

    pub(crate) fn as_str<'a>(&'a self, strings: &'a Strings) -> &'a str {
        match self {
            // Only whole texts are put in, so this is always UTF-8.
            Self::Short(len, bytes) => {
                core::str::from_utf8(&bytes[..usize::from(*len)]).unwrap_or("")
            }
            Self::Long(text) => strings.get(*text),
        }
    }

    /// Whether `address` is this host at `port`.
    pub(crate) fn is_at(&self, port: i32, address: SocketAddr, strings: &Strings) -> bool {
        if let (Self::Short(len, bytes), IpAddr::V4(ip)) = (self, address.ip().to_canonical()) {
            let text = v4_text(ip.octets());
            // Most addresses are told as the system writes them, and no text has to be read.
            if text.as_bytes() == &bytes[..usize::from(*len)] {
                return i32::from(address.port()) == port;
            }
        }
        is_at(self.as_str(strings), port, address)
    }
}

/// The text of an address, without an allocation.
#[derive(Debug)]
pub(crate) struct IpText {
    bytes: [u8; 48],
    len: usize,
}

impl IpText {
    pub(crate) fn of(address: SocketAddr) -> Self {
        let mut text = Self { bytes: [0; 48], len: 0 };
        // The longest IPv6 text has 45 bytes, so this cannot fail.
        let _ = core::fmt::write(&mut text, format_args!("{}", address.ip().to_canonical()));
        text
    }

    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.len]).unwrap_or("")
    }
}

impl core::fmt::Write for IpText {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.len + text.len();
        let place = self.bytes.get_mut(self.len..end).ok_or(core::fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// Whether two address texts name the same host: equal texts, "localhost" and the loopback address,
/// and an IPv4 address in its IPv6-mapped form.
pub(crate) fn same_host(a: &str, b: &str) -> bool {
    a == b || matches!((parse(a), parse(b)), (Some(a), Some(b)) if a == b)
}

/// Whether a text is no address that anyone else could send to: empty, 0.0.0.0 or `::`.
pub(crate) fn is_unspecified(text: &str) -> bool {
    match text.as_bytes().first() {
        None => true,
        Some(b'0' | b':') => parse(text).is_some_and(|ip| ip.is_unspecified()),
        // Nothing else can be zero.
        Some(_) => false,
    }
}

/// Whether `address` is the host and port of a text.
pub(crate) fn is_at(ip: &str, port: i32, address: SocketAddr) -> bool {
    i32::from(address.port()) == port && parse(ip) == Some(address.ip().to_canonical())
}

fn parse(text: &str) -> Option<IpAddr> {
    // The commonest kind; the general parser takes several times as long.
    if let Some(octets) = parse_v4(text) {
        return Some(IpAddr::from(octets));
    }
    if text == "localhost" {
        return Some(IpAddr::V4(core::net::Ipv4Addr::LOCALHOST));
    }
    text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_host_knows_localhost_and_mapped_addresses() {
        assert!(same_host("localhost", "127.0.0.1"));
        assert!(same_host("::ffff:10.0.0.1", "10.0.0.1"));
        assert!(same_host("db-7.internal", "db-7.internal"));
        assert!(!same_host("10.0.0.1", "10.0.0.2"));
        assert!(!same_host("db-7", "db-8"));
    }

    #[test]
    fn keeps_every_text_byte_for_byte() {
        let mut strings = Strings::new(1);
        for text in ["", "10.0.0.7", "255.255.255.255", "2001:db8::1:2:3:4", "010.1.1.1"] {
            let ip = Ip::hold(text, &mut strings);
            assert_eq!(ip.as_str(&strings), text);
        }
    }

    #[test]
    fn only_addresses_of_nobody_are_unspecified() {
        assert!(is_unspecified("") && is_unspecified("0.0.0.0") && is_unspecified("::"));
        assert!(!is_unspecified("127.0.0.1") && !is_unspecified("seed"));
    }
}
