//! What a program gives to be joined: `host:port`.

use super::error::JoinReason;
use std::net::{IpAddr, SocketAddr};

/// The longest name of a host in the DNS, in bytes.
const MAX_NAME_BYTES: usize = 253;

/// Where a target is, as far as its text says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Location {
    /// A numeric address.
    Address(SocketAddr),
    /// A name to be looked up, and a port.
    Name(String, u16),
}

/// Reads `10.0.0.1:7946`, `[fe80::7]:7946` or `name:7946`.
pub(super) fn parse(text: &str) -> Result<Location, JoinReason> {
    let malformed = |what| Err(JoinReason::Malformed(what));
    let Some((host, port)) = text.rsplit_once(':') else {
        return malformed("it has no port; give host:port");
    };
    let port = match port.parse::<u16>() {
        Ok(port) if port > 0 => port,
        _ => return malformed("its port is not 1 to 65535"),
    };
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return match inner.parse::<IpAddr>() {
            Ok(ip @ IpAddr::V6(_)) => {
                Ok(Location::Address(SocketAddr::new(ip.to_canonical(), port)))
            }
            _ => malformed("what stands in brackets is no IPv6 address"),
        };
    }
    if let Ok(ip) = host.parse::<IpAddr>() {
        if ip.is_ipv6() {
            return malformed("an IPv6 address stands in brackets before its port");
        }
        return Ok(Location::Address(SocketAddr::new(ip, port)));
    }
    let is_letter = |byte: u8| byte.is_ascii_graphic() && !b":[]/\"".contains(&byte);
    if host.is_empty() || host.len() > MAX_NAME_BYTES || !host.bytes().all(is_letter) {
        return malformed("its host is no address and no name");
    }
    Ok(Location::Name(host.into(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Result<Location, JoinReason> {
        Ok(Location::Address(text.parse().expect("an address")))
    }

    #[test]
    fn addresses_and_names_are_read() {
        assert_eq!(parse("10.0.0.1:7946"), at("10.0.0.1:7946"));
        assert_eq!(parse("[fe80::7]:1"), at("[fe80::7]:1"));
        assert_eq!(parse("[::ffff:10.0.0.1]:1"), at("10.0.0.1:1"));
        assert_eq!(parse("localhost:65535"), Ok(Location::Name("localhost".into(), 65535)));
        assert_eq!(parse("db-7.x_y:80"), Ok(Location::Name("db-7.x_y".into(), 80)));
    }

    #[test]
    fn what_is_no_target_says_why() {
        for (text, part) in [
            ("", "no port"),
            ("10.0.0.1", "no port"),
            ("10.0.0.1:0", "1 to 65535"),
            ("10.0.0.1:65536", "1 to 65535"),
            ("10.0.0.1:", "1 to 65535"),
            ("10.0.0.1:x", "1 to 65535"),
            ("::1:7946", "brackets"),
            ("[10.0.0.1]:1", "brackets"),
            ("[::1:1", "no name"),
            (":7946", "no name"),
            ("a b:7946", "no name"),
            ("a\nb:7946", "no name"),
        ] {
            let Err(JoinReason::Malformed(what)) = parse(text) else { panic!("{text} was read") };
            assert!(what.contains(part), "{text}: {what}");
        }
        assert!(parse(&format!("{}:1", "n".repeat(254))).is_err());
    }
}
