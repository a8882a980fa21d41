//! Values injected by type, frozen when the app is built.

use std::{
    any::{Any, TypeId, type_name},
    collections::HashMap,
    fmt,
    panic::Location,
    sync::Arc,
};

use crate::types::error::{Place, Problems};

/// A type that a handler wants a value of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dependency {
    pub(crate) id: TypeId,
    pub(crate) name: &'static str,
    /// The type in an `Arc`, which is easily mixed up with it.
    in_arc: TypeId,
}

impl Dependency {
    pub(crate) fn of<T: 'static>() -> Self {
        Self {
            id: TypeId::of::<T>(),
            name: type_name::<T>(),
            in_arc: TypeId::of::<Arc<T>>(),
        }
    }
}

/// A typed map: one value of each type.
#[derive(Clone, Default)]
pub(crate) struct Dependencies {
    values: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    types: HashMap<TypeId, Dependency>,
}

/// A value that is there instead of the wanted one.
pub(crate) enum Instead {
    /// The value in an `Arc`.
    InArc,
    /// The value of this type, of which an `Arc` is wanted.
    WithoutArc(&'static str),
    /// The only injected `Arc`, where one of a trait object is wanted.
    Other(&'static str),
}

impl Dependencies {
    /// Adds `value`, which was `injected` or `given`. A second value of its type is a problem, since handlers could not tell
    /// them apart.
    pub(crate) fn add<T: Send + Sync + 'static>(
        &mut self,
        value: T,
        how: &str,
        call: &'static Location<'static>,
        problems: &mut Problems,
    ) {
        let of = Dependency::of::<T>();
        if self.types.insert(of.id, of).is_some() {
            let message = format!(
                "a second value of type `{}` is {how}: values are found by type, so wrap one of them in a type of its own",
                of.name
            );
            problems.report(Place::of(call), None, message);
        }
        self.values.insert(of.id, Arc::new(value));
    }

    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.values.get(&TypeId::of::<T>()).cloned()?.downcast().ok()
    }

    pub(crate) fn contains(&self, wanted: Dependency) -> bool {
        self.values.contains_key(&wanted.id)
    }

    /// Returns the value that is there in place of a missing one.
    pub(crate) fn instead_of(&self, missing: Dependency) -> Option<Instead> {
        if self.values.contains_key(&missing.in_arc) {
            return Some(Instead::InArc);
        }
        if let Some(bare) = self.types.values().find(|known| known.in_arc == missing.id) {
            return Some(Instead::WithoutArc(bare.name));
        }
        let arc = type_name::<Arc<()>>().trim_end_matches("()>");
        let mut arcs = self.types.values().filter(|known| known.name.starts_with(arc));
        let is_trait_object = missing.name.strip_prefix(arc)?.starts_with("dyn ");
        match (arcs.next(), arcs.next()) {
            (Some(only), None) if is_trait_object => Some(Instead::Other(only.name)),
            _ => None,
        }
    }
}

impl fmt::Debug for Dependencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.types.values().map(|known| known.name);
        f.debug_set().entries(names).finish()
    }
}

/// The app's values in the extensions of a request, for [`Global`](crate::Global) as an axum extractor.
#[derive(Clone, Debug)]
pub(crate) struct Globals(pub(crate) Arc<Dependencies>);

/// The dependencies of an endpoint: those of the app, and those of the sub-routers around it, the nearest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scopes {
    pub(crate) globals: Arc<Dependencies>,
    pub(crate) scoped: Vec<Arc<Dependencies>>,
    /// The states for extractors of upgrade handlers.
    pub(crate) states: Arc<Dependencies>,
}

impl Scopes {
    pub(crate) fn global<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.globals.get()
    }

    pub(crate) fn scoped<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.scoped.iter().find_map(|scope| scope.get())
    }

    pub(crate) fn state<S: Send + Sync + 'static>(&self) -> Option<Arc<S>> {
        self.states.get()
    }
}
