//! A trial of a `Query<T>`: axum reads a query into a `T`. It begins without a value, and has more and more of the fields that
//! the `T` wants.

use axum::http::Uri;

use crate::{
    handler::{
        extract::parameters::{
            path::{flattened, missing_field},
            samples::{ROUNDS, sample},
        },
        needs::QueryRead,
    },
    util::isolate,
};

/// The number of queries that are tried for one argument.
const TRIALS: usize = 200;

/// Why no query can be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum QueryMismatch {
    /// The type is not made of names and values.
    NotNamed { expected: String },
    /// A field that every query has to have, but cannot have.
    Field { name: String, expected: String },
    /// A value of a flattened struct that is not a string: serde reads all of them as strings.
    Flattened(String),
}

struct Field {
    name: String,
    round: usize,
}

/// Returns why `read` fails for every request. In doubt, the answer is `None`.
pub(crate) fn mismatch(read: QueryRead) -> Option<QueryMismatch> {
    let mut fields = Vec::<Field>::new();
    for _ in 0..TRIALS {
        let uri = uri(&fields)?;
        let Err(rejection) = isolate::call(|| read(&uri)).ok()? else {
            return if fields.is_empty() { list_of_values(read) } else { None };
        };
        let text = rejection.body_text();
        let why = text.strip_prefix("Failed to deserialize query string: ")?;
        if let Some(expected) = why.strip_prefix("invalid type: map, expected ") {
            let expected = expected.to_owned();
            return Some(QueryMismatch::NotNamed { expected });
        }
        if let Some(expected) = flattened(why) {
            return Some(QueryMismatch::Flattened(expected.to_owned()));
        }
        if let Some(name) = missing_field(why).filter(|name| fields.iter().all(|known| known.name != *name)) {
            let name = name.to_owned();
            fields.push(Field { name, round: 0 });
            continue;
        }
        let (name, why) = why.split_once(": ")?;
        let field = fields.iter_mut().find(|known| known.name == name)?;
        if let Some(expected) = nested(why) {
            let (name, expected) = (name.to_owned(), expected.to_owned());
            return Some(QueryMismatch::Field { name, expected });
        }
        field.round += 1;
        if field.round == ROUNDS {
            return None;
        }
    }
    None
}

/// Returns why a type that takes a query without values takes no other: it is a list, but not of names and values.
fn list_of_values(read: QueryRead) -> Option<QueryMismatch> {
    let rejection = isolate::call(|| read(&Uri::from_static("/?1=1"))).ok()?.err()?;
    let is_list = rejection
        .body_text()
        .contains(": [0]: invalid type: sequence, expected ");
    is_list.then(|| QueryMismatch::NotNamed {
        expected: "a list of single values".to_owned(),
    })
}

fn uri(fields: &[Field]) -> Option<Uri> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (position, Field { name, round }) in fields.iter().enumerate() {
        query.append_pair(name, &sample(*round, position));
    }
    format!("/?{}", query.finish()).parse().ok()
}

/// Returns the type of a field that is not one value, in the words of serde.
fn nested(why: &str) -> Option<&str> {
    let (_, expected) = why
        .strip_prefix("invalid type: string \"")?
        .split_once("\", expected ")?;
    let is_nested = ["a sequence", "a map", "a tuple", "an array", "struct "]
        .iter()
        .any(|kind| expected.starts_with(kind));
    is_nested.then_some(expected)
}
