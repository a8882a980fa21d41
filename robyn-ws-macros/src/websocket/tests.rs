//! What handlers become, compared with the files in `tests/expansion`.

use proc_macro2::TokenStream;
use quote::quote;

use super::websocket;
use crate::{args::Args, describe, diagnostics::Diagnostics, form::Form, item::Item, snapshot, validate::validate};

fn expands_to(name: &str, attr: TokenStream, item: &TokenStream) {
    snapshot::check(name, websocket(attr, item));
}

#[test]
fn sync_message() {
    expands_to(
        "sync_message",
        quote!("/chat/{room}", on = "message"),
        &quote! {
            /// Documented.
            #[cfg(feature = "chat")]
            #[inline]
            fn chat(Path(room): Path<String>, msg: String) -> String {
                format!("{room}: {msg}")
            }
        },
    );
}

#[test]
fn async_message_that_borrows() {
    expands_to(
        "async_message_that_borrows",
        quote!("/chat", on = "message"),
        &quote! {
            async fn chat<'m>(msg: Json<Say<'m>>, session: &mut Session, uri: &Uri) -> Result<&'m str, Error> {
                todo!()
            }
        },
    );
}

#[test]
fn upgrade() {
    expands_to(
        "upgrade",
        quote!("/chat", on = "upgrade"),
        &quote! {
            fn admit(TypedHeader(token): TypedHeader<Token>) -> Result<Session, StatusCode> {
                todo!()
            }
        },
    );
}

#[test]
fn upgrade_with_a_state() {
    expands_to(
        "upgrade_with_a_state",
        quote!("/chat", on = "upgrade", state = AppState),
        &quote! {
            fn admit(State(key): State<Key>) {}
        },
    );
}

#[test]
fn upgrade_with_an_inferred_reply() {
    expands_to(
        "upgrade_with_an_inferred_reply",
        quote!("/chat", on = "upgrade"),
        &quote! {
            async fn admit(uri: Uri) -> Result<Session, impl IntoResponse> {
                todo!()
            }
        },
    );
}

#[test]
fn call() {
    expands_to(
        "call",
        quote!("/chat", on = "call", method = "say", blocking),
        &quote! {
            fn say(Params(say): Params<Say<'_>>) -> Result<Json<Receipt>, CallError> {
                todo!()
            }
        },
    );
}

#[test]
fn session() {
    expands_to(
        "session",
        quote!("/ws"),
        &quote! {
            async fn session(mut socket: WebSocket) {}
        },
    );
}

#[test]
fn router_blocking_and_crate() {
    expands_to(
        "router_blocking_and_crate",
        quote!(
            "/chat",
            crate = my::robyn_ws,
            blocking,
            router = league::LEAGUE,
            on = "close",
        ),
        &quote! {
            pub fn closed() {}
        },
    );
}

#[test]
fn description() {
    let attr = quote!("/chat", on = "call", method = "say", sends(Said, "joined"(User), "ask"(Question) -> Answer));
    let item = quote! {
        /// Says something.
        ///
        /// To everybody.
        async fn say(Params(say): Params<Say<'_>>) -> Result<Option<Receipt>, CallError> {
            todo!()
        }
    };
    let mut errors = Diagnostics::default();
    let args = Args::parse(attr, &Form::FUNCTION, &mut errors);
    let function = Item::parse(item, &mut errors).function();
    let handler = validate(&args, function, &mut errors).unwrap_or_else(|_| panic!("it has no mistake"));
    let described = describe::described(&handler);
    snapshot::check("description", quote!(const ENTRY: Entry = entry() #described;));
}

#[test]
fn a_mistake_keeps_the_item() {
    expands_to(
        "a_mistake_keeps_the_item",
        quote!("/chat/:room", onn = "message"),
        &quote! {
            #[inline]
            fn chat(msg: String, other: impl Display) -> String {
                msg
            }
        },
    );
}

#[test]
fn another_crate_path_replaces_the_default_everywhere() {
    let attr = quote!("/chat", on = "message", crate = my::robyn_ws);
    let expansion = websocket(
        attr,
        &quote!(
            fn chat() {}
        ),
    )
    .to_string();
    assert!(
        !expansion.replace("my :: robyn_ws", "").contains(":: robyn_ws"),
        "{expansion}"
    );
}
