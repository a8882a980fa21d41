//! Types of arguments: those of programs, and odd ones.

use std::{
    collections::HashMap,
    net::IpAddr,
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
};

use robyn_ws::prelude::*;
use serde::{Deserialize, Deserializer, de};

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
pub(super) struct Room {
    tenant: String,
    room: u32,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
pub(super) struct Spelled {
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
pub(super) struct Camel {
    room_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
pub(super) struct Strict {
    room: String,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct AllDefault {
    nothing: String,
    of: u8,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
pub(super) struct Flat {
    tenant: String,
    #[serde(flatten)]
    rest: HashMap<String, String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
pub(super) struct FlatTwice {
    #[serde(flatten)]
    inner: Camel,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
pub(super) struct FlatNumber {
    #[serde(flatten)]
    inner: Room,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Color {
    Red,
    DarkBlue,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
pub(super) enum SometimesNamed {
    Named(String),
    Lobby,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
pub(super) enum AlwaysNamed {
    Named(String),
    Placed { x: u8 },
}

#[derive(Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
pub(super) enum Untagged {
    Room(Room),
    Tenant { tenant: String },
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
pub(super) enum Tagged {
    Numbered { id: String },
    Called { name: String },
}

#[derive(Deserialize)]
pub(super) struct FlatTagged {
    #[serde(rename = "tagged", flatten)]
    _tagged: Tagged,
}

#[derive(Deserialize)]
pub(super) struct FlatOnly {
    #[serde(rename = "only", flatten)]
    _only: Only,
}

#[derive(Deserialize)]
pub(super) struct Colorful {
    #[serde(rename = "color")]
    _color: Color,
    #[serde(rename = "rom")]
    _room: String,
}

#[derive(Deserialize)]
pub(super) struct Id(#[expect(dead_code, reason = "only its `Deserialize` is of interest")] u64);

#[derive(Deserialize)]
pub(super) struct Pair(
    #[expect(dead_code, reason = "only its `Deserialize` is of interest")] String,
    #[expect(dead_code, reason = "only its `Deserialize` is of interest")] u8,
);

#[derive(Deserialize)]
pub(super) struct Unit;

/// A code that none of the tried values is.
pub(super) struct Code;

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
pub(super) struct Borrowed;

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
pub(super) struct Port;

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
pub(super) struct Odd {
    #[serde(rename = "code")]
    _code: Code,
    #[serde(rename = "id")]
    _id: Borrowed,
    #[serde(rename = "ip")]
    _ip: IpAddr,
}

#[derive(Deserialize)]
pub(super) struct Misspelled {
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
pub(super) struct Search {
    #[serde(rename = "page")]
    _page: u32,
    #[serde(rename = "open")]
    _open: bool,
    #[serde(rename = "tags")]
    _tags: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct SearchWithDefaults {
    #[serde(rename = "page")]
    _page: u32,
    #[serde(default, rename = "tags")]
    _tags: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Lists {
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
pub(super) struct Lenient;

impl<'de> Deserialize<'de> for Lenient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(deserializer).map_or(Self, |_| Self))
    }
}

/// A code whose parser is not made for what `build()` might try.
pub(super) struct Fragile;

/// Whether a [`Fragile`] was read.
pub(super) static FRAGILE_WAS_READ: AtomicBool = AtomicBool::new(false);

impl<'de> Deserialize<'de> for Fragile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?;
        FRAGILE_WAS_READ.store(true, Ordering::Relaxed);
        Ok(Self)
    }
}

#[derive(Deserialize)]
pub(super) struct FragileId(Fragile);

pub(super) struct Panics;

impl<'de> Deserialize<'de> for Panics {
    fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> {
        panic!("a panic of the test, in `Deserialize`")
    }
}

/// An extractor of the program's own that reads parameters.
pub(super) struct Own;

impl<'a, E: robyn_ws::event::LiveEvent> FromEvent<'a, E> for Own {
    fn from_event(cx: &mut robyn_ws::event::EventContext<'a, E>) -> Result<Self, Rejection> {
        Path::<Strict>::from_event(cx).map(|_| Self)
    }

    fn declare(needs: &mut robyn_ws::Needs) {
        <Path<Strict> as FromEvent<'a, E>>::declare(needs);
    }
}

/// `ConnectionId` is a UUID without serde.
pub(super) struct ConnectionIdText;

impl<'de> Deserialize<'de> for ConnectionIdText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse::<ConnectionId>().map(|_| Self).map_err(de::Error::custom)
    }
}

#[derive(Deserialize)]
pub(super) struct Strict2 {
    #[serde(rename = "room")]
    _room: String,
}

#[derive(Deserialize)]
#[serde(tag = "kind")]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
pub(super) enum Only {
    One { id: String },
    Two { id: String },
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(dead_code, reason = "only its `Deserialize` is of interest")]
pub(super) enum Mixed {
    Numbered { id: u32 },
    Called { name: String },
}

#[derive(Deserialize)]
pub(super) struct FlatMixed {
    #[serde(rename = "mixed", flatten)]
    _mixed: Mixed,
}

/// JSON in one parameter, whose errors are written like those of the parameters themselves.
pub(super) struct Settings;

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = String::deserialize(deserializer)?;
        let why = if json.is_empty() {
            "empty"
        } else {
            "missing field `volume` at line 1 column 2"
        };
        if json == "{\"volume\":1}" {
            Ok(Self)
        } else {
            Err(de::Error::custom(why))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Settled {
    #[serde(rename = "settings")]
    _settings: Settings,
    #[serde(rename = "room")]
    _room: String,
}

#[derive(Deserialize)]
pub(super) enum InWords {
    #[serde(rename = "dark blue / grün +")]
    DarkBlue,
}
