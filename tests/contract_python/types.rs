//! mypy accepts the types, and the values that serde writes for them.

use robyn_ws::prelude::*;
use serde_json::Value;

use crate::{
    module::Module,
    shapes::{Everything, everything},
};

static SHAPES: SubRouter = SubRouter::new("/shapes");

/// Takes and sends everything. """ \
#[websocket("/{class}/{self}/{*roomId}", on = "message", router = SHAPES)]
fn shapes(Json(everything): Json<Everything>) -> Json<Everything> {
    Json(everything)
}

/// Has a type without a schema.
#[websocket("/1", on = "call", method = "class", router = SHAPES, sends("\"\"\""(Everything), "a.b"((u8, Option<String>)), "a-b"() -> Option<u8>))]
fn class(Params(params): Params<Unknown>) -> Json<Unknown> {
    Json(params)
}

/// A call with a name of quotes: """.
#[websocket("/1", on = "call", method = "\"\"\"\\", router = SHAPES)]
fn quotes(Params((_, color)): Params<(u8, Option<bool>)>) -> Option<Json<bool>> {
    color.map(Json)
}

#[websocket("/1", on = "call", method = "1ü", router = SHAPES)]
fn digit() {}

#[websocket("/Any", on = "message", router = SHAPES)]
fn any(message: Message) -> Message {
    message
}

#[derive(serde::Deserialize, serde::Serialize)]
struct Unknown(Value);

#[tokio::test]
async fn mypy_accepts_the_module_and_the_values_of_serde() {
    let app = App::new().include_router(&SHAPES);
    let Some(module) = Module::of(&app, "types") else {
        return;
    };
    assert_eq!(module.mypy("contract.py").await, "", "{}", app.contract().python());
    let value = serde_json::to_value(everything()).expect("JSON");
    let value = literal(&value);
    let text = format!(
        "from contract import Everything, EverythingInput, Shapes\n\n\
         sent: EverythingInput = {value}\n\
         received: Everything = {value}\n\n\n\
         async def use(shapes: Shapes) -> None:\n\
             \x20   await shapes.send({value})\n\
             \x20   async for message in shapes:\n\
             \x20       received: Everything = message\n"
    );
    module.write("values.py", &text);
    assert_eq!(
        module.mypy("values.py").await,
        "",
        "{text}\n{}",
        app.contract().python()
    );
}

/// Returns a value as it is written in Python.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Array(values) => format!("[{}]", values.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(values) => {
            let pair = |(key, value)| format!("{}: {}", Value::String(String::clone(key)), literal(value));
            format!("{{{}}}", values.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
