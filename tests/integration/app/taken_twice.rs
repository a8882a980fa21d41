//! A value that two arguments take though only one can, under names that only `build()` sees through.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Session;

type Exclusive<'a> = &'a mut Session;
type Shared<'a> = &'a Session;
type Socket = WebSocket;

/// A module with a handler, and a sub-router of its own.
macro_rules! handler {
    ($name:ident, $prefix:literal, ($($args:tt)*), $($function:tt)+) => {
        mod $name {
            use super::*;

            pub(super) static ROUTER: SubRouter = SubRouter::new($prefix);

            #[websocket("/", router = ROUTER $($args)*)]
            $($function)+
        }
    };
}

handler!(twice, "/taken/twice", (, on = "message"), fn handler(_one: &mut Session, _two: Exclusive<'_>) {});
handler!(shared_first, "/taken/shared", (, on = "connect"), fn handler(_one: Shared<'_>, _two: Exclusive<'_>) {});
handler!(
    sockets,
    "/taken/sockets",
    (),
    async fn handler(_one: WebSocket, _two: Socket) {}
);
handler!(shared, "/taken/right/shared", (, on = "message"), fn handler(_one: &Session, _two: Shared<'_>) {});
handler!(optional, "/taken/right/optional", (, on = "close"), fn handler(_one: &mut Session, _two: Option<Exclusive<'_>>) {});

#[derive(Default, ConnectionState)]
struct View;

type OfView<'a> = &'a mut View;
type SharedView<'a> = &'a View;

static VIEW: SubRouter = SubRouter::new("/taken/view");

#[websocket_view("/", router = VIEW)]
#[expect(clippy::unused_self, reason = "what matters is that the methods take it")]
impl View {
    fn connect(&mut self, _shared: SharedView<'_>) {}
    fn message(&self, _shared: SharedView<'_>) {}
    fn close(&self, _view: OfView<'_>) {}
}

fn problems(router: &'static SubRouter) -> Vec<String> {
    let built = App::new().include_router(router).build();
    let problems = built.err().into_iter().flatten();
    problems
        .map(|problem| {
            assert_eq!(problem.file(), Some(file!()), "{problem}");
            assert!(problem.line().is_some(), "{problem}");
            problem.message().replace("integration::app::taken_twice::", "")
        })
        .collect()
}

#[test]
fn value_that_two_arguments_take_under_two_names_is_reported() {
    let session = "takes `Session` twice, once as `&mut`: take it once, as `&mut Session`";
    assert_eq!(problems(&twice::ROUTER), [session]);
    assert_eq!(problems(&shared_first::ROUTER), [session]);
    let socket = "takes the `WebSocket` twice, and there is one: take it once, and send from elsewhere with `socket.connector()`";
    assert_eq!(problems(&sockets::ROUTER), [socket]);
    let view = "takes `View` twice, once as `&mut`: take it once, as `&mut View`";
    assert_eq!(problems(&VIEW), [view, view]);
}

#[test]
fn values_that_can_be_had_together_are_no_problem() {
    assert_eq!(problems(&shared::ROUTER), [""; 0]);
    assert_eq!(problems(&optional::ROUTER), [""; 0]);
}
