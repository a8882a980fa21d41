//! The handlers of the program, which the linker collects.

use std::{fmt, panic::Location, pin::Pin, ptr};

#[cfg(feature = "contract")]
use crate::handler::description::Description;
use crate::{
    endpoint::router::SubRouter,
    handler::{
        event::{self, Event, EventContext},
        extract::upgrade::UpgradeContext,
        needs::Needs,
        reply::{HandlerError, HandlerResult},
        upgrade_reply::UpgradeResult,
    },
    types::{
        error::{Place, Problems},
        event_kind::EventKind,
    },
    util::isolate::Panicked,
};

/// The future of an asynchronous handler, with its result turned into a reply.
pub(crate) type HandlerFuture<'a> = Pin<Box<dyn Future<Output = Result<HandlerResult, Panicked>> + Send + 'a>>;

/// The future of a called handler, or the error of an argument that could not be extracted.
pub type CalledHandler<'a> = Result<HandlerFuture<'a>, HandlerError>;

/// The future of an upgrade handler.
pub type UpgradeFuture<'a> = Pin<Box<dyn Future<Output = UpgradeResult> + Send + 'a>>;

/// A synchronous handler for the event `E` with its types erased.
pub(crate) type SyncCall<E> = for<'a> fn(EventContext<'a, E>) -> HandlerResult;

/// A handler for the event `E` with its types erased.
#[doc(hidden)]
pub enum Call<E: Event> {
    Sync(for<'a> fn(EventContext<'a, E>) -> HandlerResult),
    Async(for<'a> fn(EventContext<'a, E>) -> CalledHandler<'a>),
}

impl<E: Event> Clone for Call<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: Event> Copy for Call<E> {}

/// An upgrade handler with its types erased.
pub type UpgradeFn = for<'a> fn(UpgradeContext<'a>) -> UpgradeFuture<'a>;

/// A handler with its types erased, by event.
#[doc(hidden)]
pub enum Handler {
    Upgrade(UpgradeFn),
    Connect(Call<event::Connect>),
    Message(Call<event::Message>),
    Call(Call<event::Call>),
    Close(Call<event::Close>),
    Session(Call<event::Session>),
}

impl Handler {
    pub(crate) const fn event(&self) -> EventKind {
        match self {
            Self::Upgrade(_) => EventKind::Upgrade,
            Self::Connect(_) => EventKind::Connect,
            Self::Message(_) => EventKind::Message,
            Self::Call(_) => EventKind::Call,
            Self::Close(_) => EventKind::Close,
            Self::Session(_) => EventKind::Session,
        }
    }
}

/// One annotated function.
#[doc(hidden)]
pub struct Entry {
    pub path: &'static str,
    pub name: &'static str,
    pub module: &'static str,
    pub location: &'static Location<'static>,
    pub router: Option<&'static SubRouter>,
    /// The name under which a `call` handler is called.
    pub method: &'static str,
    pub blocking: bool,
    pub handler: Handler,
    pub needs: fn(&mut Needs),
    #[cfg(feature = "contract")]
    pub described: Described,
}

/// What the contract of the app says of a handler.
#[cfg(feature = "contract")]
#[doc(hidden)]
#[derive(Debug)]
pub struct Described {
    pub(crate) docs: &'static str,
    pub(crate) describe: fn(&mut Description),
}

#[cfg(feature = "contract")]
impl Described {
    const NOT: Self = Self {
        docs: "",
        describe: |_| {},
    };
}

inventory::collect!(Entry);

impl Entry {
    /// Creates an entry of the app, whose place is that of the call. It has no path yet.
    #[track_caller]
    pub const fn new(name: &'static str, module: &'static str, handler: Handler, needs: fn(&mut Needs)) -> Self {
        Self {
            path: "",
            name,
            module,
            location: Location::caller(),
            router: None,
            method: "",
            blocking: false,
            handler,
            needs,
            #[cfg(feature = "contract")]
            described: Described::NOT,
        }
    }

    #[must_use]
    pub const fn of(mut self, router: &'static SubRouter) -> Self {
        self.router = Some(router);
        self
    }

    #[must_use]
    pub const fn called(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    #[must_use]
    pub const fn blocking(mut self) -> Self {
        self.blocking = true;
        self
    }

    /// Adds the documentation and the description of the function.
    #[cfg(feature = "contract")]
    #[must_use]
    pub const fn described(mut self, docs: &'static str, describe: fn(&mut Description)) -> Self {
        self.described = Described { docs, describe };
        self
    }

    pub(crate) const fn place(&self) -> Place {
        Place::of(self.location)
    }

    /// Reports a problem of this handler.
    pub(crate) fn report(&self, problems: &mut Problems, message: impl Into<String>) {
        problems.report(self.place(), Some(self.name), message);
    }

    /// Returns a number that stands for the entry: its address, which is never 0.
    pub(crate) fn key(&'static self) -> usize {
        ptr::from_ref(self).addr()
    }

    /// Returns the entry with this key.
    pub(crate) fn of_key(key: usize) -> Option<&'static Self> {
        inventory::iter::<Self>().find(|entry| entry.key() == key)
    }

    pub(crate) fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        (self.needs)(&mut needs);
        needs
    }
}

/// Returns all entries in the order of the source: the order of the linker is arbitrary.
pub(crate) fn entries() -> Vec<&'static Entry> {
    let mut entries: Vec<_> = inventory::iter::<Entry>().collect();
    entries.sort_by_key(|entry| {
        let place = entry.location;
        (place.file(), place.line(), place.column(), entry.module, entry.name)
    });
    entries
}

/// Returns the entries of `router`, or of the app itself.
pub(crate) fn entries_of(router: Option<&'static SubRouter>) -> Vec<&'static Entry> {
    let belongs = |entry: &&Entry| match (entry.router, router) {
        (None, None) => true,
        (Some(its), Some(wanted)) => ptr::eq(its, wanted),
        _ => false,
    };
    entries().into_iter().filter(belongs).collect()
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} handler `{}` of `{}` ({})",
            self.handler.event(),
            self.name,
            self.path,
            self.place()
        )
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.event().fmt(f)
    }
}

impl<E: Event> fmt::Debug for Call<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(E::NAME)
    }
}
