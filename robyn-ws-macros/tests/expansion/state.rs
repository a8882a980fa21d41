#[automatically_derived]
impl ::robyn_ws::ConnectionState for Session {
    const INITIAL: ::core::option::Option<fn() -> Self> = ::core::option::Option::Some(
        <Self as ::robyn_ws::__private::StateDefault>::state_default,
    );
}
