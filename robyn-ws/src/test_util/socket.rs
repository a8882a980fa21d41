//! A client under test.

use std::{fmt, time::Duration};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{io::DuplexStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, protocol::CloseFrame},
};

use crate::{Message, close_code, test_util::watchdog::within};

/// The client's end of a connection in memory. Its methods panic with what was seen when a test's expectation fails.
pub struct TestSocket(WebSocketStream<DuplexStream>);

impl fmt::Debug for TestSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestSocket").finish_non_exhaustive()
    }
}

/// What a client sees.
enum Seen {
    Message(Message),
    Close(u16),
}

impl TestSocket {
    pub(crate) const fn new(socket: WebSocketStream<DuplexStream>) -> Self {
        Self(socket)
    }

    // ---- sending --------------------------------------------------------------------------------------------------

    /// Sends a message.
    pub async fn send(&mut self, message: impl Into<Message>) {
        let message = match message.into() {
            Message::Text(text) => tungstenite::Message::Text(text),
            Message::Binary(bytes) => tungstenite::Message::Binary(bytes),
        };
        self.send_frame(message).await;
    }

    /// Sends a text.
    pub async fn send_text(&mut self, text: impl Into<String>) {
        self.send(text.into()).await;
    }

    /// Sends bytes.
    pub async fn send_bytes(&mut self, bytes: impl Into<Bytes>) {
        self.send(bytes.into()).await;
    }

    /// Sends `value` as JSON.
    ///
    /// # Panics
    ///
    /// If the value cannot be JSON.
    pub async fn send_json<T: Serialize + ?Sized>(&mut self, value: &T) {
        self.send(Message::json(value).expect("a value that can be JSON")).await;
    }

    /// Sends a Close frame with code 1000.
    pub async fn close(&mut self) {
        self.close_with(close_code::NORMAL, "").await;
    }

    /// Sends a Close frame.
    pub async fn close_with(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        self.send_frame(tungstenite::Message::Close(Some(frame))).await;
    }

    /// Ends the connection without a Close frame, as a client does whose network is gone.
    pub fn vanish(self) {
        drop(self);
    }

    async fn send_frame(&mut self, message: tungstenite::Message) {
        if let Err(error) = within("sending", self.0.send(message)).await {
            panic!("the message could not be sent: {error}");
        }
    }

    // ---- receiving ------------------------------------------------------------------------------------------------

    /// Receives the next message.
    ///
    /// # Panics
    ///
    /// If the connection is closed instead.
    pub async fn receive(&mut self) -> Message {
        match within("a message was expected", self.see()).await {
            Seen::Message(message) => message,
            Seen::Close(code) => panic!("a message was expected, but the connection was closed with {code}"),
        }
    }

    /// Receives the next message, which must be text.
    ///
    /// # Panics
    ///
    /// If it is binary, or the connection is closed instead.
    pub async fn receive_text(&mut self) -> String {
        match self.receive().await {
            Message::Text(text) => text.to_string(),
            Message::Binary(bytes) => panic!("text was expected, but the message is binary: {bytes:?}"),
        }
    }

    /// Receives the payload of the next message, which must be binary.
    ///
    /// # Panics
    ///
    /// If it is text, or the connection is closed instead.
    pub async fn receive_bytes(&mut self) -> Bytes {
        match self.receive().await {
            Message::Binary(bytes) => bytes,
            Message::Text(text) => panic!("binary was expected, but the message is text: {text}"),
        }
    }

    /// Receives the next message as JSON.
    ///
    /// # Panics
    ///
    /// If it is not JSON for `T`, or the connection is closed instead.
    pub async fn receive_json<T: DeserializeOwned>(&mut self) -> T {
        let message = self.receive().await;
        match serde_json::from_slice(message.as_bytes()) {
            Ok(value) => value,
            Err(error) => panic!("JSON was expected ({error}): {}", message.quoted()),
        }
    }

    /// Waits for the end of the connection, which must bring the close code `code`; 1005 for a Close frame without
    /// one, 1006 for an end without a Close frame.
    ///
    /// # Panics
    ///
    /// If a message comes first, or another code.
    pub async fn expect_close(&mut self, code: u16) {
        match within("a close was expected", self.see()).await {
            Seen::Close(seen) => assert_eq!(seen, code, "the close code"),
            Seen::Message(message) => panic!(
                "a close with {code} was expected, but a message came: {}",
                message.quoted()
            ),
        }
    }

    /// Waits for `duration` of tokio's time, in which nothing may come.
    ///
    /// # Panics
    ///
    /// If something comes.
    pub async fn expect_silence(&mut self, duration: Duration) {
        match timeout(duration, self.see()).await {
            Err(_elapsed) => {}
            Ok(Seen::Message(message)) => {
                panic!(
                    "silence was expected for {duration:?}, but a message came: {}",
                    message.quoted()
                )
            }
            Ok(Seen::Close(code)) => {
                panic!("silence was expected for {duration:?}, but the connection was closed with {code}")
            }
        }
    }

    /// Waits for the next message or the end. Pings and a Close are answered on the way.
    async fn see(&mut self) -> Seen {
        loop {
            return match self.0.next().await {
                Some(Ok(tungstenite::Message::Text(text))) => Seen::Message(Message::Text(text)),
                Some(Ok(tungstenite::Message::Binary(bytes))) => Seen::Message(Message::Binary(bytes)),
                Some(Ok(tungstenite::Message::Close(frame))) => {
                    // The answer is queued and wants to be written; it may find that the server has gone.
                    let _answered = self.0.flush().await;
                    Seen::Close(frame.map_or(close_code::NO_STATUS, |frame| frame.code.into()))
                }
                Some(Ok(_ping_or_pong)) => continue,
                Some(Err(_)) | None => Seen::Close(close_code::ABNORMAL),
            };
        }
    }
}
