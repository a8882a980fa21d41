//! Upgrade handlers that say who the client is: alone, with a state, in a `Result`, asynchronous, of a view, of an alias.

use robyn_ws::prelude::*;

#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct Seat(u32);

type Known = (Identity, Seat);

#[websocket("/a", on = "upgrade")]
fn alone() -> Identity {
    Identity::new("u1")
}

#[websocket("/b", on = "upgrade")]
async fn with_a_state() -> (Identity, Seat) {
    (Identity::from("u1".to_owned()), Seat(1))
}

#[websocket("/c", on = "upgrade", blocking)]
fn fallible() -> Result<Identity, StatusCode> {
    Ok(Identity::from("u1"))
}

#[websocket("/d", on = "upgrade")]
fn fallible_with_a_state() -> Result<Known, (StatusCode, String)> {
    Err((StatusCode::UNAUTHORIZED, "who are you?".to_owned()))
}

#[websocket("/e", on = "upgrade")]
async fn inferred() -> Result<(Identity, Seat), impl IntoResponse> {
    Err::<Known, _>("no")
}

#[websocket("/b", on = "connect")]
#[websocket("/d", on = "connect")]
#[websocket("/e", on = "connect")]
fn seated(ws: &WebSocketConnector, seat: &Seat) -> Option<String> {
    let identity: Identity = ws.identity()?;
    let identified: Identified = ws.identify(&identity);
    Some(format!("{identity} {} {}", identified.count, seat.0))
}

#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct View;

#[websocket_view("/f")]
impl View {
    fn upgrade() -> (Identity, Self) {
        (Identity::new("u1"), Self)
    }

    fn connect(&self) {}
}

#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct Fallible;

#[websocket_view("/g")]
impl Fallible {
    async fn upgrade() -> Result<(Identity, Fallible), StatusCode> {
        Ok((Identity::new("u1"), Self))
    }

    fn connect(&self) {}
}

#[derive(Default, ConnectionState)]
struct Begins;

#[websocket_view("/h")]
impl Begins {
    fn upgrade() -> Identity {
        Identity::new("u1")
    }

    fn connect(&self) {}
}

fn main() {
    let app = App::new();
    let u1: Audience = app.hub().identity("u1");
    let _named = [app.hub().identity(String::from("u1")), app.hub().identity(Identity::new("u1"))];
    assert_eq!((u1.count(), u1.ids(), u1.identities()), (0, vec![], vec![]));
    assert_eq!((u1.close(), u1.close_with(4401, "revoked")), (0, 0));
    assert!(app.build().is_ok());
}
