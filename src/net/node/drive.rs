//! The node's thread: it sleeps until something comes, something is due, or somebody calls.

use super::dispatch::Dispatch;
use super::hub::Hub;
use crate::net::batch::Receiver;
use crate::net::lifecycle::{Run, first};
use crate::net::{address, tcp};
use crate::os;
use crate::wire::intake::Intake;
use core::time::Duration;
use std::io;
use std::sync::Arc;
use tokio::net::{TcpListener, UdpSocket};

/// Runs a node until it is told to stop.
pub(super) async fn drive(
    hub: Arc<Hub>,
    socket: UdpSocket,
    listener: Option<TcpListener>,
    run: Arc<Run>,
) {
    let accepting =
        listener.map(|listener| tokio::spawn(tcp::accept(listener, hub.clone(), run.clone())));
    serve(&hub, &socket, &run).await;
    if let Some(accepting) = accepting {
        accepting.abort();
    }
    hub.links.peers.flush().await;
    hub.links.peers.clear(&hub.links.streams);
}

async fn serve(hub: &Arc<Hub>, socket: &UdpSocket, run: &Run) {
    let mut receiver = Receiver::new();
    let mut dispatch = Dispatch::default();
    let mut intake = Intake::default();
    while !run.is_stopping() {
        wait(hub, socket, run).await;
        if read(hub, socket, &mut receiver, &mut intake, run).is_err() {
            // It tells of an earlier send, or of memory that is short: neither is the socket's end.
            // The pause keeps an error that stays from taking the processor.
            hub.links.counts.errors.add(1);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // What came is taken before what is due: an answer that lies in the socket comes in time.
        let has_streams = hub.links.has_streams;
        let ticked = hub.act(&mut dispatch, |state, now| {
            state.tick(now, has_streams);
            state.leaving.as_ref().is_some_and(|leaving| leaving.due().is_none())
        });
        match ticked {
            Ok(true) => hub.progress.notify_all(),
            Ok(false) => hub.tend_seeds(),
            Err(_) => return,
        }
        // Connections are read on this thread, too.
        tokio::task::yield_now().await;
    }
}

/// Takes what waits; whether more may wait.
fn read(
    hub: &Hub,
    socket: &UdpSocket,
    receiver: &mut Receiver,
    intake: &mut Intake,
    run: &Run,
) -> io::Result<bool> {
    let counts = &hub.links.counts;
    receiver.drain(socket, run, &counts.junk, |datagram, from| {
        counts.datagrams_received.add(1);
        counts.bytes_received.add(datagram.len());
        hub.take_datagram(address::canonical(from), datagram, intake);
    })
}

/// Waits until something came, is due, or was asked for.
async fn wait(hub: &Hub, socket: &UdpSocket, run: &Run) {
    let due = hub.lock().ok().and_then(|state| state.due(hub.links.has_streams));
    let woken = first(first(socket.readable(), hub.kick.notified()), run.stopped());
    match due.map(|due| due.since(os::now())) {
        Some(wait) => drop(tokio::time::timeout(wait, woken).await),
        None => woken.await,
    }
}
