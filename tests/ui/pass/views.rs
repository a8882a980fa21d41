//! Views of every kind: with and without a state, created by `upgrade`, generic, conditional, on two paths, in a body, by a
//! macro.

#![deny(warnings)]

use robyn_ws::{
    event::{EventContext, LiveEvent},
    prelude::*,
};

static LEAGUE: SubRouter = SubRouter::new("/league");

const ROOMS: &str = "/rooms";

#[derive(Default, ConnectionState)]
struct Chat {
    said: u32,
}

#[websocket_view("/chat/{room}")]
impl Chat {
    const MOST: u32 = { 10 };

    fn connect(&mut self, ws: &WebSocketConnector, Path(room): Path<String>) -> String {
        format!("welcome {} to {room}", ws.id())
    }

    async fn message(&mut self, ws: WebSocketConnector, msg: String) {
        self.said += 1;
        if self.said < Self::MOST {
            ws.async_broadcast(msg).await;
        }
    }

    fn close<'c>(&'c self, reason: &'c CloseReason) -> Option<&'c str> {
        matches!(reason, CloseReason::Shutdown).then_some("closed")
    }

    fn said(&self) -> u32 {
        self.said
    }

    /// Names near to those of events.
    fn messages(&self) -> u32 {
        self.said() - self.clos() - Self::lose()
    }

    /// A name that would be misspelled, if the view did not call it.
    fn clos(&self) -> u32 {
        u32::from(self.said > Self::MOST)
    }

    fn lose() -> u32 {
        0
    }
}

/// The state is of another module, and of one of the types that a generic one has.
mod rooms {
    #[derive(Default, robyn_ws::ConnectionState)]
    pub(crate) struct Room<T>(pub(crate) T);
}

#[websocket_view(ROOMS, router = LEAGUE)]
#[websocket_view("/chat/rooms")]
impl rooms::Room<[u8; 3]> {
    const SIZE: usize = 3;

    async fn upgrade() -> Result<Self, impl IntoResponse> {
        if Self::SIZE > 3 {
            return Err(StatusCode::NOT_FOUND);
        }
        Ok(Self([0; Self::SIZE]))
    }

    #[view(blocking)]
    pub(crate) fn message(&mut self, _sized: Sized<{ Self::SIZE }>, msg: &[u8]) -> impl IntoReply + use<> {
        self.0[0] = msg[0];
        self.0
    }

    fn close(_reason: CloseReason) {}
}

struct Sized<const SIZE: usize>;

impl<'a, E: LiveEvent, const SIZE: usize> FromEvent<'a, E> for Sized<SIZE> {
    fn from_event(_cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        Ok(Self)
    }
}

#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct Guest {
    name: String,
}

#[websocket_view("/guests")]
impl Guest {
    fn upgrade(uri: Uri) -> Result<Guest, StatusCode> {
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

/// Without a receiver, no state is needed.
struct Echo;

#[websocket_view("/echo")]
impl Echo {
    fn message(msg: &str) -> &str {
        msg
    }
}

#[derive(Default, ConnectionState)]
struct Conditional;

#[websocket_view("/conditional")]
impl Conditional {
    #[cfg(any())]
    fn connect(&mut self, _unknown: Unknown) {}

    #[cfg(not(any()))]
    fn connect(&mut self) -> &'static str {
        "connected"
    }

    #[cfg(any())]
    fn close(&self, _unknown: Unknown) {}

    #[deprecated]
    fn message(&mut self) {}
}

macro_rules! view {
    ($type:ty, $path:literal) => {
        #[websocket_view($path)]
        impl $type {
            fn message(&mut self) -> String {
                self.r#type.to_string()
            }
        }
    };
}

#[derive(Default, ConnectionState)]
struct Made {
    r#type: u32,
}

view!(Made, "/made");

fn main() {
    #[derive(Debug, Default, ConnectionState)]
    struct Local;

    #[websocket_view("/local")]
    impl Local {
        async fn message(&self) -> String {
            format!("{self:?}")
        }
    }

    let chat = Chat { said: 3 };
    assert_eq!(chat.messages(), 3);
    assert_eq!(chat.close(&CloseReason::Shutdown), Some("closed"));
    assert_eq!(Echo::message("hi"), "hi");

    let built = App::new().include_router(&LEAGUE).build().unwrap();
    let paths: Vec<_> = built.hub.paths().map(|path| path.to_string()).collect();
    let expected = [
        "/chat/rooms", "/chat/{room}", "/conditional", "/echo", "/guests", "/league/rooms", "/local", "/made",
    ];
    assert_eq!(paths, expected);
}
