//! What is known of connections: by their handlers, at their end, and outside of handlers.

#![deny(warnings)]

mod connector {
    //! Every call of the connector and of its audiences, with the types that the documentation gives them.

    use std::{
        collections::{HashMap, HashSet},
        net::SocketAddr,
    };

    use robyn_ws::prelude::*;

    #[websocket("/chat/{room}", on = "message")]
    async fn everything(ws: WebSocketConnector, msg: &str) -> Result<(), SendError> {
        let id: ConnectionId = ws.id();
        let parsed: Result<ConnectionId, _> = id.to_string().parse();
        let known: HashMap<ConnectionId, &str> = HashMap::from([(id, msg)]);
        assert!(parsed.is_ok_and(|parsed| known.contains_key(&parsed)));

        let _: () = ws.sync_send_to(id, msg)?;
        let _: () = ws.async_send_to(id, msg.to_owned()).await?;
        ws.sync_send(msg.as_bytes())?;
        ws.async_send(Message::from(msg)).await?;
        let Delivery { queued, dropped, .. } = ws.sync_broadcast(msg);
        let delivery: Delivery = ws.async_broadcast(msg).await;
        assert!(queued + dropped >= delivery.queued);

        let name: Option<&str> = ws.query_params().get("name");
        let names: Vec<&str> = ws.query_params().get_all("name").collect();
        let pairs: Vec<(&str, &str)> = ws.query_params().iter().collect();
        assert!(names.len() <= pairs.len() && name.is_some() != names.is_empty());
        let _room: Option<&str> = ws.path_params().get("room");
        let _: (&HeaderMap, &Uri, Option<SocketAddr>) = (ws.headers(), ws.uri(), ws.peer_addr());
        let _: Option<&u32> = ws.extensions().get();

        ws.join("league");
        ws.leave("league");
        let _rooms: HashSet<String> = ws.rooms().into_iter().collect();
        let audience: Audience = ws.to("league").to("cave").except(id);
        audience.sync_broadcast(msg);
        audience.async_broadcast(msg).await;
        assert!(audience.count() <= ws.everyone().count() + ws.others().count());

        ws.close_with(4000, "enough");
        ws.close();
        let _: bool = ws.is_open();
        Ok(())
    }

    /// A connector can go to any task, which may outlive the handler.
    #[websocket("/tasks", on = "connect")]
    fn tasks(ws: WebSocketConnector) {
        fn anywhere<T: Clone + Send + Sync + 'static>(value: T) -> T {
            value
        }
        let ws = anywhere(ws);
        tokio::spawn(async move { ws.closed().await });
    }

    #[websocket("/errors", on = "message")]
    fn errors(ws: &WebSocketConnector, msg: &str) -> Option<&'static str> {
        match ws.sync_send(msg) {
            Ok(()) => None,
            Err(SendError::NotConnected) => Some("gone"),
            Err(SendError::QueueFull) => Some("full"),
            Err(_) => Some("something else"),
        }
    }
}

mod close_reasons {
    //! Every reason for which a connection can end, as a close handler matches it.

    use robyn_ws::prelude::*;

    #[websocket("/chat/{room}", on = "close")]
    fn part(reason: &CloseReason) -> String {
        match reason {
            CloseReason::Client { code, reason } | CloseReason::Server { code, reason } => format!("{code} {reason}"),
            CloseReason::Abnormal => "no Close frame".to_owned(),
            CloseReason::HeartbeatTimeout | CloseReason::IdleTimeout => "silence".to_owned(),
            CloseReason::SlowConsumer | CloseReason::RateLimited | CloseReason::MessageTooBig => "a limit".to_owned(),
            CloseReason::InvalidPayload | CloseReason::ProtocolError => "the client's mistake".to_owned(),
            CloseReason::HandlerPanic | CloseReason::HandlerError => "our mistake".to_owned(),
            CloseReason::Shutdown => "the server stops".to_owned(),
            _ => "something new".to_owned(),
        }
    }

    pub(super) fn check() {
        assert_eq!(part(&CloseReason::Abnormal), "no Close frame");
        let reason = CloseReason::Client {
            code: 1000,
            reason: "bye".to_owned(),
        };
        assert_eq!(part(&reason), "1000 bye");
    }
}

mod hub {
    //! The hub: from the app, and as an extractor of HTTP handlers.

    use robyn_ws::{
        axum::{Router, routing::post},
        prelude::*,
    };

    #[websocket("/chat", on = "message")]
    fn chat(msg: String) -> String {
        msg
    }

    async fn publish(hub: Hub, news: String) -> String {
        hub.endpoint("/chat").async_broadcast(news).await.queued.to_string()
    }

    pub(super) async fn check() -> Result<(), BuildErrors> {
        let app = App::new().http(Router::new().route("/publish", post(publish)));
        let hub: Hub = app.hub();
        app.build()?;

        let endpoint = hub.endpoint("/chat");
        let nobody: ConnectionId = "67e55044-10b1-426f-9247-bb680e5fe0c8".parse().expect("a UUID");
        assert!(endpoint.ids().is_empty());
        assert_eq!(endpoint.count(), 0);
        assert_eq!(endpoint.to("league").except(nobody).count(), 0);
        assert_eq!(endpoint.sync_broadcast("hi").queued, 0);
        assert!(matches!(
            endpoint.sync_send_to(nobody, "hi"),
            Err(SendError::NotConnected)
        ));
        assert!(matches!(
            endpoint.async_send_to(nobody, "hi").await,
            Err(SendError::NotConnected)
        ));
        assert!(endpoint.close_with(nobody, 1000, "bye").is_err());
        assert_eq!(publish(hub, "news".to_owned()).await, "0");
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), robyn_ws::BuildErrors> {
    close_reasons::check();
    hub::check().await
}
