//! Messages of another cluster. The core refuses them. Who asked to join is told that this is another
//! cluster, and a join of ours tells its program, who would look for a fault of the network else.

use super::hub::Hub;
use crate::net::address;
use crate::types::{Form, Header, MessageKind};
use crate::wire::Outgoing;
use crate::wire::pack::{Medium, Packer};
use std::net::SocketAddr;

impl Hub {
    /// Learns of a message in a datagram of so many bytes that was refused for its cluster.
    ///
    /// Anybody can send one in anybody's name. So it ends no join, and the answer has no more bytes
    /// than came and no content: to a member of this cluster, if the source was forged, it is an
    /// update without news.
    #[cold]
    pub(super) fn refuse_cluster(&self, from: SocketAddr, header: &Header, form: Form, len: usize) {
        let Ok(mut state) = self.lock() else { return };
        state.joins.note_other_cluster(address::canonical(from));
        let (sender, cluster) = (state.core.id(), state.cluster);
        drop(state);
        let asks = matches!(header.kind, MessageKind::Join | MessageKind::Meet);
        let is_old = header.cluster == 0 && header.wire == 0;
        if !asks || is_old {
            return;
        }
        let header = Header { sender, kind: MessageKind::Update, cluster, ..Header::default() };
        let answer = Outgoing { form, ..Outgoing::new(&header, &[]) };
        let _ = Packer::default().pack(&self.serializer, &answer, Medium::Datagram, &mut |piece| {
            if piece.bytes.len() <= len {
                self.links.send_bytes(piece.bytes, from);
            }
            false
        });
    }
}
