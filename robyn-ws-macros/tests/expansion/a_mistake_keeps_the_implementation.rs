::core::compile_error! {
    "unknown key `from_upgrad`, expected one of `from_upgrade`, `crate`\nhelp: did you mean `from_upgrade`?"
}
#[automatically_derived]
impl ::robyn_ws::ConnectionState for Session {
    const INITIAL: ::core::option::Option<fn() -> Self> = ::core::option::Option::None;
}
