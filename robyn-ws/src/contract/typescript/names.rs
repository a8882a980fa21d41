//! Names of types and classes.

use std::collections::HashSet;

/// Words that cannot be the name of a type or of a class in a module, and types of TypeScript.
const KEYWORDS: &str = "any arguments as asserts async await bigint boolean break case catch class const continue debugger \
    declare default delete do else enum eval export extends false finally for from function get if implements import in infer \
    instanceof interface is keyof let module namespace never new null number object of package private protected public \
    readonly require return set static string super switch symbol this throw true try type typeof undefined unique unknown \
    var void while with yield";

/// Names of JavaScript that the client uses, which a declaration of the same name would hide.
const GLOBALS: &str = "AbortController AbortSignal Array ArrayBuffer AsyncGenerator AsyncIterableIterator Date Error Infinity JSON \
    Map Math NaN Number Object Promise RangeError ReturnType Set String Symbol TextEncoder TypeError URL URLSearchParams \
    Uint8Array WebSocket clearTimeout encodeURIComponent exports globalThis queueMicrotask setTimeout";

/// Names that are taken.
#[derive(Debug)]
pub(super) struct Names {
    /// As they are.
    reserved: HashSet<String>,
    /// In lower case: names that differ in case only are hard to tell apart.
    used: HashSet<String>,
}

impl Names {
    /// Creates the names of a module that begins with these texts.
    pub(super) fn after(texts: &[&str]) -> Self {
        let words = KEYWORDS.split_whitespace().chain(GLOBALS.split_whitespace());
        let declared = texts.iter().flat_map(|text| text.lines()).filter_map(declared);
        Self {
            reserved: words.chain(declared).map(str::to_owned).collect(),
            used: HashSet::new(),
        }
    }

    /// Takes a name, which gets a number if it is taken.
    pub(super) fn take(&mut self, text: &str) -> String {
        self.take_with(text, &[""])
    }

    /// Takes a name so that it is free with each of the suffixes. Returns it without a suffix.
    pub(super) fn take_with(&mut self, text: &str, suffixes: &[&str]) -> String {
        let name = identifier(text);
        let mut numbered = name.clone();
        let mut number = 1;
        while !suffixes
            .iter()
            .all(|suffix| self.is_free(&format!("{numbered}{suffix}")))
        {
            number += 1;
            numbered = format!("{name}{number}");
        }
        let used = suffixes
            .iter()
            .map(|suffix| format!("{numbered}{suffix}").to_lowercase());
        self.used.extend(used);
        numbered
    }

    fn is_free(&self, name: &str) -> bool {
        !self.reserved.contains(name) && !self.used.contains(&name.to_lowercase())
    }
}

/// Returns the name that a line of a module declares.
fn declared(line: &str) -> Option<&str> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let line = line.strip_prefix("abstract ").unwrap_or(line);
    let (kind, rest) = line.split_once(' ')?;
    let is_declaration = ["class", "const", "function", "interface", "type"].contains(&kind);
    let name = rest.split(|character: char| !is_inner(character)).next()?;
    (is_declaration && !name.is_empty()).then_some(name)
}

/// Returns a text as an identifier.
fn identifier(text: &str) -> String {
    let mut name: String = text
        .chars()
        .map(|character| if is_inner(character) { character } else { '_' })
        .collect();
    let is_first = |character: char| {
        let has_case = character.is_lowercase() || character.is_uppercase();
        character == '_'
            || is_inner(character) && (character.is_ascii_alphabetic() || !character.is_ascii() && has_case)
    };
    if !name.starts_with(is_first) {
        name.insert(0, '_');
    }
    name
}

/// Returns `true` if an identifier can have this character after its first one.
fn is_inner(character: char) -> bool {
    // These circled letters are symbols for Unicode's identifiers.
    let is_symbol = ('\u{24b6}'..='\u{24e9}').contains(&character);
    // Tables of other programs may lack new letters, which are not in the basic plane.
    let is_letter = character.is_alphabetic() && character <= '\u{ffff}' && !is_symbol;
    character.is_ascii_alphanumeric() || character == '_' || !character.is_ascii() && is_letter
}

/// Returns the words of a path as one word: `ChatRoom` for `/chat/{room}`.
pub(super) fn word(path: &str) -> String {
    let words = path.split(|character: char| !character.is_alphanumeric());
    let mut name = String::new();
    for word in words {
        let mut characters = word.chars();
        name.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(characters.as_str());
    }
    if name.is_empty() { "Root".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::after(&["export class CallError extends Error {\nconst FINAL: x\nexport abstract class Endpoint<A> {"])
    }

    #[test]
    fn keywords_and_names_of_the_module_get_a_number() {
        let mut names = names();
        for (text, name) in [
            ("class", "class2"),
            ("string", "string2"),
            ("Promise", "Promise2"),
            ("CallError", "CallError2"),
            ("FINAL", "FINAL2"),
            ("Endpoint", "Endpoint2"),
            ("Class", "Class"),
        ] {
            assert_eq!(names.take(text), name);
        }
    }

    #[test]
    fn names_that_differ_in_case_get_a_number() {
        let mut names = names();
        let taken = ["User", "USER", "user", "User2", "ÜBER", "über"].map(|text| names.take(text));
        assert_eq!(taken, ["User", "USER2", "user3", "User22", "ÜBER", "über2"]);
    }

    #[test]
    fn other_characters_are_underscores() {
        for (text, name) in [
            ("2fa", "_2fa"),
            ("", "_"),
            ("a-b c", "a_b_c"),
            ("a*/b</script>`${x}", "a__b__script____x_"),
            ("Größe", "Größe"),
            ("部屋", "_部屋"),
            ("\u{24b6}", "_"),
            ("a\u{301}²", "a__"),
            ("\u{1e900}", "_"),
        ] {
            assert_eq!(names().take(text), name, "{text}");
        }
    }

    #[test]
    fn suffixed_names_are_free_together() {
        let mut names = names();
        names.take("ChatOptions");
        assert_eq!(names.take_with("Chat", &["Client", "Options"]), "Chat2");
        assert_eq!(names.take_with("chat", &["Client", "Options"]), "chat3");
        assert_eq!(names.take_with("Chat", &["Client", "Options"]), "Chat4");
    }

    #[test]
    fn paths_are_words() {
        for (path, name) in [
            ("/", "Root"),
            ("/chat/{room}", "ChatRoom"),
            ("/a-b/{*rest}", "ABRest"),
            ("/2fa", "2fa"),
        ] {
            assert_eq!(word(path), name);
        }
    }
}
