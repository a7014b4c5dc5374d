//! What stands where in a packet; docs/WIRE.md tells of it byte by byte.

/// The first byte of every packet. No text in UTF-8 has this byte anywhere, and no frame begins
/// with it, since a frame's length would be beyond its limit.
pub(super) const MAGIC: u8 = 0xc1;

/// Magic, version, two bytes of flags, two of kind and count, and the sender's id.
pub(super) const HEAD_BYTES: usize = 22;
/// Where the flags stand.
pub(super) const FLAGS_AT: usize = 2;
/// Where the number of entries and the kind stand, with the kind in the lowest four bits.
pub(super) const COUNT_AT: usize = 4;
/// Where the sender's id stands.
pub(super) const SENDER_AT: usize = 6;

/// The flags of a packet. Who meets one of the lowest twelve bits that it does not know cannot read
/// what follows; the highest four say nothing that is needed to read on.
pub(super) mod flag {
    // The lowest bit is reserved: what follows the flags is sealed. Nothing reads or writes it yet.
    /// The label of a cluster follows the head.
    pub(in super::super) const CLUSTER: u16 = 1 << 1;
    /// Then a nonce.
    pub(in super::super) const NONCE: u16 = 1 << 2;
    /// Then the sender's round interval.
    pub(in super::super) const INTERVAL: u16 = 1 << 3;
    /// Then the highest version that the sender reads, if that is not the packet's own.
    pub(in super::super) const WIRE: u16 = 1 << 4;
    /// Then a part of the anti-entropy.
    pub(in super::super) const SYNC: u16 = 1 << 5;
    /// A timestamp follows the entries: it is not the one that they imply.
    pub(in super::super) const TIMESTAMP: u16 = 1 << 6;
    /// The sender asks for the receiver's configuration.
    pub(in super::super) const WANTS: u16 = 1 << 12;
    /// At the very end stands what a later version added, with its length before it.
    pub(in super::super) const EXTENSION: u16 = 1 << 13;

    /// The bits that must be understood.
    const STRICT: u16 = 0x0fff;
    /// Those of them that are.
    const UNDERSTOOD: u16 = CLUSTER | NONCE | INTERVAL | WIRE | SYNC | TIMESTAMP;

    /// The bits that must be understood and are not.
    pub(in super::super) const fn unknown(flags: u16) -> u16 {
        flags & STRICT & !UNDERSTOOD
    }
}

/// The first byte of an entry: its status in the lowest three bits, and these.
pub(super) mod head {
    pub(in super::super) const STATUS: u8 = 0b111;
    /// The configuration is in it; else it is a claim.
    pub(in super::super) const FULL: u8 = 1 << 3;
    /// It is about the sender, and no id follows.
    pub(in super::super) const OWN: u8 = 1 << 4;
    /// It ends with something about metadata.
    pub(in super::super) const METADATA: u8 = 1 << 5;
    pub(in super::super) const UNKNOWN: u8 = !(STATUS | FULL | OWN | METADATA);
}

/// The second byte of an entry with a configuration: how its parts are written.
pub(super) mod shape {
    /// The two bits of the address.
    pub(in super::super) const IP: u8 = 0b11;
    pub(in super::super) const IP_TEXT: u8 = 0;
    pub(in super::super) const IP_V4: u8 = 1;
    pub(in super::super) const IP_V6: u8 = 2;
    pub(in super::super) const IP_REFERENCE: u8 = 3;
    /// The port does not fit two bytes.
    pub(in super::super) const WIDE_PORT: u8 = 1 << 2;
    pub(in super::super) const ROLE_REFERENCE: u8 = 1 << 3;
    pub(in super::super) const REGION_REFERENCE: u8 = 1 << 4;
    /// The node is known to read packets.
    pub(in super::super) const READS_PACKETS: u8 = 1 << 5;
    pub(in super::super) const UNKNOWN: u8 =
        !(IP | WIDE_PORT | ROLE_REFERENCE | REGION_REFERENCE | READS_PACKETS);
}

/// The first byte of what an entry says about metadata.
pub(super) mod metadata {
    pub(in super::super) const WHOLE: u8 = 0;
    pub(in super::super) const APART: u8 = 1;
    pub(in super::super) const SLICE: u8 = 2;
}

/// The first byte of a part of the anti-entropy.
pub(super) mod sync {
    pub(in super::super) const DIGEST: u8 = 1;
    pub(in super::super) const DIGEST_OF_PREFIX: u8 = 2;
    pub(in super::super) const REQUEST: u8 = 3;
    pub(in super::super) const METADATA: u8 = 4;
}
