//! `state = ..` in its forms: a path, a generic type, a type of another module, with and without arguments that use it.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use robyn_ws::prelude::*;

mod app {
    #[derive(Clone)]
    pub struct State<T>(pub T);
}

#[derive(Clone)]
struct Part;

impl FromRef<app::State<u8>> for Part {
    fn from_ref(_state: &app::State<u8>) -> Self {
        Self
    }
}

#[websocket("/a", on = "upgrade", state = app::State<u8>)]
fn path(State(state): State<app::State<u8>>, State(_part): State<Part>, _headers: HeaderMap) -> Result<(), StatusCode> {
    if state.0 > 7 { Err(StatusCode::FORBIDDEN) } else { Ok(()) }
}

#[websocket("/b", on = "upgrade", state = Arc<Part>)]
async fn generic(State(_state): State<Arc<Part>>, _maybe: Option<State<Arc<Part>>>) {}

#[websocket("/c", on = "upgrade", state = (u8, &'static str))]
fn tuple(_state: State<(u8, &'static str)>) {}

#[websocket("/d", on = "upgrade", state = Part, blocking)]
fn without_arguments() {}

#[websocket("/e", state = Part, on = "upgrade")]
fn only_of_ours(_uri: &Uri, _hub: Hub) {}

trait Mailer: Send + Sync {}

impl Mailer for Part {}

#[websocket("/f", on = "upgrade", state = Arc<dyn Mailer>)]
fn trait_object(_mailer: State<Arc<dyn Mailer>>) {}

type Map = HashMap<String, u32>;

#[websocket("/g", state = Arc<HashMap<String, u32>>, on = "upgrade")]
fn with_a_comma(_map: State<Arc<Map>>) {}

#[websocket("/h", on = "upgrade", state = &'static str)]
fn reference(_text: State<&'static str>) {}

#[websocket("/i", state = Cow<'static, str>, on = "upgrade")]
fn with_a_lifetime(_text: State<Cow<'static, str>>) {}

#[websocket("/j", state = <[Part; 1] as IntoIterator>::Item, on = "upgrade")]
fn qualified(_part: State<Part>) {}

#[derive(Default, ConnectionState)]
struct View;

#[websocket_view("/k", state = Arc<HashMap<String, u32>>)]
impl View {
    fn upgrade(_map: State<Arc<Map>>) -> Self {
        Self
    }
}

fn main() {
    let mailer: Arc<dyn Mailer> = Arc::new(Part);
    let app = App::new().state(app::State(1_u8)).state(Arc::new(Part)).state((1_u8, "one")).state(Part);
    let app = app.state(mailer).state(Arc::new(Map::new())).state("text").state(Cow::Borrowed("text"));
    assert!(app.build().is_ok());
}
