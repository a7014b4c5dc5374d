//! Writing and reading of each form of messages.

use super::{entry, header, ip, least};
use crate::paper::Effort;
use crate::table::Table;
use gossip::types::{Detail, Entry, Header, MessageKind};
use gossip::wire::{binary, bincode, json};
use std::hint::black_box;

/// One form: how it writes, and how it reads; reading gives the sum of the heartbeats, so that all is
/// read.
pub(super) struct Form {
    pub(super) name: &'static str,
    pub(super) write: fn(&Header, &[Entry<'_>], &mut Vec<u8>),
    pub(super) read: fn(&[u8]) -> u64,
}

const FORMS: [Form; 3] = [
    Form {
        name: "binary",
        write: |header, entries, out| {
            binary::encode(header, entries.iter().copied(), out).expect("it fits");
        },
        read: |bytes| {
            let packet = binary::decode(bytes).expect("it can be read");
            packet.entries().map(|entry| entry.heartbeat).sum()
        },
    },
    Form {
        name: "json",
        write: |header, entries, out| {
            json::encode(header, entries.iter().copied(), out).expect("it fits");
        },
        read: |bytes| {
            let message = json::decode(bytes).expect("it can be read");
            message.entries.iter().map(|entry| entry.heartbeat).sum()
        },
    },
    Form {
        name: "bincode",
        write: |header, entries, out| {
            bincode::encode(header, entries.iter().copied(), out).expect("it fits");
        },
        read: |bytes| {
            let message = bincode::decode(bytes).expect("it can be read");
            message.entries.iter().map(|entry| entry.heartbeat).sum()
        },
    },
];

/// Visits each form with what is written in it: its name, the header, the entries.
pub(super) fn each(mut visit: impl FnMut(&Form, &'static str, &Header, &[Entry<'_>])) {
    let header = header(MessageKind::Ping, 1, true);
    let addresses: Vec<String> = (1..=7).map(|n| ip(n).to_string()).collect();
    for form in &FORMS {
        for (what, detail) in [("7 claims", Detail::Claim), ("7 whole entries", Detail::Full)] {
            // Packets alone carry claims.
            if form.name != "binary" && detail == Detail::Claim {
                continue;
            }
            let entries: Vec<Entry<'_>> =
                (1..=7).zip(&addresses).map(|(n, ip)| entry(n, ip, 1000, detail)).collect();
            visit(form, what, &header, &entries);
        }
    }
}

/// Runs it.
pub(super) fn run(effort: &Effort) -> Result<(), String> {
    let columns = ["form", "what", "bytes", "written, ns", "read, ns", "floor: copied, ns"];
    let mut table = Table::new("micro-wire", &columns);
    each(|form, what, header, entries| {
        let mut bytes = Vec::with_capacity(4_096);
        let written = least(|_| {
            bytes.clear();
            (form.write)(black_box(header), entries, &mut bytes);
            black_box(bytes.len());
        });
        let taken = least(|_| {
            black_box((form.read)(black_box(&bytes)));
        });
        let mut copy = vec![0; bytes.len()];
        let floor = least(|_| {
            copy.copy_from_slice(black_box(&bytes));
            black_box(&copy);
        });
        table.row([
            form.name.into(),
            what.into(),
            bytes.len().into(),
            written.into(),
            taken.into(),
            floor.into(),
        ]);
    });
    effort.publish(&table)
}
