//! The messages of an endpoint with `call` handlers: calls in JSON-RPC 2.0, one after the other.

use std::{
    future::poll_fn,
    ops::Range,
    task::{Context, Poll, ready},
};

use crate::{
    connection::{
        Connection, answers::take_answer, discard, driver::Next, handler_context::HandlerContext, outcome::Outcome,
        warnings::is_first,
    },
    endpoint::{
        BoundHandler,
        registry::{Call, Entry},
    },
    handler::{
        event::{self, CallPayload, OwnedCall},
        reply::HandlerError,
    },
    hub::warnings::HandlerWarning,
    json_rpc::{
        envelope::{Item, Received, Request, parse, parse_element},
        text::{CallResult, NO_ID, push_error},
    },
    mailbox::driver_side::MailboxStatus,
    types::{borrowed::Borrowed, error_object::ErrorObject, message::Message, utf8_bytes::Utf8Bytes},
    util::{isolate, log},
    wire::received::Incoming,
};

/// Why a call of a batch is not run.
const ANSWERS_TOO_LONG: &str = "the answers before it in the batch are too long: send it again, in another batch";

/// What a message comes to.
enum Step {
    /// It is handled. An answer is sent, unless it is empty.
    Done(String),
    /// Its result is queued already.
    Answered(MailboxStatus),
    /// The handler has not answered: its outcome ends the connection.
    Concluded(&'static Entry, Outcome),
    /// A handler has to wait, or there are several calls.
    Waits(WaitingCalls),
}

/// The calls of a message, which is owned while they wait.
enum WaitingCalls {
    Call(OwnedRequest),
    /// The places of the elements in the text.
    Batch(Utf8Bytes, Vec<Range<usize>>),
}

/// A call of a handler that may wait.
struct OwnedRequest {
    handler: BoundHandler<event::Call>,
    call: OwnedCall,
    /// The place of the id in the text.
    id: Option<Range<usize>>,
}

impl Connection {
    /// Handles the calls of the client, until the connection ends.
    pub(super) async fn handle_all_calls(&mut self) {
        while let Some(calls) = poll_fn(|cx| self.poll_calls(cx)).await {
            let handled = match calls {
                // Boxed, so that an idle connection reserves no space for it.
                WaitingCalls::Call(request) => Box::pin(self.call(request)).await,
                WaitingCalls::Batch(text, elements) => Box::pin(self.batch(text, elements)).await,
            };
            if !handled {
                return;
            }
        }
    }

    /// Handles messages until one has to wait. `None` is the end.
    fn poll_calls(&mut self, cx: &mut Context<'_>) -> Poll<Option<WaitingCalls>> {
        while let Next::Message(incoming) = ready!(self.driver.poll_next(cx)) {
            if let Some(calls) = self.handle_calls(&incoming) {
                return Poll::Ready(Some(calls));
            }
        }
        Poll::Ready(None)
    }

    /// Handles a message, unless it has to wait.
    fn handle_calls(&mut self, incoming: &Incoming) -> Option<WaitingCalls> {
        let Self { driver, context, .. } = self;
        let message = match incoming {
            Incoming::WholeMessage(whole) => match driver.reader.borrow(*whole) {
                Ok(message) => message,
                Err(end) => {
                    driver.on_read_end(&end);
                    return None;
                }
            },
            Incoming::Owned(message) => message.into(),
        };
        let shared = match incoming {
            Incoming::Owned(Message::Text(text)) => Some(text),
            _ => None,
        };
        match context.step(message, shared) {
            Step::Done(answer) => self.send_answer(answer),
            Step::Answered(status) => self.driver.has_answered(status),
            Step::Concluded(entry, outcome) => self.answer(entry, outcome),
            Step::Waits(calls) => return Some(calls),
        }
        None
    }

    /// Runs a handler that may wait. Returns `false` if it was not done in time.
    async fn call(&mut self, request: OwnedRequest) -> bool {
        let mut answer = String::new();
        let handled = self.call_into(request, &mut answer).await;
        self.send_answer(answer);
        handled
    }

    /// Runs the calls of a batch one after the other, and sends all answers in one message. Returns `false` if a handler was
    /// not done in time.
    async fn batch(&mut self, text: Utf8Bytes, elements: Vec<Range<usize>>) -> bool {
        let mut answers = String::new();
        let mut handled = true;
        for (position, element) in elements.into_iter().enumerate() {
            if position > 0 && !(handled && self.driver.next_call().await) {
                break;
            }
            let before = answers.len();
            answers.push(if before == 0 { '[' } else { ',' });
            let start = answers.len();
            handled = self.element_into(&text, element, &mut answers).await;
            if answers.len() == start {
                answers.truncate(before);
            }
        }
        if !answers.is_empty() {
            answers.push(']');
        }
        self.send_answer(answers);
        handled
    }

    /// Handles an element of a batch, and appends its answer.
    async fn element_into(&mut self, text: &Utf8Bytes, element: Range<usize>, answer: &mut String) -> bool {
        let bounds = &self.context.endpoint.bounds;
        match parse_element(&text[element], bounds) {
            // What a batch holds in memory is bounded, as the queue of its client is.
            Item::Call(Request { id: Some(id), .. }) if answer.len() > bounds.max_outbound_bytes => {
                push_error(answer, id, &ErrorObject::invalid_request(ANSWERS_TOO_LONG));
                true
            }
            Item::Call(request) => {
                let Some(handler) = self.context.find(&request) else {
                    not_found(&request, answer);
                    return true;
                };
                let request = OwnedRequest::new(handler, &request, text.clone(), text);
                self.call_into(request, answer).await
            }
            Item::Answer(answer) => {
                take_answer(&self.driver.live, answer);
                true
            }
            Item::Invalid { id, why } => {
                push_error(answer, id.unwrap_or(NO_ID), &ErrorObject::invalid_request(why));
                true
            }
        }
    }

    /// Runs a handler, and appends its answer. Returns `false` if it was not done in time.
    async fn call_into(&mut self, request: OwnedRequest, answer: &mut String) -> bool {
        let OwnedRequest { handler, call, id } = request;
        let text = call.text.clone();
        let outcome = self.context.invoke(&mut self.driver, handler, call).await;
        let in_time = !matches!(outcome, Outcome::Dropped(_) | Outcome::LeftBehind(..));
        if let Err(outcome) = self
            .context
            .answer_into(handler.entry, id.map(|id| &text[id]), outcome, answer)
        {
            let reply = self.conclude(handler.entry, outcome);
            debug_assert!(reply.is_none(), "a call is answered by an error object");
        }
        in_time
    }

    fn send_answer(&mut self, answer: String) {
        let answer = (!answer.is_empty()).then(|| Message::from(answer));
        self.driver.settle(answer.as_ref());
    }
}

impl HandlerContext {
    /// Handles a message, unless it has to wait. Its text may be `shared`, and is copied otherwise.
    fn step(&mut self, message: Borrowed<'_>, shared: Option<&Utf8Bytes>) -> Step {
        let mut answer = String::new();
        let text = match message {
            Borrowed::Text(text) => text,
            Borrowed::Binary(_) => {
                return refused(&ErrorObject::invalid_request("expected text, the message is binary"));
            }
        };
        let kept = || shared.cloned().unwrap_or_else(|| text.into());
        let request = match parse(text, &self.endpoint.bounds) {
            Received::One(Item::Call(request)) => request,
            Received::One(Item::Answer(received)) => {
                take_answer(&self.connector.live, received);
                return Step::Done(answer);
            }
            Received::One(Item::Invalid { id, why }) => {
                push_error(&mut answer, id.unwrap_or(NO_ID), &ErrorObject::invalid_request(why));
                return Step::Done(answer);
            }
            Received::Batch(elements) => {
                let places = elements.into_iter().map(|element| place(text, element)).collect();
                return Step::Waits(WaitingCalls::Batch(kept(), places));
            }
            Received::Malformed => return refused(&ErrorObject::parse_error()),
            Received::Invalid(why) => return refused(&ErrorObject::invalid_request(why)),
        };
        let Some(handler) = self.find(&request) else {
            not_found(&request, &mut answer);
            return Step::Done(answer);
        };
        let entry = handler.entry;
        match handler.call {
            Call::Sync(call) if !entry.blocking => {
                let payload = CallPayload {
                    method: entry.method,
                    params: request.params,
                };
                let failed = match self.call::<event::Call>(entry, call, payload) {
                    Ok(Ok(result)) => return Step::Answered(self.answer_with(entry, request.id, result)),
                    failed => failed.into(),
                };
                match self.answer_into(entry, request.id, failed, &mut answer) {
                    Ok(()) => Step::Done(answer),
                    Err(outcome) => Step::Concluded(entry, outcome),
                }
            }
            _ => Step::Waits(WaitingCalls::Call(OwnedRequest::new(handler, &request, kept(), text))),
        }
    }

    /// Finds the handler of a call. The client is not told of similar methods, but the log is.
    fn find(&self, request: &Request<'_>) -> Option<BoundHandler<event::Call>> {
        let found = self.endpoint.handlers.method(&request.method);
        if found.is_none() {
            let (id, endpoint) = (self.connector.id(), &self.endpoint.path);
            self.endpoint.handlers.log_unknown_method(id, endpoint, &request.method);
        }
        found
    }

    /// Queues the result of a call. The parts of its answer are joined in the frame.
    fn answer_with(&self, entry: &'static Entry, id: Option<&str>, result: Option<Message>) -> MailboxStatus {
        let live = &self.connector.live;
        let answer = id.map(|id| CallResult {
            id,
            result: text_of(result.as_ref()),
        });
        let status = live.answer(answer.as_ref());
        if let Some(result) = result {
            discard(result, entry, live);
        }
        status
    }

    /// Appends the answer to a call. Returns the outcome if it ends the connection instead.
    fn answer_into(
        &self,
        entry: &'static Entry,
        id: Option<&str>,
        outcome: Outcome,
        answer: &mut String,
    ) -> Result<(), Outcome> {
        match outcome {
            Outcome::Returned(result) => {
                if let Some(id) = id {
                    let result = text_of(result.as_ref());
                    CallResult { id, result }.push_to(answer);
                }
                if let Some(result) = result {
                    discard(result, entry, &self.connector.live);
                }
                Ok(())
            }
            Outcome::Failed(error) => match error.answer() {
                Some(object) => {
                    if let Some(id) = id {
                        push_error(answer, id, &object);
                    }
                    self.log_failure(entry, error);
                    Ok(())
                }
                None => Err(Outcome::Failed(error)),
            },
            outcome => Err(outcome),
        }
    }

    #[cold]
    fn log_failure(&self, entry: &'static Entry, error: HandlerError) {
        let (handler, place, id) = (entry.name, entry.place(), self.connector.id());
        // The handler may pass on that its own connection has ended.
        let is_expected = error.is_disconnected() && !self.connector.is_open();
        if error.is_failure() && !is_expected {
            let is_first = is_first(HandlerWarning::Failed, entry, &self.connector.live.endpoint);
            log::warn_first!(is_first, handler, %place, %id, error = isolate::text(&error), "the handler failed");
        } else {
            log::debug!(handler, %place, %id, error = isolate::text(&error), "the call was answered with an error");
        }
        if isolate::discard(error).is_err() {
            log::error!(handler, %place, %id, "the `Drop` of the handler's error panicked");
        }
    }
}

impl OwnedRequest {
    /// Keeps the parts of a request in the text `kept`, a copy of the `text` that they are borrowed from.
    fn new(handler: BoundHandler<event::Call>, request: &Request<'_>, kept: Utf8Bytes, text: &str) -> Self {
        Self {
            handler,
            call: OwnedCall {
                text: kept,
                method: handler.entry.method,
                params: request.params.map(|params| place(text, params)),
            },
            id: request.id.map(|id| place(text, id)),
        }
    }
}

/// Returns the place of `part`, which is borrowed from `text`.
fn place(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    start..start + part.len()
}

/// Returns the result of a call in JSON.
fn text_of(result: Option<&Message>) -> &str {
    result.and_then(Message::as_text).unwrap_or("null")
}

/// Answers what has no id.
fn refused(error: &ErrorObject) -> Step {
    let mut answer = String::new();
    push_error(&mut answer, NO_ID, error);
    Step::Done(answer)
}

fn not_found(request: &Request<'_>, answer: &mut String) {
    if let Some(id) = request.id {
        push_error(answer, id, &ErrorObject::method_not_found());
    }
}
