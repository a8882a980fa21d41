//! What a type is for the contract. Generated code calls `(&&&&ty).shape()`: the compiler takes the first trait that the type
//! has, in the order of the references.

use std::borrow::Cow;

use axum::{
    Json,
    extract::{Path, Query},
};
use bytes::Bytes;
use schemars::JsonSchema;
use serde_json::value::RawValue;

use crate::{
    handler::{
        description::{MessageDescription, TypeDescription},
        extract::params::Params,
        inference::Inference,
    },
    types::{message::Message, utf8_bytes::Utf8Bytes},
};

/// What a type is for the contract.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Shape(pub(super) Kind);

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Nothing,
    Message(MessageDescription),
    Params(TypeDescription),
    Path(TypeDescription),
    Query(TypeDescription),
    /// A type with a schema.
    Value(TypeDescription),
    /// Any other type.
    Other(TypeDescription),
}

impl Shape {
    /// Returns the message that a value of this type becomes.
    pub(super) const fn message(self) -> Option<MessageDescription> {
        match self.0 {
            Kind::Message(message) => Some(message),
            Kind::Value(_) | Kind::Other(_) => Some(MessageDescription::Any),
            Kind::Nothing | Kind::Params(_) | Kind::Path(_) | Kind::Query(_) => None,
        }
    }

    /// Returns the type of the JSON value that a value of this type becomes, or `None` for none.
    pub(super) fn value(self) -> Option<TypeDescription> {
        match self.0 {
            Kind::Message(MessageDescription::Json(ty))
            | Kind::Params(ty)
            | Kind::Value(ty)
            | Kind::Other(ty)
            | Kind::Path(ty)
            | Kind::Query(ty) => Some(ty),
            Kind::Message(MessageDescription::Text) => Some(TypeDescription::with_schema::<String>()),
            Kind::Message(MessageDescription::Binary | MessageDescription::Any) => {
                Some(TypeDescription::without_schema::<Message>())
            }
            Kind::Nothing => None,
        }
    }
}

/// Of a type that is known as it is, and of a `Json`, `Params`, `Path` or `Query` of a type with a schema.
///
/// Each trait has all that is found at its number of references: of a type that does not exist, the compiler would say that
/// several traits have it.
#[doc(hidden)]
pub trait Known {
    fn shape(&self) -> Shape;
}

macro_rules! same {
    ($shape:expr; $([$($generics:tt)*] $type:ty),+) => {
        $(impl<S $($generics)*> Known for &&&Inference<$type, S> {
            fn shape(&self) -> Shape {
                Shape($shape)
            }
        })+
    };
}

same!(Kind::Nothing; [] (), [] std::convert::Infallible);
same!(Kind::Message(MessageDescription::Text); [] &str, [] String, [] Utf8Bytes, [] Cow<'_, str>);
same!(Kind::Message(MessageDescription::Binary);
    [] &[u8], [] Vec<u8>, [] Bytes, [, const N: usize] &[u8; N], [, const N: usize] [u8; N]);
same!(Kind::Message(MessageDescription::Any); [] Message, [] &Message);
same!(Kind::Other(TypeDescription::without_schema::<RawValue>()); [] Box<RawValue>);

/// Of a type around another one.
macro_rules! around {
    ($trait:ident, [$($references:tt)*], [$($bound:tt)*], $describe:ident) => {
        impl<S, T $($bound)*> $trait for $($references)* Inference<Json<T>, S> {
            fn shape(&self) -> Shape {
                Shape(Kind::Message(MessageDescription::Json(TypeDescription::$describe::<T>())))
            }
        }

        impl<S, T $($bound)*> $trait for $($references)* Inference<Option<Json<T>>, S> {
            fn shape(&self) -> Shape {
                Shape(Kind::Message(MessageDescription::Json(TypeDescription::$describe::<Option<T>>())))
            }
        }

        impl<S, T $($bound)*> $trait for $($references)* Inference<Params<T>, S> {
            fn shape(&self) -> Shape {
                Shape(Kind::Params(TypeDescription::$describe::<T>()))
            }
        }

        impl<S, T $($bound)*> $trait for $($references)* Inference<Path<T>, S> {
            fn shape(&self) -> Shape {
                Shape(Kind::Path(TypeDescription::$describe::<T>()))
            }
        }

        impl<S, T $($bound)*> $trait for $($references)* Inference<Query<T>, S> {
            fn shape(&self) -> Shape {
                Shape(Kind::Query(TypeDescription::$describe::<T>()))
            }
        }
    };
}

around!(Known, [&&&], [: JsonSchema], with_schema);

/// Of any type in one of those.
#[doc(hidden)]
pub trait OfJson {
    fn shape(&self) -> Shape;
}

around!(OfJson, [&&], [], without_schema);

/// Of a type with a schema.
#[doc(hidden)]
pub trait OfSchema {
    fn shape(&self) -> Shape;
}

impl<T: JsonSchema, S> OfSchema for &Inference<T, S> {
    fn shape(&self) -> Shape {
        Shape(Kind::Value(TypeDescription::with_schema::<T>()))
    }
}

/// Of all other types.
#[doc(hidden)]
pub trait OfAnything {
    fn shape(&self) -> Shape;
}

impl<T, S> OfAnything for Inference<T, S> {
    fn shape(&self) -> Shape {
        Shape(Kind::Other(TypeDescription::without_schema::<T>()))
    }
}

/// The type in an `Option`, and that of success in a `Result`.
#[doc(hidden)]
pub trait Within {
    type Inner;

    fn peel(&self) -> Self::Inner;
}

impl<T, S> Within for &Inference<Option<T>, S> {
    type Inner = Inference<T, S>;

    fn peel(&self) -> Self::Inner {
        Inference::NEW
    }
}

impl<T, E, S> Within for &Inference<Result<T, E>, S> {
    type Inner = Inference<T, S>;

    fn peel(&self) -> Self::Inner {
        Inference::NEW
    }
}

/// The type itself, if it is neither.
#[doc(hidden)]
pub trait Itself: Sized {
    #[must_use]
    fn peel(&self) -> Self;
}

impl<T, S> Itself for Inference<T, S> {
    fn peel(&self) -> Self {
        Self::NEW
    }
}

/// The type of success in a `Result`, whose `Option` is kept.
#[doc(hidden)]
pub trait Success {
    type Inner;

    fn peel_result(&self) -> Self::Inner;
}

impl<T, E, S> Success for &Inference<Result<T, E>, S> {
    type Inner = Inference<T, S>;

    fn peel_result(&self) -> Self::Inner {
        Inference::NEW
    }
}

/// The type itself, if it is not a `Result`.
#[doc(hidden)]
pub trait Whole: Sized {
    #[must_use]
    fn peel_result(&self) -> Self;
}

impl<T, S> Whole for Inference<T, S> {
    fn peel_result(&self) -> Self {
        Self::NEW
    }
}
