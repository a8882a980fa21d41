//! The errors of sending, of JSON, of building an app and of serving it.

use std::{fmt, io, panic::Location};

#[cfg(feature = "nats")]
use crate::types::nats_error::NatsError;
#[cfg(feature = "redis")]
use crate::types::redis_error::RedisError;
#[cfg(feature = "tls")]
use crate::types::tls_error::TlsError;

/// Why a message was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// No connection of this endpoint has that id: there never was one, or it has ended.
    #[error("not connected: no open connection of this endpoint has that id")]
    NotConnected,
    /// The client's outbound queue is full, and the message was dropped.
    #[error(
        "the client's outbound queue is full: it reads too slowly, or `Limits::max_outbound_messages` or `max_outbound_bytes` is too small"
    )]
    QueueFull,
    /// The client's outbound queue was full, and the client took no bytes for `Limits::send_timeout`. The message was
    /// dropped.
    #[error("the client's outbound queue stayed full for `Limits::send_timeout`")]
    TimedOut,
    /// The connection is one of another node (under [`App::backplane`](crate::App::backplane)), and that node is not heard of,
    /// the backplane is not connected or has no room, or the answer did not come in time.
    #[error("the connection is one of another node, which cannot be reached now")]
    Unreachable,
}

impl SendError {
    /// Returns the error of a sender that has waited for room in vain.
    pub(crate) const fn after_waiting(self) -> Self {
        match self {
            Self::QueueFull => Self::TimedOut,
            other => other,
        }
    }
}

/// Why a value cannot be JSON, or a message is not the JSON that was expected.
///
/// `{}` prints what is wrong, and may quote the message. `{:?}` prints only where it is wrong.
///
/// A handler that passes on with `?` that a message is not the expected JSON closes the connection with 1007, as for a
/// `Json<T>` argument: it is the mistake of the client.
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct JsonError(Kind);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error(transparent)]
    Encoding(serde_json::Error),
    #[error(transparent)]
    Parsing(serde_json::Error),
    /// The result of a call to a client.
    #[error("the client's answer to `{method}` is not the expected result: {error}")]
    Answer { method: Box<str>, error: serde_json::Error },
}

impl JsonError {
    /// A value cannot be JSON.
    pub(crate) const fn encoding(error: serde_json::Error) -> Self {
        Self(Kind::Encoding(error))
    }

    /// A message is not the expected JSON.
    pub(crate) const fn parsing(error: serde_json::Error) -> Self {
        Self(Kind::Parsing(error))
    }

    /// The result in a client's answer to a call of `method` is not the expected JSON.
    pub(crate) fn answer(method: &str, error: serde_json::Error) -> Self {
        let method = method.into();
        Self(Kind::Answer { method, error })
    }

    /// Returns `true` if a message is not the expected JSON.
    pub(crate) const fn is_of_the_client(&self) -> bool {
        matches!(self.0, Kind::Parsing(_) | Kind::Answer { .. })
    }
}

impl fmt::Debug for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Kind::Encoding(error) | Kind::Parsing(error) | Kind::Answer { error, .. }) = &self.0;
        f.debug_struct("JsonError")
            .field("line", &error.line())
            .field("column", &error.column())
            .finish_non_exhaustive()
    }
}

/// Why a value was not sent as JSON.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendJsonError {
    /// The value cannot be JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The message was not queued.
    #[error(transparent)]
    Send(#[from] SendError),
}

/// A handler's place in the source, as errors name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

impl Place {
    pub(crate) const fn of(call: &'static Location<'static>) -> Self {
        Self {
            file: call.file(),
            line: call.line(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One problem that `build()` found.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// let app = App::new().limits(Limits::default().max_read_ahead(0));
/// let errors = app.build().expect_err("nothing can be read");
/// for error in &errors {
///     println!("{:?}:{:?}: {}", error.file(), error.line(), error.message());
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BuildError {
    place: Place,
    handler: Option<&'static str>,
    message: String,
}

impl BuildError {
    /// Returns the name of the handler that has the problem, if one has it.
    pub fn handler(&self) -> Option<&str> {
        self.handler
    }

    /// Returns the source file of the handler, or of the call that has the problem.
    pub fn file(&self) -> Option<&str> {
        Some(self.place.file)
    }

    /// Returns the line in that file.
    pub fn line(&self) -> Option<u32> {
        Some(self.place.line)
    }

    /// Returns what is wrong, and what to change.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if let Some(handler) = self.handler {
            write!(f, "`{handler}`: ")?;
        }
        f.write_str(&self.message)
    }
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildError {}

/// Every problem that `build()` found, in the order of the source.
///
/// It prints as a readable list with `{}` and also with `{:?}`, so that `fn main() -> Result<(), BuildErrors>` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct BuildErrors(Vec<BuildError>);

impl BuildErrors {
    /// Returns the problems.
    pub fn iter(&self) -> std::slice::Iter<'_, BuildError> {
        self.0.iter()
    }

    /// Returns the number of problems, which is at least one.
    #[expect(clippy::len_without_is_empty, reason = "there is always at least one problem")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Where all parts of an app report the problems of a build.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems(Vec<BuildError>);

impl Problems {
    /// Adds a problem at `place`, and the name of the handler that has it, if one has it.
    pub(crate) fn report(&mut self, place: Place, handler: Option<&'static str>, message: impl Into<String>) {
        self.0.push(BuildError {
            place,
            handler,
            message: message.into(),
        });
    }

    pub(crate) fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// Fails if there are problems, sorted by place, so that the list is the same in every build.
    pub(crate) fn into_result(mut self) -> Result<(), BuildErrors> {
        if self.0.is_empty() {
            return Ok(());
        }
        let order = |one: &BuildError, other: &BuildError| {
            (one.place, one.handler, &one.message).cmp(&(other.place, other.handler, &other.message))
        };
        self.0.sort_by(order);
        self.0.dedup();
        Err(BuildErrors(self.0))
    }
}

impl<'a> IntoIterator for &'a BuildErrors {
    type Item = &'a BuildError;
    type IntoIter = std::slice::Iter<'a, BuildError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for BuildErrors {
    type Item = BuildError;
    type IntoIter = std::vec::IntoIter<BuildError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for BuildErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = if self.len() == 1 { "problem" } else { "problems" };
        write!(f, "{} {problems} in the WebSocket handlers:", self.len())?;
        self.iter()
            .enumerate()
            .try_for_each(|(index, problem)| write!(f, "\n  {}. {problem}", index + 1))
    }
}

impl fmt::Debug for BuildErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildErrors {}

/// Why [`App::serve`](crate::App::serve) could not serve.
///
/// It prints readably with `{:?}` too, so that `main` can return it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The handlers do not fit together.
    #[error(transparent)]
    Build(#[from] BuildErrors),
    /// The address could not be bound.
    #[error("{}", bind_problem(address, source))]
    Bind {
        /// The resolved addresses, or `the address` if it could not be resolved.
        address: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Signals cannot be listened for, or the listener has no address.
    #[error("the server stopped: {0}")]
    Io(#[from] io::Error),
    /// The certificate of [`App::tls`](crate::App::tls) is not usable. Serving never fails with it: it is here for the `?`
    /// behind [`Tls::from_pem_files`](crate::Tls::from_pem_files).
    #[cfg(feature = "tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is no backplane on NATS. Serving never fails with it: it is here for the `?` behind
    /// [`Nats::connect`](crate::Nats::connect).
    #[cfg(feature = "nats")]
    #[cfg_attr(docsrs, doc(cfg(feature = "nats")))]
    #[error(transparent)]
    Nats(#[from] NatsError),
    /// There is no backplane on Redis. Serving never fails with it: it is here for the `?` behind
    /// [`Redis::connect`](crate::Redis::connect).
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    #[error(transparent)]
    Redis(#[from] RedisError),
}

/// The address of [`ServeError::Bind`] if it could not be resolved.
pub(crate) const UNRESOLVED: &str = "the address";

fn bind_problem(address: &str, source: &io::Error) -> String {
    let help = match source.kind() {
        io::ErrorKind::AddrInUse => "; another program listens there: stop it, or choose another port",
        io::ErrorKind::InvalidInput => "; expected HOST:PORT, such as 127.0.0.1:8080",
        io::ErrorKind::PermissionDenied => {
            "; ports below 1024 need a privilege, which is CAP_NET_BIND_SERVICE on Linux: add it, or choose a higher port"
        }
        _ if address == UNRESOLVED => {
            "; expected HOST:PORT, such as 127.0.0.1:8080, with a host that this machine knows"
        }
        _ => "",
    };
    format!("cannot listen on {address}: {source}{help}")
}

impl fmt::Debug for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
