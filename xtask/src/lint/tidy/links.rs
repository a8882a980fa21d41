//! The rule that relative links in Markdown lead to files.

use std::path::Path;

use pulldown_cmark::{Event, Parser, Tag};

use super::Finding;
use crate::files::TextFile;

pub(super) fn links_lead_to_files(file: &TextFile, findings: &mut Vec<Finding>) {
    if !file.is("md") {
        return;
    }
    let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    for (line, target) in relative_links(&file.text) {
        if !folder.join(&target).exists() {
            findings.push(file.finding(line, format!("the link `{target}` leads nowhere")));
        }
    }
}

/// The paths that the text links to, each with its line, without fragments.
fn relative_links(text: &str) -> Vec<(usize, String)> {
    let parser = Parser::new(text).into_offset_iter();
    let targets = parser.filter_map(|(event, place)| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some((dest_url, place.start)),
        _ => None,
    });
    let line = |start: usize| text[..start].matches('\n').count() + 1;
    targets
        .filter_map(|(target, start)| Some((line(start), path_of(&target)?.to_owned())))
        .collect()
}

/// The path in a link's target, if it is one and not an address, a place on the same page, or the
/// name of an item that rustdoc resolves.
fn path_of(target: &str) -> Option<&str> {
    let path = target.split('#').next()?;
    let elsewhere = path.contains(':');
    let looks_like_a_path = path.contains(['.', '/']);
    (looks_like_a_path && !elsewhere).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        relative_links(text).into_iter().map(|(_, path)| path).collect()
    }

    #[test]
    fn all_forms_of_links_are_seen() {
        assert_eq!(paths("see [a](A.md) and [b](b/B.md \"a title\")"), ["A.md", "b/B.md"]);
        assert_eq!(paths("[a]\n\n[a]: A.md"), ["A.md"]);
        assert_eq!(paths("[`code`](A.md#part)"), ["A.md"]);
        assert_eq!(relative_links("one\n[two](A.md)"), [(2, "A.md".to_owned())]);
    }

    #[test]
    fn addresses_items_and_places_on_the_page_are_not_paths() {
        assert!(paths("[a](https://example.org/a.html) [b](mailto:a@example.org)").is_empty());
        assert!(paths("[a](#part) [`Hub`](crate::Hub) [c](Hub)").is_empty());
    }

    #[test]
    fn code_holds_no_links() {
        assert!(paths("```\n[a](A.md)\n```").is_empty());
        assert!(paths("`[a](A.md)`").is_empty());
    }

    #[test]
    fn a_link_to_nothing_is_found_from_the_folder_of_its_page() {
        let text = "[here](lint/tidy/links.rs)\n[gone](links.rs)\n".to_owned();
        let page = TextFile {
            path: "src/page.md".to_owned(),
            text,
        };
        let mut findings = Vec::new();
        links_lead_to_files(&page, &mut findings);
        assert_eq!(findings, [page.finding(2, "the link `links.rs` leads nowhere")]);
    }
}
