//! Plain HTTP: just enough to load a page.

use robyn_ws_tests::within;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::Example;

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Everything before the body, in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Example {
    /// Gets `path`.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, "").await
    }

    /// Posts a text to `path`.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.request("POST", path, body).await
    }

    async fn request(&self, method: &str, path: &str, body: &str) -> Answer {
        let address = self.address();
        let length = body.len();
        // HTTP/1.0, so that the answer ends with the connection and comes in one piece.
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let exchange = async {
            let mut stream = TcpStream::connect(address).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        let answer = within("an HTTP answer", exchange).await.expect("HTTP works");
        Answer::parse(&answer)
    }
}

impl Answer {
    fn parse(answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").expect("an empty line ends the head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Self {
            status: status.expect("a status is a number"),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }
}
