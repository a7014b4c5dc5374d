//! A node of memberlist, over UDP and TCP.

use super::{RETRY, address, name, number, seed};
use crate::word::{Said, Teller};
use ::memberlist::Options;
use ::memberlist::delegate::{CompositeDelegate, EventDelegate, VoidDelegate};
use ::memberlist::net::NetTransportOptions;
use ::memberlist::proto::{MaybeResolvedAddress, NodeState};
use ::memberlist::tokio::{TokioSocketAddrResolver, TokioTcp, TokioTcpMemberlist};
use std::net::SocketAddr;
use std::sync::Arc;

type Name = Arc<str>;
type Void = VoidDelegate<Name, SocketAddr>;
type Delegate = CompositeDelegate<Name, SocketAddr, Void, Void, Ears>;
type Member = TokioTcpMemberlist<Name, TokioSocketAddrResolver, Delegate>;

/// Starts and joins; comes back only with an error.
pub async fn run(teller: Teller) -> Result<(), String> {
    let mut transport = NetTransportOptions::<Name, TokioSocketAddrResolver, TokioTcp>::new(
        name(teller.who).into(),
    );
    transport.add_bind_address(address(teller.who));
    let delegate = CompositeDelegate::new().with_event_delegate(Ears(teller));
    let member = Member::with_delegate(delegate, transport, Options::lan())
        .await
        .map_err(|error| error.to_string())?;
    if teller.who == 0 {
        teller.tell(Said::Ready);
    } else {
        while member.join(MaybeResolvedAddress::Resolved(seed())).await.is_err() {
            tokio::time::sleep(RETRY).await;
        }
    }
    std::future::pending().await
}

struct Ears(Teller);

impl EventDelegate for Ears {
    type Id = Name;
    type Address = SocketAddr;

    async fn notify_join(&self, node: Arc<NodeState<Name, SocketAddr>>) {
        if let Some(node) = number(node.id()) {
            self.0.tell(Said::Up(node));
        }
    }

    async fn notify_leave(&self, node: Arc<NodeState<Name, SocketAddr>>) {
        if let Some(node) = number(node.id()) {
            self.0.tell(Said::Down(node));
        }
    }

    async fn notify_update(&self, _: Arc<NodeState<Name, SocketAddr>>) {}
}
