//! The members of an object of JSON-RPC, of which only the names are parsed.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// The members of an object that have a meaning, each of them as JSON.
#[derive(Default)]
pub(super) struct Members<'a> {
    pub(super) is_object: bool,
    pub(super) has_twins: bool,
    pub(super) version: Option<&'a str>,
    pub(super) method: Option<&'a str>,
    pub(super) params: Option<&'a str>,
    pub(super) id: Option<&'a str>,
    pub(super) result: Option<&'a str>,
    pub(super) error: Option<&'a str>,
}

impl<'a> Members<'a> {
    fn member(&mut self, name: &str) -> Option<&mut Option<&'a str>> {
        match name {
            "jsonrpc" => Some(&mut self.version),
            "method" => Some(&mut self.method),
            "params" => Some(&mut self.params),
            "id" => Some(&mut self.id),
            "result" => Some(&mut self.result),
            "error" => Some(&mut self.error),
            _ => None,
        }
    }
}

impl<'a> Deserialize<'a> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'a>>(parser: D) -> Result<Self, D::Error> {
        parser.deserialize_any(AnyJson)
    }
}

/// Takes an object, and all other JSON as an object without members.
struct AnyJson;

macro_rules! other {
    ($($name:ident: $value:ty),+) => {
        $(fn $name<E>(self, _value: $value) -> Result<Self::Value, E> {
            Ok(Members::default())
        })+
    };
}

impl<'a> Visitor<'a> for AnyJson {
    type Value = Members<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    other! { visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Members::default())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Members::default())
    }

    fn visit_map<A: MapAccess<'a>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut members = Members {
            is_object: true,
            ..Members::default()
        };
        while let Some(Name(name)) = object.next_key()? {
            let Some(member) = members.member(&name) else {
                object.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = object.next_value::<&'a RawValue>()?.get();
            let is_twin = member.replace(value).is_some();
            members.has_twins |= is_twin;
        }
        Ok(members)
    }
}

/// The name of a member, which is copied if it has escapes.
struct Name<'a>(Cow<'a, str>);

impl<'a> Deserialize<'a> for Name<'a> {
    fn deserialize<D: serde::Deserializer<'a>>(parser: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'a> Visitor<'a> for Text {
            type Value = Name<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'a str) -> Result<Name<'a>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'a>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        parser.deserialize_str(Text)
    }
}
