//! Types that the compiler infers for generated code.

use std::marker::PhantomData;

/// Stands for the type `T` of an argument, which generated code does not name: the compiler infers it from a call of the
/// handler that never runs. `S` is the state that an upgrade handler's extractors take.
#[doc(hidden)]
#[derive(Debug)]
pub struct Inference<T, S = ()>(PhantomData<fn() -> (T, S)>);

impl<T, S> Clone for Inference<T, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, S> Copy for Inference<T, S> {}

impl<T, S> Inference<T, S> {
    pub const NEW: Self = Self(PhantomData);

    /// Tells the compiler the type, as an argument of that call.
    pub fn argument(self) -> T {
        unreachable!("this is only compiled")
    }
}
