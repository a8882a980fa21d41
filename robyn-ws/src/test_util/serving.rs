//! The server of an app, without signals.

use axum::{Router, serve::Listener};
use futures_util::future::BoxFuture;

use crate::{
    app::{
        App, BuiltApp,
        http::{HTTP_GRACE, Server},
    },
    endpoint::parameters::Mount,
    types::error::BuildErrors,
};

/// Builds `app` with its router inside of `wrap`, and returns it with a future that serves it as [`App::serve_on`], until
/// `drained` is ready. The tests of this crate use it, since a signal would end all of them.
#[doc(hidden)]
pub fn serve_without_signals<L: Listener>(
    app: App,
    wrap: impl FnOnce(Router) -> Router,
    listener: L,
    drained: impl Future<Output = ()> + Send + 'static,
) -> Result<(BuiltApp, BoxFuture<'static, ()>), BuildErrors> {
    let assembled = app.assemble(Mount::Root)?;
    let mut built = assembled.built;
    built.router = wrap(built.router);
    let server = Server::new(built.router.clone(), assembled.edge);
    let serving = Box::pin(async move {
        server.serve_until(listener, drained).await;
        server.finish(HTTP_GRACE).await;
    });
    Ok((built, serving))
}
