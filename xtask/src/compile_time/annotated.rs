//! The program with annotated handlers.

use super::program::{Style, declared};

pub(super) const STYLE: Style = Style {
    name: "annotated",
    title: "annotated",
    dependencies: "robyn-ws = { path = \"../../../robyn-ws\" }\n",
    prelude: PRELUDE,
    handlers: [TEXT, JSON, QUERY, PATH, STATE],
    epilogue: |_| String::new(),
    main,
};

const PRELUDE: &str = r"//! Endpoints.

use robyn_ws::prelude::*;

use crate::types::{Page, Said, Say, Store};

#[derive(Default, ConnectionState)]
struct Session {
    seen: u64,
}
";

const TEXT: &str = r#"
#[websocket("/text/@@", on = "message")]
fn handler_@@(msg: &str) -> String {
    format!("handler @@ got {msg}")
}
"#;

const JSON: &str = r#"
#[websocket("/json/@@", on = "message")]
async fn handler_@@(Json(say): Json<Say>, store: Global<Store>) -> Json<Said> {
    let text = format!("handler @@ got {}", say.text);
    Json(Said { text, number: store.next() })
}
"#;

const QUERY: &str = r#"
#[websocket("/query/@@", on = "message")]
fn handler_@@(Query(page): Query<Page>, msg: String) -> String {
    let lang = page.lang.as_deref().unwrap_or("en");
    format!("handler @@ got {msg} in {lang}, up to {}", page.limit)
}
"#;

const PATH: &str = r#"
#[websocket("/path/@@/{room}", on = "message")]
async fn handler_@@(Path(room): Path<String>, Json(say): Json<Say>, store: Global<Store>) -> Json<Said> {
    let to = say.to.as_deref().unwrap_or(&room);
    let text = format!("handler @@ got {} for {to}", say.text);
    Json(Said { text, number: store.next() })
}
"#;

const STATE: &str = r#"
#[websocket("/state/@@", on = "message")]
fn handler_@@(session: &mut Session, Query(page): Query<Page>, Json(say): Json<Say>) -> Json<Said> {
    session.seen += 1;
    let text = format!("handler @@ got {}, up to {}", say.text, page.limit);
    Json(Said { text, number: session.seen })
}
"#;

fn main(modules: &[String]) -> Vec<(&'static str, String)> {
    let modules = declared(modules);
    let main = format!(
        r#"//! Many endpoints, each with a handler.

{modules}
use robyn_ws::prelude::*;

#[tokio::main]
async fn main() -> Result<(), ServeError> {{
    let app = App::new().inject_global(types::Store::default());
    app.serve("127.0.0.1:0").await
}}
"#
    );
    vec![("main.rs", main)]
}
