//! Serves a page and its WebSocket over TLS, with a certificate that the program makes for itself.
//! Run it: `cargo run --example tls`
//! Then open <https://127.0.0.1:8080> and accept the certificate, which no authority has signed
//! Needs: robyn-ws (http2, tls), rcgen, tokio (full), tracing-subscriber

use rcgen::{CertifiedKey, generate_simple_self_signed};
use robyn_ws::{
    Tls, TlsError,
    axum::{Router, response::Html, routing::get},
    prelude::*,
};

const PAGE: &str = r#"<!doctype html>
<title>TLS</title>
<input aria-label="Text" autofocus> <output></output>
<script>
  const socket = new WebSocket(`wss://${location.host}/echo`);
  const show = (text) => { document.querySelector("output").textContent = text; };
  socket.onmessage = (event) => show(event.data);
  socket.onclose = (event) => show(`closed with ${event.code}`);
  document.querySelector("input").onchange = (event) => socket.send(event.target.value);
</script>"#;

#[websocket("/echo", on = "message")]
fn echo(msg: &str) -> String {
    format!("encrypted on the way: {msg}")
}

/// A server on the internet has files from an authority instead: `Tls::from_pem_files("fullchain.pem", "privkey.pem")`. When
/// they are renewed, `Tls::reload` takes the new ones, and live sockets stay.
fn own_certificate() -> Result<Tls, TlsError> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("the names are valid");
    Tls::from_pem(cert.pem(), signing_key.serialize_pem())
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let page = Router::new().route("/", get(|| async { Html(PAGE) }));
    let tls = own_certificate().expect("the certificate is valid");
    App::new().http(page).tls(tls).serve(address).await
}
