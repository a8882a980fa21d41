//! actix-web with actix-ws: a bounded queue for each connection, as in the actix project's example of a chat.

use std::net::SocketAddr;

use actix_web::{
    App, Error, HttpRequest, HttpResponse, HttpServer, Result,
    rt::{System, spawn},
    web::{Data, Payload, get},
};
use actix_ws::{Message, MessageStream, Session, handle};
use bytestring::ByteString;
use robyn_ws_bench::{ECHO, FAN_OUT, TYPED, TYPED_FAN_OUT};

use crate::{
    queues::Queues,
    typed::{LEAGUE, League, Visit},
};

type Hub = Queues<ByteString>;

async fn echo(request: HttpRequest, body: Payload) -> Result<HttpResponse, Error> {
    let (response, mut session, mut messages) = handle(&request, body)?;
    spawn(async move {
        while let Some(Ok(message)) = messages.recv().await {
            if let Message::Text(text) = message
                && session.text(text).await.is_err()
            {
                break;
            }
        }
    });
    Ok(response)
}

async fn typed(request: HttpRequest, body: Payload, league: Data<League>) -> Result<HttpResponse, Error> {
    let (response, mut session, mut messages) = handle(&request, body)?;
    spawn(async move {
        let mut visit = Visit::default();
        while let Some(Ok(message)) = messages.recv().await {
            let Message::Text(text) = message else { continue };
            let Ok(answer) = visit.answer(&league, &text) else {
                break;
            };
            if session.text(answer).await.is_err() {
                break;
            }
        }
    });
    Ok(response)
}

async fn fan_out(request: HttpRequest, body: Payload, hub: Data<Hub>) -> Result<HttpResponse, Error> {
    let (response, session, messages) = handle(&request, body)?;
    spawn(async move { converse(session, messages, &hub, request.path(), Some).await });
    Ok(response)
}

async fn typed_fan_out(
    request: HttpRequest,
    body: Payload,
    hub: Data<Hub>,
    league: Data<League>,
) -> Result<HttpResponse, Error> {
    let (response, session, messages) = handle(&request, body)?;
    spawn(async move {
        let mut visit = Visit::default();
        let answer = |text: ByteString| visit.answer(&league, &text).ok().map(ByteString::from);
        converse(session, messages, &hub, request.path(), answer).await;
    });
    Ok(response)
}

/// Publishes what `publication` makes of a client's messages, and sends the client what is published.
async fn converse(
    mut session: Session,
    mut messages: MessageStream,
    hub: &Hub,
    room: &str,
    mut publication: impl FnMut(ByteString) -> Option<ByteString>,
) {
    let (id, mut published) = hub.join(room);
    loop {
        tokio::select! {
            received = messages.recv() => match received {
                Some(Ok(Message::Text(text))) => {
                    let Some(text) = publication(text) else { break };
                    hub.publish(room, &text);
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            },
            text = published.recv() => {
                let Some(text) = text else { break };
                if session.text(text).await.is_err() {
                    break;
                }
            }
        }
    }
    hub.leave(room, id);
    let _closed = session.close(None).await;
}

pub(crate) fn serve(address: SocketAddr, workers: usize) -> anyhow::Result<()> {
    let hub = Data::new(Hub::default());
    let league = Data::new(LEAGUE);
    let app = move || {
        App::new()
            .app_data(hub.clone())
            .app_data(league.clone())
            .route(ECHO, get().to(echo))
            .route(FAN_OUT, get().to(fan_out))
            .route("/rooms/{room}", get().to(fan_out))
            .route(TYPED, get().to(typed))
            .route(TYPED_FAN_OUT, get().to(typed_fan_out))
    };
    System::new().block_on(
        HttpServer::new(app)
            .workers(workers)
            .tcp_nodelay(true)
            .bind(address)?
            .run(),
    )?;
    Ok(())
}
