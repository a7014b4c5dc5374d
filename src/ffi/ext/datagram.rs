//! Messages of a core as datagrams, for a program that carries bytes itself.

use crate::proto::Transmit;
use crate::types::{Entry, Form};
use crate::wire::pack::{Medium, Packer};
use crate::wire::{Error, Outgoing, Scratch, Serializer, binary};
use core::ffi::c_char;
use core::fmt::{self, Write};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The bytes that an emptied buffer keeps room for. More is given back.
const KEPT_BYTES: usize = 256 * 1024;

/// One datagram in [`DatagramBuffer`].
#[derive(Clone, Copy)]
pub(crate) struct Datagram {
    start: usize,
    len: usize,
    to: SocketAddr,
}

/// Why a message did not become a datagram.
pub(crate) enum Undeliverable {
    /// The receiver's address is not numeric.
    Address,
    /// It cannot be written.
    Wire,
}

/// The bytes of datagrams that wait to be sent. Its buffers are used again and again.
#[derive(Default)]
pub(crate) struct DatagramBuffer {
    bytes: Vec<u8>,
    packer: Packer,
}

impl DatagramBuffer {
    /// Writes a message and gives each datagram that it becomes to `emit`; says how many bytes they
    /// have together. `scratch` is empty before and after it.
    pub(super) fn write(
        &mut self,
        transmit: &Transmit<'_>,
        scratch: &mut Vec<Entry<'static>>,
        emit: &mut dyn FnMut(Datagram),
    ) -> Result<usize, Undeliverable> {
        let to = address_of(&transmit.target).ok_or(Undeliverable::Address)?;
        let first = self.bytes.len();
        let written = match transmit.form {
            Form::Packet => self.write_packet(transmit, to, emit),
            Form::Text => {
                let mut entries: Vec<Entry<'_>> = core::mem::take(scratch);
                entries.extend(transmit.entries());
                let written = self.write_text(transmit, &entries, to, emit);
                *scratch = Scratch::recycle(entries);
                written
            }
        };
        match written {
            Ok(()) | Err(Error::MetadataLeftOut(_)) => Ok(self.bytes.len() - first),
            Err(_) => Err(Undeliverable::Wire),
        }
    }

    fn write_packet(
        &mut self,
        transmit: &Transmit<'_>,
        to: SocketAddr,
        emit: &mut dyn FnMut(Datagram),
    ) -> Result<(), Error> {
        let start = self.bytes.len();
        transmit.encode(&mut self.bytes)?;
        emit(Datagram { start, len: self.bytes.len() - start, to });
        Ok(())
    }

    /// As the transports do.
    fn write_text(
        &mut self,
        transmit: &Transmit<'_>,
        entries: &[Entry<'_>],
        to: SocketAddr,
        emit: &mut dyn FnMut(Datagram),
    ) -> Result<(), Error> {
        let Transmit { header, form, to_new, .. } = transmit;
        let message = Outgoing { form: *form, to_new: *to_new, ..Outgoing::new(header, entries) };
        let Self { bytes, packer } = self;
        packer.pack(&Serializer::Auto, &message, Medium::Datagram, &mut |piece| {
            emit(Datagram { start: bytes.len(), len: piece.bytes.len(), to });
            bytes.extend_from_slice(piece.bytes);
            true
        })
    }

    pub(crate) fn bytes_of(&self, datagram: &Datagram) -> &[u8] {
        debug_assert!(datagram.start + datagram.len <= self.bytes.len(), "its bytes wait here");
        &self.bytes[datagram.start..datagram.start + datagram.len]
    }

    /// The bytes that wait.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets all and keeps the buffers.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
    }
}

fn address_of(target: &Entry<'_>) -> Option<SocketAddr> {
    let port = u16::try_from(target.port).ok().filter(|&port| port > 0)?;
    let ip = match target.ip {
        "localhost" => Ipv4Addr::LOCALHOST.into(),
        text => read_ip(text)?,
    };
    Some(SocketAddr::new(ip, port))
}

/// A numeric address; an IPv4 address that is mapped into IPv6 is the IPv4 one.
pub(super) fn read_ip(text: &str) -> Option<IpAddr> {
    // The commonest kind of address; the general parser takes several times as long.
    match binary::parse_v4(text) {
        Some(octets) => Some(IpAddr::from(octets)),
        None => text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical()),
    }
}

/// A numeric address as text for C, without allocating.
pub(crate) struct HostText {
    bytes: [u8; Self::BYTES],
    len: usize,
    pub(crate) port: u16,
}

impl HostText {
    /// The longest IPv6 address has 45 bytes.
    const BYTES: usize = 64;

    pub(crate) fn of(datagram: &Datagram) -> Self {
        let mut text = Self { bytes: [0; Self::BYTES], len: 0, port: datagram.to.port() };
        // It has room for every address, and a NUL stays behind it.
        let _ = match datagram.to.ip() {
            IpAddr::V4(ip) => text.put(binary::v4_text(ip.octets()).as_bytes()),
            ip => write!(text, "{ip}"),
        };
        text
    }

    fn put(&mut self, more: &[u8]) -> fmt::Result {
        let end = self.len + more.len();
        let room = self.bytes[..Self::BYTES - 1].get_mut(self.len..end).ok_or(fmt::Error)?;
        room.copy_from_slice(more);
        self.len = end;
        Ok(())
    }

    pub(crate) fn as_ptr(&self) -> *const c_char {
        self.bytes.as_ptr().cast()
    }
}

impl Write for HostText {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        self.put(more.as_bytes())
    }
}
