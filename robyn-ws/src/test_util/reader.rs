//! The reading half of a client under test: a task that answers pings at once, as a browser does, and keeps what comes
//! until the test asks for it.

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

/// Reads in a task of its own, which ends with it.
#[derive(Debug)]
pub(super) struct Reader {
    inbox: Inbox,
    task: JoinHandle<()>,
}

impl Reader {
    pub(super) fn start(stream: SplitStream<WebSocketStream<Pipe>>, inbox: Inbox) -> Self {
        inbox.on_handled();
        let task = tokio::spawn(read(stream, Filling(inbox.clone())));
        Self { inbox, task }
    }

    /// From now on reads only while something is awaited.
    pub(super) fn stop(&self) {
        self.inbox.stop();
    }

    /// Waits for the next message or the end, which stays.
    pub(super) async fn next(&self) -> Seen {
        self.inbox.next().await
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The task's side of the inbox. It notes when the task ends before the connection does.
struct Filling(Inbox);

impl Drop for Filling {
    fn drop(&mut self) {
        let why = "the runtime that the client was connected in has ended";
        self.0.close(Closed::without_a_frame(why));
    }
}

/// Reads to the end of the stream: reading is how tungstenite sends its pongs and its answer to a Close frame.
async fn read(mut stream: SplitStream<WebSocketStream<Pipe>>, Filling(ref inbox): Filling) {
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
