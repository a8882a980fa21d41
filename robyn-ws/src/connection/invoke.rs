//! Running one handler: in place, beside the driver, or on the blocking pool; a panic in it stays in it.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use futures_util::FutureExt;
use tracing::{Instrument, Span};

use crate::{
    HandlerError, Message, WebSocketConnector,
    connection::driver::Driver,
    endpoint::{BoundHandler, Endpoint},
    event::{EventContext, LiveEvent, LiveScope},
    registry::Call,
    reply::HandlerResult,
    state::States,
    telemetry::Stopwatch,
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
    pub(crate) async fn invoke<E: LiveEvent>(
        &mut self,
        driver: &mut Driver,
        handler: BoundHandler<E>,
        mut owned: E::Owned,
    ) -> Outcome {
        let span = tracing::info_span!("ws.message", event = E::NAME, handler = handler.entry.name);
        let stopwatch = Stopwatch::start();
        let outcome = match handler.call {
            Call::Sync(call) if handler.entry.blocking => self.invoke_blocking(driver, call, owned, span).await,
            Call::Sync(call) => {
                let cx = self.context::<E>(&mut owned);
                let call = AssertUnwindSafe(|| span.in_scope(|| call(cx)));
                catch_unwind(call).map_or(Outcome::Panicked, Outcome::from)
            }
            Call::Async(call) => {
                let cx = self.context::<E>(&mut owned);
                // The call itself is inside, since an argument's extraction can panic too.
                let future = async move { call(cx).await }.instrument(span);
                settle(driver.beside(AssertUnwindSafe(future).catch_unwind()).await)
            }
        };
        self.endpoint.hub.telemetry.handled(E::NAME, stopwatch);
        outcome
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
            let result = {
                let cx = lent.context::<E>(&mut owned);
                catch_unwind(AssertUnwindSafe(|| span.in_scope(|| call(cx))))
            };
            (lent.states, result)
        });
        match driver.beside(task).await {
            Some(Ok((states, result))) => {
                self.states = states;
                settle(Some(result))
            }
            // The pool shuts down with the runtime.
            Some(Err(_)) | None => Outcome::Dropped,
        }
    }
}

fn settle(finished: Option<Result<HandlerResult, Box<dyn Any + Send>>>) -> Outcome {
    match finished {
        Some(Ok(result)) => result.into(),
        Some(Err(_panic)) => Outcome::Panicked,
        None => Outcome::Dropped,
    }
}
