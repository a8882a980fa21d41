//! Parses the function: attributes and signature. The body stays raw tokens, so that a half-written one does no harm.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::{
    Attribute, Ident, LitStr, Result, Signature, Token, Visibility,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    token::Brace,
};

use crate::{diagnostics::Diagnostics, surroundings::Surroundings};

/// What an attribute stands on.
pub(crate) enum Item {
    Function(Box<Function>),
    /// A function whose signature cannot be parsed. The compiler parses it too, and reports its mistakes.
    Unreadable,
    /// Something else, which has been reported.
    Other,
}

/// The function as it is declared.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) signature: Signature,
    pub(crate) starts_a_runtime: bool,
    pub(crate) surroundings: Surroundings,
}

impl Item {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Diagnostics) -> Self {
        let (head, starts_a_runtime) = without_body(tokens);
        let mut is_unreadable = false;
        let parser = |input: ParseStream<'_>| {
            let item = Self::head(input, starts_a_runtime, errors)?;
            is_unreadable = matches!(item, Self::Unreadable);
            let _ = input.parse::<TokenStream>()?; // The body.
            Ok(item)
        };
        match parser.parse2(head) {
            Ok(item) => item,
            // syn reports what is left in the parentheses at the end.
            Err(_) if is_unreadable => Self::Unreadable,
            Err(error) => {
                errors.syntax(error);
                Self::Other
            }
        }
    }

    fn head(input: ParseStream<'_>, starts_a_runtime: bool, errors: &mut Diagnostics) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let _ = input.parse::<Visibility>()?; // Generated code has none.
        if is_function(input) {
            let Ok(signature) = input.parse::<Signature>() else {
                return Ok(Self::Unreadable);
            };
            if !input.is_empty() && !input.peek(Token![;]) && !input.peek(Brace) {
                return Ok(Self::Unreadable);
            }
            return Ok(Self::Function(Box::new(Function {
                attrs,
                surroundings: Surroundings::of(&signature.ident),
                signature,
                starts_a_runtime,
            })));
        }
        while input.peek(Token![unsafe]) {
            input.parse::<Token![unsafe]>()?;
        }
        let keyword = input.call(Ident::parse_any)?;
        let problem = format!("`#[websocket]` goes on a function, this is {}", kind(&keyword));
        errors.report(
            &keyword,
            problem,
            "move the attribute to the `fn` or `async fn` that handles the event",
        );
        Ok(Self::Other)
    }

    pub(crate) fn function(self) -> Option<Function> {
        match self {
            Self::Function(function) => Some(*function),
            Self::Unreadable | Self::Other => None,
        }
    }
}

impl Function {
    pub(crate) fn is_entry_point(&self) -> bool {
        self.attrs.iter().any(is_entry_point)
    }
}

/// Returns `true` for an attribute that makes the function the beginning of a program: `#[tokio::main]`, `#[test]`.
pub(crate) fn is_entry_point(attr: &Attribute) -> bool {
    let last = attr.path().segments.last();
    last.is_some_and(|last| ["main", "test", "bench"].iter().any(|name| last.ident == name))
}

/// Removes the attributes of that kind, whose own errors would follow.
pub(crate) fn without_entry_points(item: &TokenStream) -> TokenStream {
    let parser = |input: ParseStream<'_>| {
        let attrs = input.call(Attribute::parse_outer)?;
        let rest: TokenStream = input.parse()?;
        let kept = attrs.iter().filter(|attr| !is_entry_point(attr));
        Ok(quote!(#(#kept)* #rest))
    };
    parser.parse2(item.clone()).unwrap_or_else(|_| item.clone())
}

/// Empties the braces at the end: syn copies all tokens one by one, and a body may be long. Says about the body whether
/// it starts a runtime.
fn without_body(tokens: TokenStream) -> (TokenStream, bool) {
    let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut starts = false;
    if let Some(TokenTree::Group(body)) = tokens.last_mut()
        && body.delimiter() == Delimiter::Brace
    {
        starts = starts_a_runtime(body);
        let span = body.span();
        *body = Group::new(Delimiter::Brace, TokenStream::new());
        body.set_span(span);
    }
    (tokens.into_iter().collect(), starts)
}

/// Returns `true` for the body that a `#[tokio::main]` above this attribute has made: its last block starts a runtime.
fn starts_a_runtime(body: &Group) -> bool {
    let Some(TokenTree::Group(last)) = body.stream().into_iter().last() else {
        return false;
    };
    let has = |word| {
        last.stream()
            .into_iter()
            .any(|token| matches!(token, TokenTree::Ident(ident) if ident == word))
    };
    last.delimiter() == Delimiter::Brace && has("enable_all") && has("block_on")
}

/// Looks behind the qualifiers, some of which begin other items as well.
fn is_function(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    while !ahead.is_empty() && !ahead.peek(Token![fn]) {
        let is_qualifier = ahead.peek(Token![const])
            || ahead.peek(Token![async])
            || ahead.peek(Token![unsafe])
            || ahead.peek(Token![extern])
            || ahead.peek(LitStr);
        if !is_qualifier || ahead.parse::<TokenTree>().is_err() {
            return false;
        }
    }
    ahead.peek(Token![fn])
}

fn kind(keyword: &Ident) -> &'static str {
    match keyword.to_string().as_str() {
        "struct" => "a struct",
        "enum" => "an enum",
        "union" => "a union",
        "trait" => "a trait",
        "impl" => "an `impl` block",
        "mod" => "a module",
        "const" => "a constant",
        "static" => "a static",
        "type" => "a type alias",
        "use" => "an import",
        "extern" => "an `extern` block",
        "macro_rules" => "a macro",
        "let" => "a statement",
        _ => "something else",
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::Item;
    use crate::diagnostics::Diagnostics;

    fn parses(tokens: proc_macro2::TokenStream) -> bool {
        let mut errors = Diagnostics::default();
        let item = Item::parse(tokens, &mut errors).function();
        assert_eq!(item.is_some(), errors.is_empty());
        item.is_some()
    }

    #[test]
    fn a_function_is_taken_whatever_its_body() {
        assert!(parses(quote!(
            fn chat() {}
        )));
        assert!(parses(
            quote!(#[cfg(test)] pub(crate) async fn chat(msg: &str) -> String { ws. })
        ));
        assert!(parses(quote!(
            pub const unsafe extern "C" fn chat();
        )));
    }

    #[test]
    fn a_half_written_signature_is_left_to_the_compiler() {
        for tokens in [
            quote!(fn chat(ws: ) {}),
            quote!(fn chat(ws) {}),
            quote!(fn chat(msg: String): String {}),
            quote!(fn chat {}),
            quote!(fn chat(ws: Ws,, msg: String) {}),
            quote!(fn chat(msg: String = "hi") {}),
        ] {
            let mut errors = Diagnostics::default();
            assert!(matches!(Item::parse(tokens, &mut errors), Item::Unreadable));
            assert!(errors.is_empty());
        }
    }

    #[test]
    fn anything_else_is_not() {
        assert!(!parses(quote!(
            struct Chat;
        )));
        assert!(!parses(quote!(
            const CHAT: fn() = chat;
        )));
        assert!(!parses(quote!(
            unsafe impl Send for Chat {}
        )));
        assert!(!parses(quote!(
            extern "C" {
                fn chat();
            }
        )));
        assert!(!parses(quote!()));
    }
}
