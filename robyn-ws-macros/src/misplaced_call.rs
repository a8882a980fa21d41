//! `#[call]` where no view reads it.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{
    diagnostics::Diagnostics,
    item::{Function, Item},
};

/// Returns the item with an error that says what belongs on it.
pub(crate) fn misplaced_call(item: &TokenStream) -> TokenStream {
    let function = Item::parse(item.clone(), &mut Diagnostics::default()).function();
    let mut errors = Diagnostics::default();
    let problem = "`#[call]` is for the methods of a view, and no `#[websocket_view(..)]` is around it";
    errors.report(&TokenStream::new(), problem, help(function.as_ref()));
    let errors = errors.into_compile_errors();
    quote!(#item #errors)
}

fn help(function: Option<&Function>) -> String {
    match function {
        Some(function) if function.signature.receiver().is_some() || function.surroundings.block.is_some() => {
            "write `#[websocket_view(PATH)]` on the `impl` block".to_owned()
        }
        Some(function) => {
            let name = function.signature.ident.to_string();
            let name = name.trim_start_matches("r#");
            format!("write `#[websocket(PATH, on = \"call\", method = \"{name}\")]` instead")
        }
        None => "remove it".to_owned(),
    }
}
