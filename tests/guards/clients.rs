//! Clients that block: they run beside what is counted, on another thread or in another process.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use robyn_ws_tests::{FIN, PATIENCE, Request, TEXT, frame};

/// What every message says, 64 bytes.
pub(crate) const SAID: &str = "The quick brown fox jumps over the lazy dog, and then once more.";

/// A frame of a server has no mask, which is four bytes.
const ANSWER: usize = 2 + SAID.len();

/// A client that says and is told only [`SAID`].
#[derive(Debug)]
pub(crate) struct Client(TcpStream);

impl Client {
    pub(crate) fn connect(address: SocketAddr, path: &str) -> Self {
        Self::connect_by(address, &Request::upgrade(path))
    }

    /// Connects a client that offers compression.
    pub(crate) fn connect_compressing(address: SocketAddr, path: &str) -> Self {
        let request = Request::upgrade(path).header("Sec-WebSocket-Extensions", "permessage-deflate");
        Self::connect_by(address, &request)
    }

    fn connect_by(address: SocketAddr, request: &Request) -> Self {
        let mut stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        stream.set_nodelay(true).expect("a socket option can be set");
        stream.write_all(&request.to_bytes()).expect("the server reads");
        let mut response = Vec::new();
        while !response.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("the server answers");
            response.extend(byte);
        }
        assert!(
            response.starts_with(b"HTTP/1.1 101"),
            "{}",
            String::from_utf8_lossy(&response)
        );
        Self(stream)
    }

    pub(crate) fn connect_many(number: usize, address: SocketAddr, path: &str) -> Vec<Self> {
        (0..number).map(|_| Self::connect(address, path)).collect()
    }

    /// Sends some messages at once.
    pub(crate) fn say(&mut self, messages: usize) {
        let frames = frame(FIN | TEXT, SAID).repeat(messages);
        self.0.write_all(&frames).expect("the server reads");
    }

    /// Sends `messages` at once, and waits for what comes of them.
    pub(crate) fn exchange(&mut self, messages: &[u8], answer: &[u8]) {
        self.0.write_all(messages).expect("the server reads");
        let mut answered = vec![0; answer.len()];
        self.0.read_exact(&mut answered).expect("the server answers");
        assert_eq!(answered, answer);
    }

    /// Sends a text of 1,000 bytes.
    fn say_long(&mut self) {
        let text = SAID.repeat(16)[..1000].to_owned();
        self.0.write_all(&frame(FIN | TEXT, text)).expect("the server reads");
    }

    /// Waits for a message of any length.
    fn hear_any(&mut self) {
        let mut header = [0; 2];
        self.0.read_exact(&mut header).expect("the server answers");
        let mut length = usize::from(header[1]);
        if length == 126 {
            self.0.read_exact(&mut header).expect("the server answers");
            length = u16::from_be_bytes(header).into();
        }
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).expect("the server answers");
    }

    /// Waits for some messages.
    pub(crate) fn hear(&mut self, messages: usize) {
        let mut answers = vec![0; messages * ANSWER];
        self.0.read_exact(&mut answers).expect("the server answers");
        assert!(answers.ends_with(SAID.as_bytes()), "{answers:?}");
    }
}

/// Has each client say `burst` messages and be answered, for so many rounds.
pub(crate) fn echoes(clients: &mut [Client], burst: usize, rounds: usize) {
    for _ in 0..rounds {
        for client in &mut *clients {
            client.say(burst);
        }
        for client in &mut *clients {
            client.hear(burst);
        }
    }
}

/// Has the first client say `burst` messages and everybody get them, for so many rounds.
pub(crate) fn broadcasts(clients: &mut [Client], burst: usize, rounds: usize) {
    for _ in 0..rounds {
        clients[0].say(burst);
        for client in &mut *clients {
            client.hear(burst);
        }
    }
}

/// Has the first client say a long text and everybody get it, for so many rounds.
pub(crate) fn long_broadcasts(clients: &mut [Client], _burst: usize, rounds: usize) {
    for _ in 0..rounds {
        clients[0].say_long();
        for client in &mut *clients {
            client.hear_any();
        }
    }
}

/// What a client says to the handlers of JSON, 64 bytes, and what it is answered.
const TYPED: [&str; 2] = [
    r#"{"user":"robin","room":17,"text":"what do you make of this one"}"#,
    r#"{"count":1,"user":"robin","room":17,"text":"what do you make of this one"}"#,
];

/// Has each client send `burst` messages with JSON and be answered, for so many rounds.
pub(crate) fn typed_echoes(clients: &mut [Client], burst: usize, rounds: usize) {
    let [said, answered] = TYPED;
    exchanges(clients, burst, rounds, [said, answered]);
}

/// The same as calls.
pub(crate) fn calls(clients: &mut [Client], burst: usize, rounds: usize) {
    let [said, answered] = TYPED;
    let call = format!(r#"{{"jsonrpc":"2.0","method":"say","params":{said},"id":1}}"#);
    let result = format!(r#"{{"jsonrpc":"2.0","result":{answered},"id":1}}"#);
    exchanges(clients, burst, rounds, [&call, &result]);
}

fn exchanges(clients: &mut [Client], burst: usize, rounds: usize, [said, answered]: [&str; 2]) {
    let messages = frame(FIN | TEXT, said).repeat(burst);
    let answers = frame_of_server(answered).repeat(burst);
    for _ in 0..rounds {
        for client in &mut *clients {
            client.0.write_all(&messages).expect("the server reads");
        }
        for client in &mut *clients {
            client.exchange(&[], &answers);
        }
    }
}

/// Encodes a text of less than 65,536 bytes without a mask.
fn frame_of_server(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a short text");
    let header = match u8::try_from(length) {
        Ok(short @ 0..=125) => vec![FIN | TEXT, short],
        _ => [&[FIN | TEXT, 126], &length.to_be_bytes()[..]].concat(),
    };
    [&header, text.as_bytes()].concat()
}
