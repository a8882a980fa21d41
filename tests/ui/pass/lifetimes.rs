//! What borrows from a message or a connection.

#![deny(warnings)]

mod any {
    //! Arguments and replies that borrow: with elided, named, bounded and late lifetimes, in sync and `async` handlers.

    use std::borrow::Cow;

    use robyn_ws::prelude::*;

    #[derive(Default, ConnectionState)]
    struct Session {
        name: String,
    }

    #[websocket("/elided", on = "message")]
    fn elided(msg: &str) -> &str {
        msg
    }

    #[websocket("/named", on = "message")]
    fn named<'m>(msg: &'m str, _uri: &Uri) -> &'m str {
        msg
    }

    #[websocket("/bounded", on = "message")]
    fn bounded<'m: 's, 's>(msg: &'m str, session: &'s mut Session) -> &'s str {
        if session.name.is_empty() { msg } else { &session.name }
    }

    #[websocket("/where", on = "message")]
    async fn with_where<'a, 'b>(msg: &'a str, session: &'b Session) -> &'b str
    where
        'a: 'b,
    {
        std::future::ready(()).await;
        if msg.is_empty() { &session.name } else { msg }
    }

    #[websocket("/cow", on = "message")]
    async fn cow(msg: &str) -> Result<Cow<'_, str>, HandlerError> {
        Ok(Cow::Borrowed(msg))
    }

    /// A reply that borrows for ever beside arguments that don't.
    #[websocket("/static", on = "message")]
    fn always(_msg: &str, _session: &mut Session) -> &'static str {
        "always"
    }

    #[websocket("/connect", on = "connect")]
    fn from_connection(ws: &WebSocketConnector) -> Option<&str> {
        ws.query_params().get("name")
    }

    #[websocket("/close", on = "close")]
    fn from_reason(reason: &CloseReason) -> &str {
        match reason {
            CloseReason::Client { reason, .. } => reason,
            _ => "",
        }
    }

    #[websocket("/upgrade", on = "upgrade")]
    async fn from_request<'r>(headers: &'r HeaderMap, uri: &'r Uri) -> Result<Session, String> {
        let name = headers.get("name").and_then(|value| value.to_str().ok());
        name.map(|name| Session { name: name.to_owned() })
            .ok_or_else(|| format!("{uri} needs a name"))
    }

    #[websocket("/upgrade", on = "connect")]
    fn after_upgrade(session: &Session) -> &str {
        &session.name
    }

    #[websocket("/session")]
    async fn session<'s>(
        mut socket: WebSocket,
        session: &'s mut Session,
        uri: &'s Uri,
    ) -> Result<&'s str, Disconnected> {
        session.name = socket.receive_text().await?;
        Ok(if session.name.is_empty() {
            uri.path()
        } else {
            &session.name
        })
    }

    pub(super) fn check() {
        let mut session = Session::default();
        assert_eq!(bounded("hi", &mut session), "hi");
        assert_eq!(always("hi", &mut session), "always");
    }
}

mod json {
    //! `Json<T>` with a `T` that borrows from the message, in sync and `async` handlers, with and without a named lifetime.

    use std::borrow::Cow;

    use robyn_ws::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Deserialize)]
    struct Say<'a> {
        #[serde(borrow)]
        text: Cow<'a, str>,
    }

    #[derive(Serialize)]
    struct Said<'a> {
        text: &'a str,
    }

    #[websocket("/json/sync", on = "message")]
    fn sync(Json(say): Json<Say<'_>>) -> String {
        say.text.into_owned()
    }

    #[websocket("/json/async", on = "message")]
    async fn patient(say: Result<Json<Say<'_>>, Rejection>) -> Result<String, HandlerError> {
        let Json(say) = say?;
        std::future::ready(()).await;
        Ok(say.text.to_uppercase())
    }

    #[websocket("/json/named", on = "message")]
    fn named<'m>(Json(word): Json<&'m str>) -> Json<Said<'m>> {
        Json(Said { text: word })
    }

    #[websocket("/json/session")]
    async fn session(mut socket: WebSocket) -> Result<(), Disconnected> {
        let text: String = socket.receive_json().await?;
        socket.send_json(&Said { text: &text }).await
    }

    pub(super) fn check() {
        assert_eq!(sync(Json(Say { text: "hi".into() })), "hi");
        assert_eq!(named(Json("hi")).text, "hi");
    }
}

fn main() -> Result<(), robyn_ws::BuildErrors> {
    any::check();
    json::check();
    robyn_ws::App::new().build()?;
    Ok(())
}
