//! Mistakes in prefixes and in paths beside each other, which only `build()` sees: all of them in one list.

use robyn_ws::prelude::*;

/// Returns the texts of all problems, each with its handler.
fn problems(router: &'static SubRouter) -> Vec<(Option<String>, String)> {
    let built = App::new().include_router(router).build();
    let problems = built.err().into_iter().flatten();
    let texts = problems.map(|problem| {
        assert_eq!(problem.file(), Some(file!()), "{problem}");
        assert!(problem.line().is_some(), "{problem}");
        (problem.handler().map(str::to_owned), problem.message().to_owned())
    });
    texts.collect()
}

static CROWD: SubRouter = SubRouter::new("/mistakes/crowd");

#[websocket("/{x}", on = "message", router = CROWD)]
fn by_x() {}

#[websocket("/{y}", on = "message", router = CROWD)]
fn by_y() {}

#[websocket("/{*z}", on = "message", router = CROWD)]
fn by_z() {}

#[websocket("/user_{a}/a", on = "message", router = CROWD)]
fn by_a() {}

#[websocket("/user_{b}/a", on = "message", router = CROWD)]
fn by_b() {}

#[test]
fn every_pair_of_overlapping_paths_is_reported() {
    let problems = problems(&CROWD);
    for (one, other) in [("x", "z"), ("y", "z"), ("x", "y"), ("a", "b")] {
        let is_pair = |(handler, text): &(Option<String>, String)| {
            let handler = handler.as_deref().unwrap_or_default();
            let names = [format!("by_{one}"), format!("by_{other}")];
            names.iter().any(|name| name == handler)
                && names
                    .iter()
                    .any(|name| name != handler && text.contains(&format!("of `{name}` at")))
        };
        assert!(problems.iter().any(is_pair), "{one} and {other}: {problems:?}");
    }
    assert_eq!(problems.len(), 4, "{problems:?}");
    let pairs = problems
        .iter()
        .filter(|(_, text)| text.contains("they differ only in the names of parameters"));
    assert_eq!(pairs.count(), 2, "{problems:?}");
}

static SPACES: SubRouter = SubRouter::new("/s p/:x/{y");

#[websocket("/", on = "message", router = SPACES)]
fn behind_a_wrong_prefix() {}

#[test]
fn all_mistakes_of_a_prefix_are_reported_and_a_fix_has_none_of_them() {
    let problems: Vec<_> = problems(&SPACES).into_iter().map(|(_, text)| text).collect();
    for words in [
        "`:x` is not how axum writes a parameter: write `{x}`",
        "the path `/s p/{x}/{y` has ' ' in it, which clients encode: write `/s%20p/{x}/{y`",
        "`{y` has unbalanced braces: close each `{`, and write `%7B` and `%7D` for braces that are meant as themselves",
    ] {
        assert!(
            problems.iter().any(|problem| problem == words),
            "no `{words}` in {problems:?}"
        );
    }
    assert_eq!(problems.len(), 3, "{problems:?}");
}

static REST: SubRouter = SubRouter::new("/mistakes/{*rest}");

#[websocket("/a", on = "message", router = REST)]
fn behind_a_wildcard() {}

#[websocket("/b", on = "message", router = REST)]
fn behind_a_wildcard_too() {}

static ONLY_REST: SubRouter = SubRouter::new("/mistakes/all/{*rest}");

#[websocket("/", on = "message", router = ONLY_REST)]
fn at_a_wildcard(_rest: Path<String>) {}

#[test]
fn prefix_that_takes_all_is_one_problem_unless_nothing_follows_it() {
    let words = "the prefix `/mistakes/{*rest}` ends with `{*rest}`, which takes all that follows, so no path can follow it: write `{rest}`";
    assert_eq!(problems(&REST), [(None, words.to_owned())]);
    assert_eq!(problems(&ONLY_REST), []);
}
