//! The end of a certificate's validity.

use std::time::Duration;

use rustls::{
    CertificateError, Error, RootCertStore,
    client::verify_server_cert_signed_by_trust_anchor,
    pki_types::{CertificateDer, UnixTime},
    server::ParsedCertificate,
};

use crate::util::log;

const DAY: u64 = 24 * 60 * 60;

/// The time before the end at which a certificate should have been renewed: authorities recommend 30 days.
const SOON: Duration = Duration::from_secs(14 * DAY);

/// Warns if the certificate has expired, or will soon. `name` is that of its file.
pub(super) fn warn(name: &str, certificate: &CertificateDer<'_>) {
    let now = UnixTime::now().as_secs();
    let soon = UnixTime::since_unix_epoch(Duration::from_secs(now) + SOON);
    let Some(end) = end_before(soon, certificate).map(|end| end.as_secs()) else {
        return;
    };
    if end < now {
        let days = (now - end) / DAY;
        log::warn!(
            days,
            "{name} has expired, so clients refuse it: renew it, and call `Tls::reload`"
        );
    } else {
        let days = (end - now) / DAY;
        log::warn!(days, "{name} expires soon: renew it, and call `Tls::reload`");
    }
}

/// Returns the end of the validity if it is before `time`. rustls looks at it before it looks for an authority, of which there
/// is none here.
fn end_before(time: UnixTime, certificate: &CertificateDer<'_>) -> Option<UnixTime> {
    let certificate = ParsedCertificate::try_from(certificate).ok()?;
    match verify_server_cert_signed_by_trust_anchor(&certificate, &RootCertStore::empty(), &[], time, &[]) {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => Some(not_after),
        _ => None,
    }
}
