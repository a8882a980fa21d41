//! Running one handler: in place, beside the driver, or on a blocking thread. Its panics are caught.

use std::{
    future::poll_fn,
    mem,
    pin::{Pin, pin},
};

use tokio::time::{Instant, timeout_at};
use tracing::Span;

use crate::{
    connection::{
        driver::Driver,
        handler_context::HandlerContext,
        outcome::{Outcome, Overdue, Overrun},
    },
    connector::WebSocketConnector,
    endpoint::{
        BoundHandler, Endpoint,
        registry::{Call, Entry, SyncCall},
    },
    handler::{
        event::{EventContext, LiveEvent, LiveScope},
        reply::HandlerResult,
        state::States,
    },
    hub::telemetry::{Stopwatch, handler_span, in_handler_span},
    mailbox::sender::{HandlerRun, Sender},
    types::event_kind::EventKind,
    util::{
        blocking::free_thread,
        isolate::{self, Panicked},
        log,
        time::after,
    },
};

/// The work that goes on while a handler runs.
pub(crate) trait Beside: Send {
    /// Waits for a handler. Returns `None` if it still runs when its grace is over.
    fn beside<T: Send>(
        &mut self,
        handler: Pin<&mut (impl Future<Output = T> + Send)>,
    ) -> impl Future<Output = Option<T>> + Send;

    /// Returns `true` if a call to the client waits for its answer, and can wait for at least as long as a handler.
    fn awaits_client(&self) -> bool;
}

impl Beside for Driver {
    fn beside<T: Send>(
        &mut self,
        handler: Pin<&mut (impl Future<Output = T> + Send)>,
    ) -> impl Future<Output = Option<T>> + Send {
        Self::beside(self, handler)
    }

    fn awaits_client(&self) -> bool {
        let bounds = &self.endpoint.bounds;
        let is_longer = bounds
            .handler_timeout
            .is_some_and(|timeout| bounds.call_timeout >= timeout);
        is_longer && !self.live.calls.is_empty()
    }
}

impl HandlerContext {
    fn context<'a, E: LiveEvent>(&'a mut self, payload: E::Payload<'a>) -> EventContext<'a, E> {
        context(&self.endpoint, &self.connector, &mut self.states, payload)
    }

    /// Runs a handler that never waits.
    pub(crate) fn call<'a, E: LiveEvent>(
        &'a mut self,
        entry: &'static Entry,
        call: SyncCall<E>,
        payload: E::Payload<'a>,
    ) -> Result<HandlerResult, Panicked> {
        let stopwatch = Stopwatch::start();
        let running_as = self.running_as::<E>();
        let Self {
            endpoint,
            connector,
            states,
        } = self;
        connector.live.running.begin(entry.key());
        // The context is large, so it is created where it is used.
        let call = || call(context(endpoint, connector, states, payload));
        let result = isolate::call(|| Sender::run(running_as, || in_handler_span(E::KIND, entry.name, call)));
        connector.live.running.end();
        endpoint.members.telemetry.handled(E::KIND, stopwatch);
        result
    }

    /// Runs `handler` until it returns or is out of time, while `beside` goes on.
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` has room for its arguments twice, and every connection has room for this"
    )]
    pub(crate) fn invoke<E: LiveEvent>(
        &mut self,
        beside: &mut impl Beside,
        handler: BoundHandler<E>,
        mut owned: E::Owned,
    ) -> impl Future<Output = Outcome> + Send {
        async move {
            if let Call::Sync(call) = handler.call
                && !handler.entry.blocking
            {
                return self.call(handler.entry, call, E::payload(&mut owned)).into();
            }
            let span = handler_span(E::KIND, handler.entry.name);
            let stopwatch = Stopwatch::start();
            let id = self.connector.id();
            let running_as = self.running_as::<E>();
            self.connector.live.running.begin(handler.entry.key());
            let outcome = match handler.call {
                Call::Sync(call) => {
                    // Boxed, so that connections without such handlers reserve no space for it.
                    Box::pin(self.invoke_blocking(beside, handler, call, owned, span)).await
                }
                Call::Async(call) => {
                    let deadline = self.deadline::<E>();
                    let cx = self.context::<E>(E::payload(&mut owned));
                    match isolated(running_as, &span, || call(cx)) {
                        Ok(Ok(mut future)) => {
                            let running = pin!(poll_fn(|cx| {
                                Sender::run(running_as, || span.in_scope(|| future.as_mut().poll(cx)))
                            }));
                            match in_time(deadline, beside, running).await {
                                Ok(result) => result.into(),
                                Err(overrun) => {
                                    if isolated(running_as, &span, || drop(future)).is_err() {
                                        let (handler, place) = (handler.entry.name, handler.entry.place());
                                        log::error!(handler, %place, %id, "the handler panicked when it was dropped");
                                    }
                                    Outcome::Dropped(overrun)
                                }
                            }
                        }
                        Ok(Err(refused)) => Ok(Err(refused)).into(),
                        Err(Panicked) => Outcome::Panicked,
                    }
                }
            };
            self.connector.live.running.end();
            self.endpoint.members.telemetry.handled(E::KIND, stopwatch);
            outcome
        }
    }

    /// Lends the event and the state to a thread. A thread cannot be stopped, so a handler that is out of time keeps the state
    /// until it returns.
    async fn invoke_blocking<E: LiveEvent>(
        &mut self,
        beside: &mut impl Beside,
        handler: BoundHandler<E>,
        call: SyncCall<E>,
        mut owned: E::Owned,
        span: Span,
    ) -> Outcome {
        let deadline = self.deadline::<E>();
        let free = match in_time(deadline, beside, pin!(free_thread())).await {
            Ok(free) => free,
            Err(overrun) => return Outcome::Dropped(overrun),
        };
        let mut lent = Self {
            endpoint: self.endpoint.clone(),
            connector: self.connector.clone(),
            states: mem::take(&mut self.states),
        };
        let running_as = self.running_as::<E>();
        let mut thread = free.run(move || {
            let cx = lent.context::<E>(E::payload(&mut owned));
            let outcome = isolated(running_as, &span, || call(cx)).into();
            (lent, outcome)
        });
        match in_time(deadline, beside, Pin::new(&mut thread)).await {
            Ok(Ok((mut lent, outcome))) => {
                self.states = mem::take(&mut lent.states);
                outcome
            }
            Ok(Err(Panicked)) => {
                self.states = States::new(self.endpoint.state_types(), None);
                Outcome::Panicked
            }
            Err(overrun) => {
                let entry = handler.entry;
                Outcome::LeftBehind(overrun, Box::new(Overdue { entry, thread }))
            }
        }
    }

    fn running_as<E: LiveEvent>(&self) -> HandlerRun {
        HandlerRun {
            id: self.connector.id(),
            receives_own_broadcasts: E::KIND != EventKind::Close,
        }
    }

    /// Returns the deadline of a handler for `E`, if there is one.
    fn deadline<E: LiveEvent>(&self) -> Option<Instant> {
        let timeout = self.endpoint.bounds.handler_timeout?;
        matches!(E::KIND, EventKind::Message | EventKind::Call).then(|| after(Instant::now(), timeout))
    }
}

#[inline]
fn context<'a, E: LiveEvent>(
    endpoint: &'a Endpoint,
    connector: &'a WebSocketConnector,
    states: &'a mut States,
    payload: E::Payload<'a>,
) -> EventContext<'a, E> {
    EventContext {
        path: &endpoint.path,
        dependencies: &endpoint.dependencies,
        request: &connector.live.request,
        payload,
        scope: LiveScope {
            connector,
            state: states.lend(),
        },
    }
}

/// Calls a part of a handler of the connection `id`, in its span.
fn isolated<T>(running_as: HandlerRun, span: &Span, call: impl FnOnce() -> T) -> Result<T, Panicked> {
    let call = || Sender::run(running_as, call);
    isolate::call(|| if span.is_none() { call() } else { span.in_scope(call) })
}

/// Waits for a handler until it is out of time.
async fn in_time<T: Send>(
    deadline: Option<Instant>,
    beside: &mut impl Beside,
    handler: Pin<&mut (impl Future<Output = T> + Send)>,
) -> Result<T, Overrun> {
    let in_grace = beside.beside(handler);
    let Some(deadline) = deadline else {
        return in_grace.await.ok_or(Overrun::Grace);
    };
    // Boxed, so that connections without such a limit reserve no space for it.
    let in_time = Box::pin(timeout_at(deadline, in_grace)).await;
    match in_time {
        Ok(finished) => finished.ok_or(Overrun::Grace),
        Err(_elapsed) if beside.awaits_client() => Err(Overrun::TimeoutOfCall),
        Err(_elapsed) => Err(Overrun::Timeout),
    }
}
