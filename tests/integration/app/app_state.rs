//! `state = AppState`: an upgrade handler takes every extractor that axum's own handlers take, and `build()` finds a state that
//! nobody gave.

use std::{
    convert::Infallible,
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use robyn_ws::{axum::http::request::Parts, prelude::*};
use robyn_ws_tests::{Probe, Request, Server, probe};

static STATES: SubRouter = SubRouter::new("/app_state");

#[derive(Clone)]
struct AppState {
    motto: &'static str,
    key: Key,
    visits: Arc<AtomicU32>,
}

impl FromRef<AppState> for Key {
    fn from_ref(state: &AppState) -> Self {
        state.key.clone()
    }
}

#[derive(Clone)]
struct Key(&'static str);

/// An extractor for each state that has a key, with the type parameters of `SignedCookieJar` of axum-extra.
struct SignedCookieJar<K = Key> {
    user: Option<String>,
    _key: PhantomData<K>,
}

impl<S: Send + Sync, K: FromRef<S> + Into<Key>> FromRequestParts<S> for SignedCookieJar<K> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let Key(key) = K::from_ref(state).into();
        let cookie = parts.headers.get("cookie").and_then(|cookie| cookie.to_str().ok());
        let user = cookie.and_then(|cookie| cookie.strip_prefix("user=")?.strip_suffix(key));
        Ok(Self {
            user: user.map(str::to_owned),
            _key: PhantomData,
        })
    }
}

#[derive(Clone)]
struct Motto(&'static str);

impl FromRef<AppState> for Motto {
    fn from_ref(state: &AppState) -> Self {
        Self(state.motto)
    }
}

fn state() -> AppState {
    AppState {
        motto: "why so serious",
        key: Key(".signed"),
        visits: Arc::default(),
    }
}

/// An extractor for this state only.
struct Visit(u32);

impl FromRequestParts<AppState> for Visit {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        if parts.headers.contains_key("x-banned") {
            return Err((StatusCode::FORBIDDEN, "no more visits"));
        }
        Ok(Self(state.visits.fetch_add(1, Ordering::Relaxed) + 1))
    }
}

#[websocket("/all/{room}", on = "upgrade", state = AppState, router = STATES)]
async fn all(
    State(state): State<AppState>,
    State(motto): State<Motto>,
    jar: SignedCookieJar,
    visit: Visit,
    headers: HeaderMap,
    Path(room): Path<String>,
    probe: Global<Probe>,
) {
    let user = jar.user;
    let same = state.motto == motto.0;
    let has_host = headers.contains_key("host");
    probe.note(format!("{room} {} {same} {user:?} {} {has_host}", motto.0, visit.0));
}

#[websocket("/hub", on = "upgrade", state = AppState, router = STATES)]
fn with_the_hub(hub: Hub, _state: State<AppState>, probe: Global<Probe>) {
    probe.note(hub.count().to_string());
}

#[websocket("/fallible", on = "upgrade", state = AppState, router = STATES)]
fn fallible(
    visit: Result<Visit, Rejection>,
    maybe: Option<Visit>,
    own: Result<Visit, (StatusCode, &'static str)>,
    probe: Global<Probe>,
) {
    let visit = visit.map(|visit| visit.0).map_err(|why| why.reason().to_owned());
    let own = own.map(|visit| visit.0).map_err(|(status, _)| status.as_u16());
    probe.note(format!("{visit:?} {:?} {own:?}", maybe.map(|visit| visit.0)));
}

#[websocket("/blocking", on = "upgrade", state = AppState, router = STATES, blocking)]
fn blocking(State(Motto(motto)): State<Motto>, probe: Global<Probe>) -> Result<(), StatusCode> {
    probe.note(motto);
    Ok(())
}

#[tokio::test]
async fn upgrade_handler_takes_extractors_of_the_apps_state() {
    let (probe, mut seen) = probe();
    let server = Server::start(App::new().state(state()).inject_global(probe).include_router(&STATES)).await;
    Request::upgrade("/app_state/all/red").raw(&server).await;
    seen.expect("red why so serious true None 1 true").await;

    let request = Request::upgrade("/app_state/all/red").header("cookie", "user=gordon.signed");
    request.raw(&server).await;
    seen.expect("red why so serious true Some(\"gordon\") 2 true").await;
    let forged = Request::upgrade("/app_state/all/red").header("cookie", "user=gordon");
    forged.raw(&server).await;
    seen.expect("red why so serious true None 3 true").await;

    let banned = Request::upgrade("/app_state/all/red").header("x-banned", "yes");
    banned.refused(&server).await.expect(403, "no more visits");
    Request::upgrade("/app_state/fallible")
        .header("x-banned", "yes")
        .raw(&server)
        .await;
    seen.expect("Err(\"no more visits\") None Err(403)").await;
    Request::upgrade("/app_state/fallible").raw(&server).await;
    seen.expect("Ok(4) Some(5) Ok(6)").await;
    Request::upgrade("/app_state/hub").raw(&server).await;
    assert!(seen.next().await.parse::<usize>().is_ok());
    Request::upgrade("/app_state/blocking").raw(&server).await;
    seen.expect("why so serious").await;
}

static MISSING: SubRouter = SubRouter::new("/app_state/missing");

#[derive(Clone)]
struct Other;

#[websocket("/one", on = "upgrade", state = AppState, router = MISSING)]
fn wants_a_state(_state: State<AppState>) {}

#[websocket("/other", on = "upgrade", state = Other, router = MISSING)]
fn wants_another(_state: Option<State<Other>>, _headers: HeaderMap) {}

#[websocket("/none", on = "upgrade", router = MISSING)]
fn wants_none(_headers: HeaderMap) {}

#[test]
fn states_that_nobody_gave_are_reported_with_their_handlers() {
    let app = App::new().state(state()).include_router(&MISSING);
    let errors = app.build().expect_err("one state is missing");
    let name = std::any::type_name::<Other>();
    let error = errors.iter().next().expect("there is one");
    assert_eq!(
        (errors.len(), error.handler(), error.file()),
        (1, Some("wants_another"), Some(file!()))
    );
    let words = format!("has `state = {name}`, but the app was given none: call `App::state`");
    assert!(error.line().is_some() && error.message() == words, "{error}");

    let errors = App::new()
        .include_router(&MISSING)
        .build()
        .expect_err("both are missing");
    let handlers: Vec<_> = errors.iter().filter_map(robyn_ws::BuildError::handler).collect();
    assert_eq!(handlers, ["wants_a_state", "wants_another"]);
    assert!(
        App::new()
            .state(state())
            .state(Other)
            .include_router(&MISSING)
            .build()
            .is_ok()
    );
}

#[test]
fn state_in_an_arc_is_another_type_and_the_message_says_so() {
    let app = App::new()
        .state(state())
        .state(Arc::new(Other))
        .include_router(&MISSING);
    let errors = app.build().expect_err("the state is in an `Arc`");
    let name = std::any::type_name::<Other>();
    let words = format!("but the app was given an `Arc<{name}>`: write `state = Arc<{name}>`");
    assert!(errors.to_string().contains(&words), "{errors}");
}

#[test]
fn second_state_of_one_type_is_reported_at_its_call() {
    let app = App::new().state(Other);
    let line = line!() + 1;
    let app = app.state(Other);
    let errors = app.build().expect_err("there are two");
    let error = errors.iter().next().expect("there is one");
    assert_eq!(
        (errors.len(), error.line(), error.file()),
        (1, Some(line), Some(file!())),
        "{errors}"
    );
    assert!(error.message().contains("a second value of type"), "{error}");
}
