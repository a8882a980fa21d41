//! The forms in which the connections of an endpoint get their messages.

use crate::{
    hub::members::EndpointMembers,
    wire::deflate::{Encoder, Forms},
};

impl EndpointMembers {
    /// Sets how messages are encoded.
    pub(crate) fn with_encoder(mut self, encoder: Encoder) -> Self {
        self.encoder = encoder;
        self
    }

    /// Returns the forms of the connections in any of `rooms`, or of all connections. A connection that comes later, in
    /// another form, gets the plain one.
    pub(super) fn forms(&self, rooms: Option<&[String]>) -> Forms {
        let mut members = self.lock();
        let Some(rooms) = rooms else {
            return members.everyone.forms();
        };
        let mut forms = Forms::default();
        for room in rooms {
            if let Some(group) = members.rooms.get_mut(&**room) {
                forms.add_all(group.forms());
            }
        }
        forms
    }
}
