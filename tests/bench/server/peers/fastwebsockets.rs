//! fastwebsockets on hyper, as in its examples, with a `tokio::sync::broadcast` channel for each room.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Result;
use fastwebsockets::{
    FragmentCollector, FragmentCollectorRead, Frame, OpCode, Payload, WebSocketError,
    upgrade::{UpgradeFut, upgrade},
};
use http_body_util::Empty;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use robyn_ws_bench::ECHO;
use tokio::{
    net::TcpListener,
    sync::broadcast::{Sender, error::RecvError},
};

use crate::channels::Channels;

type Hub = Channels<Bytes>;

async fn echo(upgraded: UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = FragmentCollector::new(upgraded.await?);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}

async fn fan_out(upgraded: UpgradeFut, channel: Sender<Bytes>) -> Result<(), WebSocketError> {
    let (receiver, mut sender) = upgraded.await?.split(tokio::io::split);
    let mut receiver = FragmentCollectorRead::new(receiver);
    let mut publications = channel.subscribe();
    let reading = async {
        loop {
            // Whoever sends nothing but text and a Close needs no answer in between.
            let frame = receiver.read_frame::<_, WebSocketError>(&mut async |_| Ok(())).await?;
            match frame.opcode {
                OpCode::Close => return Ok(()),
                OpCode::Text => {
                    let _listeners = channel.send(Bytes::copy_from_slice(&frame.payload));
                }
                _ => {}
            }
        }
    };
    let writing = async {
        loop {
            match publications.recv().await {
                Ok(text) => sender.write_frame(Frame::text(Payload::Borrowed(&text))).await?,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Ok(()),
            }
        }
    };
    tokio::select! {
        ended = reading => ended,
        ended = writing => ended,
    }
}

fn accept(hub: &Hub, mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let (response, upgraded) = upgrade(&mut request)?;
    match request.uri().path() {
        ECHO => tokio::spawn(echo(upgraded)),
        room => tokio::spawn(fan_out(upgraded, hub.of(room))),
    };
    Ok(response)
}

pub(crate) async fn serve(address: SocketAddr) -> Result<()> {
    let hub = Arc::new(Hub::default());
    let listener = TcpListener::bind(address).await?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let hub = hub.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let response = accept(&hub, request);
                async move { response }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
            let _ended = connection.with_upgrades().await;
        });
    }
}
