//! Calls in tests: of the client under test, and to it.

use std::{collections::BTreeSet, fmt};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    json_rpc::text::{call, notification, params_json},
    test_util::{
        connector::SentMessages,
        expectation::{Expectation, Outcome},
        inbox::Seen,
        rpc_messages::{Request, answer_to},
        socket::TestSocket,
    },
    types::{call_error::CallError, message::Message},
};

/// A call of the client under test, from [`TestSocket::send_call`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "wait for its result with `TestSocket::expect_result`, or for its error with `TestSocket::expect_error`"]
pub struct SentCall(u64);

/// The calls in JSON-RPC 2.0.
impl TestSocket {
    /// Calls a method, and waits for its result. `params` that are an object or an array in JSON are sent as they are, any other
    /// value as an array of one. Messages that come before the answer are kept for later.
    ///
    /// ```standalone_crate
    /// use robyn_ws::{prelude::*, test_util::TestApp};
    ///
    /// #[websocket("/chat", on = "call", method = "say")]
    /// fn say(ws: &WebSocketConnector, Params(text): Params<String>) -> Result<usize, CallError> {
    ///     ws.others().notify("said", &text)?;
    ///     Ok(text.len())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let app = TestApp::new(App::new());
    /// let mut one = app.connect("/chat").await.unwrap();
    /// let mut other = app.connect("/chat").await.unwrap();
    /// assert_eq!(one.call::<usize>("say", "hi").await, 2);
    /// let (text,): (String,) = other.expect_notification("said").await;
    /// assert_eq!(text, "hi");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the answer is an error, or the result is not the JSON of an `R`, or the connection is closed instead.
    #[track_caller]
    pub fn call<R: DeserializeOwned>(
        &mut self,
        method: &str,
        params: &(impl Serialize + ?Sized),
    ) -> impl Future<Output = R> + Send {
        let (id, message) = self.new_call(method, params);
        Expectation::new(async move {
            self.try_send(message).await?;
            self.result(id).await
        })
    }

    /// Calls a method as [`Self::call`]. An error of the answer is returned as [`CallError::Remote`], with its code, message and
    /// data.
    ///
    /// ```standalone_crate
    /// use robyn_ws::{prelude::*, test_util::TestApp};
    ///
    /// #[websocket("/shop", on = "call", method = "order")]
    /// fn order(Params((count,)): Params<(u32,)>) -> Result<u32, CallError> {
    ///     match count {
    ///         100.. => Err(CallError::new(7, "not that many").data(&99)),
    ///         _ => Ok(count * 3),
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let app = TestApp::new(App::new());
    /// let mut client = app.connect("/shop").await.unwrap();
    /// let error = client.try_call::<u32>("order", &100).await.unwrap_err();
    /// assert_eq!((error.code(), error.message()), (Some(7), Some("not that many")));
    /// let CallError::Remote { data: Some(most), .. } = error else { panic!("{error}") };
    /// assert_eq!(most.parse_json::<u32>().unwrap(), 99);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the result is not the JSON of an `R`, or the connection is closed instead.
    #[track_caller]
    pub fn try_call<R: DeserializeOwned>(
        &mut self,
        method: &str,
        params: &(impl Serialize + ?Sized),
    ) -> impl Future<Output = Result<R, CallError>> + Send {
        let (id, message) = self.new_call(method, params);
        Expectation::new(async move {
            self.try_send(message).await?;
            match self.answer(id).await? {
                Ok(result) => read(&result).map(Ok),
                Err(error) => Ok(Err(CallError::remote(&error.to_string()))),
            }
        })
    }

    /// Calls a method as [`Self::call`]. The answer must be an error with this code, whose message is returned.
    ///
    /// # Panics
    ///
    /// If there is a result, or the code is another one, or the connection is closed instead.
    #[track_caller]
    pub fn expect_call_error(
        &mut self,
        method: &str,
        params: &(impl Serialize + ?Sized),
        code: i64,
    ) -> impl Future<Output = String> + Send {
        let (id, message) = self.new_call(method, params);
        Expectation::new(async move {
            self.try_send(message).await?;
            let error = self.error(id, code).await?;
            Ok(error["message"].as_str().unwrap_or_default().to_owned())
        })
    }

    /// Calls a method without waiting for the answer, for a handler that calls the client meanwhile.
    ///
    /// ```standalone_crate
    /// use robyn_ws::{prelude::*, test_util::TestApp};
    ///
    /// #[websocket("/files", on = "call", method = "delete")]
    /// async fn delete(ws: WebSocketConnector, Params(file): Params<String>) -> Result<bool, CallError> {
    ///     ws.call("confirm", &format!("Delete {file}?")).await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let app = TestApp::new(App::new());
    /// let mut client = app.connect("/files").await.unwrap();
    /// let call = client.send_call("delete", "a.txt").await;
    /// client.answer_next("confirm", |(question,): (String,)| question == "Delete a.txt?").await;
    /// assert!(client.expect_result::<bool>(call).await);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Self::send`].
    #[track_caller]
    pub fn send_call(
        &mut self,
        method: &str,
        params: &(impl Serialize + ?Sized),
    ) -> impl Future<Output = SentCall> + Send {
        let (id, message) = self.new_call(method, params);
        Expectation::new(async move {
            self.try_send(message).await?;
            Ok(SentCall(id))
        })
    }

    /// Waits for the result of a call. Other messages that come before are kept for later.
    ///
    /// # Panics
    ///
    /// As [`Self::call`].
    #[track_caller]
    pub fn expect_result<R: DeserializeOwned>(&mut self, SentCall(id): SentCall) -> impl Future<Output = R> + Send {
        Expectation::new(async move { self.result(id).await })
    }

    /// Waits for the answer to a call, which must be an error with this code. Returns it as [`CallError::Remote`], with its
    /// message and data. Other messages that come before are kept for later.
    ///
    /// # Panics
    ///
    /// As [`Self::expect_call_error`].
    #[track_caller]
    pub fn expect_error(&mut self, SentCall(id): SentCall, code: i64) -> impl Future<Output = CallError> + Send {
        Expectation::new(async move { Ok(CallError::remote(&self.error(id, code).await?.to_string())) })
    }

    /// Sends a notification.
    ///
    /// # Panics
    ///
    /// As [`Self::send`].
    #[track_caller]
    pub fn notify(&mut self, method: &str, params: &(impl Serialize + ?Sized)) -> impl Future<Output = ()> + Send {
        let message = notification(method, params).unwrap_or_else(|error| cannot_be_json(&error));
        self.send(message)
    }

    /// Receives the next message, which must be a notification of this method. Returns its parameters.
    ///
    /// # Panics
    ///
    /// If another message comes, or the parameters are not the JSON of a `P`, or the connection is closed instead.
    #[track_caller]
    pub fn expect_notification<P: DeserializeOwned>(&mut self, method: &str) -> impl Future<Output = P> + Send {
        let method = method.to_owned();
        Expectation::new(async move {
            let message = self.message().await?;
            let request = Request::of(&message, &method, "notification")?;
            match request.id {
                None => read(&request.params),
                Some(_) => Err(format!(
                    "a notification was expected, but a call came: {}",
                    message.quoted()
                )),
            }
        })
    }

    /// Receives the next message, which must be a call of this method, and answers it with the returned value of `result`, which
    /// gets the parameters.
    ///
    /// # Panics
    ///
    /// If another message comes, or the parameters are not the JSON of a `P`, or the connection is closed instead.
    #[track_caller]
    pub fn answer_next<'a, P: DeserializeOwned + 'a, R: Serialize + 'a>(
        &'a mut self,
        method: &str,
        result: impl FnOnce(P) -> R + Send + 'a,
    ) -> impl Future<Output = ()> + Send {
        let method = method.to_owned();
        Expectation::new(async move {
            let (id, params) = self.next_call(&method).await?;
            let answer = {
                let result = result(read(&params)?);
                json!({"jsonrpc": "2.0", "result": result, "id": id})
            };
            self.try_send(answer.to_string().into()).await
        })
    }

    /// Receives the next message, which must be a call of this method, and answers it with an error.
    ///
    /// # Panics
    ///
    /// As [`Self::answer_next`].
    #[track_caller]
    pub fn refuse_next(&mut self, method: &str, code: i64, message: &str) -> impl Future<Output = ()> + Send {
        let (method, error) = (method.to_owned(), json!({"code": code, "message": message}));
        Expectation::new(async move {
            let (id, _) = self.next_call(&method).await?;
            let answer = json!({"jsonrpc": "2.0", "error": error, "id": id});
            self.try_send(answer.to_string().into()).await
        })
    }

    #[track_caller]
    fn new_call(&mut self, method: &str, params: &(impl Serialize + ?Sized)) -> (u64, Message) {
        let id = self.next_id();
        (id, call(method, &encoded(params), id))
    }

    async fn next_call(&mut self, method: &str) -> Outcome<(Value, Value)> {
        let message = self.message().await?;
        let request = Request::of(&message, method, "call")?;
        let no_call = || format!("a call was expected, but a notification came: {}", message.quoted());
        Ok((request.id.ok_or_else(no_call)?, request.params))
    }

    /// Waits for the result of a call.
    async fn result<R: DeserializeOwned>(&mut self, id: u64) -> Outcome<R> {
        match self.answer(id).await? {
            Ok(result) => read(&result),
            Err(error) => Err(format!(
                "a result was expected, but the answer is {error}{}",
                self.requests()
            )),
        }
    }

    /// Waits for the answer to a call, which must be an error with this code.
    async fn error(&mut self, id: u64, code: i64) -> Outcome<Value> {
        match self.answer(id).await? {
            Err(error) if error["code"] == code => Ok(error),
            Err(error) => Err(format!(
                "the error {code} was expected, but the answer is {error}{}",
                self.requests()
            )),
            Ok(result) => Err(format!("the error {code} was expected, but the result is {result}")),
        }
    }

    /// Describes the calls and notifications of the server that the test has not received: a handler may wait for an answer.
    fn requests(&self) -> String {
        let requests: Vec<_> = self.kept().filter_map(Request::read).collect();
        let methods = |is_call| {
            let methods = requests.iter().filter(|request| request.id.is_some() == is_call);
            let methods: BTreeSet<_> = methods.map(|request| format!("`{}`", request.method)).collect();
            methods.into_iter().collect::<Vec<_>>().join(", ")
        };
        let (calls, notifications) = (methods(true), methods(false));
        let calls = match calls.as_str() {
            "" => String::new(),
            calls => format!(
                "; the server has called {calls}: answer with `answer_next`, between `send_call` and `expect_result`"
            ),
        };
        match notifications.as_str() {
            "" => calls,
            notifications => {
                format!("{calls}; the server has sent notifications that were not received: {notifications}")
            }
        }
    }

    /// Waits for the answer to a call, and keeps all other messages.
    async fn answer(&mut self, id: u64) -> Outcome<Result<Value, Value>> {
        if let Some(answer) = self.take_kept(|message| answer_to(id, message)) {
            return Ok(answer);
        }
        loop {
            let seen = self.see_next("an answer was expected").await;
            match seen.map_err(|failure| failure + &self.requests())? {
                Seen::Message(message) => match answer_to(id, &message) {
                    Some(answer) => return Ok(answer),
                    None => self.keep(message),
                },
                Seen::Closed(closed) => {
                    return Err(format!(
                        "an answer was expected, but the connection was closed with {closed}{}",
                        self.requests()
                    ));
                }
            }
        }
    }
}

/// The calls in JSON-RPC 2.0.
impl SentMessages {
    /// Takes the next message, which must be a call of this method, and answers it with the returned value of `result`, which
    /// gets the parameters.
    ///
    /// ```
    /// use robyn_ws::{prelude::*, test_util};
    ///
    /// async fn delete(ws: WebSocketConnector, file: &str) -> Result<bool, CallError> {
    ///     ws.call("confirm", file).await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let (ws, mut sent) = test_util::connector("/files");
    /// let answer = async { sent.answer_next("confirm", |(file,): (String,)| file == "a.txt") };
    /// assert!(tokio::join!(delete(ws, "a.txt"), answer).0.unwrap());
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If no message is queued, or it is another one, or the parameters are not the JSON of a `P`.
    #[track_caller]
    pub fn answer_next<P: DeserializeOwned, R: Serialize>(&mut self, method: &str, result: impl FnOnce(P) -> R) {
        let Some(message) = self.next() else {
            panic!("a call of `{method}` was expected, but no message is queued")
        };
        let request =
            Request::of(&message, method, "call").and_then(|request| Ok((read(&request.params)?, request.id)));
        match request {
            Ok((params, Some(id))) => {
                let result = serde_json::to_string(&result(params)).unwrap_or_else(|error| cannot_be_json(&error));
                self.settle(&id.to_string(), &result);
            }
            Ok((_, None)) => panic!("a call was expected, but a notification came: {}", message.quoted()),
            Err(failure) => panic!("{failure}"),
        }
    }
}

/// Reads parameters or a result.
fn read<T: DeserializeOwned>(json: &Value) -> Outcome<T> {
    T::deserialize(json).map_err(|error| format!("another JSON was expected ({error}): {json}"))
}

#[track_caller]
fn encoded(params: &(impl Serialize + ?Sized)) -> String {
    params_json(params).unwrap_or_else(|error| cannot_be_json(&error))
}

#[track_caller]
fn cannot_be_json(error: &dyn fmt::Display) -> ! {
    panic!("the value cannot be serialized to JSON: {error}")
}
