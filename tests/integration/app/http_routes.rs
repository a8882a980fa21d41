//! HTTP routes beside endpoints: `build()` reports all that overlap, and axum never panics. An app with neither is warned.

use std::{cell::Cell, panic, sync::Once};

use robyn_ws::{
    BuildErrors,
    axum::{
        Router,
        handler::HandlerWithoutStateExt,
        routing::{any, get, head, post},
    },
    prelude::*,
    test_util::TestApp,
};
use robyn_ws_tests::Log;

static LEAGUE: SubRouter = SubRouter::new("/overlap");

#[websocket("/fixed", on = "message", router = LEAGUE)]
fn fixed(msg: String) -> String {
    msg
}

#[websocket("/by/{room}", on = "message", router = LEAGUE)]
fn by_room() {}

async fn page() -> &'static str {
    "a page"
}

fn app() -> App {
    App::new().include_router(&LEAGUE)
}

thread_local! {
    static PANICKED: Cell<bool> = const { Cell::new(false) };
}

/// Notes the panics of each thread. One that is caught ends a program nevertheless if that has `panic = "abort"`.
fn note_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let earlier = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            PANICKED.set(true);
            earlier(panic);
        }));
    });
}

fn problems(app: App) -> Vec<(u32, String)> {
    problems_in(file!(), app)
}

/// Returns the problems of an app, each with its line in `file` and its message.
pub(super) fn problems_in(file: &str, app: App) -> Vec<(u32, String)> {
    note_panics();
    let errors: BuildErrors = app.build().expect_err("routes overlap");
    assert!(!PANICKED.get(), "{errors}");
    let all = errors.iter().map(|error| {
        assert_eq!((error.file(), error.handler()), (Some(file), None), "{error}");
        let text = error.message().to_owned();
        assert!(!text.contains("axum says"), "axum has panicked: {text}");
        (error.line().expect("a place"), text)
    });
    all.collect()
}

pub(super) fn expect(problems: &[(u32, String)], expected: &[(u32, &str)]) {
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for ((line, text), (expected_line, words)) in problems.iter().zip(expected) {
        assert_eq!(line, expected_line, "{text}");
        assert!(text.contains(words), "no `{words}` in: {text}");
    }
}

#[test]
fn every_http_route_that_overlaps_is_reported_at_its_call_without_a_panic() {
    let routes = Router::new()
        .route("/overlap/fixed", get(page).post(page))
        .route("/overlap/by/{id}", get(page))
        .route("/page", get(page).post(page));
    let more = Router::new()
        .route("/page", post(page))
        .nest_service("/overlap/fixed", Router::new());
    let any_page = Router::new().route("/page", any(page));
    let (one, two) = (line!() + 1, line!() + 2);
    let app = app().http(routes);
    let app = app.http(more).http(any_page);
    expect(
        &problems(app),
        &[
            (
                one,
                "`/overlap/by/{id}` overlaps with `/overlap/by/{room}` of the handler `by_room` at",
            ),
            (
                one,
                "`/overlap/fixed` (GET) appears more than once: the handler `fixed` at",
            ),
            (
                two,
                "`/overlap/fixed` (all methods) appears more than once: the handler `fixed` at",
            ),
            (two, "`/page` (POST) appears more than once: `App::http` at"),
        ],
    );
}

#[test]
fn second_fallback_is_reported() {
    let with_fallback = || Router::new().fallback(page);
    let app = app().http(with_fallback());
    let line = line!() + 1;
    let app = app.http(with_fallback());
    expect(
        &problems(app),
        &[(line, "a second fallback for `/`: the first is given to")],
    );
}

#[test]
fn second_fallback_of_a_nested_router_is_reported() {
    let nested = |path: &str| Router::new().nest(path, Router::new().fallback(page));
    for (first, second) in [
        ("/api", "/api"),
        ("/n/{x}", "/n/{y}"),
        ("/api", "/api/{version}"),
        ("/api/{version}", "/api"),
    ] {
        let app = app().http(nested(first));
        let line = line!() + 1;
        let app = app.http(nested(second));
        let words = format!("a second fallback for `{second}/`");
        expect(&problems(app), &[(line, &words)]);
    }
    let different = app().http(nested("/api")).http(nested("/api2").fallback(page));
    assert!(different.build().is_ok());
}

/// Each pair is given to two calls. axum would panic at each of them.
#[test]
fn every_kind_of_overlap_is_one_problem_without_a_panic() {
    let at = |path: &str| Router::new().route(path, get(page));
    let nested = |path: &str| Router::new().nest_service(path, Router::new());
    let answer = || get(page).fallback(page);
    let pairs: Vec<(Router, Router, &str)> = vec![
        (at("/k/{x}"), at("/k/{y}"), "differ only in the names of parameters"),
        (at("/k/{*x}"), at("/k/{*y}"), "differ only in the names of parameters"),
        (at("/k/{*x}"), at("/k/{y}"), "one request could match both"),
        (at("/k"), at("/k"), "`/k` (GET) appears more than once"),
        (
            at("/k"),
            Router::new().nest("/k", at("/")),
            "`/k` (GET) appears more than once",
        ),
        (
            Router::new().nest("/{a}", at("/k")),
            Router::new().nest("/{b}", at("/k")),
            "differ only in the names",
        ),
        (
            at("/a").merge(at("/k")),
            at("/k").merge(at("/b")),
            "`/k` (GET) appears more than once",
        ),
        (
            Router::new().route("/k", any(page)),
            Router::new().route("/k", any(page)),
            "`/k` (all other methods)",
        ),
        (
            Router::new().route("/k", answer()),
            Router::new().route("/k", post(page).fallback(page)),
            "(all other methods)",
        ),
        (
            at("/k").method_not_allowed_fallback(page),
            Router::new().route("/k", post(page)).method_not_allowed_fallback(page),
            "(all other methods)",
        ),
        (
            Router::new().route_service("/k", page.into_service()),
            at("/k"),
            "`/k` (GET) appears more than once",
        ),
        (nested("/k"), nested("/k"), "`/k` (all methods) appears more than once"),
        (nested("/k"), at("/k/{x}"), "overlaps with `/k/{*rest}`"),
        (
            at("/k/{x}"),
            nested("/k"),
            "the HTTP route `/k/{*rest}` overlaps with `/k/{x}`",
        ),
        (at("/k\"k"), at("/k\"k"), "(GET) appears more than once"),
        (at("/kü"), at("/kü"), "(GET) appears more than once"),
        (
            Router::new().without_v07_checks().route("/:k", get(page)),
            Router::new().without_v07_checks().route("/:k", get(page)),
            "`/:k` (GET) appears more than once",
        ),
    ];
    for (first, second, words) in pairs {
        let app = app().http(first);
        let line = line!() + 1;
        let app = app.http(second);
        expect(&problems(app), &[(line, words)]);
    }
}

#[test]
fn routes_that_only_look_alike_are_no_problem() {
    let at = |path: &str| Router::new().route(path, get(page));
    let pairs: Vec<(Router, Router)> = vec![
        (at("/k/{x}"), at("/k/fixed")),
        (at("/k/{*x}"), at("/k/fixed")),
        (at("/k/{*x}"), at("/k/")),
        (at("/k/{x}"), at("/k/{x}/more")),
        (at("/k/{x}/one"), at("/k/{y}/two")),
        (at("/k"), at("/k/")),
        (at("/k"), Router::new().route("/k", post(page))),
        (at("/k"), Router::new().route("/k", any(page))),
        (at("/k"), Router::new().route("/k", head(page))),
        (at("/overlap/fix"), Router::new().route("/overlap/fixed", any(page))),
        (Router::new().nest("/k", at("/a")), Router::new().nest("/k", at("/b"))),
        (Router::new().nest("/{k}", at("/fixed")), at("/overlap/other")),
        (
            Router::new().fallback(page),
            Router::new().nest("/k", Router::new().fallback(page)),
        ),
        (
            at("/k"),
            Router::new()
                .without_v07_checks()
                .route("/:k", get(page))
                .route("/*k", get(page)),
        ),
        (Router::new().without_v07_checks().route("/:k", get(page)), at("/k")),
        (Router::new(), Router::new()),
    ];
    for (index, (first, second)) in pairs.into_iter().enumerate() {
        let built = app().http(first).http(second).build();
        assert!(built.is_ok(), "{index}: {:?}", built.err());
    }
}

#[test]
fn overlaps_are_reported_beside_all_other_problems() {
    let routes = Router::new().route("/overlap/fixed", get(page));
    let app = app().limits(Limits::default().max_read_ahead(0)).http(routes);
    assert_eq!(problems(app).len(), 2);
}

#[tokio::test]
async fn http_routes_for_other_methods_of_an_endpoint_are_served() {
    let routes = Router::new()
        .route("/overlap/fixed", post(page))
        .route("/overlap/by/gordon", get(page))
        .fallback(page);
    let app = TestApp::new(app().http(routes));
    let mut client = app.connect("/overlap/fixed").await.expect("the upgrade");
    client.send_text("hello").await;
    assert_eq!(client.receive_text().await, "hello");
}

#[test]
fn app_without_handlers_and_routes_is_built_with_a_warning_that_names_the_usual_causes() {
    let logged = |app: App| {
        let log = Log::default();
        let building = || drop(app.build().expect("nothing is wrong"));
        tracing::subscriber::with_default(log.subscriber(), building);
        log
    };
    let empty = || App::new().only([""; 0]);
    logged(empty()).line(&[
        "WARN",
        "neither handlers nor HTTP routes",
        "use my_handlers as _;",
        "include_router",
    ]);
    logged(empty().health("/live", "/ready")).line(&["WARN", "neither handlers nor HTTP routes"]);
    let with_a_page = logged(empty().http(Router::new().route("/", get(page))));
    assert!(
        !with_a_page.text().contains("neither handlers"),
        "{}",
        with_a_page.text()
    );
}
