//! Names of types for messages.

/// Returns the name of a type without the paths in it: `Option<String>`.
pub(crate) fn short(name: &str) -> String {
    let mut short = String::new();
    let mut word_start = 0;
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == ':' && letters.next_if_eq(&':').is_some() {
            short.truncate(word_start);
            continue;
        }
        short.push(letter);
        if !(letter.is_alphanumeric() || letter == '_') {
            word_start = short.len();
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn paths_are_left_out() {
        for (name, expected) in [
            ("u8", "u8"),
            ("alloc::string::String", "String"),
            (
                "(alloc::string::String, core::option::Option<a_1::b::C>)",
                "(String, Option<C>)",
            ),
            ("&[my::Type<'_>; 3]", "&[Type<'_>; 3]"),
            ("dyn a::B + core::marker::Send", "dyn B + Send"),
        ] {
            assert_eq!(short(name), expected);
        }
    }
}
