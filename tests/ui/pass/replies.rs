//! What a handler can return.

#![deny(warnings)]

mod types {
    //! What a handler can return: of each type a sync handler, an `async` one, and an `Option` and a `Result` of it.

    use std::borrow::Cow;

    use robyn_ws::prelude::*;
    use serde::Serialize;

    #[derive(Serialize)]
    struct Said {
        text: String,
    }

    macro_rules! replies {
    ($($path:literal $name:ident: $reply:ty = $value:expr;)+) => {
        $(mod $name {
            use super::*;

            #[websocket($path, on = "connect")]
            fn plain() -> $reply {
                $value
            }

            #[websocket($path, on = "message")]
            async fn optional(msg: &str) -> Option<$reply> {
                if msg.is_empty() { None } else { Some($value) }
            }

            #[websocket($path, on = "close")]
            fn fallible() -> Result<$reply, HandlerError> {
                Ok($value)
            }
        })+
    };
}

    replies! {
        "/nothing" nothing: () = ();
        "/text" text: &'static str = "hi";
        "/string" string: String = "hi".to_owned();
        "/shared" shared: Utf8Bytes = Utf8Bytes::from_static("hi");
        "/cow" cow: Cow<'static, str> = "hi".into();
        "/slice" slice: &'static [u8] = b"hi";
        "/array" array: &'static [u8; 2] = b"hi";
        "/vec" vec: Vec<u8> = b"hi".to_vec();
        "/bytes" bytes: Bytes = Bytes::from_static(b"hi");
        "/json" json: Json<Said> = Json(Said { text: "hi".to_owned() });
        "/message" message: Message = Message::from("hi");
    }

    /// Borrowed from an argument.
    #[websocket("/borrowed", on = "message")]
    fn borrowed(msg: &str) -> &str {
        msg.trim()
    }

    #[websocket("/borrowed/async", on = "message")]
    async fn borrowed_later<'m>(_uri: &Uri, msg: &'m [u8]) -> Option<&'m [u8]> {
        msg.strip_prefix(b"/")
    }

    pub(super) fn check() {
        assert_eq!(borrowed(" hi "), "hi");
    }
}

mod errors {
    //! The `E` of a handler's `Result<R, E>`: all that becomes a `HandlerError` by `?`.

    use std::{convert::Infallible, error::Error, fmt, num::ParseIntError};

    use robyn_ws::prelude::*;

    #[derive(Debug)]
    struct Fault;

    impl fmt::Display for Fault {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a fault")
        }
    }

    impl Error for Fault {}

    #[websocket("/errors/handler_error", on = "message")]
    fn handler_error(msg: &str) -> Result<String, HandlerError> {
        let number: i64 = msg.trim().parse()?;
        if number == 0 {
            return Err(HandlerError::close(4000, "nothing to halve"));
        }
        if number % 2 == 1 {
            return Err(HandlerError::reply(format!("{number} is odd")));
        }
        Ok((number / 2).to_string())
    }

    #[websocket("/errors/own", on = "message")]
    fn own(_msg: &str) -> Result<(), Fault> {
        Err(Fault)
    }

    #[websocket("/errors/std", on = "message")]
    async fn of_std(msg: &str) -> Result<String, ParseIntError> {
        Ok(msg.parse::<u8>()?.to_string())
    }

    #[websocket("/errors/boxed", on = "message")]
    fn boxed(msg: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
        Ok(msg.parse::<f32>()?.to_string())
    }

    #[websocket("/errors/text", on = "message")]
    fn text(_msg: &str) -> Result<(), String> {
        Err("a text".to_owned())
    }

    #[websocket("/errors/words", on = "message")]
    fn words(_msg: &str) -> Result<Option<&'static str>, &'static str> {
        Ok(None)
    }

    #[websocket("/errors/rejection", on = "message")]
    fn rejection(msg: Result<&str, Rejection>) -> Result<&str, Rejection> {
        msg
    }

    #[websocket("/errors/never", on = "message")]
    fn never(msg: &str) -> Result<&str, Infallible> {
        Ok(msg)
    }

    #[websocket("/errors/session")]
    async fn session(mut socket: WebSocket) -> Result<(), HandlerError> {
        let number: u32 = socket.receive_text().await?.parse()?;
        socket.send_text(number.to_string()).await?;
        Ok(())
    }

    pub(super) fn check() {
        assert_eq!(handler_error("8").expect("a half"), "4");
        assert_eq!(own("hi").unwrap_err().to_string(), "a fault");
        assert_eq!(never("hi"), Ok("hi"));
    }
}

mod unwritable {
    //! Return types that generated code cannot repeat: `impl Trait`, and `!`.

    use robyn_ws::prelude::*;

    #[websocket("/unwritable/impl", on = "message")]
    fn some_reply(msg: &str) -> impl IntoReply {
        msg.to_uppercase()
    }

    #[websocket("/unwritable/impl/async", on = "message")]
    async fn some_later_reply(msg: &str) -> Result<impl IntoReply, HandlerError> {
        Ok(Some(msg.len().to_string()))
    }

    #[websocket("/unwritable/never", on = "message")]
    fn never() -> ! {
        panic!("never")
    }

    #[websocket("/unwritable/never/async", on = "message")]
    async fn never_later(_msg: &str) -> ! {
        std::future::pending().await
    }

    #[websocket("/unwritable/session")]
    async fn session(mut socket: WebSocket) -> Result<std::convert::Infallible, Disconnected> {
        loop {
            socket.receive().await?;
        }
    }

    pub(super) fn check() {
        let reply = some_reply("hi").into_reply();
        assert!(reply.is_ok_and(|reply| reply == Some("HI".into())));
    }
}

mod upgrades {
    //! What an upgrade handler can return: nothing, a state, or a `Result` of these with the HTTP answer that refuses.

    use robyn_ws::prelude::*;

    #[derive(Debug, PartialEq, ConnectionState)]
    #[connection_state(from_upgrade)]
    struct User(String);

    #[websocket("/upgrades/nothing", on = "upgrade")]
    fn nothing() {}

    #[websocket("/upgrades/result", on = "upgrade")]
    fn result(uri: &Uri) -> Result<(), StatusCode> {
        uri.query().map(|_| ()).ok_or(StatusCode::FORBIDDEN)
    }

    #[websocket("/upgrades/state", on = "upgrade")]
    async fn state(uri: &Uri) -> User {
        User(uri.to_string())
    }

    #[websocket("/upgrades/state/result", on = "upgrade")]
    async fn state_result(headers: &HeaderMap) -> Result<User, (StatusCode, &'static str)> {
        std::future::ready(()).await;
        let name = headers.get("user").and_then(|value| value.to_str().ok());
        name.map(|name| User(name.to_owned()))
            .ok_or((StatusCode::UNAUTHORIZED, "who is there?"))
    }

    #[websocket("/upgrades/hidden", on = "upgrade")]
    fn hidden(uri: &Uri) -> Result<User, impl IntoResponse> {
        if uri.path() == "/" {
            Err("no")
        } else {
            Ok(User(String::new()))
        }
    }

    #[websocket("/upgrades/hidden/async", on = "upgrade")]
    async fn hidden_async(uri: Uri) -> Result<(), impl IntoResponse> {
        if uri.path() == "/" { Err("no") } else { Ok(()) }
    }

    #[websocket("/upgrades/state", on = "connect")]
    fn greet(user: &User) -> String {
        format!("Welcome, {}", user.0)
    }

    #[websocket("/upgrades/state/result", on = "message")]
    fn rename(msg: String, user: &mut User) {
        user.0 = msg;
    }

    #[websocket("/upgrades/hidden", on = "close")]
    fn part(user: &User) {
        assert!(user.0.is_empty());
    }

    #[websocket("/upgrades/nothing", on = "message")]
    #[websocket("/upgrades/result", on = "message")]
    #[websocket("/upgrades/hidden/async", on = "message")]
    fn ignore() {}

    pub(super) fn check() {
        assert_eq!(result(&Uri::from_static("/result")), Err(StatusCode::FORBIDDEN));
        assert_eq!(greet(&User("Alfred".to_owned())), "Welcome, Alfred");
    }
}

fn main() -> Result<(), robyn_ws::BuildErrors> {
    types::check();
    errors::check();
    unwritable::check();
    upgrades::check();
    robyn_ws::App::new().build()?;
    Ok(())
}
