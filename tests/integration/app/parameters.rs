//! `build()` finds each `Path<T>` and `Query<T>` that no request can satisfy, and takes no other for one.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, SocketAddr},
    num::NonZeroU8,
    str::FromStr,
};

use robyn_ws::prelude::*;
use serde::{Deserialize, Deserializer, de};

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

// ---- types ---------------------------------------------------------------------------------------------------------------

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
struct Room {
    tenant: String,
    room: u32,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
struct Spelled {
    #[serde(rename = "tenant")]
    owner: String,
    #[serde(alias = "room")]
    chamber: u32,
    #[serde(default)]
    page: u32,
    lang: Option<String>,
    #[serde(skip)]
    cached: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
struct Camel {
    room_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
struct Strict {
    room: String,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct AllDefault {
    nothing: String,
    of: u8,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
struct Flat {
    tenant: String,
    #[serde(flatten)]
    rest: HashMap<String, String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
struct FlatTwice {
    #[serde(flatten)]
    inner: Camel,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
struct FlatNumber {
    #[serde(flatten)]
    inner: Room,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Color {
    Red,
    DarkBlue,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
enum SometimesNamed {
    Named(String),
    Lobby,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
enum AlwaysNamed {
    Named(String),
    Placed { x: u8 },
}

#[derive(Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
enum Untagged {
    Room(Room),
    Tenant { tenant: String },
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
enum Tagged {
    Numbered { id: String },
    Called { name: String },
}

#[derive(Deserialize)]
struct FlatTagged {
    #[serde(rename = "tagged", flatten)]
    _tagged: Tagged,
}

#[derive(Deserialize)]
struct FlatOnly {
    #[serde(rename = "only", flatten)]
    _only: Only,
}

#[derive(Deserialize)]
struct Colorful {
    #[serde(rename = "color")]
    _color: Color,
    #[serde(rename = "rom")]
    _room: String,
}

#[derive(Deserialize)]
struct Id(#[expect(dead_code, reason = "only its `Deserialize` is of interest")] u64);

#[derive(Deserialize)]
struct Pair(
    #[expect(dead_code, reason = "only its `Deserialize` is of interest")] String,
    #[expect(dead_code, reason = "only its `Deserialize` is of interest")] u8,
);

#[derive(Deserialize)]
struct Unit;

/// A code that none of the tried values is.
struct Code;

impl FromStr for Code {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "xyzzy-17" {
            Ok(Self)
        } else {
            Err(format!("{text} is no code"))
        }
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A code whose visitor takes a text that is borrowed, as those of UUIDs and dates do.
struct Borrowed;

impl<'de> Deserialize<'de> for Borrowed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Borrowed;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a UUID")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Borrowed, E> {
                if text.len() == 36 {
                    Ok(Borrowed)
                } else {
                    Err(E::invalid_value(de::Unexpected::Str(text), &self))
                }
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

/// A number in a range that the first values are not in.
#[derive(Deserialize)]
#[serde(try_from = "u16")]
struct Port;

impl TryFrom<u16> for Port {
    type Error = String;

    fn try_from(port: u16) -> Result<Self, String> {
        if port > 60_000 {
            Ok(Self)
        } else {
            Err(format!("{port} is reserved"))
        }
    }
}

#[derive(Deserialize)]
struct Odd {
    #[serde(rename = "code")]
    _code: Code,
    #[serde(rename = "id")]
    _id: Borrowed,
    #[serde(rename = "ip")]
    _ip: IpAddr,
}

#[derive(Deserialize)]
struct Misspelled {
    #[serde(rename = "id")]
    _id: Borrowed,
    #[serde(rename = "open")]
    _open: bool,
    #[serde(rename = "rom")]
    _rom: String,
    #[serde(rename = "tennant")]
    _tennant: String,
}

#[derive(Deserialize)]
struct Search {
    #[serde(rename = "page")]
    _page: u32,
    #[serde(rename = "open")]
    _open: bool,
    #[serde(rename = "tags")]
    _tags: Vec<String>,
}

#[derive(Deserialize)]
struct SearchWithDefaults {
    #[serde(rename = "page")]
    _page: u32,
    #[serde(default, rename = "tags")]
    _tags: Vec<String>,
}

#[derive(Deserialize)]
struct Lists {
    #[serde(rename = "tags", deserialize_with = "split")]
    _tags: Vec<String>,
}

fn split<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(String::deserialize(deserializer)?
        .split(',')
        .map(str::to_owned)
        .collect())
}

/// It reads one parameter, or makes do without.
struct Lenient;

impl<'de> Deserialize<'de> for Lenient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(deserializer).map_or(Self, |_| Self))
    }
}

struct Panics;

impl<'de> Deserialize<'de> for Panics {
    fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> {
        panic!("a panic of the test, in `Deserialize`")
    }
}

/// An extractor of the program's own that reads parameters.
struct Own;

impl<'a, E: robyn_ws::event::LiveEvent> FromEvent<'a, E> for Own {
    fn from_event(cx: &mut robyn_ws::event::EventContext<'a, E>) -> Result<Self, Rejection> {
        Path::<Strict>::from_event(cx).map(|_| Self)
    }

    fn declare(needs: &mut robyn_ws::Needs) {
        <Path<Strict> as FromEvent<'a, E>>::declare(needs);
    }
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
    one_newtype: "/{room}", Path<Id>;
    one_in_a_tuple: "/{room}", Path<(String,)>;
    one_code: "/{room}", Path<Code>;
    one_borrowed: "/{room}", Path<Borrowed>;
    one_port: "/{room}", Path<Port>;
    boxed: "/{room}", Path<Box<str>>;
    wildcard: "/{*rest}", Path<String>;
    parameter_and_wildcard: "/{room}/{*rest}", Path<(String, String)>;
    braces: "/{{room}}/{room}", Path<String>;
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
    query_odd: "/", Query<Odd>;
    query_strict: "/", Query<Strict>;
    query_with_defaults: "/", Query<SearchWithDefaults>;
    query_with_lists: "/", Query<Lists>;
    query_lenient: "/", Query<Lenient>;
    query_panicking: "/", Query<Panics>;
    query_optional: "/", Option<Query<Room>>;
}

/// `ConnectionId` is a UUID without serde.
struct ConnectionIdText;

impl<'de> Deserialize<'de> for ConnectionIdText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse::<ConnectionId>().map(|_| Self).map_err(de::Error::custom)
    }
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

#[derive(Deserialize)]
struct Strict2 {
    #[serde(rename = "room")]
    _room: String,
}

#[derive(Deserialize)]
#[serde(tag = "kind")]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
enum Only {
    One { id: String },
    Two { id: String },
}

never_fits! {
    types_that_axum_cannot_read_from_a_path_are_reported, "close":
    option_inside: "/{room}", Path<Option<String>> => "takes `Path<Option<String>>`, but axum cannot read `Option<String>` from a path";
    list_in_a_tuple: "/{a}/{b}", Path<(String, Vec<String>)> => "cannot read `Vec<String>` from a path";
    structure_in_a_tuple: "/{a}/{b}", Path<(String, Room)> => "cannot read `Room` from a path";
    map_of_numbers: "/{a}", Path<HashMap<u8, String>> => "cannot read a map whose keys are not strings";
    always_named: "/{a}", Path<AlwaysNamed> => "an enum whose variants have values";
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
    upgrade_query: "/", Query<String> => "takes `Query<String>`";
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

// ---- prefixes, and everything at once ------------------------------------------------------------------------------------

static TENANT: SubRouter = SubRouter::new("/parameters/{tenant}");
static FLOOR: SubRouter = SubRouter::new("/floor/{floor}");

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

/// A router may be nested in a path with further parameters, so what those may mend is no error of `App::router`.
#[tokio::test]
async fn router_that_may_be_nested_is_built_with_arguments_that_an_outer_path_may_satisfy() {
    use robyn_ws::axum::Router;

    let nestable = |router| App::new().include_router(router).router::<()>();
    let sockets = nestable(&two_of_one::ROUTER).expect("an outer path may have a parameter");
    drop(Router::<()>::new().nest("/{tenant}", sockets));
    assert!(nestable(&one_misspelled::ROUTER).is_ok());
    for router in [
        &one_of_two::ROUTER,
        &refused::ROUTER,
        &option_inside::ROUTER,
        &query_text::ROUTER,
    ] {
        assert!(nestable(router).is_err());
    }
}
