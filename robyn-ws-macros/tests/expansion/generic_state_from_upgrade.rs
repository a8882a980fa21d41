#[automatically_derived]
impl<T: Clone> my::robyn_ws::ConnectionState for Session<T>
where
    T: Copy,
    Self: ::core::marker::Send + 'static,
{
    const INITIAL: ::core::option::Option<fn() -> Self> = ::core::option::Option::None;
}
