//! Encoding messages in the form of their recipients.

use std::sync::Arc;

use crate::{
    types::{compression::CompressionRules, message::Message},
    wire::{
        deflate::{Compressed, Deferred, Form, Forms, LONG_MESSAGE, Parameters, compressor, framing},
        frame::Frame,
    },
};

/// Encodes the messages of an endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Encoder(Option<Arc<CompressionRules>>);

impl Encoder {
    pub(crate) fn new(rules: Option<Arc<CompressionRules>>) -> Self {
        Self(rules)
    }

    /// Returns `true` if some connections may have another form than the plain one.
    #[inline]
    pub(crate) const fn compresses(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the rules of compression, if there are any.
    pub(crate) fn rules(&self) -> Option<&CompressionRules> {
        self.0.as_deref()
    }

    /// Encodes `message` in `form`, unless that is the plain one, or the message is not to be compressed.
    #[inline]
    pub(crate) fn compressed(&self, message: &Message, form: Form) -> Option<(Frame, Compressed)> {
        if form == Form::Plain {
            return None;
        }
        let rules = self.rules_for(message)?;
        encode(rules, &Frame::message(message), message.as_bytes(), form)
    }

    /// Encodes a broadcast for recipients that have these `forms`.
    pub(crate) fn broadcast(&self, message: &Message, forms: Forms) -> (BroadcastFrame, Compressed) {
        let plain = Frame::message(message);
        let mut total = Compressed::default();
        let Some(rules) = self.rules_for(message).filter(|_| !forms.is_only_plain()) else {
            return (BroadcastFrame::Plain(plain), total);
        };
        let mut others = [const { None }; Form::COUNT];
        for form in Form::all().filter(|form| forms.has(*form)) {
            if let Some((frame, compressed)) = encode(rules, &plain, message.as_bytes(), form) {
                others[form.index()] = Some(frame);
                total.add(compressed);
            }
        }
        (BroadcastFrame::Several(Arc::new(Encoded { plain, others })), total)
    }

    fn rules_for(&self, message: &Message) -> Option<&CompressionRules> {
        let rules = self.0.as_deref()?;
        (message.len() >= rules.threshold && !message.is_uncompressed()).then_some(rules)
    }
}

/// Encodes the message of `plain` in `form`. Returns `None` if the plain form is not longer.
fn encode(rules: &CompressionRules, plain: &Frame, payload: &[u8], form: Form) -> Option<(Frame, Compressed)> {
    let parameters = match form {
        Form::Plain => return None,
        Form::Own => return Some((Deferred::for_own_context(plain.clone()), Compressed::default())),
        Form::Shared(window) => window.parameters(rules.level),
    };
    if payload.len() > LONG_MESSAGE {
        return Some((Deferred::for_thread(plain.clone(), parameters), Compressed::default()));
    }
    compress(parameters, plain, payload)
}

/// Compresses the message of `plain` on its own.
pub(super) fn compress(parameters: Parameters, plain: &Frame, payload: &[u8]) -> Option<(Frame, Compressed)> {
    let frame = compressor::compress(parameters, payload, |compressed| framing::compressed(plain, compressed))?;
    let sizes = Compressed {
        plain: plain.len(),
        compressed: frame.len(),
    };
    Some((frame, sizes))
}

/// A message for many connections, encoded in their forms.
#[derive(Clone, Debug)]
pub(crate) enum BroadcastFrame {
    /// In the plain form alone.
    Plain(Frame),
    /// In the plain form, and others.
    Several(Arc<Encoded>),
}

/// The frames of a message. If there is none in a form, the plain frame is right for it.
#[derive(Debug)]
pub(crate) struct Encoded {
    plain: Frame,
    others: [Option<Frame>; Form::COUNT],
}

impl BroadcastFrame {
    #[cfg(test)]
    pub(crate) fn plain(message: &Message) -> Self {
        Self::Plain(Frame::message(message))
    }

    /// Returns the frame for connections with this form.
    #[inline]
    pub(crate) fn in_form(&self, form: Form) -> &Frame {
        match self {
            Self::Plain(plain) => plain,
            Self::Several(encoded) => encoded.others[form.index()].as_ref().unwrap_or(&encoded.plain),
        }
    }

    /// Returns `true` if connections with this form get another frame than the plain one.
    pub(crate) fn differs_in(&self, form: Form) -> bool {
        matches!(self, Self::Several(encoded) if encoded.others[form.index()].is_some())
    }
}
