//! What a handler says of itself for the contract of its app.

pub(crate) mod shape;

use std::{any::type_name, borrow::Cow};

use schemars::{JsonSchema, Schema, SchemaGenerator};

use self::shape::{Kind, Shape};

/// A type, with its schema if it has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypeDescription {
    pub(crate) name: &'static str,
    pub(crate) schema: Option<TypeSchema>,
}

/// How the schema of a type is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypeSchema {
    /// Tells types of one name apart.
    pub(crate) id: fn() -> Cow<'static, str>,
    pub(crate) generate: fn(&mut SchemaGenerator) -> Schema,
}

impl TypeDescription {
    fn with_schema<T: JsonSchema>() -> Self {
        Self {
            name: type_name::<T>(),
            schema: Some(TypeSchema {
                id: T::schema_id,
                generate: |generator| generator.subschema_for::<T>(),
            }),
        }
    }

    fn without_schema<T: ?Sized>() -> Self {
        Self {
            name: type_name::<T>(),
            schema: None,
        }
    }
}

/// A message, as far as its type says what it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MessageDescription {
    Text,
    Binary,
    Json(TypeDescription),
    /// Text or binary.
    Any,
}

/// A method of JSON-RPC 2.0 that the server notifies or calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MethodDescription {
    pub(crate) name: &'static str,
    pub(crate) params: Option<TypeDescription>,
    /// Whether it is answered.
    pub(crate) is_call: bool,
    pub(crate) result: Option<TypeDescription>,
}

/// Collects what a handler takes, returns and sends. Generated code fills it.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Description {
    pub(crate) receives: Vec<MessageDescription>,
    pub(crate) returns: Vec<MessageDescription>,
    pub(crate) sends: Vec<MessageDescription>,
    pub(crate) methods: Vec<MethodDescription>,
    /// The parameters of a call.
    pub(crate) params: Option<TypeDescription>,
    /// The result of a call.
    pub(crate) result: Option<TypeDescription>,
    pub(crate) path: Vec<TypeDescription>,
    pub(crate) query: Vec<TypeDescription>,
}

impl Description {
    /// Takes note of an argument.
    pub fn takes(&mut self, shape: Shape) {
        match shape.0 {
            Kind::Message(message) => self.receives.push(message),
            Kind::Params(params) => self.params = Some(params),
            Kind::Path(path) => self.path.push(path),
            Kind::Query(query) => self.query.push(query),
            Kind::Nothing | Kind::Value(_) | Kind::Other(_) => {}
        }
    }

    /// Takes note of the return value.
    pub fn returns(&mut self, shape: Shape) {
        self.result = shape.value();
        self.returns.extend(shape.message());
    }

    /// Takes note of a message that is sent.
    pub fn sends(&mut self, shape: Shape) {
        let message = match shape.0 {
            // A type that is named is sent in JSON.
            Kind::Value(ty) | Kind::Other(ty) => Some(MessageDescription::Json(ty)),
            _ => shape.message(),
        };
        self.sends.extend(message);
    }

    /// Takes note of a notification that is sent.
    pub fn notifies(&mut self, name: &'static str, params: Shape) {
        self.methods.push(MethodDescription {
            name,
            params: params.value(),
            is_call: false,
            result: None,
        });
    }

    /// Takes note of a call that the server makes.
    pub fn calls(&mut self, name: &'static str, params: Shape, result: Shape) {
        self.methods.push(MethodDescription {
            name,
            params: params.value(),
            is_call: true,
            result: result.value(),
        });
    }
}
