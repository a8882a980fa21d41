//! Upgrade handlers that say who the client is.

use robyn_ws::{Limits, prelude::*};
use robyn_ws_tests::Server;

#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct Seat(u32);

fn user(query: &QueryParams) -> Option<Identity> {
    query.get("user").map(Identity::new)
}

/// The query of the request, which upgrade handlers have no connector for.
struct Asked(Option<Identity>);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(query.strip_prefix("user=").map(Identity::new)))
    }
}

const REFUSED: (StatusCode, &str) = (StatusCode::UNAUTHORIZED, "who are you?");

#[websocket("/people/replies/identity", on = "upgrade")]
fn identity(asked: Asked) -> Identity {
    asked.0.unwrap_or_else(|| Identity::new("guest"))
}

#[websocket("/people/replies/both", on = "upgrade", blocking)]
fn both(asked: Asked) -> (Identity, Seat) {
    (asked.0.unwrap_or_else(|| Identity::new("guest")), Seat(7))
}

#[websocket("/people/replies/fallible", on = "upgrade")]
async fn fallible(asked: Asked) -> Result<Identity, (StatusCode, &'static str)> {
    asked.0.ok_or(REFUSED)
}

#[websocket("/people/replies/fallible_both", on = "upgrade")]
fn fallible_both(asked: Asked) -> Result<(Identity, Seat), (StatusCode, &'static str)> {
    Ok((asked.0.ok_or(REFUSED)?, Seat(8)))
}

#[websocket("/people/replies/identity", on = "connect")]
#[websocket("/people/replies/fallible", on = "connect")]
fn greet(ws: &WebSocketConnector, hub: Hub) -> String {
    let (identity, asked) = (ws.identity(), user(ws.query_params()));
    assert!(asked.is_none() || identity == asked);
    let tabs = identity.as_ref().map_or(0, |identity| hub.identity(identity).count());
    format!("{} {tabs}", identity.as_ref().map_or("nobody", Identity::as_str))
}

#[websocket("/people/replies/both", on = "connect")]
#[websocket("/people/replies/fallible_both", on = "connect")]
fn greet_at_the_seat(ws: &WebSocketConnector, hub: Hub, seat: &Seat) -> String {
    format!("{} at {}", greet(ws, hub), seat.0)
}

#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct View(u32);

#[websocket_view("/people/replies/view")]
impl View {
    fn upgrade(asked: Asked) -> (Identity, Self) {
        (asked.0.unwrap_or_else(|| Identity::new("guest")), Self(9))
    }

    fn connect(&self, ws: &WebSocketConnector, hub: Hub) -> String {
        format!("{} at {}", greet(ws, hub), self.0)
    }
}

#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct FallibleView(u32);

#[websocket_view("/people/replies/fallible_view")]
impl FallibleView {
    async fn upgrade(asked: Asked) -> Result<(Identity, Self), (StatusCode, &'static str)> {
        Ok((asked.0.ok_or(REFUSED)?, Self(10)))
    }

    fn connect(&mut self, ws: &WebSocketConnector, hub: Hub) -> String {
        format!("{} at {}", greet(ws, hub), self.0)
    }
}

#[derive(Default, ConnectionState)]
struct IdentifiedView(u32);

#[websocket_view("/people/replies/identified_view")]
impl IdentifiedView {
    fn upgrade(asked: Asked) -> Result<Identity, (StatusCode, &'static str)> {
        asked.0.ok_or(REFUSED)
    }

    fn connect(&self, ws: &WebSocketConnector, hub: Hub) -> String {
        format!("{} at {}", greet(ws, hub), self.0)
    }
}

const FORMS: [(&str, &str); 7] = [
    ("identity", ""),
    ("both", " at 7"),
    ("fallible", ""),
    ("fallible_both", " at 8"),
    ("view", " at 9"),
    ("fallible_view", " at 10"),
    ("identified_view", " at 0"),
];

#[tokio::test]
async fn connection_has_the_identity_that_its_upgrade_handler_returned_in_each_form() {
    let server = Server::start(App::new().only(FORMS.map(|(form, _)| format!("/people/replies/{form}")))).await;
    for (form, seat) in FORMS {
        let target = format!("/people/replies/{form}?user={form}");
        let mut one = server.connect(&target).await;
        one.expect_text(&format!("{form} 1{seat}")).await;
        let mut other = server.connect(&target).await;
        other.expect_text(&format!("{form} 2{seat}")).await;
        assert_eq!(server.hub().identity(form).close_with(4401, "revoked"), 2);
        one.expect_close(4401, "revoked").await;
        other.expect_close(4401, "revoked").await;
    }
}

#[tokio::test]
async fn refusal_of_an_upgrade_handler_that_identifies_is_its_http_answer() {
    let server = Server::start(App::new().only(FORMS.map(|(form, _)| format!("/people/replies/{form}")))).await;
    for form in ["fallible", "fallible_both", "fallible_view", "identified_view"] {
        let refused = server.refused(&format!("/people/replies/{form}")).await;
        refused.expect(401, "who are you?");
    }
    assert_eq!(server.hub().count(), 0);
}

#[tokio::test]
async fn identity_over_its_limit_refuses_the_upgrade_and_nothing_is_registered() {
    let app = App::new().only(FORMS.map(|(form, _)| format!("/people/replies/{form}")));
    let server = Server::start(app.limits(Limits::default().max_identity_size(8))).await;
    for form in ["identity", "both", "fallible", "fallible_both"] {
        let refused = server.refused(&format!("/people/replies/{form}?user=123456789")).await;
        refused.expect(400, "9 bytes, more than the 8 of `Limits::max_identity_size`");
    }
    assert_eq!(
        (server.hub().count(), server.hub().identity("123456789").count()),
        (0, 0)
    );
    let mut fits = server.connect("/people/replies/identity?user=12345678").await;
    fits.expect_text("12345678 1").await;
}
