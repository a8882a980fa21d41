//! The app: dependencies, sub-routers in sub-routers, limits, origins, an axum router with any state, and serving.

#![deny(warnings)]

use std::net::{Ipv4Addr, SocketAddr};

use robyn_ws::{axum::Router, prelude::*};

struct Justice {
    city: &'static str,
}

struct Mailer;

static LEAGUE: SubRouter = SubRouter::new("/league");

mod cave {
    use robyn_ws::prelude::*;

    use super::Mailer;

    pub(crate) static CAVE: SubRouter = SubRouter::new("/cave/{floor}");

    #[websocket("/", on = "connect", router = CAVE)]
    fn enter(Path(floor): Path<u8>, _mailer: Scoped<Mailer>) -> String {
        format!("floor {floor}")
    }
}

#[websocket("/chat", on = "message", router = LEAGUE)]
async fn chat(ws: WebSocketConnector, msg: String, _mailer: Scoped<Mailer>) {
    ws.async_broadcast(msg).await;
}

#[websocket("/lift", on = "message", router = cave::CAVE)]
fn lift(justice: Global<Justice>) -> &'static str {
    justice.city
}

#[websocket("/chat", on = "message")]
fn other_chat() {}

fn app() -> App {
    App::new()
        .inject_global(Justice { city: "Gotham" })
        .include_router(LEAGUE.inject(Mailer).include_router(&cave::CAVE))
        .limits(Limits::default().max_message_size(256 * 1024))
        .origins(Origins::same_host())
        .trusted_proxies(["10.0.0.0/8", "::1"])
}

/// `serve` takes whatever names an address, and its future can be spawned.
fn serve() {
    fn spawnable(_serving: impl Future<Output = Result<(), ServeError>> + Send + 'static) {}

    spawnable(app().serve("127.0.0.1:0"));
    spawnable(app().proxy_protocol().serve("127.0.0.1:0"));
    spawnable(app().serve(("localhost", 0)));
    spawnable(app().serve(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
    spawnable(app().serve((Ipv4Addr::LOCALHOST, 0)));
    spawnable(app().serve(format!("127.0.0.1:{}", 0)));
}

fn main() -> Result<(), BuildErrors> {
    let _: Router = app().router()?;
    let router: Router<String> = app().router()?;
    let _: Router = router.with_state("any state".to_owned());
    let BuiltApp { hub, .. } = app().build()?;
    let mut paths: Vec<_> = hub.paths().collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "/chat",
            "/league/cave/{floor}",
            "/league/cave/{floor}/lift",
            "/league/chat"
        ]
    );
    serve();
    Ok(())
}
