//! The client in TypeScript: it compiles whatever an app has, its types take what serde writes, and it talks to a server.

use std::fmt::Write as _;

use robyn_ws_tests::Server;

use crate::{live, shapes, support::Folder};

const BROWSER: [&str; 6] = ["--noEmit", "--lib", "es2022,dom", "--types", "", "--strict"];

/// Values of the wrong types, each after the comment that makes it an error if there is none.
const WRONG: &str = r#"
const { value } = { value: value0 };
// @ts-expect-error: there is no such variant
export const wrong1: api.ShapesAllReceived = { ...value, unit: ["Fourth"] };
// @ts-expect-error: a property is missing
export const wrong2: api.ShapesAllReceived = { ...value, promise: {} };
// @ts-expect-error: the tag does not fit
export const wrong3: api.ShapesAllReceived = { ...value, internal: [{ type: "nothing2" }] };
// @ts-expect-error: a tuple has no third element
export const wrong4: api.ShapesAllReceived = { ...value, tuples: { ...value.tuples, pair: [1, null, 2] } };
// @ts-expect-error: it is always written
export const wrong5: api.Plain = { a: 1 };
// @ts-expect-error: the path has parameters
export const wrong6 = new api.ShapesClassABRestClient("ws://127.0.0.1");
// @ts-expect-error: the token is needed
export const wrong7 = new api.ShapesQueryClient("ws://127.0.0.1", { query: { page: 1 } });

// The others may be left out where the server reads them.
export const right1: api.PlainInput = { a: 1 };
export function narrowed(internal: api.Internal): string {
  switch (internal.type) {
    case "text":
      return internal.text;
    case "plain":
      return String(internal.a);
    case "nothing":
      return "";
  }
}
export async function called(client: api.ShapesNasty2Client): Promise<api.Unit> {
  const nothing: void = await client.calls["__proto__"]();
  client.onNotification("a-*/", (unit: api.Unit) => unit);
  client.onCall("then", () => Promise.resolve(1));
  // @ts-expect-error: there is no such notification
  client.onNotification("b", () => nothing);
  // @ts-expect-error: it is a number that the server wants
  client.onCall("then", () => "1");
  return client.calls["a.b */ `${x}` </script>"]("Third", { timeout: 1 });
}
"#;

#[tokio::test]
async fn types_take_the_values_of_serde_and_refuse_others() {
    let contract = shapes::contract();
    let value = serde_json::to_string(&shapes::everything()).expect("JSON");
    let mut samples = "import * as api from \"./client.js\";\n".to_owned();
    for (number, alias) in ["ShapesAllReceived", "ShapesAllSent", "Everything"]
        .into_iter()
        .enumerate()
    {
        writeln!(samples, "export const value{number}: api.{alias} = {value};").expect("a string takes all");
    }
    let folder = Folder::new("shapes");
    folder.write("client.ts", &contract.typescript());
    folder.write("samples.ts", &(samples + WRONG));
    folder.compile(&BROWSER, &["client.ts", "samples.ts"]).await;
}

#[test]
fn same_handlers_are_same_bytes() {
    assert_eq!(shapes::contract().typescript(), shapes::contract().typescript());
}

#[test]
fn docs_and_names_end_neither_comments_nor_scripts() {
    let text = shapes::contract().typescript();
    assert!(!text.contains("</script"), "it would end a script");
    let code: Vec<_> = text
        .split("/**")
        .skip(1)
        .map(|rest| rest.split_once("*/").expect("an end").1)
        .collect();
    assert!(
        code.iter().all(|code| !code.contains("and a template")),
        "documentation stands in comments"
    );
    assert!(text.contains("2^53 - 1"), "wide integers have a warning");
}

#[tokio::test]
async fn client_in_node_calls_is_called_and_comes_back() {
    let server = Server::start(live::app()).await;
    let folder = Folder::new("live");
    folder.write("client.ts", &live::app().contract().typescript());
    folder.write("driver.ts", include_str!("driver.ts"));
    let types = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/node/node_modules/@types");
    let libraries = ["--lib", "es2022", "--types", "node", "--typeRoots", types];
    if folder.compile(&libraries, &["driver.ts"]).await {
        folder.run("driver.js", &format!("http://{}", server.address())).await;
    }
}
