//! Values injected by type, frozen when the app is built.

use std::{
    any::{Any, TypeId, type_name},
    collections::HashMap,
    fmt,
    panic::Location,
    sync::Arc,
};

use crate::types::error::{BuildError, Place};

/// A typed map: one value of each type.
#[derive(Clone, Default)]
pub(crate) struct Dependencies {
    values: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    names: HashMap<TypeId, &'static str>,
}

impl Dependencies {
    /// Adds `value`; a second one of its type is a problem, since handlers could not tell them apart.
    pub(crate) fn inject<T: Send + Sync + 'static>(
        &mut self,
        value: T,
        call: &'static Location<'static>,
        problems: &mut Vec<BuildError>,
    ) {
        if self.names.insert(TypeId::of::<T>(), type_name::<T>()).is_some() {
            let message = format!(
                "a second value of type `{}` is injected: values are found by type, so wrap one of them in a type of its own",
                type_name::<T>()
            );
            problems.push(BuildError::at(Place::of(call), None, message));
        }
        self.values.insert(TypeId::of::<T>(), Arc::new(value));
    }

    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.values.get(&TypeId::of::<T>()).cloned()?.downcast().ok()
    }

    pub(crate) fn contains(&self, id: TypeId) -> bool {
        self.values.contains_key(&id)
    }
}

impl fmt::Debug for Dependencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names.values()).finish()
    }
}

/// The app's values in the extensions of a request, for [`Global`](crate::Global) as an axum extractor.
#[derive(Clone, Debug)]
pub(crate) struct Globals(pub(crate) Arc<Dependencies>);

/// The dependencies an endpoint sees: the app's, and those of the sub-routers around it, the nearest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scopes {
    pub(crate) globals: Arc<Dependencies>,
    pub(crate) scoped: Vec<Arc<Dependencies>>,
}

impl Scopes {
    pub(crate) fn global<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.globals.get()
    }

    pub(crate) fn scoped<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.scoped.iter().find_map(|scope| scope.get())
    }
}
