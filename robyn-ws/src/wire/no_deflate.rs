//! Stands in for `wire/deflate` in programs without the feature `deflate`: all messages have the plain form.
#![expect(clippy::unused_self, reason = "there is nothing to do without the feature")]

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use bytes::Bytes;

use crate::{
    types::message::Message,
    util::queue::Queue,
    wire::{frame::Frame, received::ReadEnd, turn::Turn},
};

/// The form in which a connection gets its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form(());

impl Form {
    pub(crate) const COUNT: usize = 1;

    pub(crate) const fn is_plain(self) -> bool {
        true
    }

    pub(crate) const fn index(self) -> usize {
        0
    }

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        [Self(())].into_iter()
    }
}

/// A set of forms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Forms(());

impl Forms {
    pub(crate) const fn add(&mut self, _form: Form) {}

    pub(crate) const fn add_all(&mut self, _others: Self) {}
}

/// The sizes of some messages, without and with compression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Compressed(());

/// Encodes the messages of an endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Encoder(());

impl Encoder {
    pub(crate) const fn compresses(&self) -> bool {
        false
    }

    pub(crate) const fn compressed(&self, _message: &Message, _form: Form) -> Option<(Frame, Compressed)> {
        None
    }

    pub(crate) fn broadcast(&self, message: &Message, _forms: Forms) -> (BroadcastFrame, Compressed) {
        (BroadcastFrame::plain(message), Compressed(()))
    }
}

/// A message for many connections.
#[derive(Clone, Debug)]
pub(crate) struct BroadcastFrame(Frame);

impl BroadcastFrame {
    pub(crate) fn plain(message: &Message) -> Self {
        Self(Frame::message(message))
    }

    #[inline]
    pub(crate) const fn in_form(&self, _form: Form) -> &Frame {
        &self.0
    }

    pub(crate) const fn differs_in(&self, _form: Form) -> bool {
        false
    }
}

/// The decompression of a connection, which none has.
#[derive(Debug)]
pub(crate) struct Inflation(Infallible);

impl Inflation {
    pub(crate) const fn has_message(&self) -> bool {
        match self.0 {}
    }

    pub(crate) const fn begin(&mut self, _message: CompressedMessage) {
        match self.0 {}
    }

    pub(crate) const fn poll(
        &mut self,
        _longest: usize,
        _turn: &mut Turn,
    ) -> Poll<Result<(Message, Compressed), ReadEnd>> {
        match self.0 {}
    }
}

/// A compressed message, which none is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CompressedMessage(Infallible);

impl CompressedMessage {
    pub(crate) fn of(client: &Inflation, _is_text: bool, _payload: Bytes) -> Self {
        match client.0 {}
    }
}

/// The compression of messages while they are written.
#[derive(Debug, Default)]
pub(crate) struct Deflation(());

/// Frames that are written behind a message that is not compressed yet.
#[derive(Debug, Default)]
pub(crate) struct HeldBack(());

impl HeldBack {
    pub(crate) const fn is_empty(&self) -> bool {
        true
    }
}

impl Deflation {
    pub(crate) const fn is_for_own_task(&self) -> bool {
        false
    }

    pub(crate) const fn hold_back(&self, _frames: &mut Queue<Frame>, _held_back: &mut HeldBack) {}

    pub(crate) const fn poll_release(
        &mut self,
        _held_back: &mut HeldBack,
        _frames: &mut Queue<Frame>,
        _cx: Option<&mut Context<'_>>,
        _budget: &mut usize,
    ) -> Poll<usize> {
        Poll::Ready(0)
    }

    pub(crate) const fn add_saved(&mut self, _bytes: usize) {}

    pub(crate) const fn take_saved(&mut self) -> usize {
        0
    }

    pub(crate) const fn take_counted(&mut self) -> Compressed {
        Compressed(())
    }
}

/// The result of the negotiation for one connection.
#[derive(Debug, Default)]
pub(crate) struct Negotiated {
    pub(crate) form: Form,
    pub(crate) inflation: Option<Box<Inflation>>,
    pub(crate) deflation: Deflation,
}
