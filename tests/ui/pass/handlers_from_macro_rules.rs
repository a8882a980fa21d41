//! Handlers that a `macro_rules!` writes: with its own path, event, router, types, name and body.

#![deny(warnings)]

use robyn_ws::prelude::*;

static LEAGUE: SubRouter = SubRouter::new("/league");

#[derive(Default, ConnectionState)]
struct Session(u32);

macro_rules! echo {
    ($($name:ident at $path:literal),+ $(,)?) => {
        $(#[websocket($path, on = "message")]
        fn $name(msg: String) -> String {
            msg
        })+
    };
}

echo!(first at "/first", second at "/second");

macro_rules! handler {
    (
        $path:literal, $on:literal, $router:path,
        $(#[$attr:meta])* $vis:vis $name:ident($($arg:ident: $ty:ty),*) -> $reply:ty $body:block
    ) => {
        $(#[$attr])*
        #[websocket($path, on = $on, router = $router)]
        $vis async fn $name($($arg: $ty),*) -> $reply $body
    };
}

handler! {
    "/typed", "message", LEAGUE,
    /// Documented.
    #[allow(unused_variables)]
    pub(crate) typed(msg: &str, state: &mut Session, uri: &Uri) -> Option<&'static str> {
        state.0 += 1;
        None
    }
}

handler!("/typed", "close", crate::LEAGUE, closed(_reason: CloseReason) -> () {});

/// An expression may be given on, and every argument may be one, or a path or a name.
macro_rules! given_on {
    ($path:literal, $on:literal, $router:path, $name:ident -> $reply:ty) => {
        expressions!($path, $on, $router, ::robyn_ws, blocking, $name -> $reply);
    };
}

macro_rules! expressions {
    ($path:expr, $on:expr, $router:expr, $runtime:path, $mode:ident, $name:ident -> $reply:ty) => {
        #[websocket($path, on = $on, router = $router, crate = $runtime, $mode)]
        fn $name(_msg: String) -> $reply {
            panic!("never")
        }
    };
}

given_on!("/given/on", "message", crate::LEAGUE, given_on -> !);

macro_rules! whole {
    ($item:item) => {
        #[websocket("/whole", on = "message")]
        $item
    };
}

whole! {
    fn whole(msg: &str) -> &str {
        msg
    }
}

/// Names of the macro's own are hidden from the caller, and yet the handler finds them.
macro_rules! hidden {
    () => {
        mod hidden {
            use robyn_ws::prelude::*;

            #[derive(Default, ConnectionState)]
            struct State(u32);

            #[websocket("/hidden", on = "message")]
            fn handler(state: &mut State) {
                state.0 += 1;
            }
        }
    };
}

hidden!();

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BuildErrors> {
    assert_eq!(first("hi".to_owned()), second("hi".to_owned()));
    assert_eq!(whole("hi"), "hi");
    let _: fn(String) -> ! = given_on;
    let mut session = Session::default();
    assert_eq!(typed("hi", &mut session, &Uri::from_static("/")).await, None);
    assert_eq!(session.0, 1);
    closed(CloseReason::Abnormal).await;
    let running = App::new().include_router(&LEAGUE).build()?;
    assert_eq!(running.hub.paths().count(), 6);
    Ok(())
}
