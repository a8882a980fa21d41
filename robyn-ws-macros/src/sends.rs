//! `sends(TYPE, ..)`: what a handler sends besides what it returns, for the contract of the app.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    LitStr, Token, Type, parenthesized,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
};

use crate::{
    args::{Args, help},
    diagnostics::Diagnostics,
    event::Event,
    grammar::Argument,
    tokens::code,
};

/// The value of `sends`.
#[derive(Clone, Default)]
pub(crate) struct Sends {
    pub(crate) all: Vec<Sent>,
}

/// One thing that a handler sends.
#[derive(Clone)]
pub(crate) enum Sent {
    /// `Said`: a message.
    Message(TokenStream),
    /// `"said"(Said)`: a notification in JSON-RPC 2.0.
    Notification { method: String, params: TokenStream },
    /// `"confirm"(Question) -> Answer`: a call in JSON-RPC 2.0.
    Call {
        method: String,
        params: TokenStream,
        result: TokenStream,
    },
}

impl Parse for Sent {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(LitStr) {
            return ty(input).map(Self::Message);
        }
        let method = input.parse::<LitStr>()?.value();
        let inner;
        parenthesized!(inner in input);
        let params = if inner.is_empty() { quote!(()) } else { ty(&inner)? };
        if !inner.is_empty() {
            return Err(inner.error("expected one type"));
        }
        if !input.peek(Token![->]) {
            return Ok(Self::Notification { method, params });
        }
        input.parse::<Token![->]>()?;
        let result = ty(input)?;
        Ok(Self::Call { method, params, result })
    }
}

fn ty(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    input.parse::<Type>().map(Type::into_token_stream)
}

impl Sent {
    fn types(&self) -> impl Iterator<Item = &TokenStream> {
        let (one, other) = match self {
            Self::Message(ty) | Self::Notification { params: ty, .. } => (ty, None),
            Self::Call { params, result, .. } => (params, Some(result)),
        };
        [one].into_iter().chain(other)
    }
}

impl Sends {
    /// Returns a statement that names the types, so that a wrong one is an error where nothing else is made of them.
    pub(crate) fn named(&self) -> Option<TokenStream> {
        let types: Vec<_> = self.all.iter().flat_map(Sent::types).collect();
        (!types.is_empty()).then(|| quote!(#(let _ = ::core::marker::PhantomData::<#types>;)*))
    }
}

/// Parses `sends(..)`.
pub(crate) fn parse(argument: &Argument, errors: &mut Diagnostics) -> Sends {
    let list = argument
        .list
        .clone()
        .or_else(|| argument.value.clone())
        .unwrap_or_default();
    let parser = Punctuated::<Sent, Token![,]>::parse_terminated;
    match parser.parse2(list.clone()) {
        Ok(all) if argument.list.is_some() && !all.is_empty() => Sends {
            all: all.into_iter().collect(),
        },
        Ok(_) => {
            errors.report(&argument.tokens, "`sends` is a list of types", help("sends"));
            Sends::default()
        }
        Err(_) => {
            let problem = format!("unexpected value `{}`", code(list.clone()));
            errors.report(&list, problem, help("sends"));
            Sends::default()
        }
    }
}

/// Checks that the handler has a connection to send to.
pub(crate) fn check(args: &Args, errors: &mut Diagnostics) {
    let Some(first) = args.sends.all.iter().flat_map(Sent::types).next() else {
        return;
    };
    if args.event == Some(Event::Upgrade) && args.form.has_events() {
        let problem = "an `upgrade` handler sends nothing, since there is no connection yet";
        errors.report(first, problem, "remove `sends`, or write it at another handler");
    }
}
