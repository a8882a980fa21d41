//! The attribute and its arguments, and other attributes beside it.

#![deny(warnings)]

mod arguments {
    //! The arguments of the attribute: in any order, with a comma at the end, under a path, in axum's whole path syntax.

    use robyn_ws::prelude::SubRouter;

    pub(super) static LEAGUE: SubRouter = SubRouter::new("/league");

    #[robyn_ws::websocket("/order/a", on = "message", router = LEAGUE, blocking, crate = ::robyn_ws)]
    fn documented_order() {}

    #[robyn_ws::websocket("/order/b", crate = robyn_ws, blocking, router = crate::arguments::LEAGUE, on = "message",)]
    fn another_order() {}

    #[robyn_ws::websocket("/order/c", router = self::LEAGUE, on = "close")]
    fn another_path_to_the_router() {}

    #[robyn_ws::prelude::websocket("/", on = "connect")]
    fn root() {}

    #[robyn_ws::websocket("/chat/{room}", on = "connect")]
    fn parameter() {}

    #[robyn_ws::websocket("/@{user}", on = "connect")]
    fn prefix_of_a_parameter() {}

    #[robyn_ws::websocket("/files/{*rest}", on = "connect")]
    fn wildcard() {}

    #[robyn_ws::websocket("/%7Bbraces%7D", on = "connect")]
    fn literal_braces() {}

    #[robyn_ws::websocket(r"/raw/string", on = r#"connect"#)]
    fn raw_strings() {}

    #[robyn_ws::websocket("/bat%20cave/", on = "connect")]
    fn escaped_space_and_slash_at_the_end() {}

    #[robyn_ws::websocket("/session")]
    async fn session() {}
}

mod beside {
    //! Doc comments and other attributes on a handler and its arguments stay in force, and don't disturb ours.

    use robyn_ws::prelude::*;

    /// Documented above,
    #[doc = "and by attribute."]
    #[inline]
    #[must_use = "it is a greeting"]
    #[websocket("/greet", on = "connect")]
    #[cold]
    #[track_caller]
    /** And below. */
    pub fn greet() -> &'static str {
        "hi"
    }

    #[websocket("/lints", on = "message")]
    #[allow(unused_variables, unused_mut, non_snake_case)]
    fn Lints(mut msg: String, #[allow(unused)] ws: WebSocketConnector) {}

    #[websocket("/expected", on = "message")]
    #[expect(
        clippy::needless_pass_by_value,
        unused_variables,
        reason = "to see that it is fulfilled once"
    )]
    async fn expected(msg: String) {}

    #[websocket("/old", on = "message")]
    #[deprecated = "use /new"]
    fn old(_msg: &str) {}

    #[deprecated]
    struct Old;

    #[allow(deprecated)]
    impl IntoReply for Old {
        fn into_reply(self) -> Result<Option<Message>, HandlerError> {
            Ok(None)
        }
    }

    #[websocket("/old/type", on = "message")]
    #[allow(deprecated)]
    fn old_type(_msg: &str) -> Old {
        Old
    }

    /// Two endpoints of one function.
    #[websocket("/one", on = "message")]
    #[websocket("/two", on = "message")]
    #[websocket("/two", on = "connect")]
    fn both() -> &'static str {
        "both"
    }

    pub(super) fn check() {
        assert_eq!(greet(), "hi");
        assert_eq!(both(), "both");
    }
}

mod configured_out {
    //! `#[cfg]` above or below the attribute takes a handler away with all that was written for it.

    use robyn_ws::prelude::*;

    #[cfg(any())]
    #[websocket("/above", on = "message")]
    fn above(_missing: Missing) {}

    #[websocket("/below", on = "message")]
    #[cfg(any())]
    fn below(_missing: Missing) {}

    #[websocket("/kept", on = "message")]
    #[cfg(all())]
    fn kept(_msg: &str) {}

    #[cfg_attr(all(), websocket("/attached", on = "message"))]
    fn attached(_msg: &str) {}

    #[cfg_attr(any(), websocket("/detached", on = "message"))]
    fn detached(_msg: &str) {}

    /// One of two with the same name.
    #[websocket("/either", on = "message")]
    #[cfg(any())]
    fn either(_missing: Missing) {}

    #[websocket("/either", on = "message")]
    #[cfg(not(any()))]
    fn either(_msg: &str) {}

    pub(super) fn check() {
        detached("no handler");
    }
}

mod blocking {
    //! `blocking` runs a sync handler where it may block, with all that it borrows.

    use robyn_ws::prelude::*;

    #[derive(Default, ConnectionState)]
    struct Session(u32);

    #[websocket("/blocking", on = "connect", blocking)]
    fn greet(ws: &WebSocketConnector) -> String {
        ws.id().to_string()
    }

    #[websocket("/blocking", blocking, on = "message")]
    fn chat(msg: &str, session: &mut Session) -> String {
        session.0 += 1;
        format!("{msg} {}", session.0)
    }

    #[websocket("/blocking", on = "close", blocking)]
    fn part(reason: &CloseReason, session: &Session) -> Result<String, HandlerError> {
        Ok(format!("{reason:?} {}", session.0))
    }

    pub(super) fn check() {
        assert_eq!(chat("hi", &mut Session(1)), "hi 2");
    }
}

fn main() -> Result<(), robyn_ws::BuildErrors> {
    beside::check();
    configured_out::check();
    blocking::check();
    let running = robyn_ws::App::new().include_router(&arguments::LEAGUE).build()?;
    let paths: Vec<_> = running.hub.paths().collect();
    assert_eq!(paths.len(), 11 + 7 + 3 + 1, "{paths:?}");
    for path in ["/attached", "/either", "/kept"] {
        assert!(paths.contains(&path), "{path}");
    }
    Ok(())
}
