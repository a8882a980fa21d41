//! Proves that a request target is read as the URL standard says, and that typed parameters are checked before the 101.
//!
//! An input is a request target.

#![no_main]

use std::{borrow::Cow, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode_str;
use robyn_ws::{
    App, WebSocketConnector,
    axum::{
        Json,
        extract::{Path, Query},
        http::Uri,
    },
    websocket,
};
use robyn_ws_fuzz::{Seen, SharedApp, build, connect, is_valid_host, run};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Filter {
    limit: Option<u8>,
    name: Option<String>,
}

/// What the connection knows of its request.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Known {
    path: (String, u32),
    filter: Filter,
    params: Vec<(String, String)>,
    query: Vec<(String, String)>,
    last_limit: Option<String>,
    names: Vec<String>,
}

fn owned<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[websocket("/at/{room}/{number}", on = "connect")]
fn greet(ws: &WebSocketConnector, Path(path): Path<(String, u32)>, Query(filter): Query<Filter>) -> Json<Known> {
    let query = ws.query_params();
    Json(Known {
        path,
        filter,
        params: owned(ws.path_params().iter()),
        query: owned(query.iter()),
        last_limit: query.get("limit").map(str::to_owned),
        names: query.get_all("name").map(str::to_owned).collect(),
    })
}

#[websocket("/at/{room}/{number}", on = "message")]
fn close_on_any(ws: &WebSocketConnector) {
    ws.close();
}

static APP: SharedApp = LazyLock::new(|| build(App::new()));

fuzz_target!(|target: &[u8]| {
    // What would end the target, or the request.
    if target
        .iter()
        .any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control())
    {
        return;
    }
    let uri = std::str::from_utf8(target)
        .ok()
        .and_then(|target| Uri::try_from(target).ok());
    // The hosts of a target are what `handshake` looks at.
    let host = uri.as_ref().and_then(Uri::authority);
    if host.is_some_and(|host| is_valid_host(host.as_str().as_bytes()) != Some(true)) {
        return;
    }
    run(&APP.hub, async {
        let connected = connect(&APP.router, target).await;
        match (uri.as_ref().and_then(known), connected) {
            (Some(known), Ok(raw)) => {
                let mut client = raw.client().await;
                let Seen::Text(greeting) = client.see().await else {
                    panic!("the greeting was expected");
                };
                assert_eq!(serde_json::from_str::<Known>(&greeting).expect("JSON"), known);
            }
            (None, Err(status)) => assert!((400..500).contains(&status), "{status} for a bad request"),
            (known, connected) => panic!("{:?} for {known:?}", connected.err().unwrap_or(101)),
        }
    });
});

/// What a connection has to know of a valid target.
fn known(uri: &Uri) -> Option<Known> {
    let (room, number) = uri.path().strip_prefix("/at/")?.split_once('/')?;
    // axum takes an empty parameter, but not at the end.
    if number.is_empty() || number.contains('/') {
        return None;
    }
    let decoded = |segment| percent_decode_str(segment).decode_utf8().ok().map(Cow::into_owned);
    let (room, number) = (decoded(room)?, decoded(number)?);
    let query: Vec<(String, String)> = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let all = |name| -> Vec<String> {
        let values = query.iter().filter(|(key, _)| key == name);
        values.map(|(_, value)| value.clone()).collect()
    };
    let (limits, names) = (all("limit"), all("name"));
    // A field of a struct cannot be given twice.
    if limits.len() > 1 || names.len() > 1 {
        return None;
    }
    let limit = limits.first().map(|limit| limit.parse()).transpose().ok()?;
    Some(Known {
        path: (room.clone(), number.parse().ok()?),
        filter: Filter {
            limit,
            name: names.first().cloned(),
        },
        params: vec![("room".to_owned(), room), ("number".to_owned(), number)],
        last_limit: limits.last().cloned(),
        names,
        query,
    })
}
