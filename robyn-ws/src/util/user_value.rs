//! User values inside of the crate's types.

use std::{
    mem,
    ops::{Deref, DerefMut},
};

use crate::util::{isolate::discard, log};

/// A user's value inside of a type that can be dropped anywhere. It catches a panic of the value's `Drop`.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserValue<T: Default>(T);

impl<T: Default> From<T> for UserValue<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Default> Deref for UserValue<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Default> DerefMut for UserValue<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Default> Drop for UserValue<T> {
    fn drop(&mut self) {
        if discard(mem::take(&mut self.0)).is_err() {
            log::error!(within = std::any::type_name::<T>(), "the `Drop` of a value panicked");
        }
    }
}
