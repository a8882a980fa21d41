//! The certificate of the server.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::ServerConfig;

use crate::{
    app::tls::pem::{Named, config_of},
    types::tls_error::TlsError,
    util::sync::Mutex,
};

/// HTTP/1.1, as TLS names it (RFC 7301).
const HTTP1: &[u8] = b"http/1.1";

/// HTTP/2, as TLS names it (RFC 9113 section 3.2).
pub(super) const HTTP2: &[u8] = b"h2";

/// The certificate that [`App::serve`](crate::App::serve) shows to its clients, with its private key. All clones share it,
/// so a clone can change it while the app is served.
///
/// This needs the feature `tls`. The protocols are TLS 1.2 and 1.3, by rustls and ring, whatever the default provider of the
/// process is. A client chooses between HTTP/1.1 and, with the feature `http2`,
/// HTTP/2 (ALPN, RFC 7301); a client that does not choose gets HTTP/1.1.
///
/// ```no_run
/// use robyn_ws::{Tls, prelude::*};
///
/// #[websocket("/echo", on = "message")]
/// fn echo(msg: String) -> String {
///     msg
/// }
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let tls = Tls::from_pem_files("fullchain.pem", "privkey.pem")?;
///     App::new().tls(tls).serve("0.0.0.0:443").await?;
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Tls {
    shared: Arc<Shared>,
    /// Whether a client can choose HTTP/2.
    http2: bool,
}

struct Shared {
    /// The files of the certificate and of its key.
    files: Option<(PathBuf, PathBuf)>,
    configs: Mutex<Configs>,
}

/// One configuration for each choice of protocols.
#[derive(Clone)]
struct Configs {
    http1: Arc<ServerConfig>,
    http1_and_2: Arc<ServerConfig>,
}

impl Tls {
    /// Reads a certificate and its private key from two files in the format PEM, as Certbot and most authorities write them.
    /// The certificate comes first in its file, and those of the authorities behind it. The key is in the format PKCS #8,
    /// PKCS #1 or SEC1, without a password. Both may be in the same file. A certificate that has expired, or will within 14
    /// days, is a warning in the log.
    ///
    /// # Errors
    ///
    /// [`TlsError`] says which file it is about, what was found there, and what was expected.
    pub fn from_pem_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self, TlsError> {
        let (certificate, key) = (certificate.as_ref().to_owned(), key.as_ref().to_owned());
        let config = read(&certificate, &key)?;
        Ok(Self::new(Some((certificate, key)), &config))
    }

    /// Takes a certificate and its private key as texts in the format PEM, as [`Self::from_pem_files`] reads them.
    ///
    /// # Errors
    ///
    /// As [`Self::from_pem_files`].
    pub fn from_pem(certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        let certificate = Named::new("the certificate", certificate.as_ref());
        let key = Named::new("the private key", key.as_ref());
        Ok(Self::new(None, &config_of(&certificate, &key)?))
    }

    /// Takes a configuration of rustls 0.23, for client certificates, certificates by the name of the server, and other
    /// versions or ciphers. If it names protocols (`alpn_protocols`), clients can only choose those of them that the app
    /// speaks.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use robyn_ws::{Tls, prelude::*};
    ///
    /// # fn tls(config: rustls::ServerConfig) -> App {
    /// App::new().tls(Tls::from_config(Arc::new(config)))
    /// # }
    /// ```
    #[expect(
        clippy::needless_pass_by_value,
        reason = "configurations of rustls are shared in this form"
    )]
    pub fn from_config(config: Arc<ServerConfig>) -> Self {
        Self::new(None, &config)
    }

    fn new(files: Option<(PathBuf, PathBuf)>, config: &ServerConfig) -> Self {
        let configs = Mutex::new(Configs::new(config));
        Self {
            shared: Arc::new(Shared { files, configs }),
            http2: cfg!(feature = "http2"),
        }
    }

    /// Offers HTTP/1.1 only, although the feature `http2` is on.
    ///
    /// ```
    /// use robyn_ws::{Tls, TlsError, prelude::*};
    ///
    /// # fn app() -> Result<App, TlsError> {
    /// let tls = Tls::from_pem_files("fullchain.pem", "privkey.pem")?.http1_only();
    /// let app = App::new().tls(tls);
    /// # Ok(app)
    /// # }
    /// ```
    #[must_use]
    pub fn http1_only(mut self) -> Self {
        self.http2 = false;
        self
    }

    /// Reads the files of [`Self::from_pem_files`] again. New clients get the new certificate. Open connections go on with
    /// the old one, which they have agreed on. The files are read on this thread, which takes less than a millisecond.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use robyn_ws::{Tls, prelude::*};
    ///
    /// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    /// let tls = Tls::from_pem_files("fullchain.pem", "privkey.pem")?;
    /// let renewed = tls.clone();
    /// tokio::spawn(async move {
    ///     loop {
    ///         tokio::time::sleep(Duration::from_hours(12)).await;
    ///         if let Err(error) = renewed.reload() {
    ///             eprintln!("the old certificate stays: {error}");
    ///         }
    ///     }
    /// });
    /// App::new().tls(tls).serve("0.0.0.0:443").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Self::from_pem_files`], and [`TlsError::NoFiles`] if this does not come from files. The old certificate stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let (certificate, key) = self.shared.files.as_ref().ok_or(TlsError::NoFiles)?;
        self.set_config(&read(certificate, key)?);
        Ok(())
    }

    /// Shows the certificate of `other` to new clients, as [`Self::reload`].
    ///
    /// ```
    /// use robyn_ws::{Tls, TlsError};
    ///
    /// fn renew(tls: &Tls, certificate: &str, key: &str) -> Result<(), TlsError> {
    ///     tls.replace(&Tls::from_pem(certificate, key)?);
    ///     Ok(())
    /// }
    /// ```
    pub fn replace(&self, other: &Self) {
        let configs = other.shared.configs.lock().clone();
        *self.shared.configs.lock() = configs;
    }

    fn set_config(&self, config: &ServerConfig) {
        let configs = Configs::new(config);
        *self.shared.configs.lock() = configs;
    }

    /// Returns the configuration for the next client.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        let configs = self.shared.configs.lock();
        if self.http2 {
            configs.http1_and_2.clone()
        } else {
            configs.http1.clone()
        }
    }
}

impl Configs {
    fn new(config: &ServerConfig) -> Self {
        Self {
            http1: with_protocols(config, &[HTTP1]),
            http1_and_2: with_protocols(config, &[HTTP2, HTTP1]),
        }
    }
}

/// Returns `config` for clients that speak one of these protocols. The one that comes first is preferred.
fn with_protocols(config: &ServerConfig, spoken: &[&[u8]]) -> Arc<ServerConfig> {
    let mut config = config.clone();
    if config.alpn_protocols.is_empty() {
        config.alpn_protocols = spoken.iter().map(|name| name.to_vec()).collect();
    } else {
        config.alpn_protocols.retain(|name| spoken.contains(&&**name));
    }
    Arc::new(config)
}

fn read(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let bytes_of = |path: &Path| {
        fs::read(path).map_err(|source| TlsError::Read {
            path: path.to_owned(),
            source,
        })
    };
    let (certificate_bytes, key_bytes) = (bytes_of(certificate)?, bytes_of(key)?);
    config_of(
        &Named::new(format!("`{}`", certificate.display()), &certificate_bytes),
        &Named::new(format!("`{}`", key.display()), &key_bytes),
    )
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("files", &self.shared.files)
            .field("http2", &self.http2)
            .finish_non_exhaustive()
    }
}
