//! Types that the compiler infers for generated code.

use std::marker::PhantomData;

/// Stands for a type that generated code does not name: the compiler infers it from a call of the handler that never
/// runs.
#[doc(hidden)]
#[derive(Debug)]
pub struct Inference<T>(PhantomData<fn() -> T>);

impl<T> Clone for Inference<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Inference<T> {}

impl<T> Inference<T> {
    pub const NEW: Self = Self(PhantomData);

    /// Tells the compiler the type, as an argument of that call.
    pub fn argument(self) -> T {
        unreachable!("this is only compiled")
    }
}
