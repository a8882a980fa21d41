//! Stands in for `hub/remote.rs` in programs without the feature `backplane`: there is no other node.
#![expect(clippy::unused_self, reason = "there is nothing to do without the feature")]

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use crate::{
    hub::audience::Audience,
    types::{
        backplane_delivery::BackplaneDelivery, close::Ending, error::SendError, id::ConnectionId, identity::Identity,
        message::Message,
    },
};

/// The other nodes of an app: none.
#[derive(Debug, Default)]
pub(crate) struct Remote(());

impl Remote {
    pub(crate) fn connection_id(&self) -> ConnectionId {
        ConnectionId::random()
    }

    pub(crate) const fn begin_drain(&self) {}

    pub(crate) fn leave(&self) -> Ready<()> {
        ready(())
    }

    pub(super) const fn broadcast(
        &self,
        _audience: &Audience,
        _key: Option<&str>,
        _message: &Message,
    ) -> BackplaneDelivery {
        BackplaneDelivery::NotConfigured
    }

    pub(super) const fn close(&self, _audience: &Audience, _ending: &Ending) {}

    pub(crate) const fn send_to(&self, _path: &str, _id: ConnectionId, _message: &Message) -> Result<(), SendError> {
        Err(SendError::NotConnected)
    }

    pub(crate) fn send_to_wait(
        &self,
        _path: &str,
        _id: ConnectionId,
        _message: &Message,
    ) -> Ready<Result<(), SendError>> {
        ready(Err(SendError::NotConnected))
    }

    pub(crate) const fn close_one(&self, _path: &str, _id: ConnectionId, _ending: &Ending) -> Result<(), SendError> {
        Err(SendError::NotConnected)
    }

    pub(super) const fn endpoint_opens(&self, _path: &str) {}

    pub(super) const fn room_begins(&self, _path: &str, _room: &str) {}

    pub(super) const fn room_left(&self, _path: &Arc<str>, _room: &Arc<str>, _id: ConnectionId, _is_last: bool) {}

    pub(super) const fn renamed(&self, _path: &Arc<str>, _room: &str, _id: ConnectionId, _identity: &Identity) {}

    pub(super) const fn identity_begins(&self, _identity: &Identity) {}

    pub(super) const fn identity_ends(&self, _identity: &Identity) {}
}
