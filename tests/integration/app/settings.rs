//! Settings of the app that are given twice, and those without an effect.

use robyn_ws::{BuildError, BuildErrors, Compression, close_code, prelude::*, test_util::TestApp};
use robyn_ws_tests::{Certificate, within};
use tokio::net::TcpListener;

static SETTINGS: SubRouter = SubRouter::new("/settings");

#[websocket("/", on = "connect", router = SETTINGS)]
fn connect(ws: &WebSocketConnector) -> String {
    ws.subprotocol().unwrap_or("none").to_owned()
}

fn app() -> App {
    App::new().only(["/settings"]).include_router(&SETTINGS)
}

/// Returns what is wrong with an app under `App::serve`: other servers do not have all settings.
async fn errors(app: App) -> BuildErrors {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    match within("the errors", app.serve_on(listener)).await {
        Err(ServeError::Build(errors)) => errors,
        other => panic!("there is something wrong: {other:?}"),
    }
}

/// Returns the only error, which is at `line` in this file.
fn only(errors: BuildErrors, line: u32) -> BuildError {
    assert_eq!(errors.len(), 1, "{errors}");
    let error = errors.into_iter().next().expect("there is one");
    assert_eq!((error.file(), error.line()), (Some(file!()), Some(line)), "{error}");
    error
}

/// Checks that the only error is at the second call and names the first.
async fn expect_twice(name: &str, app: App, first: u32, second: u32) {
    let error = only(errors(app).await, second);
    let words = format!(
        "a second `{name}`: the first is at {}:{first}; remove one of them",
        file!()
    );
    assert!(error.message().starts_with(&words), "no `{words}` in: {error}");
}

#[tokio::test]
async fn second_value_of_a_setting_is_reported_with_both_places() {
    let limits = || Limits::default().max_connections(1);
    let (first, app_of_limits) = (line!(), app().limits(limits()));
    let (second, app_of_limits) = (line!(), app_of_limits.limits(limits()));
    expect_twice("App::limits", app_of_limits, first, second).await;
    let errors = errors(app().limits(limits()).limits(limits())).await;
    assert!(
        errors
            .to_string()
            .contains("set its limits on the other: `Limits::default()"),
        "{errors}"
    );

    let (first, app_of_origins) = (line!(), app().origins(Origins::any()));
    let (second, app_of_origins) = (line!(), app_of_origins.origins(Origins::same_host()));
    expect_twice("App::origins", app_of_origins, first, second).await;

    let (first, app_of_code) = (line!(), app().drain_code(close_code::RESTART));
    let (second, app_of_code) = (line!(), app_of_code.drain_code(1001));
    expect_twice("App::drain_code", app_of_code, first, second).await;

    let (first, app_of_compression) = (line!(), app().compression(Compression::shared()));
    let (second, app_of_compression) = (line!(), app_of_compression.compression(Compression::off()));
    expect_twice("App::compression", app_of_compression, first, second).await;

    let tls = || Certificate::common().tls();
    let (first, app_of_tls) = (line!(), app().tls(tls()));
    let (second, app_of_tls) = (line!(), app_of_tls.tls(tls()));
    expect_twice("App::tls", app_of_tls, first, second).await;
}

#[tokio::test]
async fn second_value_of_a_setting_of_a_sub_router_is_reported_with_both_places() {
    let app = || App::new().only(["/settings"]);
    let limits = || Limits::default().max_connections(1);
    let (first, router) = (line!(), SETTINGS.limits(limits()));
    let (second, router) = (line!(), router.limits(limits()));
    expect_twice("SubRouter::limits", app().include_router(router), first, second).await;

    let (first, router) = (line!(), SETTINGS.compression(Compression::off()));
    let (second, router) = (line!(), router.compression(Compression::off()));
    expect_twice("SubRouter::compression", app().include_router(router), first, second).await;
}

#[tokio::test]
async fn every_further_value_of_a_setting_is_reported() {
    let app = app().origins(Origins::any());
    let app = app.origins(Origins::any());
    let app = app.origins(Origins::any());
    assert_eq!(errors(app).await.len(), 2);
}

#[tokio::test]
async fn settings_that_collect_values_add_up() {
    let app = app()
        .subprotocols(["one"])
        .subprotocols(["two"])
        .health("/live", "/ready")
        .health("/healthz", "/readyz")
        .trusted_proxies(["10.0.0.1"])
        .trusted_proxies(["10.0.0.2"]);
    let app = TestApp::new(app);
    for name in ["one", "two"] {
        let request = app.request("/settings").header("sec-websocket-protocol", name);
        let mut client = request.connect().await.expect("the upgrade");
        assert_eq!(client.receive_text().await, name);
    }
    for path in ["/live", "/ready", "/healthz", "/readyz"] {
        assert_eq!(app.get(path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn h2c_where_it_has_no_effect_is_a_build_error_with_its_place() {
    let words = "`App::h2c` concerns `App::serve` and `App::serve_on` only";
    let (line, of_another_server) = (line!(), app().h2c());
    let error = only(of_another_server.build().expect_err("no effect"), line);
    assert!(error.message().starts_with(words), "{error}");
    let (line, of_a_router) = (line!(), app().h2c());
    let error = only(of_a_router.router::<()>().expect_err("no effect"), line);
    assert!(error.message().starts_with(words), "{error}");

    let tls = || Certificate::common().tls();
    for (line, with_both) in [(line!(), app().h2c().tls(tls())), (line!(), app().tls(tls()).h2c())] {
        let error = only(errors(with_both).await, line);
        let words = format!("`App::h2c` has no effect beside `App::tls` at {}:{line}", file!());
        assert!(error.message().starts_with(&words), "{error}");
    }
    drop(TestApp::new(app().h2c()));
}
