//! Why a certificate cannot be used.

use std::{fmt, io, path::PathBuf};

/// Why a [`Tls`](crate::Tls) has no certificate.
///
/// It prints readably with `{:?}` too, so that `main` can return it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read `{}`: {source}; expected a file in the format PEM", path.display())]
    Read {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The certificate or the key is not usable. The text says what was found, and what was expected.
    #[error("{0}")]
    Unusable(String),
    /// [`Tls::reload`](crate::Tls::reload) was called, but the certificate does not come from files.
    #[error("the certificate does not come from files: use `Tls::replace` instead of `Tls::reload`")]
    NoFiles,
}

impl fmt::Debug for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
