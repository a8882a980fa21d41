//! Call handlers: what they take and return, as functions and as methods of a view.

use std::{borrow::Cow, error::Error, fmt, io};

use robyn_ws::{Utf8Bytes, call_code, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Say<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Receipt {
    number: u32,
}

#[derive(Default, ConnectionState)]
struct Member {
    said: u32,
    room: String,
}

impl Member {
    fn write(&mut self, say: &Say<'_>) -> Result<Receipt, io::Error> {
        self.said += u32::try_from(say.text.len()).map_err(io::Error::other)?;
        Ok(Receipt { number: self.said })
    }
}

#[websocket("/chat/{room}", on = "call", method = "say")]
async fn say(
    Params(say): Params<Say<'_>>,
    ws: &WebSocketConnector,
    member: &mut Member,
) -> Result<Json<Receipt>, CallError> {
    let receipt = member.write(&say)?;
    ws.to(&member.room).notify("said", &receipt)?;
    Ok(Json(receipt))
}

#[derive(Deserialize)]
#[expect(dead_code)]
struct Room(String);

#[websocket("/chat/{room}", on = "call", method = "leave")]
fn leave(_ws: &WebSocketConnector, _room: Params<Room>) {}

#[websocket("/chat/{room}", on = "call", method = "confirm")]
async fn confirm(ws: WebSocketConnector) -> Result<(), CallError> {
    let _sure: bool = ws.call("sure", "really?").await?;
    match ws.call::<u32>("count", &[1, 2]).await {
        Err(CallError::Remote { code, message, data }) => drop((code, message, data)),
        Err(CallError::TimedOut | CallError::NotConnected) => {}
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    Err(CallError::new(call_code::INVALID_PARAMS, "no").data(&Receipt { number: 1 }))
}

/// In another handler, and in a task.
#[websocket("/chat/{room}", on = "connect")]
async fn connect(ws: WebSocketConnector) -> Result<(), HandlerError> {
    let _name: String = ws.call("name", &()).await?;
    tokio_task(ws).await.map_err(|error| error.to_string())?;
    Ok(())
}

async fn tokio_task(ws: WebSocketConnector) -> Result<(), Box<dyn Error>> {
    let _name: String = ws.call("name", &()).await?;
    Ok(())
}

macro_rules! results {
    ($($method:literal: $name:ident -> $result:ty = $value:expr;)+) => {
        $(#[websocket("/results", on = "call", method = $method)]
        fn $name() -> $result { $value })+
    };
}

results! {
    "unit": unit -> () = ();
    "str": text -> &'static str = "a";
    "String": string -> String = String::new();
    "Cow": cow -> Cow<'static, str> = "a".into();
    "Utf8Bytes": bytes -> Utf8Bytes = "a".into();
    "bool": boolean -> bool = true;
    "u8": small -> u8 = 1;
    "f64": float -> f64 = 1.5;
    "i128": huge -> i128 = i128::MIN;
    "u128": huge_unsigned -> u128 = u128::MAX;
    "option": option -> Option<u8> = None;
    "result": result -> Result<Option<Json<u8>>, CallError> = Ok(None);
    "own error": own_error -> Result<(), Own> = Err(Own);
    "text error": text_error -> Result<(), String> = Err("no".to_owned());
    "boxed error": boxed -> Result<u8, Box<dyn Error + Send + Sync>> = Ok(1);
    "close": close -> Result<(), CallError> = Err(CallError::close(4000, "bye"));
}

#[derive(Debug)]
struct Own;

impl fmt::Display for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("own")
    }
}

impl Error for Own {}

#[derive(Default, ConnectionState)]
struct View {
    calls: u32,
}

#[websocket_view("/view")]
impl View {
    fn connect(&mut self) {}

    #[call]
    fn count(&mut self) -> u32 {
        self.calls += 1;
        self.calls
    }

    #[call]
    async fn r#type(&self, Params((text,)): Params<(&str,)>) -> String {
        text.to_owned()
    }

    #[call]
    #[view(blocking)]
    fn message(&self) -> Json<[u32; 1]> {
        Json([self.helper()])
    }

    fn helper(&self) -> u32 {
        self.calls
    }

    fn close(&self) {}
}

fn main() {
    let app = App::new();
    app.build().expect("the handlers fit together");
    assert_eq!(View::default().count(), 1);
}
