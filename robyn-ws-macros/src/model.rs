//! A handler in words of its domain: the only input of `expand`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, ExprPath, LitStr};

use crate::runtime::Runtime;

/// A handler without a mistake.
pub(crate) struct Handler {
    pub(crate) path: EndpointPath,
    /// The place of the function, without a token that editors know.
    pub(crate) place: Span,
    pub(crate) is_async: bool,
    pub(crate) blocking: bool,
    /// The attributes of the function that generated code shares: `cfg` and `allow`.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) types: Types,
}

/// The path of an endpoint.
pub(crate) enum EndpointPath {
    Literal(LitStr),
    /// Its value is checked when the app is built.
    Constant(ExprPath),
}

impl ToTokens for EndpointPath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(literal) => literal.to_tokens(tokens),
            Self::Constant(path) => path.to_tokens(tokens),
        }
    }
}

/// The part of a handler that the compiler checks. Most handlers with mistakes have it too.
pub(crate) struct Types {
    /// The function's name.
    pub(crate) name: Ident,
    /// The table of the handler's event.
    pub(crate) runtime: Runtime,
    /// The type of each parameter.
    pub(crate) params: Vec<TokenStream>,
    pub(crate) output: Output,
    pub(crate) router: Option<ExprPath>,
    /// Pairs of types behind references that have to be different, because one of them is borrowed as `&mut`.
    pub(crate) exclusive: Vec<(TokenStream, TokenStream)>,
}

/// The output of a handler.
pub(crate) enum Output {
    Type(TokenStream),
    /// A type that cannot be written again, as it has an `impl Trait` in it. It is kept only to be underlined.
    Inferred(TokenStream),
    /// `!`
    Never,
}
