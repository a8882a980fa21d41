//! Handlers wherever a function can be, of whatever name: in modules, in bodies, in blocks; of one name, too.

#![deny(warnings)]

use robyn_ws::prelude::*;

mod league {
    use robyn_ws::prelude::*;

    #[derive(Default, ConnectionState)]
    struct Private;

    #[websocket("/league", on = "message")]
    fn chat(_state: &mut Private) {}

    pub(crate) mod cave {
        use robyn_ws::prelude::*;

        #[websocket("/league/cave", on = "message")]
        pub(super) fn chat(_state: &mut super::Private) {}

        #[websocket("/league/cave/deep", on = "message")]
        pub(in crate::league) async fn deep() {}
    }
}

#[websocket("/chat", on = "message")]
fn chat() -> &'static str {
    #[websocket("/chat/inner", on = "message")]
    fn chat() -> &'static str {
        "inner"
    }
    chat()
}

mod odd {
    //! Keywords and odd words as names: of handlers, arguments, types, statics and modules.

    use robyn_ws::prelude::*;

    pub(crate) mod r#mod {
        use robyn_ws::prelude::*;

        pub(crate) static r#STATIC: SubRouter = SubRouter::new("/static");
    }

    #[allow(non_camel_case_types)]
    #[derive(Default, ConnectionState)]
    struct r#struct {
        r#type: u32,
    }

    #[websocket("/match", on = "message", router = r#mod::r#STATIC)]
    fn r#match(r#in: &str, r#struct { r#type }: &mut r#struct) -> String {
        *r#type += 1;
        format!("{in} {type}", in = r#in)
    }

    #[websocket("/async", on = "message")]
    async fn r#async(r#await: String) -> String {
        r#await
    }

    /// The words that the macros look for mean nothing special as names.
    #[websocket("/on", on = "message")]
    fn on(router: &str, blocking: &Uri) -> bool_text::Text {
        bool_text::text(router.is_empty() && blocking.path().is_empty())
    }

    mod bool_text {
        pub(crate) type Text = &'static str;

        pub(crate) fn text(value: bool) -> Text {
            if value { "true" } else { "false" }
        }
    }

    #[websocket("/%C3%BCber", on = "connect")]
    fn größe() {}

    pub(super) fn check() {
        assert_eq!(r#match("hi", &mut r#struct { r#type: 1 }), "hi 2");
        assert_eq!(on("", &Uri::from_static("/")), "false");
    }
}

fn main() -> Result<(), BuildErrors> {
    #[derive(Default, ConnectionState)]
    struct Local(u32);

    #[websocket("/body", on = "message")]
    fn in_body(local: &mut Local) -> String {
        local.0 += 1;
        local.0.to_string()
    }

    {
        static LOCAL: SubRouter = SubRouter::new("/local");

        #[websocket("/block", on = "message", router = LOCAL)]
        async fn in_body() {}

        let app = App::new().include_router(&LOCAL).include_router(&odd::r#mod::r#STATIC);
        assert_eq!(app.build()?.hub.paths().count(), 11);
    }

    assert_eq!(in_body(&mut Local(1)), "2");
    assert_eq!(chat(), "inner");
    assert_eq!(App::new().build()?.hub.paths().count(), 9);
    odd::check();
    Ok(())
}
