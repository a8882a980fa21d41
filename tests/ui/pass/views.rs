//! Views: a type and its handlers.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Chat {
    said: u32,
}

#[websocket_view("/chat/{room}")]
impl Chat {
    const LIMIT: u32 = { 10 };

    /// Documented.
    fn connect(&mut self, ws: &WebSocketConnector, Path(room): Path<String>) -> String {
        format!("welcome {} to {room}", ws.id())
    }

    async fn message(&mut self, ws: WebSocketConnector, msg: String) {
        self.said += 1;
        if self.said < Self::LIMIT {
            ws.async_broadcast(msg).await;
        }
    }

    #[view(blocking)]
    fn close(&self, _reason: &CloseReason) {
        let _ = self.helper();
    }

    fn helper(&self) -> u32 {
        self.said
    }
}

#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct Guest {
    name: String,
}

#[websocket_view("/guests")]
impl Guest {
    async fn upgrade(uri: Uri) -> Result<Self, StatusCode> {
        let name = uri.query().ok_or(StatusCode::UNAUTHORIZED)?;
        Ok(Self { name: name.to_owned() })
    }

    async fn session(self: &mut Self, mut socket: WebSocket) -> Result<(), Disconnected> {
        loop {
            let text = socket.receive_text().await?;
            socket.send_text(format!("{}: {text}", self.name)).await?;
        }
    }
}

fn main() {
    assert_eq!(Chat { said: 3 }.helper(), 3);
    App::new().build().unwrap();
}
