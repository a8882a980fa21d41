//! Parses the function: attributes and signature. The body stays raw tokens, so that a half-written one does no harm.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{
    Attribute, Ident, LitStr, Result, Signature, Token, Visibility,
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

use crate::diagnostics::Diagnostics;

/// The function as it is declared.
pub(crate) struct Item {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) signature: Signature,
}

impl Item {
    /// Returns `None` if the item is not a function, and reports that.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Diagnostics) -> Option<Self> {
        let parser = |input: ParseStream<'_>| {
            let item = Self::function(input, errors);
            let _ = input.parse::<TokenStream>()?; // The body.
            item
        };
        match parser.parse2(without_body(tokens)) {
            Ok(item) => item,
            Err(error) => {
                errors.syntax(error);
                None
            }
        }
    }

    fn function(input: ParseStream<'_>, errors: &mut Diagnostics) -> Result<Option<Self>> {
        let attrs = input.call(Attribute::parse_outer)?;
        let _ = input.parse::<Visibility>()?; // Generated code has none.
        if is_function(input) {
            return Ok(Some(Self {
                attrs,
                signature: input.parse()?,
            }));
        }
        while input.peek(Token![unsafe]) {
            input.parse::<Token![unsafe]>()?;
        }
        let keyword = input.call(Ident::parse_any)?;
        let problem = format!("`#[websocket]` goes on a function, this is {}", kind(&keyword));
        let help = if keyword == "impl" {
            "write `#[websocket_view(..)]` on an `impl` block: the name of a method is its event"
        } else {
            "move the attribute to the `fn` or `async fn` that handles the event"
        };
        errors.report(&keyword, problem, help);
        Ok(None)
    }
}

/// Empties the braces at the end. syn copies all tokens one by one, and a body may be long.
fn without_body(tokens: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
    if let Some(TokenTree::Group(body)) = tokens.last_mut()
        && body.delimiter() == Delimiter::Brace
    {
        let span = body.span();
        *body = Group::new(Delimiter::Brace, TokenStream::new());
        body.set_span(span);
    }
    tokens.into_iter().collect()
}

/// Looks behind the qualifiers, some of which begin other items as well.
pub(crate) fn is_function(input: ParseStream<'_>) -> bool {
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

pub(crate) fn kind(keyword: &Ident) -> &'static str {
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
        let item = Item::parse(tokens, &mut errors);
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
