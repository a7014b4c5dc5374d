//! Texts to addresses, without asking anybody.

use super::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The address to listen on.
pub(super) fn host(text: &str) -> Result<IpAddr, Error> {
    text.parse().map_err(|_| Error::Host(text.into()))
}

/// Where a message goes. "localhost" is this host in the family of `own`, the address listened on.
pub(super) fn target(own: IpAddr, ip: &str, port: i32) -> Result<SocketAddr, Error> {
    let port = u16::try_from(port).ok().filter(|port| *port > 0).ok_or(Error::Port(port))?;
    if let Some(ip) = dotted(ip) {
        return Ok(SocketAddr::new(ip.into(), port));
    }
    let ip = match ip {
        "localhost" if own.is_ipv6() && !own.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        "localhost" => Ipv4Addr::LOCALHOST.into(),
        text => host(text)?,
    };
    Ok(SocketAddr::new(ip, port))
}

/// The commonest kind of address, read without the general parser, which takes several times as long.
fn dotted(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut rest = text.bytes();
    for (at, octet) in octets.iter_mut().enumerate() {
        let mut digits = 0;
        let mut value = 0_u16;
        let ended = loop {
            match rest.next() {
                Some(digit @ b'0'..=b'9') if digits < 3 && (digits == 0 || value > 0) => {
                    value = value * 10 + u16::from(digit - b'0');
                    digits += 1;
                }
                Some(b'.') => break at < 3,
                None => break at == 3,
                Some(_) => return None,
            }
        };
        if digits == 0 || !ended {
            return None;
        }
        *octet = u8::try_from(value).ok()?;
    }
    Some(octets.into())
}

/// The form in which a socket of `own`'s family takes an address: an IPv4 one is mapped for a
/// socket that listens on all IPv6 addresses, and so on both families.
pub(super) fn for_socket(own: IpAddr, to: SocketAddr) -> SocketAddr {
    match to.ip() {
        IpAddr::V4(ip) if own.is_ipv6() => SocketAddr::new(ip.to_ipv6_mapped().into(), to.port()),
        IpAddr::V6(_) if own.is_ipv4() => canonical(to),
        _ => to,
    }
}

/// The form in which addresses are shown and compared: a mapped IPv4 address is an IPv4 address.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) if v6.ip().to_ipv4_mapped().is_some() => {
            SocketAddr::new(v6.ip().to_canonical(), v6.port())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn numeric_addresses_and_localhost_are_targets() {
        assert_eq!(target(ANY, "10.0.0.7", 1).ok(), Some(at("10.0.0.7:1")));
        assert_eq!(target(ANY, "fe80::7", 65535).ok(), Some(at("[fe80::7]:65535")));
        assert_eq!(target(ANY, "localhost", 9).ok(), Some(at("127.0.0.1:9")));
        let own = Ipv6Addr::LOCALHOST.into();
        assert_eq!(target(own, "localhost", 9).ok(), Some(at("[::1]:9")));
    }

    #[test]
    fn dotted_addresses_are_those_of_the_general_parser() {
        let parts = ["0", "7", "10", "255", "256", "00", "01", "1000", "", "a", "+1", " 1"];
        for one in parts {
            for two in parts {
                for text in [
                    format!("{one}.{two}.3.4"),
                    format!("1.2.{one}.{two}"),
                    format!("{one}.{two}.3"),
                    format!("1.2.3.4.{one}"),
                    format!("{one}:{two}"),
                ] {
                    assert_eq!(dotted(&text), text.parse().ok(), "{text}");
                }
            }
        }
    }

    #[test]
    fn names_and_ports_that_cannot_be_are_refused() {
        for name in ["", "example.org", "127.0.0.1 ", "127.1", "[::1]"] {
            assert!(matches!(target(ANY, name, 1), Err(Error::Host(text)) if text == name));
        }
        for port in [0, -1, 65536, i32::MIN, i32::MAX] {
            assert!(matches!(target(ANY, "::1", port), Err(Error::Port(got)) if got == port));
        }
    }

    #[test]
    fn ipv4_is_mapped_for_an_ipv6_socket_and_back() {
        let mapped = for_socket(Ipv6Addr::UNSPECIFIED.into(), at("10.0.0.7:5"));
        assert_eq!(mapped, at("[::ffff:10.0.0.7]:5"));
        assert_eq!(canonical(mapped), at("10.0.0.7:5"));
        assert_eq!(for_socket(ANY, mapped), at("10.0.0.7:5"));
        assert_eq!(canonical(at("[fe80::1]:5")), at("[fe80::1]:5"));
    }
}
