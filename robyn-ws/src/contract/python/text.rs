//! Texts in the source code of Python, which nothing in them can end.

use std::fmt::Write as _;

/// Words that are no names in Python, and names that generated code uses as they are.
const KEYWORDS: [&str; 36] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield", "print",
];

/// Built-in types that generated annotations name.
pub(super) const BUILT_IN: [&str; 8] = ["bool", "bytes", "dict", "float", "int", "list", "str", "super"];

/// Returns `true` for a word that cannot be a name.
pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

/// Returns `true` for a text that is a name as it stands. Python changes other letters than those of ASCII.
pub(super) fn is_name(text: &str) -> bool {
    let begins_well = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    begins_well && text.chars().all(is_of_name) && !is_keyword(text)
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// Returns a string literal.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            _ => push_escaped(&mut out, character),
        }
    }
    out.push('"');
    out
}

/// Returns a type as a string literal: Python looks its names up later.
pub(super) fn quoted_type(text: &str) -> String {
    if text.contains(['\'', '\\']) || !text.contains('"') {
        literal(text)
    } else {
        format!("'{text}'")
    }
}

/// Returns a documentation string with this indentation.
pub(super) fn docstring(docs: &str, indent: &str) -> String {
    let docs = docs.trim();
    let mut out = format!("{indent}\"\"\"");
    let mut quotes = 0;
    for character in docs.chars() {
        quotes = if character == '"' { quotes + 1 } else { 0 };
        match character {
            '"' if quotes == 3 => {
                quotes = 0;
                out.push_str("\\\"");
            }
            '\n' => {
                out.truncate(out.trim_end_matches(' ').len());
                out.push('\n');
                out.push_str(indent);
            }
            _ => push_escaped(&mut out, character),
        }
    }
    if docs.ends_with('"') && !out.ends_with("\\\"") {
        out.pop();
        out.push_str("\\\"");
    }
    let lines: Vec<_> = out.split('\n').map(str::trim_end).collect();
    let mut out = lines.join("\n");
    if docs.contains('\n') {
        out.push('\n');
        out.push_str(indent);
    }
    out.push_str("\"\"\"\n");
    out
}

/// Returns comments, one for each line.
pub(super) fn comment(docs: &str, indent: &str) -> String {
    let mut out = String::new();
    for line in docs.trim().lines() {
        let line: String = line.chars().map(|it| if is_harmless(it) { it } else { ' ' }).collect();
        let line = format!("{indent}# {line}");
        let _ = writeln!(out, "{}", line.trim_end()); // A string takes all.
    }
    out
}

fn push_escaped(out: &mut String, character: char) {
    let _ = match character {
        '\\' => write!(out, "\\\\"),
        _ if is_harmless(character) => write!(out, "{character}"),
        _ if u32::from(character) < 0x100 => write!(out, "\\x{:02x}", u32::from(character)),
        _ if u32::from(character) < 0x1_0000 => write!(out, "\\u{:04x}", u32::from(character)),
        _ => write!(out, "\\U{:08x}", u32::from(character)),
    }; // A string takes all.
}

/// Returns `false` for a character that ends a line, or that changes how an editor shows the text around it.
fn is_harmless(character: char) -> bool {
    let is_of_direction =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let ends_line = matches!(character, '\u{2028}' | '\u{2029}');
    !(character.is_control() || is_of_direction || ends_line || character == '\u{feff}')
}

/// Returns the words of a text, which end where another character than a letter or digit stands. A letter outside of
/// ASCII is a word that names its number.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            if let Some(word) = words.last_mut() {
                word.push(character);
            }
        } else {
            if !character.is_ascii() {
                words.push(format!("u{:x}", u32::from(character)));
            }
            words.push(String::new());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Returns a name for a type: `ItemList`. It has no underscore, unlike the constants of a class.
pub(super) fn type_name(text: &str) -> String {
    let name: String = words(text).iter().map(|word| capitalized(word)).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("T{name}")
    } else {
        name
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Returns a name for a function or an argument: `item_list`. It does not begin with an underscore, which means that it may
/// begin with a digit, or be empty.
pub(super) fn value_name(text: &str) -> String {
    let words = words(text);
    let words: Vec<_> = words.iter().map(|word| snake(word)).collect();
    words.join("_")
}

/// Returns a word with an underscore before each part: `itemList` is `item_list`, and `HTTPCode` is `http_code`.
fn snake(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let mut out = String::new();
    for (place, letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| letters[before]);
        let next_is_small = letters.get(place + 1).is_some_and(char::is_ascii_lowercase);
        let begins =
            letter.is_ascii_uppercase() && before.is_some_and(|before| !before.is_ascii_uppercase() || next_is_small);
        if begins {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_literal() {
        assert_eq!(literal("a\"b\\c\nd\u{202e}\0é"), r#""a\"b\\c\nd\u202e\x00é""#);
        assert_eq!(quoted_type(r#"Literal["a"] | None"#), r#"'Literal["a"] | None'"#);
        assert_eq!(quoted_type(r#"Literal["a'"]"#), r#""Literal[\"a'\"]""#);
    }

    #[test]
    fn no_text_ends_its_docstring_or_comment() {
        assert_eq!(docstring("a \"\"\" b", ""), "\"\"\"a \"\"\\\" b\"\"\"\n");
        assert_eq!(docstring("\"\"\"\"", ""), "\"\"\"\"\"\\\"\\\"\"\"\"\n");
        assert_eq!(docstring("ends with \"", ""), "\"\"\"ends with \\\"\"\"\"\n");
        assert_eq!(docstring("ends with \\", ""), "\"\"\"ends with \\\\\"\"\"\n");
        assert_eq!(docstring("one\n\n two\r", "  "), "  \"\"\"one\n\n   two\n  \"\"\"\n");
        assert_eq!(
            comment("one\r\nimport os\rtwo\u{2028}", " "),
            " # one\n # import os two\n"
        );
    }

    #[test]
    fn names_are_made_of_words() {
        assert_eq!(value_name("chat.sayHello"), "chat_say_hello");
        assert_eq!(value_name("HTTPCode-2x"), "http_code_2x");
        assert_eq!(value_name("说"), "u8bf4");
        assert_eq!(type_name("Page_for_item<1>"), "PageForItem1");
        assert_eq!(type_name("1st"), "T1st");
        assert_eq!(type_name("CLOSE_NORMAL"), "CLOSENORMAL");
    }

    #[test]
    fn only_names_of_ascii_that_are_no_keywords_stand_as_they_are() {
        assert!(is_name("_a1"));
        assert!(!["", "1a", "class", "a-b", "ﬁ", "a b"].into_iter().any(is_name));
    }
}
