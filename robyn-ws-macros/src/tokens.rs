//! Small operations on tokens: their text, their ends, their lifetimes.

use proc_macro2::{Delimiter, Group, Ident, Spacing, Span, TokenStream, TokenTree};

/// Writes tokens as people do, for messages: syn's tokens no longer know what the user's spacing was.
pub(crate) fn code(tokens: TokenStream) -> String {
    let mut text = String::new();
    let mut after_word = false;
    for token in tokens {
        let is_array = matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket);
        if after_word && (is_word(&token) || is_array) {
            text.push(' ');
        }
        after_word = is_word(&token);
        match token {
            TokenTree::Group(group) => {
                let (open, close) = delimiters(&group);
                text.extend([open, &code(group.stream()), close]);
            }
            TokenTree::Punct(punct) => match (punct.as_char(), punct.spacing()) {
                (sign @ ('=' | '+'), Spacing::Alone) => text.extend([' ', sign, ' ']),
                ('-', _) => text.push_str(" -"),
                ('>', _) if text.ends_with(" -") => text.push_str("> "),
                (':', Spacing::Alone) if text.ends_with(':') => text.push(':'),
                (sign @ (',' | ';' | ':'), Spacing::Alone) => text.extend([sign, ' ']),
                (sign, _) => text.push(sign),
            },
            word => text.push_str(&word.to_string()),
        }
    }
    text
}

fn delimiters(group: &Group) -> (&'static str, &'static str) {
    match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::Brace => ("{ ", " }"),
        Delimiter::None => ("", ""),
    }
}

/// Returns the spans of the first and the last token. The compiler joins them to the span of all tokens; to join them
/// here would take a nightly compiler.
pub(crate) fn ends(tokens: &TokenStream) -> (Span, Span) {
    let mut spans = tokens.clone().into_iter().map(|token| token.span());
    let start = spans.next().unwrap_or_else(Span::call_site);
    (start, spans.last().unwrap_or(start))
}

/// Returns the span of generated code that stands for the user's code at `place`. Lints ignore such code.
pub(crate) fn generated_at(place: Span) -> Span {
    Span::call_site().located_at(place)
}

/// Names a generated function that repeats types of the user's function `name`, and places it there.
///
/// The compiler suggests to add an unknown type to the function's generics. At one place the suggestion is the same for
/// both functions, so it reports the type once.
pub(crate) fn beside(name: &Ident, generated: &str) -> Ident {
    Ident::new(generated, name.span())
}

/// Moves all tokens to `span`.
pub(crate) fn at(span: Span, tokens: TokenStream) -> TokenStream {
    let moved = tokens.into_iter().map(|mut token| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), at(span, group.stream())).into();
        }
        token.set_span(span);
        token
    });
    moved.collect()
}

/// Returns the tokens with the word `to` for each word `from`.
pub(crate) fn renamed(tokens: TokenStream, from: &str, to: &str) -> TokenStream {
    let renamed = tokens.into_iter().map(|token| match token {
        TokenTree::Ident(word) if word == from => Ident::new(to, word.span()).into(),
        TokenTree::Group(group) => {
            let mut copy = Group::new(group.delimiter(), renamed(group.stream(), from, to));
            copy.set_span(group.span());
            copy.into()
        }
        token => token,
    });
    renamed.collect()
}

pub(crate) fn mentions<T: AsRef<str>>(tokens: TokenStream, words: &[T]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => words.iter().any(|word| ident == word),
        TokenTree::Group(group) => mentions(group.stream(), words),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// Returns `true` if a type can be named outside of its signature: it has no lifetime and nothing to infer.
pub(crate) fn is_closed(ty: TokenStream) -> bool {
    !ty.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == '\'',
        TokenTree::Ident(ident) => ident == "_" || ident == "impl",
        TokenTree::Group(group) => !is_closed(group.stream()),
        TokenTree::Literal(_) => false,
    })
}

/// Replaces the lifetimes of a type by `'_`, as their names are unknown outside of the signature.
///
/// `'static` stays, and so do those that the type itself introduces by `for<'a>`.
pub(crate) fn anonymous(ty: TokenStream) -> TokenStream {
    let mut kept = introduced(ty.clone());
    kept.push("static".to_owned());
    with_lifetimes(ty, &kept)
}

fn with_lifetimes(ty: TokenStream, kept: &[String]) -> TokenStream {
    let mut after_quote = false;
    let replaced = ty.into_iter().map(|token| {
        let is_lifetime = std::mem::replace(&mut after_quote, is_punct(&token, '\''));
        match token {
            TokenTree::Ident(name) if is_lifetime && !kept.iter().any(|kept| name == kept) => {
                Ident::new("_", name.span()).into()
            }
            TokenTree::Group(group) => {
                let mut copy = Group::new(group.delimiter(), with_lifetimes(group.stream(), kept));
                copy.set_span(group.span());
                copy.into()
            }
            token => token,
        }
    });
    replaced.collect()
}

/// Returns the lifetimes between the angle brackets of each `for<'a, 'b>`.
fn introduced(ty: TokenStream) -> Vec<String> {
    let mut names = Vec::new();
    let mut tokens = ty.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "for" => {
                let binder = tokens.by_ref().take_while(|token| !is_punct(token, '>'));
                names.extend(binder.filter_map(|token| match token {
                    TokenTree::Ident(name) => Some(name.to_string()),
                    _ => None,
                }));
            }
            TokenTree::Group(group) => names.extend(introduced(group.stream())),
            _ => {}
        }
    }
    names
}

pub(crate) fn is_word(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(_) | TokenTree::Literal(_))
}

pub(crate) fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::{anonymous, code, is_closed};

    #[test]
    fn code_reads_as_it_was_written() {
        assert_eq!(code(quote!(session: &mut Session)), "session: &mut Session");
        assert_eq!(
            code(quote!(Option<std::vec::Vec<&'static [u8; 4]>>)),
            "Option<std::vec::Vec<&'static [u8; 4]>>"
        );
        assert_eq!(
            code(quote!((u8, impl Fn(&str) -> u8 + Send))),
            "(u8, impl Fn(&str) -> u8 + Send)"
        );
        assert_eq!(code(quote!(on = "message")), "on = \"message\"");
        assert_eq!(code(quote!(extern "C")), "extern \"C\"");
    }

    #[test]
    fn lifetimes_lose_their_names() {
        let given = quote!((&'a str, Say<'b>, &'static str));
        assert_eq!(
            anonymous(given).to_string(),
            quote!((&'_ str, Say<'_>, &'static str)).to_string()
        );
        let given = quote!(&'a dyn for<'x> Fn(&'x str) -> &'x str);
        assert_eq!(
            anonymous(given).to_string(),
            quote!(&'_ dyn for<'x> Fn(&'x str) -> &'x str).to_string()
        );
    }

    #[test]
    fn a_type_with_something_open_is_not_closed() {
        assert!(is_closed(quote!(my::Session<u8>)));
        assert!(!is_closed(quote!(Session<'a>)));
        assert!(!is_closed(quote!([_])));
        assert!(!is_closed(quote!((impl Clone, u8))));
    }
}
