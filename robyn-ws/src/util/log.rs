//! Events for the log. A collector can panic, as that of tracing-subscriber does when neither its own writer nor stderr
//! takes a line: that is no reason to end whoever logs.

use crate::util::isolate;

pub(crate) fn guard(log: impl FnOnce()) {
    let _ = isolate::call(log); // There is nowhere left to say so.
}

macro_rules! debug_event {
    ($($event:tt)+) => { $crate::util::log::guard(|| ::tracing::debug!($($event)+)) };
}

macro_rules! info_event {
    ($($event:tt)+) => { $crate::util::log::guard(|| ::tracing::info!($($event)+)) };
}

macro_rules! warn_event {
    ($($event:tt)+) => { $crate::util::log::guard(|| ::tracing::warn!($($event)+)) };
}

macro_rules! error_event {
    ($($event:tt)+) => { $crate::util::log::guard(|| ::tracing::error!($($event)+)) };
}

pub(crate) use {debug_event as debug, error_event as error, info_event as info, warn_event as warn};
