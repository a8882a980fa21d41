//! hyper's task for what is written to a WebSocket over HTTP/2.

use std::cell::Cell;

use tokio::{
    task::{AbortHandle, JoinHandle},
    task_local,
};

task_local! {
    static OF_REQUEST: Cell<Option<AbortHandle>>;
}

/// hyper's task for what is written to a WebSocket over HTTP/2. It waits for the window of the stream, however long. When
/// this is dropped before all is written, the task ends, and the stream is reset.
#[derive(Debug)]
pub(crate) struct WriteTask(AbortHandle);

impl WriteTask {
    /// Runs the task of a request. In it, the task for the WebSocket may be spawned and taken.
    pub(crate) fn of_request<F: Future>(request: F) -> impl Future<Output = F::Output> {
        OF_REQUEST.scope(Cell::new(None), request)
    }

    /// Notes a task that was spawned. If it was in the task of a request, it is the one for its WebSocket.
    pub(crate) fn spawned<T>(task: &JoinHandle<T>) {
        let _ = OF_REQUEST.try_with(|of_request| of_request.set(Some(task.abort_handle())));
    }

    /// Takes the task for the WebSocket in the task of its request. A server of the user's own notes none.
    pub(crate) fn take() -> Option<Self> {
        OF_REQUEST.try_with(Cell::take).ok().flatten().map(Self)
    }
}

impl Drop for WriteTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}
