//! Paths: axum accepts the same ones, and each refused path names its fix.

use std::panic::catch_unwind;

use super::mistakes;

/// Returns the only mistake of `path`, as the user reads it.
fn mistake(path: &str) -> String {
    let mistakes = mistakes(path);
    assert_eq!(mistakes.len(), 1, "{path}");
    format!("{}\nhelp: {}", mistakes[0].problem, mistakes[0].help)
}

#[test]
fn axums_own_syntax_is_accepted() {
    for path in [
        "/",
        "/chat",
        "/chat/",
        "/chat/{room}",
        "/{room}/{user}/x",
        "/files/{*rest}",
        "/@{user}",
        "/{{literal}}",
        "/a//b",
    ] {
        assert!(mistakes(path).is_empty(), "{path}");
    }
}

#[test]
fn accepted_paths_do_not_make_axum_panic() {
    for path in paths_of(&["/", "a", "{", "}", "*", ":"], 6) {
        if mistakes(&path).is_empty() {
            assert!(axum_accepts(&path), "{path}");
        }
    }
}

#[test]
fn paths_of_axum_are_accepted_unless_a_parameters_name_is_odd() {
    let is_odd = |path: &str| {
        let is_twice = ["{a}", "{b}"]
            .iter()
            .any(|parameter| path.matches(parameter).count() > 1);
        // axum reads a parameter whose name ends with a brace.
        is_twice || path.contains("}}}")
    };
    for path in paths_of(&["/", "a", "{a}", "{b}", "{*c}", "{{", "}}", "*", ":"], 5) {
        if axum_accepts(&path) && !is_odd(&path) {
            assert!(mistakes(&path).is_empty(), "{path}");
        }
    }
}

/// Returns all paths of at most `longest` pieces behind their first slash.
fn paths_of(pieces: &'static [&str], longest: u32) -> impl Iterator<Item = String> {
    let words = (0..=longest).flat_map(|length| (0..pieces.len().pow(length)).map(move |number| (length, number)));
    words.map(|(length, number)| {
        let digits = (0..length).map(|digit| pieces[number / pieces.len().pow(digit) % pieces.len()]);
        digits.fold("/".to_owned(), |path, piece| path + piece)
    })
}

fn axum_accepts(path: &str) -> bool {
    let is_old_syntax = path.split('/').any(|segment| segment.starts_with([':', '*']));
    !is_old_syntax && matchit::Router::new().insert(path, ()).is_ok()
}

#[test]
fn more_parameters_than_axum_has_letters_are_refused() {
    let path = |count| (0..count).fold(String::new(), |path, number| path + &format!("/{{p{number}}}"));
    assert!(mistakes(&path(25)).is_empty());
    assert!(mistake(&path(26)).starts_with("the path has 26 parameters, axum takes 25"));
    assert!(catch_unwind(|| axum_accepts(&path(25))).is_ok());
    assert!(catch_unwind(|| axum_accepts(&path(26))).is_err());
}

#[test]
fn a_parameter_in_another_syntax_is_written_out() {
    for (path, fixed) in [
        ("/chat/:room", "/chat/{room}"),
        ("/chat/<room>/x", "/chat/{room}/x"),
        ("/users/<int:id>", "/users/{id}"),
        ("/files/*rest", "/files/{*rest}"),
        ("/files/*", "/files/{*rest}"),
    ] {
        assert!(
            mistake(path).ends_with(&format!("so that the path is `{fixed}`")),
            "{path}"
        );
    }
}

#[test]
fn a_mistake_quotes_its_segment() {
    for (path, problem) in [
        ("", "the path is empty"),
        ("chat", "the path `chat` does not start with `/`"),
        ("/a b", "the path `/a b` contains whitespace"),
        ("/x/{room", "`{room` has unbalanced braces"),
        ("/x/room}", "`room}` has unbalanced braces"),
        ("/x/{}", "the parameter in `{}` has no name"),
        ("/x/{*}", "the parameter in `{*}` has no name"),
        ("/x/{a}.json", "`{a}.json` goes on after its parameter"),
        ("/x/{a}{b}", "`{a}{b}` goes on after its parameter"),
        ("/{a}/{*a}", "two parameters have the name `a`"),
        ("/{*a}/b", "`{*a}` takes all that follows"),
        ("/chat?room=1", "`?room=1` is a query"),
        ("/chat#top", "`#top` is a fragment"),
        ("/chat/{room?}", "`{room?}` is an optional parameter"),
    ] {
        assert!(mistake(path).starts_with(problem), "{path}: {}", mistake(path));
    }
}

#[test]
fn all_mistakes_of_a_path_are_found() {
    assert_eq!(mistakes("/:a/{}/{b/*c/d").len(), 5);
}
