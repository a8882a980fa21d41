//! Running one handler: in place, beside the driver, or on the blocking pool; a panic in it stays in it.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
};

use tracing::Span;

use crate::{
    ConnectionId, HandlerError, Message, WebSocketConnector,
    connection::driver::Driver,
    endpoint::{BoundHandler, Endpoint},
    event::{EventContext, LiveEvent, LiveScope},
    mailbox::Sender,
    registry::{Call, Caught},
    reply::HandlerResult,
    state::States,
    telemetry::{Stopwatch, handler_span},
};

/// What became of a handler.
#[derive(Debug)]
pub(crate) enum Outcome {
    Returned(Option<Message>),
    Failed(HandlerError),
    Panicked,
    /// It still ran when its grace after the end of the connection was over, and was dropped.
    Dropped,
}

impl From<HandlerResult> for Outcome {
    fn from(result: HandlerResult) -> Self {
        match result {
            Ok(reply) => Self::Returned(reply),
            Err(error) => Self::Failed(error),
        }
    }
}

/// What every handler of a connection is given besides its event.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) connector: WebSocketConnector,
    pub(crate) states: States,
}

impl Scene {
    fn context<'a, E: LiveEvent>(&'a mut self, owned: &'a mut E::Owned) -> EventContext<'a, E> {
        EventContext {
            endpoint: &self.endpoint,
            request: &self.connector.live.request,
            payload: E::payload(owned),
            scope: LiveScope {
                connector: &self.connector,
                state: self.states.lend(),
            },
        }
    }

    /// Runs `handler` to its end, or until its grace is over. The driver goes on beside it.
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` has room for its arguments twice, and every connection has room for this"
    )]
    pub(crate) fn invoke<E: LiveEvent>(
        &mut self,
        driver: &mut Driver,
        handler: BoundHandler<E>,
        mut owned: E::Owned,
    ) -> impl Future<Output = Outcome> + Send {
        async move {
            let span = handler_span(E::NAME, handler.entry.name);
            let stopwatch = Stopwatch::start();
            let id = self.connector.id();
            self.connector.live.running.begin(handler.entry.key());
            let outcome = match handler.call {
                Call::Sync(call) if handler.entry.blocking => {
                    // Boxed, so that connections without such handlers have no room for it.
                    Box::pin(self.invoke_blocking(driver, call, owned, span)).await
                }
                Call::Sync(call) => {
                    let cx = self.context::<E>(&mut owned);
                    settle(Some(isolate(id, &span, || call(cx))))
                }
                Call::Async(call) => {
                    let cx = self.context::<E>(&mut owned);
                    // An argument's extraction can panic too.
                    match isolate(id, &span, || call(cx)) {
                        Ok(mut future) => {
                            let handler = pin!(poll_fn(|cx| {
                                Sender::run_handler_of(id, || span.in_scope(|| future.as_mut().poll(cx)))
                            }));
                            settle(driver.beside(handler).await)
                        }
                        Err(_panic) => Outcome::Panicked,
                    }
                }
            };
            self.connector.live.running.end();
            self.endpoint.hub.telemetry.handled(E::NAME, stopwatch);
            outcome
        }
    }

    /// Lends the event and the state to a thread of the blocking pool. A handler that is dropped there runs on, and
    /// keeps the state until it ends: a thread cannot be stopped.
    async fn invoke_blocking<E: LiveEvent>(
        &mut self,
        driver: &mut Driver,
        call: for<'a> fn(EventContext<'a, E>) -> HandlerResult,
        mut owned: E::Owned,
        span: Span,
    ) -> Outcome {
        let mut lent = Self {
            endpoint: self.endpoint.clone(),
            connector: self.connector.clone(),
            states: std::mem::take(&mut self.states),
        };
        let task = tokio::task::spawn_blocking(move || {
            let id = lent.connector.id();
            let result = {
                let cx = lent.context::<E>(&mut owned);
                isolate(id, &span, || call(cx))
            };
            (lent.states, result)
        });
        match driver.beside(pin!(task)).await {
            Some(Ok((states, result))) => {
                self.states = states;
                settle(Some(result))
            }
            // The pool shuts down with the runtime.
            Some(Err(_)) | None => Outcome::Dropped,
        }
    }
}

/// Calls a part of a handler of the connection `id`, which may panic.
fn isolate<T>(id: ConnectionId, span: &Span, call: impl FnOnce() -> T) -> Caught<T> {
    let call = || Sender::run_handler_of(id, call);
    catch_unwind(AssertUnwindSafe(|| {
        if span.is_none() { call() } else { span.in_scope(call) }
    }))
}

fn settle(finished: Option<Caught<HandlerResult>>) -> Outcome {
    match finished {
        Some(Ok(result)) => result.into(),
        Some(Err(_panic)) => Outcome::Panicked,
        None => Outcome::Dropped,
    }
}
