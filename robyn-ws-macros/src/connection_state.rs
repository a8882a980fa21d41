//! `#[derive(ConnectionState)]`, all of it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Data, DeriveInput, GenericParam, Path, WherePredicate, parse_quote};

use crate::{
    diagnostics::Diagnostics,
    grammar::{Keys, ModPath, arguments},
    runtime::StateRuntime,
    runtime_crate,
    tokens::code,
};

const KEYS: &[&str] = &["from_upgrade", "crate"];

pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Diagnostics::default();
    let options = Options::parse(&input, &mut errors);
    check(&input, &mut errors);
    if options.runtime.is_none() && !runtime_crate::check("#[connection_state(", &mut errors) {
        return errors.into_compile_errors();
    }
    if errors.is_empty() {
        expand(input, &options)
    } else {
        fallback(input, &options, errors)
    }
}

/// The arguments of `#[connection_state(..)]`.
#[derive(Default)]
struct Options {
    from_upgrade: bool,
    runtime: Option<Path>,
}

impl Options {
    fn parse(input: &DeriveInput, errors: &mut Diagnostics) -> Self {
        let mut options = Self::default();
        let mut keys = Keys::new(KEYS);
        for attr in input
            .attrs
            .iter()
            .filter(|attr| attr.path().is_ident("connection_state"))
        {
            match attr.parse_args::<TokenStream>() {
                Ok(tokens) => options.read(tokens, &mut keys, errors),
                Err(_) => errors.report(
                    attr,
                    "the arguments are missing",
                    "write `#[connection_state(from_upgrade)]`",
                ),
            }
        }
        options
    }

    fn read(&mut self, tokens: TokenStream, keys: &mut Keys, errors: &mut Diagnostics) {
        for argument in arguments(tokens, KEYS, errors) {
            let Some(key) = &argument.key else {
                let problem = format!("expected a key, found `{}`", code(argument.tokens.clone()));
                errors.report(
                    &argument.tokens,
                    problem,
                    "write `from_upgrade` or `crate = ::robyn_ws`",
                );
                continue;
            };
            match keys.recognize(key, &argument, errors) {
                Some("from_upgrade") => {
                    // In `from = "upgrade"` the key is the mistake, and has been reported.
                    if key == "from_upgrade" {
                        argument.expect_no_value(errors);
                    }
                    self.from_upgrade = true;
                }
                Some("crate") => {
                    self.runtime = argument
                        .parse_value::<ModPath>("write `crate = ::robyn_ws`", errors)
                        .map(|path| path.0);
                }
                _ => {}
            }
        }
    }
}

fn check(input: &DeriveInput, errors: &mut Diagnostics) {
    if let Data::Union(union) = &input.data {
        let help = "make it a struct or an enum, which can drop their values";
        errors.report(&union.union_token, "a union cannot be the state of a connection", help);
    }
    for param in &input.generics.params {
        if let GenericParam::Lifetime(param) = param {
            let help = "own what it borrows: `String` instead of `&str`, `Arc<T>` instead of `&T`";
            errors.report(
                &param.lifetime,
                "the state of a connection lives as long as that, it cannot borrow",
                help,
            );
        }
    }
}

fn expand(input: DeriveInput, options: &Options) -> TokenStream {
    let state_default = StateRuntime::new(options.runtime.as_ref()).state_default;
    let initial = if options.from_upgrade {
        quote!(::core::option::Option::None)
    } else {
        // If there is no `Default`, the compiler says so at the type's name.
        let this = quote_spanned!(input.ident.span()=> Self);
        quote!(::core::option::Option::Some(<#this as #state_default>::state_default))
    };
    let needs_default = (!options.from_upgrade).then_some(&state_default);
    implementation(input, options, &initial, needs_default)
}

/// Implements the trait nevertheless, so that handlers with this state still compile.
fn fallback(input: DeriveInput, options: &Options, errors: Diagnostics) -> TokenStream {
    let errors = errors.into_compile_errors();
    if input.generics.lifetimes().next().is_some() {
        return errors;
    }
    let implementation = implementation(input, options, &quote!(::core::option::Option::None), None);
    quote!(#errors #implementation)
}

fn implementation(
    mut input: DeriveInput,
    options: &Options,
    initial: &TokenStream,
    needs_default: Option<&TokenStream>,
) -> TokenStream {
    let connection_state = StateRuntime::new(options.runtime.as_ref()).connection_state;
    // A generic type is a state for those parameters with which it can be one.
    if input.generics.type_params().next().is_some() {
        let bounds = needs_default.iter().map(|bound| quote!(#bound +));
        let predicate: WherePredicate = parse_quote!(Self: #(#bounds)* ::core::marker::Send + 'static);
        input.generics.make_where_clause().predicates.push(predicate);
    }
    let name = input.ident.to_token_stream();
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #connection_state for #name #type_generics #where_clause {
            const INITIAL: ::core::option::Option<fn() -> Self> = #initial;
        }
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::derive;
    use crate::snapshot;

    #[test]
    fn a_state_begins_as_its_default() {
        snapshot::check(
            "state",
            derive(quote!(
                struct Session {
                    seen: u32,
                }
            )),
        );
    }

    #[test]
    fn a_generic_state_is_one_where_it_can_be() {
        let item = quote! {
            #[connection_state(from_upgrade, crate = my::robyn_ws)]
            enum Session<T: Clone> where T: Copy { User(T), Guest }
        };
        snapshot::check("generic_state_from_upgrade", derive(item));
    }

    #[test]
    fn a_mistake_keeps_the_implementation() {
        let item = quote! {
            #[connection_state(from_upgrad)]
            struct Session;
        };
        snapshot::check("a_mistake_keeps_the_implementation", derive(item));
    }
}
