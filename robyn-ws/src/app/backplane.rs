//! The settings of an app on more than one node.

use std::{panic::Location, sync::Arc};

use tokio::runtime::Handle;

use crate::{
    app::App,
    backplane::{
        Backplane, Health,
        key::BackplaneKey,
        settings::{BackplaneSettings, HealthHook},
    },
    hub::Hub,
    types::{error::Problems, limits::Bounds, setting::Setting},
};

/// What an app says of its backplane.
#[derive(Default)]
pub(super) struct BackplaneDraft {
    backplane: Setting<Arc<dyn Backplane>>,
    key: Setting<BackplaneKey>,
    trusts_all: Setting<()>,
    on_health: Setting<HealthHook>,
}

impl App {
    /// Connects this node with the other nodes of the app: broadcasts, rooms, identities, sends and closes reach the connections
    /// of all of them. It needs the cargo feature `backplane`, which `nats` and `redis` include. Default: none.
    ///
    /// Connections of this node come first, and never wait for the others. [`Delivery::backplane`](crate::Delivery::backplane)
    /// says what became of the part for other nodes. All nodes need the same handlers. The app must be built in a tokio
    /// runtime. `build()` reports a second call.
    #[cfg_attr(docsrs, doc(cfg(feature = "backplane")))]
    #[track_caller]
    pub fn backplane(mut self, backplane: impl Backplane) -> Self {
        let call = Location::caller();
        let setting = &mut self.backplane.backplane;
        setting.set(Arc::new(backplane), ("App::backplane", ""), call, &mut self.problems);
        self
    }

    /// Authenticates what nodes tell each other. Default: none, and then other nodes can neither close connections of this
    /// one nor show their people here ([`Self::trust_backplane`]). `build()` reports a short secret, and a second call.
    #[cfg_attr(docsrs, doc(cfg(feature = "backplane")))]
    #[track_caller]
    pub fn backplane_key(mut self, key: BackplaneKey) -> Self {
        let call = Location::caller();
        self.backplane
            .key
            .set(key, ("App::backplane_key", ""), call, &mut self.problems);
        self
    }

    /// Lets whoever can publish on the backplane close connections of this node, and say who is in its rooms on other nodes
    /// ([`Audience::presence`](crate::Audience::presence)), though there is no [`Self::backplane_key`]. Default: only messages
    /// are taken without a key, so connections are closed and people are listed on their own node alone.
    #[cfg_attr(docsrs, doc(cfg(feature = "backplane")))]
    #[track_caller]
    pub fn trust_backplane(mut self) -> Self {
        let call = Location::caller();
        self.backplane
            .trusts_all
            .set((), ("App::trust_backplane", ""), call, &mut self.problems);
        self
    }

    /// Calls `hook` when the backplane is connected, and when it is no more. It must not block. The backplane logs
    /// both as well.
    #[cfg_attr(docsrs, doc(cfg(feature = "backplane")))]
    #[track_caller]
    pub fn on_backplane_health(mut self, hook: impl Fn(Health) + Send + Sync + 'static) -> Self {
        let call = Location::caller();
        let setting = &mut self.backplane.on_health;
        setting.set(
            Arc::new(hook),
            ("App::on_backplane_health", ""),
            call,
            &mut self.problems,
        );
        self
    }
}

impl BackplaneDraft {
    /// Reports what is wrong.
    pub(super) fn report(&self, problems: &mut Problems) {
        if let Some((key, place)) = self.key.get()
            && let Some(problem) = key.problem()
        {
            problems.report(*place, None, problem.to_owned());
        }
        let Some((_, place)) = self.backplane.get() else {
            return self.report_useless(problems);
        };
        if let (Some(_), Some(((), place))) = (self.key.get(), self.trusts_all.get()) {
            let message = "`App::trust_backplane` beside `App::backplane_key`, which makes it needless: remove it";
            problems.report(*place, None, message.to_owned());
        }
        if Handle::try_current().is_err() {
            let message = "an app with a backplane is built outside of a tokio runtime: build it inside of one, as in an `async fn main` with `#[tokio::main]`";
            problems.report(*place, None, message.to_owned());
        }
    }

    /// Reports settings of a backplane that is not there.
    fn report_useless(&self, problems: &mut Problems) {
        let places = [
            ("backplane_key", self.key.get().map(|(_, place)| place)),
            ("trust_backplane", self.trusts_all.get().map(|((), place)| place)),
            ("on_backplane_health", self.on_health.get().map(|(_, place)| place)),
        ];
        for (name, place) in places {
            if let Some(place) = place {
                let message = format!("`App::{name}` without `App::backplane`: add that, or remove this");
                problems.report(*place, None, message);
            }
        }
    }

    /// Joins the other nodes, if there is a backplane.
    pub(super) fn join(self, hub: &Hub, bounds: &Bounds) {
        if let (Some(backplane), Ok(runtime)) = (self.backplane.into_value(), Handle::try_current()) {
            let settings = BackplaneSettings {
                backplane,
                key: self.key.into_value(),
                trusts_all: self.trusts_all.into_value().is_some(),
                on_health: self.on_health.into_value(),
                max_messages: bounds.max_backplane_messages,
                max_bytes: bounds.max_backplane_bytes,
            };
            hub.join_cluster(settings, &runtime);
        }
    }
}

impl std::fmt::Debug for BackplaneDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackplaneDraft")
            .field("backplane", &self.backplane)
            .finish_non_exhaustive()
    }
}
