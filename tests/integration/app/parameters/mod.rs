//! `build()` finds each `Path<T>` and `Query<T>` that no request can satisfy, and takes no other for one.

mod types;

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, SocketAddr},
    num::NonZeroU8,
};

use robyn_ws::{
    axum::{
        Router,
        extract::rejection::{PathRejection, QueryRejection},
    },
    prelude::*,
};
use robyn_ws_tests::{Log, Server};

use self::types::*;

/// A module with a handler of one argument, in a sub-router of its own.
macro_rules! handler {
    ($name:ident, $on:tt, $path:tt, $argument:ty) => {
        mod $name {
            use super::*;

            pub(super) static ROUTER: SubRouter = SubRouter::new(concat!("/parameters/", stringify!($name)));

            #[websocket($path, on = $on, router = ROUTER)]
            fn handler(_argument: $argument) {}
        }
    };
}

/// A test that the argument is no problem.
macro_rules! fits {
    ($($name:ident: $path:tt, $argument:ty;)+) => {
        $(handler!($name, "message", $path, $argument);)+

        #[test]
        fn argument_that_some_request_satisfies_is_no_problem() {
            $(if let Err(errors) = App::new().include_router(&$name::ROUTER).build() {
                panic!("{}: {errors}", stringify!($name));
            })+
        }
    };
}

/// A test that the argument is a problem with these words.
macro_rules! never_fits {
    ($test:ident, $on:tt: $($name:ident: $path:tt, $argument:ty => $words:expr;)+) => {
        $(handler!($name, $on, $path, $argument);)+

        #[test]
        fn $test() {
            $(expect(&$name::ROUTER, $words);)+
        }
    };
}

fn expect(router: &'static SubRouter, words: &str) {
    let built = App::new().include_router(router).build();
    let errors = built.expect_err(words);
    assert_eq!(errors.len(), 1, "{errors}");
    let error = errors.iter().next().expect("there is one");
    assert_eq!(
        (error.handler(), error.file()),
        (Some("handler"), Some(file!())),
        "{error}"
    );
    assert!(error.line().is_some());
    assert!(error.message().contains(words), "no `{words}` in: {error}");
}

// ---- no false alarm ------------------------------------------------------------------------------------------------------

fits! {
    one_text: "/{room}", Path<String>;
    one_number: "/{room}", Path<u8>;
    one_signed: "/{room}", Path<i128>;
    one_float: "/{room}", Path<f32>;
    one_bool: "/{room}", Path<bool>;
    one_char: "/{room}", Path<char>;
    one_non_zero: "/{room}", Path<NonZeroU8>;
    one_address: "/{room}", Path<IpAddr>;
    one_socket_address: "/{room}", Path<SocketAddr>;
    one_uuid: "/{room}", Path<ConnectionIdText>;
    one_color: "/{room}", Path<Color>;
    one_sometimes_named: "/{room}", Path<SometimesNamed>;
    one_color_in_words: "/{room}", Path<InWords>;
    one_newtype: "/{room}", Path<Id>;
    one_in_a_tuple: "/{room}", Path<(String,)>;
    one_code: "/{room}", Path<Code>;
    one_borrowed: "/{room}", Path<Borrowed>;
    one_port: "/{room}", Path<Port>;
    boxed: "/{room}", Path<Box<str>>;
    behind_a_text: "/user_{name}", Path<String>;
    tuple_behind_texts: "/user_{name}/v{version}", Path<(String, u8)>;
    structure_behind_texts: "/t-{tenant}/r-{room}", Path<Room>;
    wildcard_behind_a_text: "/v{*rest}", Path<String>;
    wildcard: "/{*rest}", Path<String>;
    parameter_and_wildcard: "/{room}/{*rest}", Path<(String, String)>;
    odd_name: "/{room-id}", Path<HashMap<String, String>>;
    braces: "/%7Broom%7D/{room}", Path<String>;
    tuple: "/{tenant}/{room}", Path<(String, u32)>;
    tuple_struct: "/{name}/{age}", Path<Pair>;
    tuple_of_everything: "/{a}/{b}/{c}/{d}", Path<(bool, char, Color, Borrowed)>;
    array: "/{a}/{b}", Path<[String; 2]>;
    list: "/{a}/{b}/{c}", Path<Vec<String>>;
    list_of_none: "/", Path<Vec<String>>;
    list_of_pairs: "/{a}/{b}", Path<Vec<(String, String)>>;
    map: "/{a}/{b}", Path<HashMap<String, String>>;
    map_of_none: "/", Path<BTreeMap<String, u8>>;
    map_of_colors: "/{a}/{b}", Path<HashMap<String, Color>>;
    nothing: "/", Path<()>;
    nothing_of_one: "/{room}", Path<()>;
    unit: "/{room}", Path<Unit>;
    structure: "/{tenant}/{room}", Path<Room>;
    structure_in_another_order: "/{room}/{tenant}", Path<Room>;
    structure_with_less: "/{tenant}/{room}/{more}", Path<Room>;
    spelled: "/{tenant}/{room}", Path<Spelled>;
    camel: "/{roomId}", Path<Camel>;
    strict: "/{room}", Path<Strict>;
    all_default: "/{room}", Path<AllDefault>;
    flat: "/{tenant}/{room}", Path<Flat>;
    flat_twice: "/{roomId}", Path<FlatTwice>;
    untagged: "/{tenant}", Path<Untagged>;
    flat_tagged: "/{kind}/{name}", Path<FlatTagged>;
    flat_mixed_by_name: "/{kind}/{name}", Path<FlatMixed>;
    flat_mixed_with_all: "/{kind}/{id}/{name}", Path<FlatMixed>;
    json: "/{settings}", Path<Settings>;
    json_and_more: "/{settings}/{room}", Path<(Settings, String)>;
    odd: "/{code}/{id}/{ip}", Path<Odd>;
    lenient: "/", Path<Lenient>;
    lenient_of_two: "/{a}/{b}", Path<Lenient>;
    panicking: "/{a}", Path<Panics>;
    optional: "/{room}", Option<Path<String>>;
    optional_of_none: "/", Option<Path<String>>;
    own: "/{room}", Own;
    result: "/{room}", Result<Path<u8>, Rejection>;
    query_structure: "/", Query<Room>;
    query_map: "/", Query<HashMap<String, String>>;
    query_list_of_pairs: "/", Query<Vec<(String, String)>>;
    query_nothing: "/", Query<()>;
    query_flat: "/", Query<Flat>;
    query_untagged: "/", Query<Untagged>;
    query_tagged: "/", Query<Tagged>;
    query_json: "/", Query<Settled>;
    query_odd: "/", Query<Odd>;
    query_strict: "/", Query<Strict>;
    query_with_defaults: "/", Query<SearchWithDefaults>;
    query_with_lists: "/", Query<Lists>;
    query_lenient: "/", Query<Lenient>;
    query_panicking: "/", Query<Panics>;
    query_optional: "/", Option<Query<Room>>;
}

// ---- mistakes ------------------------------------------------------------------------------------------------------------

never_fits! {
    wrong_number_of_parameters_is_reported, "message":
    one_of_none: "/", Path<String> => "takes `Path<String>`, which is 1 value, but the path `/parameters/one_of_none` has no parameters";
    one_of_two: "/{a}/{b}", Path<String> => "which is 1 value, but the path `/parameters/one_of_two/{a}/{b}` has 2 parameters, `a`, `b`: take a tuple";
    number_of_two: "/{a}/{b}", Path<u8> => "takes `Path<u8>`, which is 1 value";
    color_of_two: "/{a}/{b}", Path<Color> => "takes `Path<Color>`, which is 1 value";
    newtype_of_two: "/{a}/{b}", Path<Id> => "takes `Path<Id>`, which is 1 value";
    borrowed_of_two: "/{a}/{b}", Path<Borrowed> => "takes `Path<Borrowed>`, which is 1 value";
    two_of_one: "/{a}", Path<(String, u32)> => "takes `Path<(String, u32)>`, which is 2 values, but the path `/parameters/two_of_one/{a}` has 1 parameter, `a`";
    two_of_three: "/{a}/{b}/{*c}", Path<(String, u32)> => "has 3 parameters, `a`, `b`, `c`";
    tuple_struct_of_one: "/{a}", Path<Pair> => "takes `Path<Pair>`, which is 2 values";
    array_of_one: "/{a}", Path<[String; 2]> => "takes `Path<[String; 2]>`, which is 2 values";
    optional_of_two: "/{a}/{b}", Option<Path<String>> => "which is 1 value";
    result_of_none: "/", Result<Path<String>, Rejection> => "which is 1 value";
    tagged: "/{kind}/{name}", Path<Tagged> => "which is 1 value";
}

never_fits! {
    fields_that_are_no_parameters_are_reported, "connect":
    one_misspelled: "/{tennant}/{room}", Path<Room> => "takes `Path<Room>`, which wants `tenant`, but the path `/parameters/one_misspelled/{tennant}/{room}` has 2 parameters, `tennant`, `room`: did you mean `tennant` instead of `tenant`?";
    two_misspelled: "/{id}/{open}/{tenant}/{room}", Path<Misspelled> => "which wants `rom`, `tennant`";
    suggestions_for_two: "/{id}/{open}/{tenant}/{room}", Path<Misspelled> => "did you mean `room` instead of `rom` and `tenant` instead of `tennant`?";
    another_case: "/{room_id}", Path<Camel> => "did you mean `room_id` instead of `roomId`?";
    flat_misspelled: "/{room_id}", Path<FlatTwice> => "which wants `roomId`";
    fields_of_none: "/", Path<Room> => "which wants `tenant`, `room`, but the path `/parameters/fields_of_none` has no parameters";
    nothing_alike: "/{x}", Path<Strict2> => "which wants `room`";
    beside_an_enum: "/{color}/{room}", Path<Colorful> => "did you mean `room` instead of `rom`?";
    refused: "/{room}/{page}", Path<Strict> => "which refuses `page`, but the path";
    refused_and_missing: "/{rom}", Path<Strict> => "which wants `room` and refuses `rom`";
    optional_misspelled: "/{tennant}/{room}", Option<Path<Room>> => "did you mean";
    result_misspelled: "/{tennant}/{room}", Result<Path<Room>, Rejection> => "did you mean";
    own_misspelled: "/{rom}", Own => "takes `Path<Strict>`";
    no_such_kind: "/{kind}/{number}", Path<FlatOnly> => "which wants `id`";
}

never_fits! {
    types_that_axum_cannot_read_from_a_path_are_reported, "close":
    option_inside: "/{room}", Path<Option<String>> => "takes `Path<Option<String>>`, but axum cannot read `Option<String>` from a path";
    list_in_a_tuple: "/{a}/{b}", Path<(String, Vec<String>)> => "cannot read `Vec<String>` from a path";
    structure_in_a_tuple: "/{a}/{b}", Path<(String, Room)> => "cannot read `Room` from a path";
    map_of_numbers: "/{a}", Path<HashMap<u8, String>> => "cannot read a map whose keys are not strings";
    always_named: "/{a}", Path<AlwaysNamed> => "an enum whose variants have values";
    flat_mixed_by_number: "/{kind}/{id}", Path<FlatMixed> => "wants `name`";
    flat_number: "/{tenant}/{room}", Path<FlatNumber> => "whose flattened struct has a field that is u32";
}

never_fits! {
    query_that_is_not_made_of_names_and_values_is_reported, "message":
    query_text: "/", Query<String> => "takes `Query<String>`, but a query is a list of names and values, and not a string";
    query_number: "/", Query<u32> => "and not u32";
    query_bool: "/", Query<bool> => "and not a boolean";
    query_tuple: "/", Query<(String, String)> => "and not a tuple of size 2";
    query_color: "/", Query<Color> => "and not enum Color";
    query_newtype: "/", Query<Id> => "and not tuple struct Id";
    query_unit: "/", Query<Unit> => "and not unit struct Unit";
    query_option: "/", Query<Option<Room>> => "a query is never absent: take `Option<Query<_>>`";
    query_address: "/", Query<IpAddr> => "and not IP address";
    query_list: "/", Query<Vec<String>> => "takes `Query<Vec<String>>`, but a query is a list of names and values, and not a list of single values";
    query_set: "/", Query<std::collections::HashSet<u8>> => "and not a list of single values";
    query_tags: "/", Query<Search> => "whose field `tags` is a sequence, but axum reads one value for each name";
    query_in_an_option: "/", Option<Query<String>> => "takes `Query<String>`";
    query_in_a_result: "/", Result<Query<String>, Rejection> => "takes `Query<String>`";
    query_flat_number: "/", Query<FlatNumber> => "whose flattened struct has a field that is u32";
}

never_fits! {
    arguments_of_upgrade_handlers_are_checked_too, "upgrade":
    upgrade_one_of_none: "/", Path<String> => "which is 1 value";
    upgrade_misspelled: "/{tennant}/{room}", Path<Room> => "did you mean";
    upgrade_optional: "/{a}/{b}", Option<Path<String>> => "which is 1 value";
    upgrade_result: "/{a}/{b}", Result<Path<String>, Rejection> => "which is 1 value";
    upgrade_rejection_of_axum: "/{a}/{b}", Result<Path<String>, PathRejection> => "which is 1 value";
    upgrade_query: "/", Query<String> => "takes `Query<String>`";
    upgrade_query_rejection_of_axum: "/", Result<Query<String>, QueryRejection> => "takes `Query<String>`";
}

mod sessions {
    use super::*;

    pub(super) static ROUTER: SubRouter = SubRouter::new("/parameters/session");

    #[websocket("/{room}", router = ROUTER)]
    async fn handler(_socket: WebSocket, _path: Path<(String, String)>) {}
}

#[test]
fn arguments_of_session_handlers_are_checked_too() {
    expect(&sessions::ROUTER, "which is 2 values");
}

static FRAGILE: SubRouter = SubRouter::new("/parameters/fragile");

#[websocket("/{code}", on = "message", router = FRAGILE)]
fn fragile(_code: Path<Fragile>) {}

#[websocket("/id/{code}", on = "message", router = FRAGILE)]
fn fragile_in_a_newtype(_code: Path<FragileId>) {}

#[websocket("/upgrade/{code}", on = "upgrade", router = FRAGILE)]
fn fragile_of_an_upgrade(_code: Option<Path<Fragile>>) {}

#[test]
fn argument_of_one_value_is_given_none_to_try() {
    assert!(App::new().include_router(&FRAGILE).build().is_ok());
    assert!(!FRAGILE_WAS_READ.load(std::sync::atomic::Ordering::Relaxed));
}

// ---- prefixes, and everything at once ------------------------------------------------------------------------------------

static TENANT: SubRouter = SubRouter::new("/parameters/{tenant}");
static FLOOR: SubRouter = SubRouter::new("/floor-{floor}");

#[websocket("/{room}", on = "message", router = FLOOR)]
fn behind_two_prefixes(_path: Path<(String, u8, String)>) {}

#[websocket("/{room}/wrong", on = "message", router = FLOOR)]
fn behind_two_prefixes_with_its_own(_path: Path<String>) {}

#[websocket("/{room}/wrong", on = "close", router = FLOOR)]
fn with_a_query_as_well(_path: Path<Camel>, _query: Query<String>) {}

#[test]
fn parameters_of_prefixes_count_and_every_argument_is_in_one_list() {
    let app = App::new().include_router(TENANT.include_router(&FLOOR));
    let errors = app.build().expect_err("three arguments are wrong");
    let handlers: Vec<_> = errors.iter().map(|error| error.handler().expect("a handler")).collect();
    let expected = [
        "behind_two_prefixes_with_its_own",
        "with_a_query_as_well",
        "with_a_query_as_well",
    ];
    assert_eq!(handlers, expected, "{errors}");
    assert!(
        errors
            .to_string()
            .contains("has 3 parameters, `tenant`, `floor`, `room`"),
        "{errors}"
    );
}

// ---- nested in other routers ---------------------------------------------------------------------------------------------

/// The router of `App::router` may be nested in a path with further parameters.
fn nestable(router: &'static SubRouter) -> Result<Router, BuildErrors> {
    App::new().include_router(router).router()
}

#[test]
fn router_that_may_be_nested_is_built_with_a_warning_of_arguments_that_an_outer_path_may_satisfy() {
    for router in [&two_of_one::ROUTER, &one_misspelled::ROUTER] {
        let log = Log::default();
        let built = tracing::subscriber::with_default(log.subscriber(), || nestable(router));
        assert!(built.is_ok(), "{:?}", built.err());
        log.line(&[
            "WARN",
            "only where the app's router is nested",
            "takes `Path<",
            "handler",
            file!(),
        ]);
    }
    for router in [
        &one_of_two::ROUTER,
        &refused::ROUTER,
        &option_inside::ROUTER,
        &query_text::ROUTER,
    ] {
        assert!(nestable(router).is_err());
    }
}

static NESTED: SubRouter = SubRouter::new("/parameters/nested");

#[websocket("/{room}", on = "connect", router = NESTED)]
fn in_a_tenants_room(Path((tenant, room)): Path<(String, String)>) -> String {
    format!("{tenant} {room}")
}

#[tokio::test]
async fn handler_takes_the_parameters_of_an_outer_path() {
    let sockets = nestable(&NESTED).expect("an outer path may have a parameter");
    let outer = Router::new().nest("/{tenant}", sockets);
    let server = Server::start_with(App::new().only([""; 0]), |_empty| outer).await;
    let mut client = server.connect("/acme/parameters/nested/red").await;
    client.expect_text("acme red").await;
}
