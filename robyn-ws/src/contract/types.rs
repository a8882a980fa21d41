//! The schemas of all types, with names that do not depend on the order of the linker.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use schemars::{
    Schema, SchemaGenerator,
    generate::SchemaSettings,
    transform::{Transform, transform_subschemas},
};
use serde_json::Value;

use crate::{
    contract::{
        model::TYPES,
        references::{reference, reference_to},
    },
    handler::description::{TypeDescription, TypeSchema},
};

/// Who writes the values of a type. serde may read other values than it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Writer {
    Client,
    Server,
}

/// The types of an app, which are added first, and then have schemas.
#[derive(Debug, Default)]
pub(super) struct Types {
    added: BTreeMap<(Writer, Cow<'static, str>), TypeSchema>,
    /// The names of types without a schema.
    pub(super) unknown: BTreeSet<&'static str>,
}

/// The schemas of all types.
#[derive(Debug)]
pub(super) struct Schemas {
    roots: BTreeMap<(Writer, Cow<'static, str>), Schema>,
    /// What the roots refer to, by name.
    pub(super) definitions: BTreeMap<String, Schema>,
}

impl Types {
    pub(super) fn add(&mut self, writer: Writer, ty: TypeDescription) {
        match ty.schema {
            Some(schema) => {
                self.added.insert((writer, (schema.id)()), schema);
            }
            None => {
                self.unknown.insert(ty.name);
            }
        }
    }

    /// Generates the schemas, in the order of the types' full names: so two types of one name are numbered the same each
    /// time.
    pub(super) fn generate(&self) -> Schemas {
        let (client_roots, client) = self.generate_for(Writer::Client);
        let (mut roots, server) = self.generate_for(Writer::Server);
        let renamed = renamed(&client, &server);
        let mut rename = Rename(&renamed);
        roots.extend(client_roots.into_iter().map(|(root, mut schema)| {
            rename.transform(&mut schema);
            (root, schema)
        }));
        let mut definitions = server;
        for (name, mut schema) in client {
            rename.transform(&mut schema);
            let name = renamed.get(&name).cloned().unwrap_or(name);
            definitions.insert(name, schema);
        }
        Schemas { roots, definitions }
    }

    #[expect(clippy::type_complexity, reason = "two maps that live for a moment")]
    fn generate_for(
        &self,
        writer: Writer,
    ) -> (BTreeMap<(Writer, Cow<'static, str>), Schema>, BTreeMap<String, Schema>) {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            TYPES
                .trim_start_matches('#')
                .clone_into(settings.definitions_path.to_mut());
        });
        let settings = match writer {
            Writer::Client => settings.for_deserialize(),
            Writer::Server => settings.for_serialize(),
        };
        let mut generator = SchemaGenerator::new(settings);
        let own = self.added.iter().filter(|((its, _), _)| *its == writer);
        let roots = own
            .map(|(root, ty)| (root.clone(), (ty.generate)(&mut generator)))
            .collect();
        let definitions = generator.take_definitions(true);
        let definitions = definitions.into_iter().filter_map(|(name, schema)| {
            let schema = Schema::try_from(schema).ok()?;
            Some((name, schema))
        });
        (roots, definitions.collect())
    }
}

impl Schemas {
    /// Returns the schema of a type that was added.
    pub(super) fn of(&self, writer: Writer, ty: TypeDescription) -> Schema {
        let schema = ty.schema.and_then(|schema| self.roots.get(&(writer, (schema.id)())));
        schema.cloned().unwrap_or_else(|| any(ty.name))
    }
}

/// Returns the schema of a type that has none: any value.
fn any(name: &str) -> Schema {
    let mut schema = Schema::default();
    schema.insert("title".to_owned(), short(name).into());
    schema
}

/// Returns the name of a type without its modules.
fn short(name: &str) -> String {
    let words = name.split_inclusive(|character: char| !character.is_alphanumeric() && !"_:".contains(character));
    words.map(|word| word.rsplit("::").next().unwrap_or_default()).collect()
}

/// Returns the types of clients that have another schema than that of the server of the same name, with new names.
fn renamed(client: &BTreeMap<String, Schema>, server: &BTreeMap<String, Schema>) -> BTreeMap<String, String> {
    let is_other = |name: &str| server.get(name).is_some_and(|its| *its != client[name]);
    let mut others: BTreeSet<&str> = client
        .keys()
        .map(String::as_str)
        .filter(|name| is_other(name))
        .collect();
    loop {
        // Who refers to a renamed type is another type as well.
        let more: Vec<_> = client
            .iter()
            .filter(|(name, schema)| {
                !others.contains(name.as_str())
                    && server.contains_key(*name)
                    && references(schema.as_value())
                        .iter()
                        .any(|name| others.contains(name.as_str()))
            })
            .map(|(name, _)| name.as_str())
            .collect();
        if more.is_empty() {
            break;
        }
        others.extend(more);
    }
    let rename = |name: &str| {
        let mut new = format!("{name}Input");
        while client.contains_key(&new) || server.contains_key(&new) {
            new.push('_');
        }
        (name.to_owned(), new)
    };
    others.into_iter().map(rename).collect()
}

/// Returns the names of the types that a schema refers to.
pub(super) fn references(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            found.extend(reference(value));
            object.values().for_each(|value| collect(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

struct Rename<'a>(&'a BTreeMap<String, String>);

impl Transform for Rename<'_> {
    fn transform(&mut self, schema: &mut Schema) {
        let new = reference(schema.as_value()).and_then(|name| self.0.get(&name));
        if let Some(new) = new {
            schema.insert("$ref".to_owned(), reference_to(new).into());
        }
        transform_subschemas(self, schema);
    }
}
