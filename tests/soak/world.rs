//! What all visits share.

use std::{net::SocketAddr, sync::Arc};

use robyn_ws::Hub;
use tokio::sync::Semaphore;

use crate::{
    client::{Client, Outcome},
    ledger::{Ledger, Ticket},
};

/// The server and its ledger.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) hub: Hub,
    pub(crate) ledger: Ledger,
    /// A permit for each client that may be connected.
    pub(crate) room: Arc<Semaphore>,
    pub(crate) clients: u32,
}

impl World {
    /// Connects a client, which is greeted.
    pub(crate) async fn enter(&self, path: &str) -> Outcome<(Client, Ticket)> {
        self.enter_with(path, "", None).await
    }

    /// Connects a client with `more` in its query and perhaps a small receive buffer. It is greeted.
    pub(crate) async fn enter_with(
        &self,
        path: &str,
        more: &str,
        receive_buffer: Option<u32>,
    ) -> Outcome<(Client, Ticket)> {
        let ticket = self.ledger.announce();
        let target = format!("{path}?who={}{more}", ticket.who);
        let mut client = Client::connect(self.address, &target, receive_buffer).await?;
        client.reader.expect(&format!("hello {}", ticket.who)).await?;
        Ok((client, ticket))
    }
}
