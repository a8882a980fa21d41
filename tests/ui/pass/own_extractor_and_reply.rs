//! Types of one's own: an extractor for one event, one for all of a connection, one that needs another, and a reply.

#![deny(warnings)]

use robyn_ws::{
    HandlerResult,
    event::{self, EventContext, LiveEvent},
    prelude::*,
};

/// For one event only.
#[derive(Debug, PartialEq)]
struct Words(Vec<String>);

impl<'a> FromEvent<'a, event::Message> for Words {
    fn from_event(cx: &mut EventContext<'a, event::Message>) -> Result<Self, Rejection> {
        let text = <&str>::from_event(cx)?;
        if text.is_empty() {
            return Err(Rejection::invalid_payload("no words"));
        }
        Ok(Self(text.split_whitespace().map(str::to_owned).collect()))
    }
}

/// For all events of a connection, from which it borrows.
struct Language<'a>(&'a str);

impl<'a, E: LiveEvent> FromEvent<'a, E> for Language<'a> {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        Ok(Self(cx.connector().query_params().get("lang").unwrap_or("en")))
    }
}

/// For every event, and made of something else, of which it declares the needs.
struct City(String);

impl<'a, E: event::Event> FromEvent<'a, E> for City {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        let city: Global<String> = Global::from_event(cx)?;
        Ok(Self(city.to_string()))
    }

    fn declare(needs: &mut robyn_ws::Needs) {
        <Global<String> as FromEvent<'a, E>>::declare(needs);
    }
}

/// A reply of one's own.
struct Number(u32);

impl IntoReply for Number {
    fn into_reply(self) -> HandlerResult {
        if self.0 == 0 {
            Ok(None)
        } else {
            self.0.to_string().into_reply()
        }
    }
}

#[websocket("/words", on = "message")]
fn words(Words(words): Words, _again: Option<Words>) -> Number {
    Number(words.len().try_into().unwrap_or(u32::MAX))
}

#[websocket("/words", on = "upgrade")]
fn admit(_city: City) {}

#[websocket("/words", on = "connect")]
async fn greet(language: Language<'_>, city: City) -> Result<String, HandlerError> {
    Ok(format!("{} in {}", language.0, city.0))
}

#[websocket("/words", on = "close")]
fn part(language: Language<'_>) -> Option<Number> {
    (language.0 == "en").then_some(Number(7))
}

#[websocket("/session")]
async fn session(_socket: WebSocket, language: Language<'_>) -> Result<Number, Rejection> {
    std::future::ready(language.0).await;
    Ok(Number(7))
}

fn main() -> Result<(), BuildErrors> {
    assert_eq!(words(Words(vec!["hi".to_owned()]), None).0, 1);
    assert!(App::new().build().is_err(), "the city was not injected");
    App::new().inject_global("Gotham".to_owned()).build()?;
    Ok(())
}
