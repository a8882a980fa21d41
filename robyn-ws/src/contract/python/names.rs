//! Names that are used once only.

use std::collections::BTreeSet;

use crate::contract::python::text::{BUILT_IN, is_keyword};

/// The names that the fixed text of the module has.
const OF_RUNTIME: [&str; 28] = [
    "annotations",
    "asyncio",
    "inspect",
    "json",
    "logging",
    "deque",
    "Awaitable",
    "Callable",
    "Mapping",
    "Sequence",
    "TracebackType",
    "Any",
    "ClassVar",
    "Final",
    "Generic",
    "Literal",
    "NoReturn",
    "TypeAlias",
    "TypedDict",
    "TypeVar",
    "quote",
    "urlencode",
    "ClientConnection",
    "connect",
    "ConnectionClosed",
    "ConnectionClosedOK",
    "CallError",
    "UnexpectedMessage",
];

/// Built-in names besides types that the fixed text uses.
const OF_PYTHON: [&str; 11] = [
    "BaseException",
    "Exception",
    "RuntimeError",
    "StopAsyncIteration",
    "TimeoutError",
    "ValueError",
    "Ellipsis",
    "NotImplemented",
    "isinstance",
    "len",
    "type",
];

/// The names of one scope.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Returns the names of a module.
    pub(super) fn of_module() -> Self {
        Self::with(&[&OF_RUNTIME[..], &OF_PYTHON, &BUILT_IN].concat())
    }

    /// Returns the names of a scope where these are taken.
    pub(super) fn with(taken: &[&str]) -> Self {
        Self(taken.iter().map(|name| (*name).to_owned()).collect())
    }

    /// Returns `true` if nothing has the name.
    pub(super) fn is_free(&self, name: &str) -> bool {
        !self.0.contains(name) && !is_keyword(name)
    }

    /// Takes a name, with a number behind it if another one has it.
    pub(super) fn take(&mut self, name: &str) -> String {
        let numbered = (2_u64..).map(|number| format!("{name}_{number}"));
        let free = [name.to_owned()]
            .into_iter()
            .chain(numbered)
            .find(|name| self.is_free(name));
        let free = free.unwrap_or_default(); // Numbers do not end.
        self.0.insert(free.clone());
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNTIME: &str = include_str!("runtime.py");

    #[test]
    fn every_public_name_of_the_fixed_text_is_taken() {
        let names = Names::of_module();
        let lines = RUNTIME
            .lines()
            .filter(|line| !line.starts_with([' ', ')', '#', '_']) && !line.is_empty());
        for line in lines {
            let defined = if let Some((_, imported)) = line.split_once("import ") {
                imported.split(", ").collect()
            } else {
                let words: Vec<_> = line.split(|it: char| !it.is_alphanumeric() && it != '_').collect();
                assert!(["class", "def", "async"].contains(&words[0]), "{line}");
                vec![words[if words[0] == "async" { 2 } else { 1 }]]
            };
            for name in defined {
                assert!(name.starts_with('_') || !names.is_free(name), "{name}");
            }
        }
    }

    #[test]
    fn name_that_is_taken_gets_a_number() {
        let mut names = Names::of_module();
        assert_eq!(names.take("Any"), "Any_2");
        assert_eq!(names.take("Say"), "Say");
        assert_eq!(names.take("Say"), "Say_2");
        assert_eq!(names.take("None"), "None_2");
    }
}
