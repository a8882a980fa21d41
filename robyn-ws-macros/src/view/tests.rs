//! What views become, compared with the files in `tests/expansion`.

use proc_macro2::TokenStream;
use quote::quote;

use super::websocket_view;
use crate::snapshot;

fn expands_to(name: &str, attr: TokenStream, item: TokenStream) {
    snapshot::check(name, websocket_view(attr, item));
}

#[test]
fn view() {
    expands_to(
        "view",
        quote!("/chat/{room}"),
        quote! {
            /// Documented.
            #[cfg(feature = "chat")]
            impl Chat {
                const LIMIT: usize = { 10 };

                #[cfg(feature = "greeting")]
                fn connect(&mut self, Path(room): Path<String>) -> String {
                    format!("welcome to {room}")
                }

                #[view(blocking)]
                fn message(&self, msg: Wrapped<{ Self::LIMIT }>, other: &Uri) {}

                fn helper(&self) -> usize {
                    Self::LIMIT
                }
            }
        },
    );
}

#[test]
fn view_that_upgrade_creates() {
    expands_to(
        "view_that_upgrade_creates",
        quote!("/chat", router = LEAGUE, crate = my::robyn_ws),
        quote! {
            impl chat::Room<u8> {
                async fn upgrade(uri: Uri) -> Result<Self, StatusCode> {
                    todo!()
                }

                async fn session(self: &mut Self, socket: WebSocket) -> Result<(), Disconnected> {
                    todo!()
                }
            }
        },
    );
}

#[test]
fn view_that_is_called() {
    expands_to(
        "view_that_is_called",
        quote!("/chat"),
        quote! {
            impl Chat {
                #[call]
                async fn r#type(&mut self, Params(text): Params<String>) -> Result<(), CallError> {
                    todo!()
                }
            }
        },
    );
}

#[test]
fn a_mistake_keeps_the_view() {
    expands_to(
        "a_mistake_keeps_the_view",
        quote!("/chat"),
        quote! {
            impl Chat {
                #[view(bloking)]
                fn message(&mut self, msg: String) -> String {
                    msg
                }

                fn clsoe(&self) {}
            }
        },
    );
}

#[test]
fn second_attribute_finds_the_words_of_the_methods() {
    let item = quote! {
        #[websocket_view("/again")]
        impl Chat {
            #[view(blocking)]
            fn message() {}
        }
    };
    let expansion = websocket_view(quote!("/chat"), item).to_string();
    assert!(expansion.contains("# [view (blocking)]"), "{expansion}");
}

#[test]
fn body_that_is_half_typed_does_no_harm() {
    let item = quote! {
        impl Chat {
            fn message(&mut self, ws: &WebSocketConnector) { ws. }
        }
    };
    let expansion = websocket_view(quote!("/chat"), item).to_string();
    assert!(!expansion.contains("compile_error"), "{expansion}");
}
