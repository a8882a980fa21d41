//! From what is published to the bytes of its envelope.

use bytes::Bytes;

use crate::{
    backplane::{
        envelope::{Header, encode},
        key::{BackplaneKey, TAG},
        node::NodeId,
        order::Numbering,
        subject::Subject,
    },
    util::time::unix_millis,
};

/// Numbers and authenticates what one origin publishes.
#[derive(Debug)]
pub(super) struct Sealing {
    origin: NodeId,
    key: Option<BackplaneKey>,
    numbering: Numbering,
}

impl Sealing {
    pub(super) fn new(origin: NodeId, key: Option<BackplaneKey>) -> Self {
        Self {
            origin,
            key,
            numbering: Numbering::new(),
        }
    }

    /// Returns the envelope of an encoded body.
    pub(super) fn seal(&mut self, subject: Subject, body: &[u8]) -> postcard::Result<Bytes> {
        let (number, previous) = self.numbering.next(subject);
        let header = Header {
            origin: self.origin,
            number,
            previous,
            sent_at: unix_millis(),
        };
        let mut envelope = encode(&header, body, TAG)?;
        if let Some(key) = &self.key {
            key.seal(&mut envelope);
        }
        Ok(envelope.into())
    }
}
