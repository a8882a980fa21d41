//! A client under test.

use std::{collections::VecDeque, fmt, time::Duration};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, error::ProtocolError, protocol::CloseFrame},
};

use crate::{
    test_util::{
        expectation::{Expectation, Outcome},
        inbox::{Closed, Inbox, Seen},
        pipe::Pipe,
        reader::Reader,
        watchdog::within,
    },
    types::{close::close_code, message::Message},
};

/// A client under test, from [`TestApp::connect`](crate::test_util::TestApp::connect).
///
/// If an expectation fails, its method panics at the line of the test and shows the actual event. Like a browser, the
/// client answers pings and Close frames at once. It buffers up to 64 KiB that the test has not received. Then it stops
/// reading, so that the server notices a slow client.
///
/// ```standalone_crate
/// use robyn_ws::{prelude::*, test_util::TestApp};
///
/// #[websocket("/add", on = "message")]
/// fn add(Json((a, b)): Json<(i32, i32)>) -> Json<i32> { Json(a + b) }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let app = TestApp::new(App::new());
/// let mut client = app.connect("/add").await.unwrap();
/// client.send_json(&(1, 2)).await;
/// assert_eq!(client.receive_json::<i32>().await, 3);
/// client.send_text("not a pair").await;
/// client.expect_close(1007).await;
/// # }
/// ```
pub struct TestSocket {
    sink: SplitSink<WebSocketStream<Pipe>, tungstenite::Message>,
    reader: Reader,
    /// The end of the connection, if the test has received it.
    ended: Option<Closed>,
    /// Messages that came before the answer to a call.
    kept: VecDeque<Message>,
    /// The id of the last call.
    last_id: u64,
}

impl fmt::Debug for TestSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestSocket").finish_non_exhaustive()
    }
}

impl TestSocket {
    pub(super) fn new(socket: WebSocketStream<Pipe>, inbox: Inbox) -> Self {
        let (sink, stream) = socket.split();
        Self {
            sink,
            reader: Reader::start(stream, inbox),
            ended: None,
            kept: VecDeque::new(),
            last_id: 0,
        }
    }

    // ---- sending --------------------------------------------------------------------------------------------------

    /// Sends a message. As in a browser, the message is lost if the connection has ended and the test has not received
    /// the end yet.
    ///
    /// # Panics
    ///
    /// If the test has received the end of the connection.
    #[track_caller]
    pub fn send(&mut self, message: impl Into<Message>) -> impl Future<Output = ()> + Send {
        self.send_frame(frame_of(message.into()))
    }

    /// Sends a text message, as [`Self::send`].
    #[track_caller]
    pub fn send_text(&mut self, text: impl Into<String>) -> impl Future<Output = ()> + Send {
        self.send(text.into())
    }

    /// Sends a binary message, as [`Self::send`].
    #[track_caller]
    pub fn send_bytes(&mut self, bytes: impl Into<Bytes>) -> impl Future<Output = ()> + Send {
        self.send(bytes.into())
    }

    /// Sends `value` as JSON, as [`Self::send`].
    ///
    /// # Panics
    ///
    /// If the value cannot be serialized to JSON.
    #[track_caller]
    pub fn send_json<T: Serialize + ?Sized>(&mut self, value: &T) -> impl Future<Output = ()> + Send {
        match Message::json(value) {
            Ok(message) => self.send(message),
            Err(error) => panic!("the value cannot be serialized to JSON: {error}"),
        }
    }

    /// Sends a Close frame with code 1000.
    #[track_caller]
    pub fn close(&mut self) -> impl Future<Output = ()> + Send {
        self.close_with(close_code::NORMAL, "")
    }

    /// Sends a Close frame with `code` and `reason`.
    #[track_caller]
    pub fn close_with(&mut self, code: u16, reason: &str) -> impl Future<Output = ()> + Send {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        self.send_frame(tungstenite::Message::Close(Some(frame)))
    }

    /// Ends the connection without a Close frame, like a client that has lost its network.
    pub fn vanish(self) {
        drop(self);
    }

    #[track_caller]
    fn send_frame(&mut self, frame: tungstenite::Message) -> Expectation<'_, ()> {
        Expectation::new(self.try_send_frame(frame))
    }

    /// Sends a message, or fails as [`Self::send`].
    pub(super) async fn try_send(&mut self, message: Message) -> Outcome<()> {
        self.try_send_frame(frame_of(message)).await
    }

    async fn try_send_frame(&mut self, frame: tungstenite::Message) -> Outcome<()> {
        match within("the message could not be sent", self.sink.send(frame)).await? {
            Ok(()) => Ok(()),
            Err(error) if !is_end_of_connection(&error) => Err(format!("the message could not be sent: {error}")),
            Err(_) => match &self.ended {
                Some(closed) => Err(format!(
                    "the message could not be sent: the connection was closed with {closed}"
                )),
                None => Ok(()),
            },
        }
    }

    // ---- receiving ------------------------------------------------------------------------------------------------

    /// Stops reading, like a client that hangs, except while the test waits for an event. Pings and Close frames are
    /// then answered only during such waits, and the queue of the server fills.
    pub fn stop_reading(&mut self) {
        self.reader.stop();
    }

    /// Receives the next message.
    ///
    /// # Panics
    ///
    /// If the connection is closed instead.
    #[track_caller]
    pub fn receive(&mut self) -> impl Future<Output = Message> + Send {
        Expectation::new(self.message())
    }

    /// Receives the next message, which must be text.
    ///
    /// # Panics
    ///
    /// If the message is binary, or the connection is closed instead.
    #[track_caller]
    pub fn receive_text(&mut self) -> impl Future<Output = String> + Send {
        Expectation::new(async move {
            match self.message().await? {
                Message::Text(text) => Ok(text.to_string()),
                Message::Binary(bytes) => Err(format!("text was expected, but the message is binary: {bytes:?}")),
            }
        })
    }

    /// Receives the payload of the next message, which must be binary.
    ///
    /// # Panics
    ///
    /// If the message is text, or the connection is closed instead.
    #[track_caller]
    pub fn receive_bytes(&mut self) -> impl Future<Output = Bytes> + Send {
        Expectation::new(async move {
            match self.message().await? {
                Message::Binary(bytes) => Ok(bytes),
                Message::Text(text) => Err(format!("binary was expected, but the message is text: {text}")),
            }
        })
    }

    /// Receives the next message as the JSON of a `T`.
    ///
    /// # Panics
    ///
    /// If the message is not the JSON of a `T`, or the connection is closed instead.
    #[track_caller]
    pub fn receive_json<T: DeserializeOwned>(&mut self) -> impl Future<Output = T> + Send {
        Expectation::new(async move {
            let message = self.message().await?;
            message
                .parse_json()
                .map_err(|error| format!("JSON was expected ({error}): {}", message.quoted()))
        })
    }

    /// Waits for the end of the connection, which must have the close code `code`. The code is 1005 if the Close frame
    /// has none, and 1006 if there is no Close frame.
    ///
    /// # Panics
    ///
    /// If a message comes first, or the code is another one.
    #[track_caller]
    pub fn expect_close(&mut self, code: u16) -> impl Future<Output = ()> + Send {
        Expectation::new(async move {
            match self.see(&format!("a close with {code} was expected")).await? {
                Seen::Closed(closed) if closed.code == code => Ok(()),
                Seen::Closed(closed) => Err(format!(
                    "a close with {code} was expected, but the connection was closed with {closed}"
                )),
                Seen::Message(message) => Err(format!(
                    "a close with {code} was expected, but a message came: {}",
                    message.quoted()
                )),
            }
        })
    }

    /// Waits for `duration` of tokio's time. No event may come in that time.
    ///
    /// # Panics
    ///
    /// If a message or the end of the connection comes.
    #[track_caller]
    pub fn expect_silence(&mut self, duration: Duration) -> impl Future<Output = ()> + Send {
        Expectation::new(async move {
            let next = async {
                match self.kept.pop_front() {
                    Some(message) => Seen::Message(message),
                    None => self.reader.next().await,
                }
            };
            match timeout(duration, next).await {
                Err(_elapsed) => Ok(()),
                Ok(Seen::Message(message)) => Err(format!(
                    "silence was expected for {duration:?}, but a message came: {}",
                    message.quoted()
                )),
                Ok(Seen::Closed(closed)) => Err(format!(
                    "silence was expected for {duration:?}, but the connection was closed with {closed}"
                )),
            }
        })
    }

    /// Returns a new id for a call.
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Keeps a message for later.
    pub(super) fn keep(&mut self, message: Message) {
        self.kept.push_back(message);
    }

    /// Returns the kept messages.
    pub(super) fn kept(&self) -> impl Iterator<Item = &Message> {
        self.kept.iter()
    }

    /// Takes the first kept message that is `wanted`.
    pub(super) fn take_kept<T>(&mut self, wanted: impl Fn(&Message) -> Option<T>) -> Option<T> {
        let found = self.kept.iter().enumerate();
        let (place, taken) = found
            .into_iter()
            .find_map(|(place, message)| Some((place, wanted(message)?)))?;
        self.kept.remove(place);
        Some(taken)
    }

    pub(super) async fn message(&mut self) -> Outcome<Message> {
        match self.see("a message was expected").await? {
            Seen::Message(message) => Ok(message),
            Seen::Closed(closed) => Err(format!(
                "a message was expected, but the connection was closed with {closed}"
            )),
        }
    }

    /// Returns the next event, kept ones first.
    async fn see(&mut self, expected: &str) -> Outcome<Seen> {
        match self.kept.pop_front() {
            Some(message) => Ok(Seen::Message(message)),
            None => self.see_next(expected).await,
        }
    }

    /// Waits for the next event.
    pub(super) async fn see_next(&mut self, expected: &str) -> Outcome<Seen> {
        let seen = within(expected, self.reader.next()).await?;
        if let Seen::Closed(closed) = &seen {
            self.ended = Some(closed.clone());
        }
        Ok(seen)
    }
}

fn frame_of(message: Message) -> tungstenite::Message {
    match message {
        Message::Text(text) => tungstenite::Message::text(text.as_str()),
        Message::Binary(bytes) => tungstenite::Message::Binary(bytes),
    }
}

/// Returns `true` if sending failed because the connection has ended, for any reason.
const fn is_end_of_connection(error: &tungstenite::Error) -> bool {
    use tungstenite::Error::{AlreadyClosed, ConnectionClosed, Io, Protocol};

    matches!(
        error,
        ConnectionClosed | AlreadyClosed | Io(_) | Protocol(ProtocolError::SendAfterClosing)
    )
}
