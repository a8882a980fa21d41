//! Mistakes between calls: `build()` names the place of each call, and says what is there in place of the expected value.

use robyn_ws::{BuildError, BuildErrors, prelude::*};

fn errors(app: App) -> BuildErrors {
    app.build().expect_err("there is something wrong")
}

/// Returns the only error.
fn error(app: App) -> BuildError {
    let errors = errors(app);
    assert_eq!(errors.len(), 1, "{errors}");
    errors.into_iter().next().expect("there is one")
}

/// Checks the only error, of the handler `name`.
fn expect_error(app: App, name: &str, words: &str) {
    let error = error(app);
    assert_eq!((error.handler(), error.file()), (Some(name), Some(file!())), "{error}");
    assert!(error.message().contains(words), "no `{words}` in: {error}");
}

// ---- sub-routers ---------------------------------------------------------------------------------------------------------

static PLAIN: SubRouter = SubRouter::new("/wiring/plain");

#[websocket("/", on = "message", router = PLAIN)]
fn plain() {}

#[test]
fn sub_router_included_twice_is_reported_with_both_places() {
    let app = App::new().include_router(&PLAIN);
    let (first, second) = (line!() - 1, line!() + 1);
    let app = app.include_router(PLAIN.limits(Limits::default()));
    let error = error(app);
    assert_eq!((error.file(), error.line()), (Some(file!()), Some(second)));
    let words = format!(
        "the sub-router `/wiring/plain` is included twice, the first time at {}:{first}",
        file!()
    );
    assert!(error.message().contains(&words), "{error}");
}

#[test]
fn sub_router_included_twice_in_another_is_reported_with_both_places() {
    let outer = OUTER.include_router(&PLAIN);
    let (first, second) = (line!() - 1, line!() + 1);
    let outer = outer.include_router(&PLAIN);
    let error = error(App::new().include_router(outer));
    assert_eq!(error.line(), Some(second), "{error}");
    let words = format!(
        "`/wiring/outer/wiring/plain` is included twice, the first time at {}:{first}",
        file!()
    );
    assert!(error.message().contains(&words), "{error}");
}

#[test]
fn sub_router_included_at_two_paths_is_no_problem() {
    let app = App::new()
        .include_router(&PLAIN)
        .include_router(OUTER.include_router(&PLAIN));
    assert!(app.build().is_ok());
}

static OUTER: SubRouter = SubRouter::new("/wiring/outer");

// ---- values --------------------------------------------------------------------------------------------------------------

struct Justice;

static NEEDY: SubRouter = SubRouter::new("/wiring/needy");

#[websocket("/", on = "close", router = NEEDY)]
async fn takes_scoped(_justice: Scoped<Justice>) {}

#[test]
fn value_in_an_arc_is_another_type_and_the_message_says_so() {
    use std::sync::Arc;

    let name = std::any::type_name::<Justice>();
    let words = format!(
        "takes `Scoped<{name}>`, but an `Arc<{name}>` was injected, which is another type: take `Scoped<Arc<{name}>>`, or inject the `{name}` itself"
    );
    expect_error(
        App::new().include_router(NEEDY.inject(Arc::new(Justice))),
        "takes_scoped",
        &words,
    );

    let in_arc = || ARCS.inject(Arc::new(Justice));
    let words = format!("takes `Global<{name}>`, but an `Arc<{name}>` was injected");
    let app = App::new().inject_global(Arc::new(Justice));
    let found = errors(app.include_router(&ARCS));
    assert!(found.to_string().contains(&words), "{found}");
    assert_eq!(found.len(), 2, "{found}");

    let words = format!(
        "takes `Scoped<alloc::sync::Arc<{name}>>`, but a `{name}` was injected, which handlers share anyway: take `Scoped<{name}>`"
    );
    let app = App::new().inject_global(Justice).include_router(ARCS.inject(Justice));
    expect_error(app, "takes_an_arc", &words);
    assert!(
        App::new()
            .inject_global(Justice)
            .include_router(in_arc())
            .build()
            .is_ok()
    );
}

static ARCS: SubRouter = SubRouter::new("/wiring/arcs");

#[websocket("/global", on = "connect", router = ARCS)]
fn takes_a_global(_justice: Global<Justice>) {}

#[websocket("/scoped", on = "connect", router = ARCS)]
fn takes_an_arc(_justice: Scoped<std::sync::Arc<Justice>>) {}

#[test]
fn value_of_the_app_is_suggested_in_place_of_one_of_the_sub_router_and_the_other_way_round() {
    let app = App::new().inject_global(Justice).include_router(&NEEDY);
    expect_error(app, "takes_scoped", "or take `Global`: the app has one");
    let app = App::new().include_router(ARCS.inject(Justice).inject(std::sync::Arc::new(Justice)));
    expect_error(app, "takes_a_global", "or take `Scoped`: the sub-router has one");
}

// ---- limits --------------------------------------------------------------------------------------------------------------

#[test]
fn limits_are_reported_at_the_call_that_sets_them() {
    let frame = || Limits::default().max_message_size(10).max_frame_size(11);
    let wider = || Limits::default().max_message_size(11);
    let app = App::new();
    let (of_app, of_router, of_included) = (line!() + 1, line!() + 2, line!() + 3);
    let app = app.limits(frame());
    let router = PLAIN.limits(Limits::default().max_read_ahead(0));
    let outer = OUTER.limits(wider()).include_router(router);
    let errors = errors(app.include_router(outer));
    let lines: Vec<_> = errors.iter().map(|error| error.line().expect("a line")).collect();
    assert_eq!(lines, [of_app, of_router, of_included], "{errors}");
}
