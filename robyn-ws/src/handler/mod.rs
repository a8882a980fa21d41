//! What a handler takes, returns and keeps.

pub(crate) mod bad_path;
pub(crate) mod call_reply;
pub(crate) mod dependencies;
#[cfg(feature = "contract")]
pub(crate) mod description;
pub mod event;
pub(crate) mod extract;
pub(crate) mod inference;
pub(crate) mod needs;
pub(crate) mod reply;
pub(crate) mod state;
pub(crate) mod upgrade_reply;
pub(crate) mod view;
