//! Types of all shapes, with nasty names, and values of them.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Ends a docstring: """ and '''.
/// import os \" \N{nothing} \
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
pub(crate) struct Everything {
    external: Vec<External>,
    internal: Vec<Internal>,
    adjacent: Vec<Adjacent>,
    untagged: Vec<Untagged>,
    tree: Tree,
    odd: OddKeys,
    flat: Vec<Flat>,
    with_rest: WithRest,
    numbers: Numbers,
    page: Page<Point>,
    other_page: Page<String>,
    maps: Maps,
    keywords: (Any, Str, Class, other::Point),
    optional: Vec<Optional>,
    result: Vec<Result<Unit, Newtype>>,
    raw: Vec<Value>,
    nested: Vec<Option<Vec<Option<Color>>>>,
    pair: (u8, Option<Color>),
}

/// A variant of each kind.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
pub(crate) enum External {
    Unit,
    Newtype(Point),
    Tuple(u8, String),
    #[serde(rename = "struct \"\"\"")]
    Struct {
        r#type: String,
        nested: Box<Option<External>>,
    },
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum Internal {
    NothingElse,
    OfPoint(Point),
    WithFields { text: String, at: Option<u64> },
    SameKeys { text: String, at: Option<u64> },
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
pub(crate) enum Adjacent {
    A,
    B(i32),
    C { list: Vec<Adjacent> },
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Untagged {
    Number(f64),
    Text(String),
    Many(Vec<Untagged>),
    Point(Point),
    Nothing,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
pub(crate) struct Tree {
    value: char,
    children: Vec<Tree>,
    parent: Option<Box<Tree>>,
}

#[derive(Clone, Default, Deserialize, Serialize, JsonSchema)]
pub(crate) struct OddKeys {
    r#class: u8,
    #[serde(rename = "a-b")]
    dashed: u8,
    #[serde(rename = "\"\"\"\\\n\u{202e}")]
    quotes: u8,
    #[serde(rename = "ключ")]
    foreign: u8,
    #[serde(rename = "ﬁ")]
    ligature: u8,
    #[serde(rename = "__private")]
    private: u8,
    #[serde(rename = "")]
    empty: u8,
    int: String,
    #[serde(rename = "Tree", skip_serializing_if = "Option::is_none", default)]
    tree: Option<u8>,
    #[serde(rename = "1")]
    digit: u8,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
pub(crate) struct Flat {
    id: u64,
    #[serde(flatten)]
    point: Point,
    #[serde(flatten)]
    kind: Internal,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
pub(crate) struct WithRest {
    id: u64,
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Numbers {
    big: u64,
    small: i64,
    wide: i128,
    float: f32,
    bytes: [u8; 3],
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
pub(crate) struct Page<T> {
    items: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
pub(crate) struct Point {
    x: i32,
    y: i32,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
pub(crate) struct Maps {
    numbers: HashMap<u32, Point>,
    names: BTreeMap<String, Vec<Option<bool>>>,
    colors: BTreeMap<Color, bool>,
}

#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Color {
    /// The color of """.
    Red,
    #[serde(rename = "g\"r'e\\en")]
    Green,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
pub(crate) struct Any {
    any: bool,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "str")]
pub(crate) struct Str {
    str: String,
    text: String,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "class")]
pub(crate) struct Class {}

#[derive(Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Optional {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    number: u8,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
pub(crate) struct Unit;

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
pub(crate) struct Newtype(Vec<Point>);

mod other {
    use super::*;

    /// Has the name of another type.
    #[derive(Clone, Deserialize, Serialize, JsonSchema)]
    pub(crate) struct Point {
        pub(super) z: String,
    }
}

/// Returns a value with each variant.
pub(crate) fn everything() -> Everything {
    let point = Point { x: 1, y: -2 };
    let with_fields = Internal::WithFields {
        text: "a\"'\\".to_owned(),
        at: None,
    };
    let same_keys = Internal::SameKeys {
        text: String::new(),
        at: Some(u64::MAX),
    };
    let structure = External::Struct {
        r#type: "t".to_owned(),
        nested: Box::new(Some(External::Unit)),
    };
    let internal = vec![
        Internal::NothingElse,
        Internal::OfPoint(point),
        with_fields.clone(),
        same_keys,
    ];
    let flat = |kind: &Internal| Flat {
        id: 1,
        point,
        kind: kind.clone(),
    };
    let many = vec![
        Untagged::Text(String::new()),
        Untagged::Many(Vec::new()),
        Untagged::Nothing,
    ];
    let tree = |value| Tree {
        value,
        children: Vec::new(),
        parent: None,
    };
    Everything {
        external: vec![
            External::Unit,
            External::Newtype(point),
            External::Tuple(1, "b".to_owned()),
            structure,
        ],
        flat: internal
            .iter()
            .filter(|kind| !matches!(kind, Internal::OfPoint(_)))
            .map(flat)
            .collect(),
        internal,
        adjacent: vec![
            Adjacent::A,
            Adjacent::B(-1),
            Adjacent::C {
                list: vec![Adjacent::A],
            },
        ],
        untagged: vec![Untagged::Number(1.5), Untagged::Many(many), Untagged::Point(point)],
        tree: Tree {
            value: 'ü',
            children: vec![tree('a'), tree('b')],
            parent: Some(Box::new(tree('c'))),
        },
        odd: OddKeys::default(),
        with_rest: WithRest {
            id: 1,
            rest: [("more".to_owned(), "text".to_owned())].into(),
        },
        numbers: Numbers {
            big: u64::MAX,
            small: i64::MIN,
            wide: -1,
            float: 0.5,
            bytes: [1, 2, 3],
        },
        page: Page {
            items: vec![point],
            next: None,
        },
        other_page: Page {
            items: vec!["a".to_owned()],
            next: Some("b".to_owned()),
        },
        maps: maps(point),
        keywords: keywords(),
        optional: vec![
            Optional::default(),
            Optional {
                text: Some("a".to_owned()),
                number: 1,
            },
        ],
        result: vec![Ok(Unit), Err(Newtype(vec![point]))],
        raw: vec![json!(null), json!({ "a": [1, "b", 1.5] })],
        nested: vec![None, Some(vec![None, Some(Color::Green)])],
        pair: (1, Some(Color::Red)),
    }
}

fn maps(point: Point) -> Maps {
    Maps {
        numbers: [(7, point)].into(),
        names: [("a".to_owned(), vec![None, Some(true)])].into(),
        colors: [(Color::Red, true), (Color::Green, false)].into(),
    }
}

fn keywords() -> (Any, Str, Class, other::Point) {
    (
        Any { any: true },
        Str {
            str: "s".to_owned(),
            text: "t".to_owned(),
        },
        Class {},
        other::Point { z: "z".to_owned() },
    )
}
