//! Did-you-mean.

/// Texts that are less alike than this are not taken for a misspelling of each other.
const CLOSE: f64 = 0.6;

/// Returns how alike two texts are, up to 1.
pub(crate) fn likeness(one: &str, other: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(&one.to_lowercase(), &other.to_lowercase())
}

/// Returns `true` if one text is likely a misspelling of the other.
pub(crate) fn is_close(likeness: f64) -> bool {
    likeness >= CLOSE
}

/// Returns the candidate that `word` was most likely meant to be.
pub(crate) fn closest<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
    // `room_id` and `roomId` are one name in two spellings.
    let bare = |name: &str| name.replace(['_', '-'], "");
    let alike = candidates
        .iter()
        .map(|candidate| (likeness(&bare(word), &bare(candidate)), *candidate));
    let (likeness, candidate) = alike.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    is_close(likeness).then_some(candidate)
}
