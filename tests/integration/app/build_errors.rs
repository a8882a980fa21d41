//! What `build()` finds: every problem in one list, each with its place, and no panic.

use robyn_ws::{BuildError, BuildErrors, axum::Router, axum::routing::get, prelude::*};

/// This file, for the lines of the handlers in it.
const SOURCE: &str = include_str!("build_errors.rs");

/// Gives the line of the handler `name`.
fn line_of(name: &str) -> u32 {
    let head = format!("fn {name}(");
    let before = SOURCE.split(&head).next().expect("a split has a first part");
    assert_ne!(before.len(), SOURCE.len(), "no handler {name} in this file");
    u32::try_from(before.matches('\n').count() + 1).expect("a file is short")
}

fn place(name: &str) -> String {
    format!("{}:{}", file!(), line_of(name))
}

fn errors(app: App) -> BuildErrors {
    app.build().expect_err("there is something wrong")
}

/// Gives the only error.
fn error(app: App) -> BuildError {
    let errors = errors(app);
    assert_eq!(errors.len(), 1, "{errors}");
    errors.into_iter().next().expect("there is one")
}

/// Checks the only error, of the handler `name`.
fn expect_error(app: App, name: &str, words: &str) {
    let error = error(app);
    assert_eq!(error.handler(), Some(name), "{error}");
    assert_eq!(error.file(), Some(file!()));
    assert_eq!(error.line(), Some(line_of(name)), "{error}");
    assert!(error.message().contains(words), "no `{words}` in: {error}");
    assert!(error.to_string().starts_with(&place(name)), "{error}");
}

// ---- the two that the seed's issue names -------------------------------------------------------------------------------------

static CLASH: SubRouter = SubRouter::new("/build/clash");

struct Justice;

#[websocket("/", on = "connect", router = CLASH)]
fn first_connect() {}

#[websocket("/", on = "message", router = CLASH)]
fn takes_justice(_justice: Global<Justice>) {}

#[websocket("/", on = "connect", router = CLASH)]
fn second_connect() {}

#[test]
fn two_handlers_for_one_event_and_a_missing_global_are_both_in_one_build() {
    let errors = errors(App::new().include_router(&CLASH));
    let justice = std::any::type_name::<Justice>();
    let expected = [
        format!(
            "{}: `takes_justice`: takes `Global<{justice}>`, but no `{justice}` was injected: call `App::inject_global`",
            place("takes_justice"),
        ),
        format!(
            "{}: `second_connect`: a second `connect` handler for `/build/clash`: the first is `first_connect` at {}; \
             give one of them another path or event",
            place("second_connect"),
            place("first_connect"),
        ),
    ];
    let got: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(got, expected);
}

#[test]
fn list_is_readable_and_the_same_in_every_build() {
    let first = errors(App::new().include_router(&CLASH));
    let text = first.to_string();
    assert!(
        text.starts_with("2 problems in the WebSocket handlers:\n  1. "),
        "{text}"
    );
    assert!(text.contains("\n  2. "), "{text}");
    assert_eq!(format!("{first:?}"), text);
    for _ in 0..10 {
        assert_eq!(errors(App::new().include_router(&CLASH)), first);
    }
}

#[test]
fn injected_global_is_no_problem() {
    let error = error(App::new().inject_global(Justice).include_router(&CLASH));
    assert_eq!(error.handler(), Some("second_connect"));
}

// ---- two handlers for one event -----------------------------------------------------------------------------------------------

static TWICE: SubRouter = SubRouter::new("/build/twice");

#[websocket("/upgrade", on = "upgrade", router = TWICE)]
fn upgrade_one() {}
#[websocket("/upgrade", on = "upgrade", router = TWICE)]
fn upgrade_two() {}
#[websocket("/message", on = "message", router = TWICE)]
fn message_one() {}
#[websocket("/message", on = "message", router = TWICE)]
fn message_two() {}
#[websocket("/close", on = "close", router = TWICE)]
fn close_one() {}
#[websocket("/close", on = "close", router = TWICE)]
fn close_two() {}
#[websocket("/session", router = TWICE)]
async fn session_one(_socket: WebSocket) {}
#[websocket("/session", router = TWICE)]
async fn session_two(_socket: WebSocket) {}
#[websocket("/session", router = TWICE)]
async fn session_three(_socket: WebSocket) {}

#[test]
fn second_handler_of_every_event_is_reported_with_the_place_of_the_first() {
    let errors = errors(App::new().include_router(&TWICE));
    let pairs = [
        ("upgrade_two", "upgrade_one"),
        ("message_two", "message_one"),
        ("close_two", "close_one"),
        ("session_two", "session_one"),
        ("session_three", "session_one"),
    ];
    assert_eq!(errors.len(), pairs.len(), "{errors}");
    for (error, (second, first)) in errors.iter().zip(pairs) {
        assert_eq!(error.handler(), Some(second));
        assert_eq!(error.line(), Some(line_of(second)));
        let first = format!("the first is `{first}` at {}", place(first));
        assert!(error.message().contains(&first), "no `{first}` in: {error}");
    }
}

static PLAIN: SubRouter = SubRouter::new("/build/plain");

#[websocket("/", on = "message", router = PLAIN)]
fn plain() {}

// ---- dependencies and state -----------------------------------------------------------------------------------------------------

static NEEDY: SubRouter = SubRouter::new("/build/needy");

#[websocket("/", on = "close", router = NEEDY)]
async fn takes_scoped(_justice: Scoped<Justice>) {}

#[test]
fn scoped_that_nobody_injected_is_reported() {
    let help = "call `SubRouter::inject` where `/build/needy` is included";
    expect_error(App::new().include_router(&NEEDY), "takes_scoped", help);
    // A global is no scoped dependency.
    let app = App::new().inject_global(Justice).include_router(&NEEDY);
    expect_error(app, "takes_scoped", help);
    assert!(App::new().include_router(NEEDY.inject(Justice)).build().is_ok());
}

static STATEFUL: SubRouter = SubRouter::new("/build/stateful");

#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct User;

#[derive(Default, ConnectionState)]
struct Other;

#[websocket("/nobody", on = "message", router = STATEFUL)]
fn takes_user(_user: &User) {}

#[websocket("/somebody", on = "upgrade", router = STATEFUL)]
fn makes_user() -> User {
    User
}

#[websocket("/somebody", on = "message", router = STATEFUL)]
fn takes_that_user(_user: &mut User, _other: &Other) {}

#[test]
fn state_that_nobody_creates_is_reported() {
    let words = "only an `upgrade` handler can make, but no `upgrade` handler of `/build/stateful/nobody` returns it";
    expect_error(App::new().include_router(&STATEFUL), "takes_user", words);
}

static OPTIONAL: SubRouter = SubRouter::new("/build/optional");

#[websocket("/", on = "message", router = OPTIONAL)]
fn takes_maybe(_global: Option<Global<Justice>>, _scoped: Result<Scoped<Justice>, Rejection>) {}

#[test]
fn optional_dependency_may_be_missing() {
    assert!(App::new().include_router(&OPTIONAL).build().is_ok());
}

#[test]
fn second_value_of_one_type_is_reported_at_its_call() {
    let app = App::new().inject_global(Justice);
    let line = line!() + 1;
    let app = app.inject_global(Justice);
    let error = error(app);
    assert_eq!((error.file(), error.line()), (Some(file!()), Some(line)));
    assert!(error.message().contains("a second value of type"), "{error}");

    let twice = NEEDY.inject(Justice).inject(Justice);
    assert!(
        self::error(App::new().include_router(twice))
            .message()
            .contains("a second value of type")
    );
}

// ---- sessions -------------------------------------------------------------------------------------------------------------------

static MIXED: SubRouter = SubRouter::new("/build/mixed");

#[websocket("/", router = MIXED)]
async fn owns_the_socket(_socket: WebSocket) {}

#[websocket("/", on = "message", router = MIXED)]
fn takes_messages(_msg: String) {}

#[test]
fn message_handler_beside_a_session_handler_is_reported() {
    let words = format!(
        "beside the session handler `owns_the_socket` at {}",
        place("owns_the_socket")
    );
    expect_error(App::new().include_router(&MIXED), "takes_messages", &words);
}

// ---- sub-routers and paths --------------------------------------------------------------------------------------------------------

static EMPTY: SubRouter = SubRouter::new("/build/empty");

#[test]
fn included_sub_router_without_handlers_is_reported_at_the_static() {
    let error = error(App::new().include_router(&EMPTY));
    let line = SOURCE.lines().position(|line| line.starts_with("static EMPTY:"));
    let line = line.and_then(|line| u32::try_from(line + 1).ok());
    assert_eq!((error.file(), error.line()), (Some(file!()), line));
    assert!(
        error
            .message()
            .contains("`/build/empty` is included, but no handler names it"),
        "{error}"
    );
}

#[test]
fn sub_router_that_only_includes_others_is_no_problem() {
    assert!(App::new().include_router(EMPTY.include_router(&PLAIN)).build().is_ok());
}

static OVERLAP: SubRouter = SubRouter::new("/build/overlap");

#[websocket("/{room}", on = "message", router = OVERLAP)]
fn by_room() {}

#[websocket("/fixed", on = "message", router = OVERLAP)]
fn fixed() {}

#[websocket("/{user}", on = "close", router = OVERLAP)]
fn by_user() {}

#[test]
fn overlapping_paths_are_reported_and_a_fixed_one_beside_a_parameter_is_none() {
    let words = format!(
        "the path `/build/overlap/{{user}}` overlaps with `/build/overlap/{{room}}` of `by_room` at {}: they differ only in the names of parameters",
        place("by_room")
    );
    expect_error(App::new().include_router(&OVERLAP), "by_user", &words);
}

static OVERLAP_AND_MORE: SubRouter = SubRouter::new("/build/overlap_and_more");

#[websocket("/{room}", on = "message", router = OVERLAP_AND_MORE)]
fn earlier() {}

#[websocket("/{user}", on = "message", router = OVERLAP_AND_MORE)]
fn later() {}

#[websocket("/{user}", on = "message", router = OVERLAP_AND_MORE)]
fn second(_nobody_injects: Global<u8>) {}

#[test]
fn other_problems_of_handlers_on_an_overlapping_path_are_reported_too() {
    let errors = App::new().include_router(&OVERLAP_AND_MORE).build();
    let errors = errors.expect_err("it has three problems").to_string();
    for words in ["overlaps with", "a second `message` handler", "takes `Global<u8>`"] {
        assert!(errors.contains(words), "{words}: {errors}");
    }
}

static SAME_PREFIX: SubRouter = SubRouter::new("/build/plain");

#[websocket("/", on = "message", router = SAME_PREFIX)]
fn at_the_same_path() {}

#[test]
fn one_path_from_two_sub_routers_is_reported_with_both_places() {
    let app = App::new().include_router(&PLAIN).include_router(&SAME_PREFIX);
    let words = format!("of `plain` at {}: one path cannot belong to both", place("plain"));
    expect_error(app, "at_the_same_path", &words);
}

#[test]
fn http_route_on_the_path_of_an_endpoint_is_reported_and_no_panic() {
    let page = Router::new().route("/build/plain", get(|| async { "a page" }));
    let building = std::thread::spawn(|| App::new().include_router(&PLAIN).http(page).build());
    let built = building.join().expect("nothing panics at start-up");
    let errors = built.expect_err("both answer a GET");
    assert!(errors.to_string().contains("/build/plain"), "{errors}");
}

// ---- limits, origins, subprotocols ---------------------------------------------------------------------------------------------------

#[test]
fn limits_that_contradict_each_other_are_reported() {
    let zero = std::time::Duration::ZERO;
    for (limits, words) in [
        (
            Limits::default().max_message_size(10).max_frame_size(11),
            "`Limits::max_frame_size` is 11 bytes, more than the 10 bytes of `max_message_size`",
        ),
        (Limits::default().max_message_size(0), "`Limits::max_message_size` is 0"),
        (Limits::default().max_frame_size(0), "`Limits::max_frame_size` is 0"),
        (Limits::default().read_buffer(0), "`Limits::read_buffer` is 0"),
        (
            Limits::default().max_outbound_messages(0),
            "`Limits::max_outbound_messages` is 0",
        ),
        (
            Limits::default().max_outbound_bytes(0),
            "`Limits::max_outbound_bytes` is 0",
        ),
        (Limits::default().max_read_ahead(0), "`Limits::max_read_ahead` is 0"),
        (
            Limits::default().heartbeat_interval(zero),
            "`Limits::heartbeat_interval` is 0",
        ),
        (Limits::default().idle_timeout(zero), "`Limits::idle_timeout` is 0"),
        (
            Limits::default().max_messages_per_second(0),
            "`Limits::max_messages_per_second` is 0",
        ),
        (Limits::default().max_connections(0), "`Limits::max_connections` is 0"),
        (
            Limits::default().max_missed_heartbeats(1),
            "`Limits::max_missed_heartbeats` is 1",
        ),
        (
            Limits::default().max_connections_per_ip(0),
            "`Limits::max_connections_per_ip` is 0",
        ),
        (
            Limits::default().max_request_target(0),
            "`Limits::max_request_target` is 0",
        ),
        (
            Limits::default().max_connections(2).max_connections_per_ip(3),
            "`Limits::max_connections_per_ip` is 3 connections, more than the 2 connections of `max_connections`",
        ),
    ] {
        let errors = errors(App::new().limits(limits));
        assert!(errors.to_string().contains(words), "no `{words}` in: {errors}");
    }
}

#[test]
fn sub_router_that_widens_a_limit_is_reported() {
    let app = Limits::default()
        .max_message_size(10)
        .max_connections(10)
        .max_messages_per_second(10);
    for (limits, words) in [
        (
            Limits::default().max_message_size(11),
            "`Limits::max_message_size` is 11 bytes on the sub-router, but 10 bytes around it",
        ),
        (
            Limits::default().max_connections(None),
            "`Limits::max_connections` is off on the sub-router, but 10 connections around it",
        ),
        (
            Limits::default().max_messages_per_second(11),
            "`Limits::max_messages_per_second` is 11 frames on the sub-router, but 10 frames around it",
        ),
        (
            Limits::default().shutdown_grace(std::time::Duration::from_secs(1)),
            "`Limits::shutdown_grace` is set on a sub-router",
        ),
    ] {
        let errors = errors(App::new().limits(app.clone()).include_router(PLAIN.limits(limits)));
        assert!(errors.to_string().contains(words), "no `{words}` in: {errors}");
    }
}

#[test]
fn name_that_is_no_subprotocol_is_reported_at_its_call() {
    let line = line!() + 1;
    let app = App::new().subprotocols(["chat.v1", "no good"]);
    let error = error(app);
    assert_eq!((error.file(), error.line()), (Some(file!()), Some(line)));
    assert!(error.message().starts_with("`no good` is not a subprotocol"), "{error}");
}

#[test]
fn entry_that_is_no_origin_is_reported_at_its_call() {
    let line = line!() + 1;
    let origins = Origins::list(["https://example.com", "example.com"]);
    let error = error(App::new().origins(origins));
    assert_eq!((error.file(), error.line()), (Some(file!()), Some(line)));
    assert!(
        error
            .message()
            .starts_with("`example.com` in `Origins::list` is not an origin"),
        "{error}"
    );
}

// ---- all at once --------------------------------------------------------------------------------------------------------------------

#[test]
fn every_problem_is_in_the_list_in_the_order_of_the_source() {
    let app = App::new()
        .limits(Limits::default().max_read_ahead(0))
        .origins(Origins::list(["nonsense"]))
        .include_router(&OVERLAP)
        .include_router(&EMPTY)
        .include_router(&MIXED)
        .include_router(&STATEFUL)
        .include_router(&NEEDY)
        .include_router(&CLASH);
    let errors = errors(app);
    let handlers: Vec<_> = errors.iter().filter_map(BuildError::handler).collect();
    let expected = [
        "takes_justice",
        "second_connect",
        "takes_scoped",
        "takes_user",
        "takes_messages",
        "by_user",
    ];
    assert_eq!(handlers, expected);
    assert_eq!(errors.len(), expected.len() + 3, "{errors}");
}

// ---- paths that only the running program knows ------------------------------------------------------------------------

/// The path of an endpoint may be a constant.
const CONSTANT: &str = "/build/constant/{room}";

static CONSTANTS: SubRouter = SubRouter::new("/build/constants");

mod paths {
    pub(super) const EXPRESS: &str = "/chat/:room";
    pub(super) const QUERY: &str = "/chat?room=a";
    pub(super) const RELATIVE: &str = "chat";
    pub(super) const BRACE: &str = "/chat/{room";
}

#[websocket(CONSTANT, on = "message")]
fn at_a_constant(Path(room): Path<String>, _msg: &str) -> String {
    room
}

#[tokio::test]
async fn path_may_be_a_constant() {
    let app = App::new().only([CONSTANT]);
    let app = robyn_ws::test_util::TestApp::new(app);
    let mut client = app.connect("/build/constant/red").await.expect("the upgrade");
    client.send_text("where?").await;
    assert_eq!(client.receive_text().await, "red");
}

#[websocket(paths::EXPRESS, on = "message", router = CONSTANTS)]
fn at_an_express_path(_msg: &str) {}

#[websocket(paths::QUERY, on = "message", router = CONSTANTS)]
fn at_a_query(_msg: &str) {}

#[websocket(paths::RELATIVE, on = "message", router = CONSTANTS)]
fn at_a_relative_path(_msg: &str) {}

#[websocket(paths::BRACE, on = "message", router = CONSTANTS)]
fn at_an_open_brace(_msg: &str) {}

#[test]
fn mistakes_in_constant_paths_are_errors_of_the_build() {
    let errors = errors(App::new().include_router(&CONSTANTS)).to_string();
    for (handler, words) in [
        (
            "at_an_express_path",
            "`:room` is not how axum writes a parameter: write `{room}`",
        ),
        ("at_a_query", "`?room=a` is a query, which is not a part of the path"),
        ("at_a_relative_path", "does not start with `/`: write `/chat`"),
        ("at_an_open_brace", "`{room` has unbalanced braces"),
    ] {
        let line = errors.lines().find(|line| line.contains(&format!("`{handler}`")));
        let line = line.unwrap_or_else(|| panic!("nothing about {handler} in {errors}"));
        assert!(line.contains(&place(handler)) && line.contains(words), "{line}");
    }
}

#[test]
fn mistakes_in_prefixes_are_errors_of_the_build() {
    static EXPRESS: SubRouter = SubRouter::new("/a/:id");
    static QUERY: SubRouter = SubRouter::new("/d?x=1");
    static STAR: SubRouter = SubRouter::new("/*");
    static FLASK: SubRouter = SubRouter::new("/users/<int:id>");
    static NAMELESS: SubRouter = SubRouter::new("/a/<>");
    for (router, words) in [
        (&EXPRESS, "write `{id}`"),
        (&FLASK, "write `{id}`"),
        (&NAMELESS, "write `{name}`"),
        (&QUERY, "`?x=1`"),
        (&STAR, "write `{*rest}`"),
    ] {
        let error = error(App::new().include_router(router));
        assert!(
            error.file() == Some(file!()) && error.message().contains(words),
            "{error}"
        );
    }
}

static TEAMS: SubRouter = SubRouter::new("/build/{team}");

const MANY: &str =
    "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}/{q}/{r}/{s}/{t}/{u}/{v}/{w}/{x}/{y}";

#[websocket("/user/{team}", on = "connect", router = TEAMS)]
fn in_a_team_twice() {}

#[websocket(MANY, on = "connect", router = TEAMS)]
fn with_many_parameters() {}

#[test]
fn parameters_of_a_prefix_and_a_path_are_checked_together() {
    let errors = errors(App::new().include_router(&TEAMS)).to_string();
    for words in [
        "`in_a_team_twice`: two parameters of the path `/build/{team}/user/{team}` have the name `team`",
        "`with_many_parameters`: the path `/build/{team}/{a}/",
        "has 26 parameters, axum takes 25",
    ] {
        assert!(errors.contains(words), "no `{words}` in {errors}");
    }
}

// ---- paths that no client sends ---------------------------------------------------------------------------------------

static LITERAL: SubRouter = SubRouter::new("/build/literal");

const UMLAUT: &str = "/über";

#[websocket(UMLAUT, on = "connect", router = LITERAL)]
fn at_an_umlaut() {}

const ENCODED: &str = "/build/%C3%BCber";

#[websocket(ENCODED, on = "connect")]
fn at_an_encoded_path() -> &'static str {
    "here"
}

#[test]
fn constant_path_that_no_client_sends_is_an_error_of_the_build_with_the_encoded_form() {
    let error = error(App::new().include_router(&LITERAL));
    assert!(
        error.message().contains("write `/%C3%BCber`") && error.to_string().contains(&place("at_an_umlaut")),
        "{error}"
    );
}

#[tokio::test]
async fn encoded_form_of_a_path_is_what_clients_reach() {
    let app = robyn_ws::test_util::TestApp::new(App::new().only([ENCODED]));
    let mut client = app.connect("/build/%C3%BCber").await.expect("the upgrade");
    assert_eq!(client.receive_text().await, "here");
}

#[test]
fn prefix_obeys_the_rules_of_a_path() {
    static SPACE: SubRouter = SubRouter::new("/s p");
    static QUOTE: SubRouter = SubRouter::new("/say/\"hi\"");
    static DOTS: SubRouter = SubRouter::new("/a/../b");
    static FASTAPI: SubRouter = SubRouter::new("/rooms/{room:int}");
    static ROCKET: SubRouter = SubRouter::new("/files/<file>");
    static BRACE: SubRouter = SubRouter::new("/rooms/{room");
    for (router, words) in [
        (&SPACE, "write `/s%20p`"),
        (&QUOTE, "write `/say/%22hi%22`"),
        (&DOTS, "write `/b`"),
        (&FASTAPI, "so that the path is `/rooms/{room}`"),
        (&ROCKET, "so that the path is `/files/{file}`"),
        (&BRACE, "`{room` has unbalanced braces"),
    ] {
        let error = error(App::new().include_router(router));
        assert!(
            error.file() == Some(file!()) && error.message().contains(words),
            "{error}"
        );
    }
}
