//! Limits that contradict each other, and codes that must not be sent.

#[cfg(feature = "http2")]
use crate::types::limits::MAX_WINDOW;
use crate::types::{
    close::may_be_sent,
    error::{Place, Problems},
    limits::{Bounds, Limits, value::above},
};

impl Limits {
    /// Reports all values that contradict others. Each can work by itself.
    pub(super) fn check_contradictions(&self, bounds: &Bounds, place: Place, problems: &mut Problems) {
        self.check_frames(bounds, place, problems);
        self.check_codes(place, problems);
        self.check_shares(bounds, place, problems);
        self.check_graces(bounds, place, problems);
        #[cfg(feature = "http2")]
        self.check_windows(bounds, place, problems);
    }

    /// Reports a frame that is longer than a message.
    fn check_frames(&self, bounds: &Bounds, place: Place, problems: &mut Problems) {
        if let Some(frame) = self.max_frame_size
            && frame > bounds.max_message_size
        {
            let more = above(
                "max_frame_size",
                frame,
                "max_message_size",
                bounds.max_message_size,
                "bytes",
            );
            let message = format!("{more}: such a frame could never be taken; lower it, or raise `max_message_size`");
            problems.report(place, None, message);
        }
    }

    /// Reports a window of an HTTP/2 connection that is less than those of all its streams.
    #[cfg(feature = "http2")]
    fn check_windows(&self, bounds: &Bounds, place: Place, problems: &mut Problems) {
        let (streams, window) = (bounds.max_http2_streams, bounds.max_http2_stream_window);
        let all = bounds.all_stream_windows();
        let (name, connection) = match self.max_http2_connection_window {
            Some(connection) => ("max_http2_connection_window", connection),
            None => ("max_http2_streams", MAX_WINDOW),
        };
        // A sub-router sets none of them.
        let is_set = self.max_http2_streams.is_some()
            || self.max_http2_stream_window.is_some()
            || self.max_http2_connection_window.is_some();
        if is_set && all > u64::from(connection) {
            let message = format!(
                "{streams} streams (`Limits::max_http2_streams`) of {window} bytes (`max_http2_stream_window`) have {all} bytes, more than the {connection} that a connection can have: change `Limits::{name}`, or WebSockets that are not read would stop the others"
            );
            problems.report(place, None, message);
        }
    }

    /// Reports times of a drain that are longer than its grace.
    fn check_graces(&self, bounds: &Bounds, place: Place, problems: &mut Problems) {
        if let Some(Some(interval)) = self.drain_interval
            && interval > bounds.shutdown_grace
        {
            let more = above("drain_interval", interval, "shutdown_grace", bounds.shutdown_grace, "");
            let message = format!("{more}, which ends the drain: lower it, or raise `shutdown_grace`");
            problems.report(place, None, message);
        }
        if let Some(unready) = self.unready_grace
            && unready > bounds.shutdown_grace
        {
            let more = above("unready_grace", unready, "shutdown_grace", bounds.shutdown_grace, "");
            let message = format!("{more}, after which the process ends: lower it, or raise `shutdown_grace`");
            problems.report(place, None, message);
        }
    }

    /// Reports limits of one client that are above those of all clients.
    fn check_shares(&self, bounds: &Bounds, place: Place, problems: &mut Problems) {
        let shares = [
            ("max_connections_per_ip", self.max_connections_per_ip.flatten()),
            (
                "max_connections_per_identity",
                self.max_connections_per_identity.flatten(),
            ),
        ];
        let connections = ("max_connections", bounds.max_connections, "connections");
        for share in shares {
            check_share(share, connections, place, problems);
        }
        #[cfg(feature = "tls")]
        check_share(
            ("max_tls_handshakes_per_ip", self.max_tls_handshakes_per_ip.flatten()),
            ("max_tls_handshakes", Some(bounds.max_tls_handshakes), "handshakes"),
            place,
            problems,
        );
    }

    /// Reports a policy for too many connections of an identity where nothing bounds them: neither these limits, nor those
    /// around them, nor those of a sub-router in them.
    pub(crate) fn check_identity_overflow(
        &self,
        bounds: &Bounds,
        is_bounded_inside: bool,
        place: Place,
        problems: &mut Problems,
    ) {
        if self.identity_overflow.is_some() && bounds.max_connections_per_identity.is_none() && !is_bounded_inside {
            let message = "`Limits::identity_overflow` has no effect without `Limits::max_connections_per_identity`: set that as well, or remove it";
            problems.report(place, None, message);
        }
    }

    /// Reports every close code that must not be sent.
    fn check_codes(&self, place: Place, problems: &mut Problems) {
        let codes = [
            ("expired_code", self.expired_code),
            ("replaced_code", self.replaced_code),
        ];
        for (name, code) in codes {
            if let Some(code) = code.filter(|code| !may_be_sent(*code)) {
                let message = format!(
                    "`Limits::{name}` is {code}, which must not be sent: expected 1000 to 1003, 1007 to 1014 or 3000 to 4999"
                );
                problems.report(place, None, message);
            }
        }
    }
}

/// Reports a limit of one client that is above the limit of all. They have their names, and the unit of both.
fn check_share(
    (name, one): (&str, Option<usize>),
    (of, all, unit): (&str, Option<usize>, &str),
    place: Place,
    problems: &mut Problems,
) {
    if let (Some(one), Some(all)) = (one, all)
        && one > all
    {
        let more = above(name, one, of, all, unit);
        let message = format!("{more}: it could never be reached; lower it, or raise `{of}`");
        problems.report(place, None, message);
    }
}
