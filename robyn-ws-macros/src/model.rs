//! A handler in words of its domain: the only input of `expand`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, ExprPath, LitStr};

use crate::{runtime::Runtime, sends::Sends, tokens::code};

/// A handler without a mistake.
pub(crate) struct Handler {
    /// A literal or a constant.
    pub(crate) path: TokenStream,
    /// The place of the parameters, which is that of the function, and without a token that editors know.
    pub(crate) place: Span,
    pub(crate) is_async: bool,
    pub(crate) blocking: bool,
    /// The name of a call.
    pub(crate) method: Option<TokenStream>,
    pub(crate) sends: Sends,
    /// The documentation of the function.
    pub(crate) docs: String,
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
    /// What is known of the view that the function is a method of.
    pub(crate) view: Option<View>,
    /// The type of each parameter, except for the receiver.
    pub(crate) params: Vec<TokenStream>,
    pub(crate) output: Output,
    pub(crate) router: Option<TokenStream>,
    /// Pairs of types behind references that have to be different, because one of them is borrowed as `&mut`.
    pub(crate) exclusive: Vec<(TokenStream, TokenStream)>,
}

impl Types {
    /// Returns the name of the function in messages, with the view that it belongs to.
    pub(crate) fn name_text(&self) -> String {
        let name = self.name.to_string();
        let name = name.trim_start_matches("r#");
        match &self.view {
            Some(view) => format!("{}::{name}", code(view.ty.clone())),
            None => name.to_owned(),
        }
    }

    /// Returns the view that this function creates.
    pub(crate) fn returned_view(&self) -> Option<&View> {
        self.view.as_ref().filter(|view| view.is_returned)
    }
}

/// The type whose method a handler is.
pub(crate) struct View {
    /// The type as the `impl` block writes it.
    pub(crate) ty: TokenStream,
    pub(crate) receiver: Option<Receiver>,
    /// An `upgrade` method that creates the view.
    pub(crate) is_returned: bool,
}

/// The receiver of a view's method: `&self` or `&mut self`.
pub(crate) struct Receiver {
    pub(crate) tokens: TokenStream,
    pub(crate) is_shared: bool,
}

/// The output of a handler.
pub(crate) enum Output {
    Type(TokenStream),
    /// A type that cannot be written again, as it has an `impl Trait` in it. It is kept only to be underlined.
    Inferred(TokenStream),
    /// `!`
    Never,
}
