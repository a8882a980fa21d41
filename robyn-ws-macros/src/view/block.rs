//! Parses the `impl` block: the type and the signatures of its methods. Bodies stay raw tokens, as that of a function.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Generics, Ident, Meta, Path, Result, Signature, Token, Type, Visibility,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    token::Brace,
};

use crate::{
    argument,
    diagnostics::Diagnostics,
    item::{is_function, kind},
    tokens::{anonymous, code, is_punct, mentions},
};

/// The `impl` block of a view.
pub(crate) struct Block {
    pub(crate) attrs: Vec<Attribute>,
    /// The place of the keyword `impl`.
    pub(crate) keyword: Span,
    /// The type of the view.
    pub(crate) ty: TokenStream,
    pub(crate) methods: Vec<Method>,
    pub(crate) body: TokenStream,
    /// The number of tokens at the end of the body that cannot be read because of a mistake in the syntax.
    pub(crate) unread: usize,
}

/// A function of the block, with or without a receiver.
pub(crate) struct Method {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) signature: Signature,
}

impl Method {
    /// Returns `true` if another configuration may lack the method.
    pub(crate) fn is_conditional(&self) -> bool {
        let conditions = ["cfg", "cfg_attr"];
        self.attrs
            .iter()
            .any(|attr| conditions.iter().any(|condition| attr.path().is_ident(condition)))
    }
}

impl Block {
    /// Returns `None` if the item is not the `impl` block of one type, and reports that.
    pub(crate) fn parse(item: TokenStream, errors: &mut Diagnostics) -> Option<Self> {
        let mut tokens: Vec<_> = item.into_iter().collect();
        let body = tokens.pop_if(|token| is_group(token, Delimiter::Brace));
        let parser = |input: ParseStream<'_>| {
            let block = Self::head(input, errors);
            let _ = input.parse::<TokenStream>()?; // What follows the type decides nothing.
            block
        };
        let mut block = match parser.parse2(tokens.into_iter().collect()) {
            Ok(block) => block?,
            Err(error) => {
                errors.syntax(error);
                return None;
            }
        };
        if let Some(TokenTree::Group(body)) = body {
            (block.methods, block.unread) = methods(body.stream(), errors);
            block.body = body.stream();
        }
        Some(block)
    }

    fn head(input: ParseStream<'_>, errors: &mut Diagnostics) -> Result<Option<Self>> {
        let attrs = input.call(Attribute::parse_outer)?;
        let _ = input.parse::<Visibility>()?; // An `impl` block has none.
        if input.peek(Token![unsafe]) && input.peek2(Token![impl]) {
            input.parse::<Token![unsafe]>()?;
        }
        if !input.peek(Token![impl]) {
            return another_item(input, errors).map(|()| None);
        }
        let keyword = input.parse::<Token![impl]>()?;
        let generics = input.parse::<Generics>()?;
        if input.peek(Token![!]) {
            input.parse::<Token![!]>()?;
        }
        let ty = input.parse::<Type>()?;
        let is_view = is_inherent(&ty, input, errors) && is_sized(&ty, errors) && is_one_type(&generics, &ty, errors);
        Ok(is_view.then(|| Self {
            attrs,
            keyword: keyword.span,
            ty: ty.into_token_stream(),
            methods: Vec::new(),
            body: TokenStream::new(),
            unread: 0,
        }))
    }
}

/// Reports that the attribute is on another item.
fn another_item(input: ParseStream<'_>, errors: &mut Diagnostics) -> Result<()> {
    let (keyword, kind, help) = if is_function(input) {
        while !input.peek(Token![fn]) {
            input.parse::<TokenTree>()?;
        }
        let help = "write `#[websocket(\"/chat\", on = \"message\")]` on a function";
        (input.call(Ident::parse_any)?, "a function", help)
    } else {
        let keyword = input.call(Ident::parse_any)?;
        let kind = kind(&keyword);
        let help = "move the attribute to the `impl` block with the type's methods";
        (keyword, kind, help)
    };
    let problem = format!("`#[websocket_view]` goes on an `impl` block, this is {kind}");
    errors.report(&keyword, problem, help);
    Ok(())
}

/// Reports the `impl` of a trait, whose name is `ty`.
fn is_inherent(ty: &Type, input: ParseStream<'_>, errors: &mut Diagnostics) -> bool {
    let Ok(keyword) = input.parse::<Token![for]>() else {
        return true;
    };
    let help = "put the methods in an `impl` block of the type itself, and let the trait's methods call them";
    let problem = "the methods of a view are the type's own, they cannot be those of a trait";
    errors.report(&quote!(#ty #keyword), problem, help);
    false
}

/// Reports `dyn Trait`, which stands for many types.
fn is_sized(ty: &Type, errors: &mut Diagnostics) -> bool {
    let is_sized = !argument::is_unsized(ty);
    if !is_sized {
        let problem = format!("a view is one type, `{}` is not", code(ty.to_token_stream()));
        let help = "write the methods in an `impl` block of a struct or an enum";
        errors.report(ty, problem, help);
    }
    is_sized
}

/// Reports a generic type.
fn is_one_type(generics: &Generics, ty: &Type, errors: &mut Diagnostics) -> bool {
    let borrows = mentions(anonymous(ty.to_token_stream()), &["_"]);
    if generics.params.is_empty() && !borrows {
        return true;
    }
    if generics.lifetimes().next().is_some() || borrows {
        let place = if borrows {
            ty.to_token_stream()
        } else {
            generics.params.to_token_stream()
        };
        let help = "own what it borrows: `String` instead of `&str`, `Arc<T>` instead of `&T`";
        errors.report(&place, "a view lives as long as its connection, it cannot borrow", help);
    } else {
        let help = "write the concrete types, and an `impl` block for each of them";
        errors.report(&generics.params, "a view is one type, it cannot be generic", help);
    }
    false
}

/// Returns the methods up to a mistake in the syntax, which the compiler reports, and the number of tokens from there on.
fn methods(body: TokenStream, errors: &mut Diagnostics) -> (Vec<Method>, usize) {
    let mut methods = Vec::new();
    let parser = |input: ParseStream<'_>| {
        input.call(Attribute::parse_inner)?;
        while !input.is_empty() {
            let rest = input.fork();
            let Ok(method) = item(input, errors) else {
                input.parse::<TokenStream>()?;
                return Ok(rest.parse::<TokenStream>()?.into_iter().count());
            };
            methods.extend(method);
        }
        Ok(0)
    };
    let tokens = without_bodies(body);
    let unread = parser
        .parse2(tokens.clone())
        .unwrap_or_else(|_| tokens.into_iter().count());
    if unread > 0 {
        errors.leave_to_compiler();
    }
    (methods, unread)
}

/// Reads an item of the block. Returns it if it is a function.
fn item(input: ParseStream<'_>, errors: &mut Diagnostics) -> Result<Option<Method>> {
    let attrs = input.call(Attribute::parse_outer)?;
    let _ = input.parse::<Visibility>()?; // The compiler checks it at the call.
    if is_function(input) {
        let signature = input.parse()?;
        if !input.is_empty() && !input.peek(Token![;]) && !input.peek(Brace) {
            return Err(input.error("expected a body"));
        }
        skip(input, |token| is_group(token, Delimiter::Brace))?;
        return Ok(Some(Method { attrs, signature }));
    }
    let ends_with_braces = is_macro_call(input);
    if !ends_with_braces && !input.peek(Token![const]) && !input.peek(Token![type]) {
        return Err(input.error("expected an item"));
    }
    check_not_an_event(&attrs, errors);
    skip(input, |token| ends_with_braces && is_group(token, Delimiter::Brace))?;
    Ok(None)
}

fn is_macro_call(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead.call(Path::parse_mod_style).is_ok() && ahead.peek(Token![!])
}

/// Reports `#[view(..)]` on another item than a function.
fn check_not_an_event(attrs: &[Attribute], errors: &mut Diagnostics) {
    for attr in attrs.iter().filter(|attr| is_of_a_view(attr.path())) {
        let name = code(attr.path().to_token_stream());
        let problem = format!("`#[{name}]` is for methods that are events");
        errors.report(attr, problem, "remove the attribute");
    }
}

/// Skips the rest of an item: all tokens up to its last one, or to a semicolon.
fn skip(input: ParseStream<'_>, is_last: impl Fn(&TokenTree) -> bool) -> Result<()> {
    while !input.is_empty() {
        let token: TokenTree = input.parse()?;
        if is_last(&token) || is_punct(&token, ';') {
            break;
        }
    }
    Ok(())
}

/// Empties the braces of bodies. syn copies all tokens one by one, and a body may be long.
fn without_bodies(tokens: TokenStream) -> TokenStream {
    let mut tokens: Vec<_> = tokens.into_iter().collect();
    for position in 0..tokens.len() {
        // The braces of `Buffer<{ SIZE }>` are part of a type.
        let is_in_type = tokens
            .get(position + 1)
            .is_some_and(|next| is_punct(next, '>') || is_punct(next, ','));
        if let TokenTree::Group(group) = &mut tokens[position]
            && group.delimiter() == Delimiter::Brace
            && !is_in_type
        {
            *group = with_stream(group, TokenStream::new());
        }
    }
    tokens.into_iter().collect()
}

/// Removes the end of a body that the compiler cannot read. It has reported that and ignores the end, and it would report
/// it again.
pub(crate) fn without_unread(item: TokenStream, unread: usize) -> TokenStream {
    let mut tokens: Vec<_> = item.into_iter().collect();
    if let Some(TokenTree::Group(body)) = tokens.last_mut() {
        let kept = body.stream().into_iter().count().saturating_sub(unread);
        *body = with_stream(body, body.stream().into_iter().take(kept).collect());
    }
    tokens.into_iter().collect()
}

/// Takes the attributes `#[view(..)]` and `#[call]` off the methods, which no other macro would understand. Returns their arguments, too.
/// An attribute `#[websocket(..)]` is a mistake, which it would report once more.
///
/// A second `#[websocket_view]` on the block will want them.
pub(crate) fn without_view_attributes(item: TokenStream) -> (TokenStream, Vec<TokenStream>) {
    let mut tokens: Vec<_> = item.into_iter().collect();
    let body = tokens.pop_if(|token| is_group(token, Delimiter::Brace));
    let mut arguments = Vec::new();
    let body = match body {
        Some(TokenTree::Group(body)) if !mentions(tokens.iter().cloned().collect(), &["websocket_view"]) => {
            let stream = without(body.stream(), &mut arguments);
            Some(with_stream(&body, stream).into())
        }
        body => body,
    };
    tokens.extend(body);
    (tokens.into_iter().collect(), arguments)
}

fn without(body: TokenStream, arguments: &mut Vec<TokenStream>) -> TokenStream {
    let mut kept = Vec::new();
    let mut tokens = body.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let attribute = tokens.peek().filter(|_| is_punct(&token, '#')).and_then(view_arguments);
        if let Some(attribute) = attribute {
            arguments.push(attribute);
            tokens.next();
        } else {
            kept.push(token);
        }
    }
    kept.into_iter().collect()
}

/// Returns the arguments of `[view(..)]` and `[call]`.
fn view_arguments(attribute: &TokenTree) -> Option<TokenStream> {
    let TokenTree::Group(attribute) = attribute else {
        return None;
    };
    let tokens: Vec<_> = attribute.stream().into_iter().collect();
    match tokens.as_slice() {
        // A mistake, which would be an unknown attribute.
        [TokenTree::Ident(name), TokenTree::Group(arguments)]
            if name == "cfg_attr" && !conditional_views(arguments.stream()).is_empty() =>
        {
            Some(TokenStream::new())
        }
        [.., TokenTree::Ident(name), TokenTree::Group(_)] if name == "websocket" => Some(TokenStream::new()),
        [TokenTree::Ident(name), rest @ ..] if name == "view" || name == "call" => match rest {
            [TokenTree::Group(arguments)] => Some(arguments.stream()),
            [] => Some(TokenStream::new()),
            [equals, ..] if is_punct(equals, '=') => Some(TokenStream::new()),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the attributes `view` and `call` among the arguments of a `cfg_attr`.
pub(super) fn conditional_views(arguments: TokenStream) -> Vec<Meta> {
    let attributes = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(arguments);
    let attributes = attributes.into_iter().flatten().skip(1);
    attributes.filter(|attribute| is_of_a_view(attribute.path())).collect()
}

/// Returns `true` for the attributes that only the methods of a view have.
fn is_of_a_view(path: &Path) -> bool {
    path.is_ident("view") || path.is_ident("call")
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

fn with_stream(group: &Group, stream: TokenStream) -> Group {
    let mut copy = Group::new(group.delimiter(), stream);
    copy.set_span(group.span());
    copy
}
