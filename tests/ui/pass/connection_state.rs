//! A connection's own state: by `&` and `&mut`, of structs, enums and generic types, several in one handler.

#![deny(warnings)]

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Session {
    seen: u32,
}

#[derive(Default, ConnectionState)]
enum Mood {
    #[default]
    Calm,
    Loud,
}

/// A generic type is a state for those parameters with which it can be one.
#[derive(Debug, Default, PartialEq, ConnectionState)]
struct History<T, const N: usize = 3>
where
    T: Clone,
{
    last: Vec<T>,
}

/// Implemented by hand, as the derive would.
struct Seat(u32);

impl ConnectionState for Seat {
    const INITIAL: Option<fn() -> Self> = Some(|| Self(7));
}

#[websocket("/count", on = "message")]
fn count(session: &mut Session) -> String {
    session.seen += 1;
    session.seen.to_string()
}

#[websocket("/count", on = "close")]
fn total(session: &Session) -> String {
    format!("{} in all", session.seen)
}

#[websocket("/several", on = "message")]
async fn several(msg: &str, session: &mut Session, mood: &mut Mood, seat: &Seat, again: &Seat) -> Option<String> {
    std::future::ready(()).await;
    *mood = if msg.ends_with('!') { Mood::Loud } else { Mood::Calm };
    session.seen += seat.0 - again.0 + 1;
    matches!(mood, Mood::Loud).then(|| msg.to_uppercase())
}

#[websocket("/generic", on = "message")]
fn generic(msg: String, texts: &mut History<String>, sizes: &mut History<usize, 1>) {
    sizes.last.push(msg.len());
    texts.last.push(msg);
}

#[websocket("/session")]
async fn session(_socket: WebSocket, session: &mut Session) {
    std::future::ready(()).await;
    session.seen += 1;
}

fn main() -> Result<(), BuildErrors> {
    assert_eq!(count(&mut Session { seen: 41 }), "42");
    let (mut texts, mut sizes) = (History::default(), History::default());
    generic("hi".to_owned(), &mut texts, &mut sizes);
    assert_eq!(sizes, History { last: vec![2] });
    App::new().build()?;
    Ok(())
}
