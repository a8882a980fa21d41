//! Words of the documentation comments.

use super::{Finding, SOURCES};
use crate::files::TextFile;

/// First words of a documentation comment that have a usual form.
const FIRST_WORDS: &[(&str, &str)] = &[
    ("Gives ", "Returns"),
    ("Makes ", "Creates"),
    ("Tells whether ", "Returns `true` if"),
    ("Says whether ", "Returns `true` if"),
];

/// Rustdoc's readers know the verbs of the standard library.
pub(super) fn docs_begin_with_the_usual_verbs(file: &TextFile, findings: &mut Vec<Finding>) {
    if !file.is_rust_in(SOURCES) {
        return;
    }
    let mut is_inside = false;
    for (number, line) in (1..).zip(file.text.lines()) {
        let text = line.trim_start().strip_prefix("/// ");
        let first = text.filter(|_| !is_inside).unwrap_or_default();
        for (word, usual) in FIRST_WORDS.iter().filter(|(word, _)| first.starts_with(word)) {
            let message = format!(
                "a documentation comment begins with `{usual}`, not with `{}`",
                word.trim_end()
            );
            findings.push(file.finding(number, message));
        }
        is_inside = line.trim_start().starts_with("///");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::tidy::tests::lines;

    #[test]
    fn unusual_first_word_of_a_comment_is_found() {
        let text = "/// Gives it.\nfn a() {}\n/// Returns it.\n/// Gives nothing else.\n    /// Makes it.\n";
        assert_eq!(lines(docs_begin_with_the_usual_verbs, "robyn-ws/src/a.rs", text), [1]);
    }
}
