//! Certificates and keys in the format PEM (RFC 7468).

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use rustls::{
    Error, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
};

use crate::{app::tls::expiry, types::tls_error::TlsError, util::printable::printable};

/// A text, and the name that errors have for it.
pub(super) struct Named<'a> {
    name: Cow<'static, str>,
    bytes: &'a [u8],
}

impl<'a> Named<'a> {
    pub(super) fn new(name: impl Into<Cow<'static, str>>, bytes: &'a [u8]) -> Self {
        Self {
            name: name.into(),
            bytes,
        }
    }

    /// Returns the kinds of the blocks in the text, with their numbers, for errors.
    fn found(&self) -> String {
        let text = String::from_utf8_lossy(self.bytes);
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        let begins = text.lines().filter_map(|line| line.trim().strip_prefix("-----BEGIN "));
        for kind in begins.filter_map(|rest| rest.strip_suffix("-----")) {
            *kinds.entry(kind).or_default() += 1;
        }
        let kinds: Vec<String> = kinds
            .into_iter()
            .map(|(kind, count)| format!("{count} × `BEGIN {}`", printable(kind)))
            .collect();
        match self.bytes {
            [] => "nothing".to_owned(),
            [0x30, ..] if kinds.is_empty() => {
                "the format DER, which `openssl x509 -inform der` or `openssl pkey -inform der` converts".to_owned()
            }
            _ if kinds.is_empty() => format!("{} bytes without a `-----BEGIN …-----`", self.bytes.len()),
            _ => kinds.join(", "),
        }
    }

    /// Returns `true` if a key is encrypted: in PKCS #8, or as OpenSSL has done it before.
    fn has_password(&self) -> bool {
        let text = String::from_utf8_lossy(self.bytes);
        text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
    }

    fn unusable(&self, what: &str, expected: &str) -> TlsError {
        let (name, found) = (&self.name, self.found());
        TlsError::Unusable(format!("{name} {what}: found {found}, expected {expected}"))
    }
}

/// Creates the configuration of a server with this certificate and key.
pub(super) fn config_of(certificate: &Named<'_>, key: &Named<'_>) -> Result<ServerConfig, TlsError> {
    let chain = chain_of(certificate)?;
    let private = key_of(key)?;
    let first = chain.first().cloned();
    // ring by name, since a program may have other providers as well.
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
    let config = config.map_err(|error| refused(certificate, key, &error))?;
    if let Some(first) = first {
        expiry::warn(&certificate.name, &first);
    }
    Ok(config)
}

fn chain_of(certificate: &Named<'_>) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let expected = "one or more `BEGIN CERTIFICATE`";
    let chain = CertificateDer::pem_slice_iter(certificate.bytes).collect::<Result<Vec<_>, _>>();
    match chain {
        Ok(chain) if chain.is_empty() => Err(certificate.unusable("has no certificate", expected)),
        Ok(chain) => Ok(chain),
        Err(error) => Err(certificate.unusable(&format!("is not valid PEM ({error})"), expected)),
    }
}

fn key_of(key: &Named<'_>) -> Result<PrivateKeyDer<'static>, TlsError> {
    let expected = "one `BEGIN PRIVATE KEY`, `BEGIN RSA PRIVATE KEY` or `BEGIN EC PRIVATE KEY`";
    match PrivateKeyDer::from_pem_slice(key.bytes) {
        Ok(key) => Ok(key),
        Err(_) if key.has_password() => Err(key.unusable(
            "has a key with a password",
            &format!("{expected}; `openssl pkey -in FILE -out FILE` removes the password"),
        )),
        Err(pem::Error::NoItemsFound) => Err(key.unusable("has no private key", expected)),
        Err(error) => Err(key.unusable(&format!("is not valid PEM ({error})"), expected)),
    }
}

/// Words the refusal of a certificate by rustls.
fn refused(certificate: &Named<'_>, key: &Named<'_>, error: &Error) -> TlsError {
    let (certificate, key) = (&certificate.name, &key.name);
    TlsError::Unusable(match error {
        Error::InconsistentKeys(_) => format!(
            "the key in {key} does not belong to the first certificate in {certificate}: expected the certificate of this key first, and those of the authorities behind it"
        ),
        Error::InvalidCertificate(why) => {
            format!(
                "the first certificate in {certificate} is not usable ({why:?}): expected an X.509 certificate of version 3"
            )
        }
        error => format!(
            "the key in {key} and the certificate in {certificate} are not usable: {error}; expected a key of the kind RSA (2048 bits or more), ECDSA (P-256 or P-384) or Ed25519"
        ),
    })
}
