//! Texts of an app in the client, which cannot end the comment or the string that they stand in.

use std::fmt::Write as _;

use serde_json::Value;

/// Returns a string or another value as an expression.
pub(super) fn literal(value: &Value) -> String {
    let mut text = String::new();
    for character in value.to_string().chars() {
        // Only strings have such characters.
        if character == '<' || is_hidden(character) {
            let _ = write!(text, "\\u{:04x}", u32::from(character)); // A string takes all.
        } else {
            text.push(character);
        }
    }
    text
}

/// Returns a string as an expression.
pub(super) fn string(text: &str) -> String {
    literal(&Value::from(text))
}

/// Returns the name of a property.
pub(super) fn property(name: &str) -> String {
    let is_inner = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let is_name = name.chars().all(is_inner) && !name.starts_with(|first: char| first.is_ascii_digit());
    if is_name && !name.is_empty() {
        name.to_owned()
    } else {
        string(name)
    }
}

/// Returns the name of a property of an object that is not a type. `__proto__` would set its prototype.
pub(super) fn own_property(name: &str) -> String {
    if name == "__proto__" {
        format!("[{}]", string(name))
    } else {
        property(name)
    }
}

/// Returns documentation as a comment with its line break, or nothing if there is none.
pub(super) fn comment<'a>(paragraphs: impl IntoIterator<Item = &'a str>, indent: usize) -> String {
    let paragraphs: Vec<_> = paragraphs
        .into_iter()
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .collect();
    let text = inert(&paragraphs.join("\n\n"));
    let space = " ".repeat(indent);
    if text.is_empty() {
        String::new()
    } else if text.contains('\n') {
        let lines = text
            .lines()
            .map(|line| format!("{space} * {line}").trim_end().to_owned());
        format!("{space}/**\n{}\n{space} */\n", lines.collect::<Vec<_>>().join("\n"))
    } else {
        format!("{space}/** {text} */\n")
    }
}

/// Returns a text that is nothing but text in a comment, in a page, and in a template of JavaScript.
fn inert(text: &str) -> String {
    let mut inert = String::with_capacity(text.len());
    let mut last = ' ';
    for character in text.replace("\r\n", "\n").chars() {
        let is_end = match character {
            '/' => matches!(last, '*' | '<'),
            '!' => last == '<',
            '{' => last == '$',
            // Tags of documentation can change what a compiler does.
            '@' => !last.is_alphanumeric(),
            _ => false,
        };
        if is_end {
            inert.push('\\');
        }
        inert.push(if is_hidden(character) && character != '\n' {
            ' '
        } else {
            character
        });
        last = character;
    }
    inert
}

/// Returns `true` for controls, and for characters that end lines or turn the direction of what is read.
fn is_hidden(character: char) -> bool {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || turns || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strings_do_not_end_a_script() {
        assert_eq!(
            string("</script>\u{2028}\"\u{202e}"),
            r#""\u003c/script>\u2028\"\u202e""#
        );
        assert_eq!(string("`${x}`\n"), r#""`${x}`\n""#);
        assert_eq!(literal(&json!({ "<": [1, null] })), r#"{"\u003c":[1,null]}"#);
    }

    #[test]
    fn properties_are_quoted_if_need_be() {
        for (name, expected) in [
            ("a_1", "a_1"),
            ("class", "class"),
            ("1a", "\"1a\""),
            ("", "\"\""),
            ("a-b", "\"a-b\""),
            ("ü", "\"ü\""),
            ("__proto__", "__proto__"),
        ] {
            assert_eq!(property(name), expected);
        }
        assert_eq!(own_property("__proto__"), "[\"__proto__\"]");
    }

    #[test]
    fn docs_do_not_end_their_comment() {
        for (docs, expected) in [
            ("", ""),
            (" \n ", ""),
            ("One.", "  /** One. */\n"),
            ("a */ b", "  /** a *\\/ b */\n"),
            ("*", "  /** * */\n"),
            ("</script> <!-- ${x} `y`", "  /** <\\/script> <\\!-- $\\{x} `y` */\n"),
            ("@ts-expect-error", "  /** \\@ts-expect-error */\n"),
            ("me@host {@link x}", "  /** me@host {\\@link x} */\n"),
            ("a\r\nb\u{202e}\u{0}c\u{2028}d", "  /**\n   * a\n   * b  c d\n   */\n"),
            ("a\n\n*/", "  /**\n   * a\n   *\n   * *\\/\n   */\n"),
        ] {
            assert_eq!(comment([docs], 2), expected, "{docs:?}");
        }
        assert_eq!(comment(["a", "", "/b"], 0), "/**\n * a\n *\n * /b\n */\n");
    }
}
