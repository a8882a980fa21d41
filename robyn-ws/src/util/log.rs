//! Log macros. A log collector may panic: that of tracing-subscriber does if neither its writer nor stderr accepts a
//! line. Logging must not end the task that logs.

use crate::util::isolate;

pub(crate) fn guard(log: impl FnOnce()) {
    let _ = isolate::call(log); // The panic itself cannot be logged.
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

/// Logs a warning that clients can cause as often as they want: as a warning if it is the first one, else as a debug event.
macro_rules! warn_first_event {
    ($is_first:expr, $($event:tt)+) => {
        if $is_first {
            $crate::util::log::warn!($($event)+);
        } else {
            $crate::util::log::debug!($($event)+);
        }
    };
}

pub(crate) use {
    debug_event as debug, error_event as error, info_event as info, warn_event as warn, warn_first_event as warn_first,
};
