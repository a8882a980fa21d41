//! Parses the envelope of a received text: who is called, with which parameters, or what is answered.

use std::borrow::Cow;

use crate::{
    json_rpc::{members::Members, scanner::Scanner},
    types::limits::Bounds,
};

/// A received text.
#[derive(Debug)]
pub(crate) enum Received<'a> {
    One(Item<'a>),
    /// Each element of a batch is an [`Item`] of its own.
    Batch(Vec<&'a str>),
    /// It is not JSON.
    Malformed,
    /// It is JSON, and neither an object nor a batch that is taken.
    Invalid(&'static str),
}

/// A call, an answer, or neither.
#[derive(Debug)]
pub(crate) enum Item<'a> {
    Call(Request<'a>),
    Answer(Answer<'a>),
    Invalid {
        /// The id in JSON, if that is valid.
        id: Option<&'a str>,
        why: &'static str,
    },
}

/// A call, or a notification, which has no id.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: Cow<'a, str>,
    /// An array or an object in JSON.
    pub(crate) params: Option<&'a str>,
    /// The id in JSON.
    pub(crate) id: Option<&'a str>,
}

/// The answer to a call of this server. Its values are JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) result: Result<&'a str, &'a str>,
}

/// Parses a text. Nothing of it is copied, and nothing is called before all of it is known to be JSON.
pub(crate) fn parse<'a>(text: &'a str, bounds: &Bounds) -> Received<'a> {
    let mut scanner = Scanner::new(text);
    if scanner.skip(b'[') {
        return batch(scanner, bounds).unwrap_or(Received::Malformed);
    }
    match Members::scan(text) {
        Some(members) => Received::One(members.item(bounds.max_call_id)),
        None => Received::Malformed,
    }
}

/// Parses an element of a batch.
pub(crate) fn parse_element<'a>(element: &'a str, bounds: &Bounds) -> Item<'a> {
    match Members::scan(element) {
        Some(members) => members.item(bounds.max_call_id),
        None => Item::invalid("it is not JSON"), // The batch was scanned before, so it is.
    }
}

/// Scans a batch, of which the first bracket is skipped already. It has no more answers than calls can wait for.
fn batch<'a>(mut scanner: Scanner<'a>, bounds: &Bounds) -> Option<Received<'a>> {
    if scanner.skip(b']') {
        scanner.end()?;
        return Some(Received::Invalid("the batch is empty"));
    }
    let most = bounds.max_batched_calls.saturating_add(bounds.max_unanswered_calls);
    let mut elements = Vec::new();
    loop {
        elements.push(scanner.value()?);
        if elements.len() > most {
            return Some(Received::Invalid(too_many(&elements, bounds)?));
        }
        if !scanner.skip(b',') {
            break;
        }
    }
    scanner.skip(b']').then_some(())?;
    scanner.end()?;
    Some(too_many(&elements, bounds).map_or_else(|| Received::Batch(elements), Received::Invalid))
}

/// Returns what there is too much of in a batch.
fn too_many(elements: &[&str], bounds: &Bounds) -> Option<&'static str> {
    if elements.len() <= bounds.max_batched_calls.min(bounds.max_unanswered_calls) {
        return None;
    }
    let is_answer = |element: &&&str| matches!(parse_element(element, bounds), Item::Answer(_));
    let answers = elements.iter().filter(is_answer).count();
    if elements.len() - answers > bounds.max_batched_calls {
        return Some("the batch has more calls than `Limits::max_batched_calls`");
    }
    (answers > bounds.max_unanswered_calls).then_some("the batch has more answers than `Limits::max_unanswered_calls`")
}

impl<'a> Members<'a> {
    fn item(self, longest_id: usize) -> Item<'a> {
        if !self.is_object {
            return Item::invalid("a call is an object");
        }
        if self.method.is_none()
            && let Some(result) = self.answered()
        {
            return Item::Answer(Answer { id: self.id, result });
        }
        if self.id.is_some_and(|id| !is_id(id)) {
            return Item::invalid("an `id` is a string, a number or null");
        }
        if self.id.is_some_and(|id| id.len() > longest_id) {
            return Item::invalid("the `id` is longer than `Limits::max_call_id`");
        }
        match self.request() {
            Ok(request) => Item::Call(request),
            Err(why) => Item::Invalid { id: self.id, why },
        }
    }

    fn request(&self) -> Result<Request<'a>, &'static str> {
        if self.has_duplicates {
            return Err("a member appears more than once");
        }
        let is_version_2 = |version| version == r#""2.0""# || string(version).is_some_and(|version| version == "2.0");
        if !self.version.is_some_and(is_version_2) {
            return Err("`jsonrpc` is \"2.0\"");
        }
        let method = self.method.ok_or("the `method` is missing")?;
        let method = string(method).ok_or("the `method` is a string")?;
        let params = self.params.filter(|params| *params != "null");
        if params.is_some_and(|params| !params.starts_with(['[', '{'])) {
            return Err("`params` is an array or an object");
        }
        Ok(Request {
            method,
            params,
            id: self.id,
        })
    }

    /// Returns the outcome in an answer. Some peers write both members, one of them as null.
    fn answered(&self) -> Option<Result<&'a str, &'a str>> {
        match (self.result, self.error) {
            (_, Some(error)) if error != "null" => Some(Err(error)),
            (Some(result), _) => Some(Ok(result)),
            (None, error) => error.map(Err),
        }
    }
}

impl Item<'_> {
    fn invalid(why: &'static str) -> Self {
        Self::Invalid { id: None, why }
    }
}

fn is_id(json: &str) -> bool {
    json == "null" || json.starts_with(|first: char| first == '"' || first == '-' || first.is_ascii_digit())
}

/// Returns the string that `json` is, borrowed unless it has escapes.
pub(crate) fn string(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str(json).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str) -> Item<'_> {
        match parse(text, &Bounds::default()) {
            Received::One(item) => item,
            other => panic!("one item was expected: {other:?}"),
        }
    }

    fn call(text: &str) -> Request<'_> {
        match item(text) {
            Item::Call(request) => request,
            other => panic!("a call was expected: {other:?}"),
        }
    }

    #[test]
    fn parts_of_a_call_are_borrowed_as_they_are_written() {
        let text = r#" { "id" : "a\u0041" , "params":[ 1,  {"a":[]} ],"method":"say", "jsonrpc":"2.0", "more":[{}] } "#;
        let Request { method, params, id } = call(text);
        assert!(matches!(method, Cow::Borrowed("say")));
        assert_eq!(params, Some(r#"[ 1,  {"a":[]} ]"#));
        assert_eq!(id, Some(r#""a\u0041""#));
    }

    #[test]
    fn escapes_in_names_and_methods_are_understood() {
        let Request { method, params, id } = call(r#"{"jsonrpc":"2\u002e0","m\u0065thod":"s\u0061y","params":null}"#);
        assert_eq!((&*method, params, id), ("say", None, None));
    }

    #[test]
    fn ids_of_every_kind_are_kept_byte_for_byte() {
        for id in [
            "1",
            "-0",
            "1.50",
            "1e2",
            "18446744073709551616",
            "null",
            r#""""#,
            r#""\ud83d\ude00""#,
        ] {
            let text = format!(r#"{{"jsonrpc":"2.0","method":"m","id":{id}}}"#);
            assert_eq!(call(&text).id, Some(id));
        }
    }

    #[test]
    fn what_is_no_call_is_invalid_with_its_id_if_that_is_known() {
        for (text, id) in [
            ("1", None),
            ("null", None),
            (r#""text""#, None),
            ("{}", None),
            (r#"{"jsonrpc":"2.0","method":"m","id":true}"#, None),
            (r#"{"jsonrpc":"2.0","method":"m","id":[1]}"#, None),
            (r#"{"jsonrpc":"2.0","method":1,"id":1}"#, Some("1")),
            (r#"{"jsonrpc":"2.0","method":"m","params":"bar","id":1}"#, Some("1")),
            (r#"{"jsonrpc":"2.0","method":"m","params":1,"id":1}"#, Some("1")),
            (r#"{"jsonrpc":"1.0","method":"m","id":1}"#, Some("1")),
            (r#"{"jsonrpc":2.0,"method":"m","id":1}"#, Some("1")),
            (r#"{"method":"m","id":1}"#, Some("1")),
            (r#"{"jsonrpc":"2.0","id":1}"#, Some("1")),
            (r#"{"jsonrpc":"2.0","method":"m","method":"n","id":1}"#, Some("1")),
        ] {
            match item(text) {
                Item::Invalid { id: seen, .. } => assert_eq!(seen, id, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for text in [
            "",
            " ",
            "{",
            "[",
            "[1,",
            "{} {}",
            "[] []",
            r#"{"a":1,}"#,
            "tru",
            r#"{"jsonrpc":"2.0","params":[01]}"#,
        ] {
            assert!(matches!(parse(text, &Bounds::default()), Received::Malformed), "{text}");
        }
    }

    #[test]
    fn nesting_has_no_bound_in_what_is_not_read() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let text = format!(r#"{{"jsonrpc":"2.0","method":"m","params":{deep},"other":{deep}}}"#);
        assert_eq!(call(&text).params, Some(&*deep));
        assert!(matches!(parse(&deep, &Bounds::default()), Received::Batch(elements) if elements.len() == 1));
    }

    #[test]
    fn batch_keeps_its_elements_and_is_bounded() {
        let bounds = Bounds {
            max_batched_calls: 3,
            ..Bounds::default()
        };
        let Received::Batch(elements) = parse(" [ 1 , {} , [2,3] ] ", &bounds) else {
            panic!("a batch was expected")
        };
        assert_eq!(elements, ["1", "{}", "[2,3]"]);
        assert!(matches!(parse("[1,2,3,4]", &bounds), Received::Invalid(_)));
        assert!(matches!(parse("[]", &bounds), Received::Invalid(_)));
    }

    #[test]
    fn answers_are_told_from_calls() {
        for (text, expected) in [
            (r#"{"jsonrpc":"2.0","result":[1],"id":1}"#, Ok("[1]")),
            (r#"{"jsonrpc":"2.0","result":null,"id":1}"#, Ok("null")),
            (r#"{"jsonrpc":"2.0","error":{"code":1},"id":1}"#, Err(r#"{"code":1}"#)),
            (r#"{"result":1,"error":null,"id":1}"#, Ok("1")),
            (r#"{"result":null,"error":{},"id":1}"#, Err("{}")),
        ] {
            match item(text) {
                Item::Answer(Answer { id: Some("1"), result }) => assert_eq!(result, expected),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
