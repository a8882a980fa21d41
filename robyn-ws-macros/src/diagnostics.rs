//! The mistakes of one run: how they are collected and worded, and did-you-mean.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// All mistakes found so far.
///
/// A check that finds one reports it and goes on, so that the user sees all of them at once.
#[derive(Default)]
pub(crate) struct Diagnostics {
    errors: Vec<syn::Error>,
    /// The compiler reports others.
    pub(crate) has_others: bool,
}

impl Diagnostics {
    /// Reports `problem` and underlines all of `place`, or the whole attribute if that has no token. `help` is the fix.
    pub(crate) fn report(&mut self, place: &impl ToTokens, problem: impl Display, help: impl Display) {
        self.errors
            .push(syn::Error::new_spanned(place, format_args!("{problem}\nhelp: {help}")));
    }

    /// Reports tokens that syn could not parse.
    pub(crate) fn syntax(&mut self, error: syn::Error) {
        self.errors.push(error);
    }

    /// Notes a mistake that the compiler reports for every function, so that nothing is reported on top of it.
    pub(crate) fn leave_to_compiler(&mut self) {
        self.has_others = true;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty() && !self.has_others
    }

    /// Returns the errors in the order of the source.
    pub(crate) fn into_compile_errors(mut self) -> TokenStream {
        // Unit tests run outside of the compiler, where no token has a place.
        if proc_macro::is_available() {
            self.errors.sort_by_key(|error| {
                let place = error.span().unwrap();
                (place.line(), place.column())
            });
        }
        self.errors.iter().map(syn::Error::to_compile_error).collect()
    }
}

/// Returns the candidate that `word` was most likely meant to be.
pub(crate) fn closest(word: &str, candidates: &[&'static str]) -> Option<&'static str> {
    let word = word.to_lowercase();
    // A word that is being written.
    if let Some(candidate) = candidates
        .iter()
        .find(|candidate| word.len() > 1 && candidate.starts_with(&word))
    {
        return Some(candidate);
    }
    // A third of the word may be wrong, as in rustc's own suggestions.
    let tolerated = word.chars().count().max(3) / 3;
    candidates
        .iter()
        .map(|&candidate| (strsim::damerau_levenshtein(&word, candidate), candidate))
        .filter(|&(distance, _)| distance <= tolerated)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Writes a list of code words for a message.
pub(crate) fn code_list<T: Display>(words: impl IntoIterator<Item = T>) -> String {
    let words: Vec<_> = words.into_iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::closest;

    const EVENTS: &[&str] = &["upgrade", "connect", "message", "close"];

    #[test]
    fn a_misspelling_finds_its_word() {
        for (word, meant) in [
            ("mesage", "message"),
            ("messages", "message"),
            ("Message", "message"),
            ("conect", "connect"),
            ("clsoe", "close"),
            ("upgarde", "upgrade"),
            ("mess", "message"),
        ] {
            assert_eq!(closest(word, EVENTS), Some(meant), "{word}");
        }
    }

    #[test]
    fn another_word_finds_none() {
        for word in ["", "tick", "ping", "subscribe"] {
            assert_eq!(closest(word, EVENTS), None, "{word}");
        }
    }

    #[test]
    fn a_short_word_tolerates_one_slip() {
        assert_eq!(closest("no", &["on"]), Some("on"));
        assert_eq!(closest("at", &["on"]), None);
    }
}
