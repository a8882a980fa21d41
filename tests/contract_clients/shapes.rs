//! An app with types of every shape, and with names and documentation that are hard to print.

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use robyn_ws::{contract::Contract, prelude::*};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

static SHAPES: SubRouter = SubRouter::new("/shapes");

pub(crate) fn contract() -> Contract {
    App::new().include_router(&SHAPES).contract()
}

/// Ends a comment: */ and a script: </script> and a template: `${process.exit(1)}`.
/// @ts-expect-error
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Everything {
    pub(crate) unit: Vec<Unit>,
    pub(crate) external: Vec<External>,
    pub(crate) internal: Vec<Internal>,
    pub(crate) adjacent: Vec<Adjacent>,
    pub(crate) untagged: Vec<Untagged>,
    pub(crate) tree: Tree,
    pub(crate) chain: Chain,
    pub(crate) flat: Flat,
    pub(crate) open: Open,
    pub(crate) typed_open: TypedOpen,
    pub(crate) flat_enum: FlatEnum,
    pub(crate) maps: Maps,
    pub(crate) tuples: Tuples,
    pub(crate) scalars: Scalars,
    pub(crate) names: Names,
    pub(crate) promise: Promise,
    pub(crate) error: CallError2,
    pub(crate) upper: USER,
    pub(crate) lower: User,
    pub(crate) generic: (Page<u32>, Page<Unit>),
    pub(crate) other: Renamed,
    pub(crate) unlike: other::Plain,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    First,
    #[serde(rename = "second-*/`")]
    Second,
    /// With documentation: */
    Third,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) enum External {
    Nothing,
    One(u32),
    Two(i32, Option<String>),
    Named {
        yes: bool,
        /// Perhaps.
        no: Option<Plain>,
    },
    Empty {},
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Internal {
    Text { text: String },
    Plain(Plain),
    Nothing,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
pub(crate) enum Adjacent {
    Text(String),
    Pair(u8, u8),
    Named { plain: Plain },
    Nothing,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Untagged {
    Number(f64),
    Text(String),
    Plain(Plain),
    Nothing,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plain {
    pub(crate) a: u8,
    #[serde(default)]
    pub(crate) b: Vec<String>,
}

pub(crate) mod other {
    use super::{Deserialize, JsonSchema, Serialize};

    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Plain {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(crate) other: Option<bool>,
        #[deprecated]
        pub(crate) old: u8,
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Tree {
    pub(crate) children: Vec<Tree>,
    pub(crate) left: Option<Box<Tree>>,
}

/// An alias of itself.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Chain(pub(crate) Option<Box<Chain>>);

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Inner {
    pub(crate) x: i8,
    pub(crate) y: Option<i8>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Flat {
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) inner: Inner,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Open {
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) rest: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct TypedOpen {
    pub(crate) id: Option<String>,
    #[serde(flatten)]
    pub(crate) rest: BTreeMap<String, i32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct FlatEnum {
    pub(crate) id: i64,
    #[serde(flatten)]
    pub(crate) kind: Internal,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Maps {
    pub(crate) by_text: BTreeMap<String, u32>,
    pub(crate) by_number: BTreeMap<u32, Plain>,
    pub(crate) by_unit: BTreeMap<Unit, Vec<bool>>,
    pub(crate) any: serde_json::Map<String, Value>,
    pub(crate) value: Value,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Tuples {
    pub(crate) pair: (u8, Option<String>),
    pub(crate) three: [u8; 3],
    pub(crate) forty: Vec<[f32; 2]>,
    pub(crate) unit: (),
    pub(crate) many: [bool; 20],
    pub(crate) outcome: Vec<Result<u32, String>>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Scalars {
    pub(crate) flag: bool,
    pub(crate) letter: char,
    pub(crate) text: Cow<'static, str>,
    pub(crate) large: u64,
    pub(crate) larger: Vec<Option<i64>>,
    pub(crate) size: Option<usize>,
    pub(crate) fraction: f64,
    #[expect(clippy::option_option, reason = "it is one shape more")]
    pub(crate) nested: Option<Option<u8>>,
    pub(crate) duration: Duration,
    pub(crate) nonzero: std::num::NonZeroU8,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Names {
    pub(crate) class: u8,
    #[serde(rename = "1st")]
    pub(crate) first: u8,
    #[serde(rename = "*/ </script> `${x}` \" \u{2028}")]
    pub(crate) nasty: u8,
    #[serde(rename = "")]
    pub(crate) empty: u8,
    pub(crate) constructor: u8,
    #[serde(rename = "größe")]
    pub(crate) size: u8,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Promise {
    pub(crate) kept: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CallError")]
pub(crate) struct CallError2 {
    pub(crate) code: i32,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::upper_case_acronyms, reason = "it is the name of another type in other case")]
pub(crate) struct USER {
    pub(crate) upper: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct User {
    pub(crate) lower: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "2 */ </script> `$/~%")]
pub(crate) struct Renamed {
    pub(crate) again: Option<Box<Renamed>>,
}

/// A type without a schema.
#[derive(Debug, Serialize, Deserialize)]
struct Unknown {}

/// A comment ends with */ and `${so}` does </script>.
///
/// @ts-expect-error
#[websocket("/all", on = "message", router = SHAPES)]
fn all(Json(value): Json<Everything>) -> Json<Everything> {
    Json(value)
}

#[websocket("/unknown", on = "message", router = SHAPES)]
fn unknown(Json(value): Json<Unknown>) -> Json<Unknown> {
    Json(value)
}

#[websocket("/{class}/a-b/{*rest}", on = "message", router = SHAPES)]
fn anything(Path((_class, _rest)): Path<(u64, String)>, message: Message) -> Message {
    message
}

#[derive(Deserialize, JsonSchema)]
struct Asked {
    /// Needed.
    token: String,
    page: Option<u32>,
}

#[websocket("/query", on = "message", router = SHAPES, sends(Plain))]
fn query(Query(asked): Query<Asked>, _text: String) -> String {
    format!("{} {:?}", asked.token, asked.page)
}

/// Says nothing: */
#[websocket("/nasty", on = "call", method = "a.b */ `${x}` </script>", router = SHAPES)]
fn nasty(Params(unit): Params<Unit>) -> Json<Unit> {
    Json(unit)
}

#[websocket("/nasty", on = "call", method = "__proto__", router = SHAPES, sends("a-*/"(Unit), "then"() -> u64))]
fn prototype() {}

#[websocket("/Nasty", on = "call", method = "class", router = SHAPES)]
fn other_case(Params(_number): Params<Option<u64>>) -> u64 {
    0
}

fn plain() -> Plain {
    Plain {
        a: 1,
        b: vec!["b".to_owned()],
    }
}

/// Returns a value that has each variant.
#[expect(deprecated, reason = "it is what is tested")]
#[expect(clippy::too_many_lines, reason = "a value for each shape")]
pub(crate) fn everything() -> Everything {
    let tree = Tree {
        children: Vec::new(),
        left: None,
    };
    Everything {
        unit: vec![Unit::First, Unit::Second, Unit::Third],
        external: vec![
            External::Nothing,
            External::One(1),
            External::Two(-1, None),
            External::Named {
                yes: true,
                no: Some(plain()),
            },
            External::Empty {},
        ],
        internal: vec![
            Internal::Text { text: String::new() },
            Internal::Plain(plain()),
            Internal::Nothing,
        ],
        adjacent: vec![
            Adjacent::Text("a".to_owned()),
            Adjacent::Pair(1, 2),
            Adjacent::Named { plain: plain() },
            Adjacent::Nothing,
        ],
        untagged: vec![
            Untagged::Number(0.5),
            Untagged::Text("a".to_owned()),
            Untagged::Plain(plain()),
            Untagged::Nothing,
        ],
        tree: Tree {
            children: vec![tree.clone(), tree.clone()],
            left: Some(Box::new(tree)),
        },
        chain: Chain(Some(Box::new(Chain(None)))),
        flat: Flat {
            id: u64::MAX,
            inner: Inner { x: -1, y: None },
        },
        open: Open {
            id: "a".to_owned(),
            rest: [("b".to_owned(), json!([1]))].into(),
        },
        typed_open: TypedOpen {
            id: None,
            rest: [("b".to_owned(), -1)].into(),
        },
        flat_enum: FlatEnum {
            id: i64::MIN,
            kind: Internal::Plain(plain()),
        },
        maps: Maps {
            by_text: [("a b".to_owned(), 1)].into(),
            by_number: [(1, plain())].into(),
            by_unit: [(Unit::Second, vec![true])].into(),
            any: [("a".to_owned(), json!({ "b": null }))].into_iter().collect(),
            value: json!([1, { "a": "b" }]),
        },
        tuples: Tuples {
            pair: (1, None),
            three: [1, 2, 3],
            forty: vec![[0.5, 1.0]],
            unit: (),
            many: [true; 20],
            outcome: vec![Ok(1), Err("no".to_owned())],
        },
        scalars: Scalars {
            flag: true,
            letter: 'ß',
            text: "</script>".into(),
            large: u64::MAX,
            larger: vec![None, Some(i64::MIN)],
            size: None,
            fraction: 1e300,
            nested: None,
            duration: Duration::from_millis(1500),
            nonzero: std::num::NonZeroU8::MIN,
        },
        names: Names {
            class: 1,
            first: 2,
            nasty: 3,
            empty: 4,
            constructor: 5,
            size: 6,
        },
        promise: Promise { kept: true },
        error: CallError2 { code: -1 },
        upper: USER { upper: true },
        lower: User { lower: true },
        generic: (
            Page {
                items: vec![1],
                next: None,
            },
            Page {
                items: vec![Unit::First],
                next: Some("2".to_owned()),
            },
        ),
        other: Renamed {
            again: Some(Box::new(Renamed { again: None })),
        },
        unlike: other::Plain { other: None, old: 1 },
    }
}
