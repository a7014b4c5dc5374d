//! Texts to addresses, without asking anybody.

use super::Error;
use crate::wire::binary::parse_v4;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The address to listen on.
pub(super) fn host(text: &str) -> Result<IpAddr, Error> {
    text.parse().map_err(|_| Error::Host(text.into()))
}

/// Where a message goes. "localhost" is this host in the family of `own`, the address listened on.
pub(super) fn target(own: IpAddr, ip: &str, port: i32) -> Result<SocketAddr, Error> {
    let port = u16::try_from(port).ok().filter(|port| *port > 0).ok_or(Error::Port(port))?;
    // The commonest kind of address; the general parser takes several times as long.
    if let Some(octets) = parse_v4(ip) {
        return Ok(SocketAddr::from((octets, port)));
    }
    let ip = match ip {
        "localhost" if own.is_ipv6() && !own.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        "localhost" => Ipv4Addr::LOCALHOST.into(),
        text => host(text)?,
    };
    Ok(SocketAddr::new(ip, port))
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
