//! A client over tungstenite, an implementation of the protocol that is not ours.

use std::{fmt, time::Duration};

use futures_util::{SinkExt, StreamExt};
use robyn_ws::{
    Message,
    axum::http::{HeaderMap, Response},
};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self,
        protocol::{CloseFrame, Role, frame::coding::CloseCode},
    },
};

use crate::{Pipe, request::config, within};

/// A connected client.
pub struct Client {
    socket: WebSocketStream<Box<dyn Pipe>>,
    headers: HeaderMap,
}

impl Client {
    pub(crate) const fn new(socket: WebSocketStream<Box<dyn Pipe>>, headers: HeaderMap) -> Self {
        Self { socket, headers }
    }

    /// Creates a client of a stream that was opened by this answer.
    pub(crate) async fn over_http2(answer: &Response<()>, stream: Box<dyn Pipe>) -> Self {
        assert_eq!(answer.status(), 200, "{answer:?}");
        let socket = WebSocketStream::from_raw_socket(stream, Role::Client, Some(config())).await;
        Self::new(socket, answer.headers().clone())
    }

    /// Gives a header of the server's answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Sends a message.
    ///
    /// # Panics
    ///
    /// If the connection is lost.
    pub async fn send(&mut self, message: impl Into<Message>) {
        let message = match message.into() {
            Message::Text(text) => tungstenite::Message::text(text.as_str()),
            Message::Binary(bytes) => tungstenite::Message::Binary(bytes),
        };
        self.send_frame(message).await;
    }

    /// Sends a ping.
    ///
    /// # Panics
    ///
    /// If the connection is lost.
    pub async fn ping(&mut self, payload: &'static [u8]) {
        self.send_frame(tungstenite::Message::Ping(payload.into())).await;
    }

    /// Sends a Close frame.
    ///
    /// # Panics
    ///
    /// If the connection is lost.
    pub async fn close(&mut self, code: u16, reason: &'static str) {
        self.send_frame(close_frame(code, reason)).await;
    }

    async fn send_frame(&mut self, frame: tungstenite::Message) {
        within("the server to read", self.socket.send(frame))
            .await
            .expect("the connection is open");
    }

    /// Gives the next frame that is no ping, which the server may send to a quiet client at any time. Pings are answered.
    ///
    /// # Panics
    ///
    /// If the connection is lost, or none comes in time.
    pub async fn next(&mut self) -> tungstenite::Message {
        loop {
            match within("a frame", self.socket.next()).await {
                Some(Ok(tungstenite::Message::Ping(_))) => {}
                Some(Ok(frame)) => return frame,
                end => panic!("a frame was expected, but the connection ended: {end:?}"),
            }
        }
    }

    /// Gives the text of the next frame.
    ///
    /// # Panics
    ///
    /// If it is no text.
    pub async fn text(&mut self) -> String {
        match self.next().await {
            tungstenite::Message::Text(text) => text.to_string(),
            other => panic!("a text was expected, but there came {other:?}"),
        }
    }

    /// Waits for this text.
    ///
    /// # Panics
    ///
    /// If something else comes.
    pub async fn expect_text(&mut self, text: &str) {
        self.expect(text).await;
    }

    /// Waits for these texts, in this order.
    ///
    /// # Panics
    ///
    /// If something else comes.
    pub async fn expect_texts(&mut self, texts: &[&str]) {
        for text in texts {
            self.expect_text(text).await;
        }
    }

    /// Waits for this message, whose kind counts.
    ///
    /// # Panics
    ///
    /// If something else comes.
    pub async fn expect(&mut self, message: impl Into<Message>) {
        let expected = message.into();
        let got = match self.next().await {
            tungstenite::Message::Text(text) => text.as_str().into(),
            tungstenite::Message::Binary(bytes) => Message::Binary(bytes),
            other => panic!("{expected:?} was expected, but there came {other:?}"),
        };
        assert!(got == expected, "{expected:?} was expected, but there came {got:?}");
    }

    /// Sends a text and waits for the answer.
    ///
    /// # Panics
    ///
    /// If something else comes.
    pub async fn ask(&mut self, question: impl Into<Message>, answer: &str) {
        self.send(question).await;
        self.expect_text(answer).await;
    }

    /// Waits for a pong.
    ///
    /// # Panics
    ///
    /// If something else comes.
    pub async fn expect_pong(&mut self, payload: &'static [u8]) {
        assert_eq!(self.next().await, tungstenite::Message::Pong(payload.into()));
    }

    /// Waits for this Close frame and then for the end of TCP, which has to be in order.
    ///
    /// # Panics
    ///
    /// If something else comes.
    pub async fn expect_close(&mut self, code: u16, reason: &str) {
        let expected = close_frame(code, reason);
        assert_eq!(self.next().await, expected);
        let end = within("the end of TCP", self.socket.next()).await;
        assert!(end.is_none(), "after the Close frame there came {end:?}");
    }

    /// Closes with 1000 and waits for the echo.
    ///
    /// # Panics
    ///
    /// If something else comes.
    pub async fn leave(mut self) {
        self.close(1000, "").await;
        self.expect_close(1000, "").await;
    }

    /// Checks that nothing comes for a while. Only for promises that nothing comes; any other wait has an event.
    ///
    /// # Panics
    ///
    /// If something comes.
    pub async fn expect_silence(&mut self, duration: Duration) {
        if let Ok(got) = timeout(duration, self.socket.next()).await {
            panic!("nothing was expected, but there came {got:?}");
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

fn close_frame(code: u16, reason: &str) -> tungstenite::Message {
    tungstenite::Message::Close(Some(CloseFrame {
        code: CloseCode::from(code),
        reason: reason.into(),
    }))
}
