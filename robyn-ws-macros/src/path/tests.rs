//! Paths: axum accepts the same ones, and each refused path names its fix.

use std::{fs, panic::catch_unwind, path::Path};

use super::rules::mistakes;

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
        // Clients encode braces.
        is_twice || path.contains("{{") || path.contains("}}")
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
        ("/files/**", "/files/{*rest}"),
        ("/chat/{room:u32}", "/chat/{room}"),
        ("/chat/{room:[0-9]{4}}", "/chat/{room}"),
        ("/chat/{room:[^/?#]+}/x", "/chat/{room}/x"),
        ("/files/{rest:path}", "/files/{*rest}"),
        ("/files/{tail:.*}", "/files/{*tail}"),
        ("/files/{rest:path}/edit", "/files/{rest}/edit"),
        ("/files/{**rest}", "/files/{*rest}"),
        ("/files/{rest...}", "/files/{*rest}"),
        ("/files/<path:rest>", "/files/{*rest}"),
        ("/files/<rest:path>", "/files/{*rest}"),
        ("/files/<path:path>", "/files/{*path}"),
        ("/files/<rest..>", "/files/{*rest}"),
        ("/files/<name:re:[a-z]+>", "/files/{name}"),
        ("/users/<id:int>", "/users/{id}"),
        ("/users/:id(\\d+)", "/users/{id}"),
        ("/files/:rest*", "/files/{*rest}"),
        ("/chat/:room/<int:user>", "/chat/{room}/{user}"),
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
        ("/a b", "the path `/a b` has ' ' in it"),
        ("/x/{room", "`{room` has unbalanced braces"),
        ("/x/room}", "`room}` has unbalanced braces"),
        ("/x/{ room }", "` room ` cannot be the name of a parameter"),
        ("/x/{}", "the parameter in `{}` has no name"),
        ("/x/{*}", "the parameter in `{*}` has no name"),
        ("/x/{a}.json", "`{a}.json` goes on after its parameter"),
        ("/x/{a}{b}", "`{a}{b}` goes on after its parameter"),
        ("/{a}/{*a}", "two parameters have the name `a`"),
        ("/{*a}/b", "`{*a}` takes all that follows"),
        ("/chat?room=1", "`?room=1` is a query"),
        ("/chat#top", "`#top` is a fragment"),
        ("/chat/{room?}", "`{room?}` is an optional parameter"),
        ("/chat/:room?", "`:room?` is an optional parameter"),
    ] {
        assert!(mistake(path).starts_with(problem), "{path}: {}", mistake(path));
    }
}

#[test]
fn all_mistakes_of_a_path_are_found() {
    assert_eq!(mistakes("/:a/{}/{b/*c/d?e").len(), 4);
}

#[test]
fn a_path_that_no_client_sends_is_written_as_clients_send_it() {
    for (path, sent) in [
        ("/über", "/%C3%BCber"),
        ("/a b", "/a%20b"),
        ("/chat\n", "/chat"),
        (" /chat", "/chat"),
        ("/a\tb\u{7}", "/a%09b%07"),
        ("/say/\"hi\"", "/say/%22hi%22"),
        ("/a<b", "/a%3Cb"),
        ("/`a`", "/%60a%60"),
        ("/p^q", "/p%5Eq"),
        ("/%c3%bcber", "/%C3%BCber"),
        ("/%5Eü%5e", "/%5E%C3%BC%5E"),
        ("\\a\\b", "/a/b"),
        ("/größe/{größe}/über", "/gr%C3%B6%C3%9Fe/{größe}/%C3%BCber"),
        ("/a/../b", "/b"),
        ("/a/./b", "/a/b"),
        ("/./a", "/a"),
        ("./a", "/a"),
        ("/a/{b}/../c", "/a/c"),
        ("/a/%2E%2e/b", "/b"),
        ("/a/b/..", "/a/"),
        ("/..", "/"),
        ("ws://localhost:8080/chat", "/chat"),
        ("https://localhost", "/"),
    ] {
        assert!(
            mistake(path).ends_with(&format!("help: write `{sent}`")),
            "{}",
            mistake(path)
        );
        assert!(mistakes(sent).is_empty(), "{sent}");
    }
}

#[test]
fn a_brace_that_is_no_parameter_is_encoded() {
    let expected = "the path `/{{x}}` has '{', '}' in it, which clients encode\nhelp: write `/%7Bx%7D`, or single braces for a parameter";
    assert_eq!(mistake("/{{x}}"), expected);
    assert!(mistakes("/%7Bx%7D").is_empty());
}

#[test]
fn a_corrected_path_is_shown_only_where_it_is_right() {
    let mistakes = mistakes("/s p/:x/{y");
    let helps: Vec<_> = mistakes.iter().map(|mistake| &*mistake.help).collect();
    assert_eq!(helps.len(), 3);
    assert_eq!(helps[0], "write `{x}`");
}

#[test]
fn characters_that_clients_send_are_accepted() {
    for path in [
        "/it's",
        "/a+b",
        "/~me",
        "/a,b;c=d",
        "/(a)",
        "/a:b",
        "/a@b!",
        "/%C3%BC",
        "/.well-known",
        "/a...b",
        "/...",
    ] {
        assert!(mistakes(path).is_empty(), "{path}");
    }
}

#[test]
fn apps_check_paths_by_the_same_rules() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["foreign.rs", "rules.rs"] {
        let read = |folder| fs::read_to_string(here.join(folder).join(file)).expect("both copies can be read");
        assert_eq!(read("src/path"), read("../robyn-ws/src/endpoint/path"), "{file}");
    }
}
