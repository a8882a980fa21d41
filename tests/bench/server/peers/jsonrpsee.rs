//! jsonrpsee, for calls.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::Result;
use jsonrpsee::{RpcModule, server::ServerBuilder, types::ErrorObjectOwned};
use serde_json::value::{RawValue, to_raw_value};

use crate::typed::{Answered, LEAGUE, Said};

/// The state of the app. A method has no state of its connection, so it counts the calls of all.
#[derive(Default)]
struct Calls(AtomicU64);

pub(crate) async fn serve(address: SocketAddr) -> Result<()> {
    let mut module = RpcModule::new(Calls::default());
    module.register_method("say", |params, calls, _| -> Result<Box<RawValue>, ErrorObjectOwned> {
        calls.0.fetch_add(1, Ordering::Relaxed);
        let said: Said<'_> = params.parse()?;
        to_raw_value(&Answered::new(&LEAGUE, &said))
            .map_err(|error| ErrorObjectOwned::owned(-32603, error.to_string(), None::<()>))
    })?;
    let server = ServerBuilder::default().build(address).await?;
    server.start(module).stopped().await;
    Ok(())
}
