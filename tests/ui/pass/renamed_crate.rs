//! The crate under another name, while its own name means a crate that has nothing of it: `crate = …` is enough.

#![deny(warnings)]

extern crate core as robyn_ws;
extern crate robyn_ws as renamed;

use renamed::prelude::*;

#[derive(Default, ConnectionState)]
#[connection_state(crate = renamed)]
struct Session {
    seen: u32,
}

static LEAGUE: SubRouter = SubRouter::new("/league");

#[websocket("/chat", on = "upgrade", router = LEAGUE, crate = renamed)]
fn admit(_uri: &Uri) -> Session {
    Session { seen: 7 }
}

#[websocket("/chat", on = "message", router = LEAGUE, crate = ::renamed)]
fn chat(msg: &str, session: &mut Session) -> String {
    session.seen += 1;
    format!("{msg} {}", session.seen)
}

#[websocket("/session", crate = crate::reexported::robyn_ws)]
async fn session(mut socket: WebSocket) -> Result<(), Disconnected> {
    socket.send_text("hi").await
}

mod reexported {
    pub(crate) use renamed as robyn_ws;
}

mod inner {
    use renamed::{self as ws, prelude::*};

    #[websocket("/inner", on = "message", crate = self::ws)]
    pub(crate) async fn inner() -> ws::Utf8Bytes {
        "inner".into()
    }

    #[websocket("/super", on = "close", crate = super::renamed)]
    fn outer(_reason: CloseReason) {}
}

/// A macro that other crates could call, which may not know any of these names.
#[macro_export]
macro_rules! echo {
    ($path:literal) => {
        #[renamed::websocket($path, on = "message", crate = $crate::reexported::robyn_ws)]
        fn echo(msg: String) -> String {
            msg
        }
    };
}

echo!("/echo");

fn main() -> Result<(), BuildErrors> {
    assert!(::robyn_ws::cmp::max(1, 2) == 2, "the name means another crate");
    assert_eq!(chat("hi", &mut Session { seen: 1 }), "hi 2");
    let running = App::new().include_router(&LEAGUE).build()?;
    assert_eq!(running.hub.paths().count(), 5);
    assert_eq!(echo("hi".to_owned()), "hi");
    Ok(())
}
