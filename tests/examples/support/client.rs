//! A WebSocket client that is told what to do, and waits for nothing forever.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Response};
use futures_util::{SinkExt, StreamExt};
use robyn_ws_tests::within;
use serde_json::Value;
use tokio::{net::TcpStream, sync::mpsc};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::Example;

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// More messages than any example sends to one client.
const INBOX: usize = 1024;

/// A connection to an example. A task reads it all the time, as a browser would, so that pings and Close frames are
/// answered while the test does something else. Dropped, the client is gone without a word.
pub(crate) struct Client {
    outgoing: mpsc::Sender<Message>,
    incoming: mpsc::Receiver<Result<Message, Error>>,
    /// The headers of the 101.
    pub(crate) headers: HeaderMap,
}

/// Waits for the answer to a ping. The 101 is the word of HTTP alone; a pong shows that the server has taken the
/// connection in, so that broadcasts reach it.
async fn taken_in(stream: &mut Stream, inbox: &mpsc::Sender<Result<Message, Error>>) -> Result<(), Error> {
    stream.send(Message::Ping("there?".into())).await?;
    while let Some(received) = stream.next().await {
        if matches!(received, Ok(Message::Pong(_))) {
            break;
        }
        // A greeting, for example.
        let _ = inbox.send(received).await; // The inbox is open.
    }
    Ok(())
}

/// Carries messages both ways until the connection ends or the client is dropped, and then drops the socket.
async fn carry(
    mut stream: Stream,
    mut outgoing: mpsc::Receiver<Message>,
    incoming: mpsc::Sender<Result<Message, Error>>,
) {
    loop {
        tokio::select! {
            message = outgoing.recv() => {
                let Some(message) = message else { return };
                // The server may have closed meanwhile, and tells so below.
                let _ = stream.send(message).await;
            }
            received = stream.next() => {
                let Some(received) = received else { return };
                if incoming.send(received).await.is_err() {
                    return;
                }
            }
        }
    }
}

impl Example {
    /// Connects to `path`.
    pub(crate) async fn connect(&self, path: &str) -> Client {
        self.connect_with(path, &[]).await
    }

    /// Connects to `path` with these headers.
    pub(crate) async fn connect_with(&self, path: &str, headers: &[(&'static str, &str)]) -> Client {
        let outcome = self.handshake(path, headers).await;
        outcome.unwrap_or_else(|error| panic!("cannot connect to {path}: {error}"))
    }

    /// Returns the HTTP answer that refuses a connection to `path`: its status, headers and body.
    pub(crate) async fn refusal(&self, path: &str) -> Response<String> {
        match self.handshake(path, &[]).await {
            Ok(_) => panic!("{path} was not refused"),
            Err(Error::Http(answer)) => answer.map(|body| String::from_utf8(body.unwrap_or_default()).expect("a text")),
            Err(error) => panic!("{path}: {error}"),
        }
    }

    async fn handshake(&self, path: &str, headers: &[(&'static str, &str)]) -> Result<Client, Error> {
        let mut request = format!("ws://{}{path}", self.address()).into_client_request()?;
        for (name, value) in headers {
            let value = HeaderValue::from_str(value)?;
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        let (mut stream, answer) = within("the 101", connect_async(request)).await?;
        let (outgoing, outbox) = mpsc::channel(1);
        let (inbox, incoming) = mpsc::channel(INBOX);
        within("the first pong", taken_in(&mut stream, &inbox)).await?;
        tokio::spawn(carry(stream, outbox, inbox));
        Ok(Client {
            outgoing,
            incoming,
            headers: answer.headers().clone(),
        })
    }
}

impl Client {
    /// Sends a message, unless the connection has ended.
    pub(crate) async fn say(&self, message: impl Into<Message>) {
        let _ = within("room to send", self.outgoing.send(message.into())).await; // Too late if the connection has ended.
    }

    /// Returns the next message or Close frame.
    pub(crate) async fn next(&mut self) -> Message {
        // Pings come at any time, and must not give a message more time.
        within("a message", async {
            loop {
                let next = self.incoming.recv().await;
                match next.expect("the connection has not ended").expect("a frame") {
                    Message::Ping(_) | Message::Pong(_) => {}
                    message => return message,
                }
            }
        })
        .await
    }

    /// Returns the next message, which has to be text.
    pub(crate) async fn text(&mut self) -> String {
        match self.next().await {
            Message::Text(text) => text.to_string(),
            other => panic!("{other:?} came instead of a text"),
        }
    }

    /// Returns the next message, which has to be JSON.
    pub(crate) async fn json(&mut self) -> Value {
        let text = self.text().await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text:?} is no JSON: {error}"))
    }

    /// Returns code and reason of the Close frame, which has to be next and the last.
    pub(crate) async fn closed(mut self) -> (u16, String) {
        match self.next().await {
            Message::Close(Some(frame)) => {
                let after = within("the end of the connection", self.incoming.recv()).await;
                assert!(after.is_none(), "{after:?} came after the Close frame");
                (frame.code.into(), frame.reason.to_string())
            }
            other => panic!("{other:?} came instead of a Close frame"),
        }
    }

    /// Closes the connection in order, and gives what came before the server's Close frame. Nobody else can have sent
    /// anything that is not among it, so it also tells what did not come.
    pub(crate) async fn leave(mut self) -> Vec<Message> {
        let frame = CloseFrame {
            code: CloseCode::Normal,
            reason: "done".into(),
        };
        self.say(Message::Close(Some(frame))).await;
        let mut before = Vec::new();
        loop {
            match self.next().await {
                Message::Close(frame) => {
                    let code = frame.map(|frame| frame.code);
                    assert_eq!(code, Some(CloseCode::Normal), "the code is echoed");
                    return before;
                }
                message => before.push(message),
            }
        }
    }
}
