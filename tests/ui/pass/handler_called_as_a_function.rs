//! A handler stays the function that it was: its unit test calls it, and so may anybody else.

#![deny(warnings)]

use robyn_ws::prelude::*;

pub struct Justice {
    city: &'static str,
}

#[derive(Default, ConnectionState)]
pub struct Session {
    seen: u32,
}

#[websocket("/whereabouts", on = "message")]
pub fn whereabouts(msg: &str, deps: Global<Justice>, session: &mut Session) -> String {
    session.seen += 1;
    format!("{msg} from {}", deps.city)
}

#[websocket("/later", on = "message")]
pub(crate) async fn later(msg: String, motto: Scoped<&'static str>) -> Result<String, HandlerError> {
    Ok(format!("{}: {msg}", *motto))
}

#[websocket("/admit/{floor}", on = "upgrade")]
const fn admit(Path(floor): Path<u8>) -> Result<(), StatusCode> {
    if floor < 9 { Ok(()) } else { Err(StatusCode::FORBIDDEN) }
}

/// Handlers are values, too.
const WHEREABOUTS: fn(&str, Global<Justice>, &mut Session) -> String = whereabouts;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut session = Session::default();
    let deps = Global::new(Justice { city: "Gotham" });
    assert_eq!(whereabouts("hi", deps.clone(), &mut session), "hi from Gotham");
    assert_eq!(WHEREABOUTS("hi", deps, &mut session), "hi from Gotham");
    assert_eq!(session.seen, 2);
    let reply = later("hi".to_owned(), Scoped::new("We are many")).await;
    assert_eq!(reply.expect("a reply"), "We are many: hi");
    const ADMITTED: Result<(), StatusCode> = admit(Path(3));
    assert_eq!(ADMITTED, Ok(()));
    assert_eq!(admit(Path(13)), Err(StatusCode::FORBIDDEN));
}
