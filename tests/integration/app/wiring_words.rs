//! What `build()` says of wirings that are nearly right.

use std::sync::Arc;

use robyn_ws::{
    axum::{Router, routing::any_service},
    prelude::*,
};

fn problems(app: App) -> Vec<String> {
    let built = app.build();
    let problems = built.err().into_iter().flatten();
    problems
        .map(|problem| {
            assert!(problem.line().is_some(), "{problem}");
            problem.message().replace("integration::app::wiring_words::", "")
        })
        .collect()
}

trait Mailer: Send + Sync {}

struct Smtp;

impl Mailer for Smtp {}

static MAIL: SubRouter = SubRouter::new("/words/mail");

#[websocket("/", on = "message", router = MAIL)]
fn mail(_mailer: Global<Arc<dyn Mailer>>) {}

#[test]
fn arc_of_a_type_in_place_of_a_trait_object_is_named() {
    let app = App::new().include_router(&MAIL).inject_global(Arc::new(Smtp));
    let [problem] = &*problems(app) else {
        panic!("it is one mistake")
    };
    assert!(
        problem.contains("Arc<Smtp>` was injected, which is another type: inject it as `alloc::sync::Arc<dyn Mailer>`"),
        "{problem}"
    );
    // More than one `Arc` may be meant.
    let app = App::new()
        .include_router(&MAIL)
        .inject_global(Arc::new(Smtp))
        .inject_global(Arc::new(1_u8));
    assert!(problems(app)[0].contains("call `App::inject_global`"));
    let mailer: Arc<dyn Mailer> = Arc::new(Smtp);
    assert_eq!(
        problems(App::new().include_router(&MAIL).inject_global(mailer)),
        [""; 0]
    );
}

#[test]
fn second_state_is_given_and_second_global_is_injected() {
    let states = problems(App::new().only([""; 0]).state(1).state(2));
    assert!(
        states[0].starts_with("a second value of type `i32` is given"),
        "{states:?}"
    );
    let globals = problems(App::new().only([""; 0]).inject_global(1).inject_global(2));
    assert!(
        globals[0].starts_with("a second value of type `i32` is injected"),
        "{globals:?}"
    );
}

static INNER: SubRouter = SubRouter::new("/words/inner");
static AROUND: SubRouter = SubRouter::new("/words/around");

#[websocket("/", on = "message", router = INNER)]
fn inner() {}

#[test]
fn sub_router_in_itself_is_reported() {
    let words = "the sub-router `/words/inner` is included in itself: remove it";
    let once = App::new().include_router(INNER.include_router(&INNER));
    assert_eq!(problems(once), [words]);
    let deep = App::new().include_router(INNER.include_router(AROUND.include_router(&INNER)));
    assert_eq!(problems(deep), [words]);
}

static NESTED: SubRouter = SubRouter::new("/words/api");

#[websocket("/{*rest}", on = "message", router = NESTED)]
fn below() {}

#[test]
fn nested_service_over_an_endpoint_is_told_without_names_that_nobody_wrote() {
    let http = Router::new().nest_service("/words/api", any_service(Router::<()>::new()));
    let problems = problems(App::new().include_router(&NESTED).http(http));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].ends_with(
            "a nested service answers all requests below its path: nest it at another path, or change the other one"
        ),
        "{problems:?}"
    );
}
