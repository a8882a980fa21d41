//! An upgrade that is asked for and not answered yet.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{Request, Server, within};

/// A client that has sent its opening request, and reads the answer when the test wants it to.
#[derive(Debug)]
pub struct Asking {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Asking {
    /// Sends a request.
    ///
    /// # Panics
    ///
    /// If the server does not read it.
    pub async fn send(server: &Server, request: &Request) -> Self {
        let mut stream = server.tcp().await;
        within("the server to read", stream.write_all(&request.to_bytes()))
            .await
            .expect("the connection is open");
        Self {
            stream,
            read: Vec::new(),
        }
    }

    /// Waits for the status of the answer.
    ///
    /// # Panics
    ///
    /// If no answer comes.
    pub async fn status(&mut self) -> u16 {
        self.wait_for("a status", |bytes| bytes.len() >= 12).await;
        let status = std::str::from_utf8(&self.read[9..12]).expect("a status is text");
        status.parse().expect("a status is a number")
    }

    /// Waits until these bytes have come.
    ///
    /// # Panics
    ///
    /// If they do not come.
    pub async fn expect(&mut self, bytes: &[u8]) {
        let what = format!("{bytes:?}");
        self.wait_for(&what, |read| read.windows(bytes.len()).any(|window| window == bytes))
            .await;
    }

    async fn wait_for(&mut self, what: &str, is_there: impl Fn(&[u8]) -> bool) {
        let reading = async {
            while !is_there(&self.read) {
                let read = self
                    .stream
                    .read_buf(&mut self.read)
                    .await
                    .expect("the connection is open");
                assert_ne!(
                    read,
                    0,
                    "TCP ended before {what}: {:?}",
                    String::from_utf8_lossy(&self.read)
                );
            }
        };
        within(what, reading).await;
    }
}
