//! Calls to clients, and notifications, in JSON-RPC 2.0.

use std::{pin::pin, sync::Arc};

use futures_util::future::{Either, select};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    connector::WebSocketConnector,
    hub::{audience::Delivery, live::Live},
    json_rpc::text::{call, notification, params_json},
    mailbox::wait_limit::WaitLimit,
    types::{
        call_error::CallError,
        error::{JsonError, SendError},
    },
};

impl WebSocketConnector {
    /// Calls a method of the client, and waits for the answer (JSON-RPC 2.0).
    ///
    /// `params` that are an object or an array in JSON are sent as they are, any other value as an array of one. The answer is
    /// matched when it is read, also while a handler of this connection waits for it: then the server reads ahead of the
    /// handler as long as the other messages have at most [`Limits::max_message_size`](crate::Limits::max_message_size) bytes,
    /// with 64 bytes added to each. A client that sends more before its answer is not read further, so the call times out.
    ///
    /// It works where no handler takes all messages: on endpoints with `call` handlers, and on those without a message and a
    /// session handler. Any task can call, not only a handler.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// #[websocket("/files", on = "call", method = "delete")]
    /// async fn delete(ws: WebSocketConnector, Params(file): Params<String>) -> Result<bool, CallError> {
    ///     let confirmed: bool = ws.call("confirm", &format!("Delete {file}?")).await?;
    ///     Ok(confirmed)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// * [`CallError::Remote`] if the client answers with an error.
    /// * [`CallError::TimedOut`] if it does not answer within [`Limits::call_timeout`](crate::Limits::call_timeout).
    /// * [`CallError::NotConnected`] if the connection has ended, or ends before the answer.
    /// * [`CallError::TooManyUnanswered`] if [`Limits::max_unanswered_calls`](crate::Limits::max_unanswered_calls) calls to
    ///   this client wait.
    /// * [`CallError::QueueFull`] if there was no room for the call, as for [`Self::async_send`].
    /// * [`CallError::Unsupported`] if a message handler or a session handler takes all messages of the endpoint.
    /// * [`CallError::Json`] if `params` cannot be JSON, or the result is not an `R`.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped while it waits, the client may have got the call, and its answer is ignored.
    pub async fn call<R: DeserializeOwned>(
        &self,
        method: &str,
        params: &(impl Serialize + ?Sized),
    ) -> Result<R, CallError> {
        if !self.live.endpoint.takes_answers {
            return Err(CallError::Unsupported);
        }
        let params = params_json(params).map_err(CallError::Json)?;
        let result = result_of(&self.live, method, &params).await?;
        serde_json::from_str(&result).map_err(|error| CallError::Json(JsonError::answer(method, error)))
    }

    /// Sends the client a notification (JSON-RPC 2.0) without waiting. `params` that are an object or an array in JSON are sent
    /// as they are, any other value as an array of one.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// #[websocket("/clock", on = "connect")]
    /// fn connect(ws: &WebSocketConnector) -> Result<(), JsonError> {
    ///     ws.notify("tick", &1)?; // {"jsonrpc":"2.0","method":"tick","params":[1]}
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`JsonError`] if `params` cannot be JSON. A client that has gone, or whose queue is full, shows in the [`Delivery`].
    pub fn notify(&self, method: &str, params: &(impl Serialize + ?Sized)) -> Result<Delivery, JsonError> {
        Ok(self.live.deliver(&notification(method, params)?))
    }
}

/// Waits for the result of a call, within `Limits::call_timeout`.
async fn result_of(live: &Arc<Live>, method: &str, params: &str) -> Result<String, CallError> {
    let mut limit = WaitLimit::new(live.flusher.runtime(), live.mailbox.bounds().call_timeout);
    let mut answered = pin!(answer_of(live, method, params));
    loop {
        if let Either::Left((answer, _)) = select(answered.as_mut(), limit.expiry()).await {
            return answer;
        }
        if limit.has_expired(0) {
            return Err(CallError::TimedOut);
        }
    }
}

async fn answer_of(live: &Arc<Live>, method: &str, params: &str) -> Result<String, CallError> {
    if !live.mailbox.is_open() {
        return Err(CallError::NotConnected);
    }
    let most = live.mailbox.bounds().max_unanswered_calls;
    let mut waiting = live.calls.begin(most).ok_or(CallError::TooManyUnanswered)?;
    let sent = live.send_wait(&call(method, params, waiting.id)).await;
    sent.map_err(|error| match error {
        SendError::NotConnected | SendError::Unreachable => CallError::NotConnected,
        SendError::QueueFull | SendError::TimedOut => CallError::QueueFull,
    })?;
    // The answer may stand behind more messages than are read ahead without a call.
    live.mailbox.wake_driver();
    match select(pin!(waiting.answered()), pin!(live.mailbox.closed())).await {
        Either::Left((Some(answer), _)) => answer.map_err(|error| CallError::remote(&error)),
        Either::Left((None, _)) | Either::Right(_) => Err(CallError::NotConnected),
    }
}
