//! Asks a type how it is read from a path, without a value: its own code might panic at a value that no client sends.

use serde::{
    Deserializer,
    de::{DeserializeOwned, Error as _, Visitor, value::Error},
};

use crate::util::isolate;

/// Returns `true` if a `T` is read from a single value, such as a string or a number. In doubt, the answer is `false`.
pub(super) fn is_one_value<T: DeserializeOwned>() -> bool {
    let mut is_one_value = false;
    let read = isolate::call(|| T::deserialize(Question(&mut is_one_value)).map(drop));
    is_one_value && matches!(read, Ok(Err(_)))
}

/// Notes whether it is asked for a single value. It has none.
struct Question<'q>(&'q mut bool);

fn no_value<T>() -> Result<T, Error> {
    Err(Error::custom("there is no value"))
}

macro_rules! one_value {
    ($($name:ident)+) => {
        $(fn $name<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
            *self.0 = true;
            no_value()
        })+
    };
}

macro_rules! anything_else {
    ($($name:ident($($argument:ty),*))+) => {
        $(fn $name<V: Visitor<'de>>(self, $(_: $argument,)* _visitor: V) -> Result<V::Value, Error> {
            no_value()
        })+
    };
}

impl<'de> Deserializer<'de> for Question<'_> {
    type Error = Error;

    // axum reads `any` as a string.
    one_value! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_byte_buf
    }

    anything_else! {
        deserialize_bytes()
        deserialize_option()
        deserialize_unit()
        deserialize_unit_struct(&'static str)
        deserialize_seq()
        deserialize_tuple(usize)
        deserialize_tuple_struct(&'static str, usize)
        deserialize_map()
        deserialize_struct(&'static str, &'static [&'static str])
        deserialize_enum(&'static str, &'static [&'static str])
        deserialize_identifier()
        deserialize_ignored_any()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }
}
