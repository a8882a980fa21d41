//! The reading half of a client under test. Its task answers pings at once, as a browser does, and buffers messages for
//! the test.

use futures_util::{StreamExt, stream::SplitStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::{WebSocketStream, tungstenite::Message as Frame};

use crate::{
    test_util::{
        inbox::{Closed, Inbox, Seen},
        pipe::Pipe,
    },
    types::message::Message,
};

/// A handle of the reading task. Dropping it ends the task.
#[derive(Debug)]
pub(super) struct Reader {
    inbox: Inbox,
    task: JoinHandle<()>,
}

impl Reader {
    pub(super) fn start(stream: SplitStream<WebSocketStream<Pipe>>, inbox: Inbox) -> Self {
        inbox.on_handled();
        let task = tokio::spawn(read(stream, CloseOnDrop(inbox.clone())));
        Self { inbox, task }
    }

    /// Allows reading only while the test waits, from now on.
    pub(super) fn stop(&self) {
        self.inbox.stop();
    }

    /// Returns the next message. Returns the end of the connection each time after the last message.
    pub(super) async fn next(&self) -> Seen {
        self.inbox.next().await
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The task's side of the inbox. When dropped, it records that the task has ended, unless the connection has ended
/// before.
struct CloseOnDrop(Inbox);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        let why = "the runtime that the client was connected in has ended";
        self.0.close(Closed::without_a_frame(why));
    }
}

/// Reads to the end of the stream. Reading also makes tungstenite send its pongs and its Close frame.
async fn read(mut stream: SplitStream<WebSocketStream<Pipe>>, CloseOnDrop(ref inbox): CloseOnDrop) {
    while let Some(frame) = stream.next().await {
        match frame {
            Ok(Frame::Text(text)) => inbox.put(text.as_str().into()),
            Ok(Frame::Binary(bytes)) => inbox.put(Message::Binary(bytes)),
            Ok(Frame::Close(frame)) => inbox.close(Closed::by(frame)),
            Ok(_ping_or_pong) => inbox.on_handled(),
            Err(error) => inbox.close(Closed::without_a_frame(error)),
        }
    }
    inbox.close(Closed::without_a_frame("the stream ended"));
}
