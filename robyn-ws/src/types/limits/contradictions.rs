//! Limits that contradict each other, and codes that must not be sent.

use crate::types::{
    close::may_be_sent,
    error::{Place, Problems},
    limits::{Bounds, Limits, value::above},
};

impl Limits {
    /// Reports times of a drain that are longer than its grace.
    pub(super) fn check_graces(&self, bounds: &Bounds, place: Place, problems: &mut Problems) {
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
    pub(super) fn check_shares(&self, bounds: &Bounds, place: Place, problems: &mut Problems) {
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

    /// Reports every close code that must not be sent.
    pub(super) fn check_codes(&self, place: Place, problems: &mut Problems) {
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
