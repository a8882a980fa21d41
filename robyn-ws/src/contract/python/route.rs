//! The parts of a path.

/// A part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    /// The name of a parameter, which is one segment, or all that remain.
    Parameter {
        name: String,
        is_rest: bool,
    },
}

/// Returns the parts of a valid path.
pub(super) fn parts(path: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        // A brace that is doubled stands for itself.
        if matches!(character, '{' | '}') && characters.next_if_eq(&character).is_some() {
            text.push(character);
        } else if character == '{' {
            let name: String = characters.by_ref().take_while(|it| *it != '}').collect();
            parts.push(Part::Text(std::mem::take(&mut text)));
            let (name, is_rest) = match name.strip_prefix('*') {
                Some(rest) => (rest.to_owned(), true),
                None => (name, false),
            };
            parts.push(Part::Parameter { name, is_rest });
        } else {
            text.push(character);
        }
    }
    parts.push(Part::Text(text));
    parts.retain(|part| *part != Part::Text(String::new()));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_is_split_at_its_parameters() {
        let text = |text: &str| Part::Text(text.to_owned());
        let parameter = |name: &str, is_rest| Part::Parameter {
            name: name.to_owned(),
            is_rest,
        };
        assert_eq!(
            parts("/a{{b}}/{room}/{*rest}"),
            [
                text("/a{b}/"),
                parameter("room", false),
                text("/"),
                parameter("rest", true)
            ]
        );
        assert_eq!(parts("/"), [text("/")]);
    }
}
