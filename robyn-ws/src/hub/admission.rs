//! Limits the number of connections and handshakes of an app or a sub-router.

use std::{net::IpAddr, sync::Arc};

use crate::{
    types::limits::Bounds,
    util::{
        per_client::PerClient,
        rate::Rate,
        sync::{Mutex, MutexGuard},
        time::Moment,
    },
};

/// Counts upgrades, running upgrade handlers and connections, and compares them with `max_upgrades_per_second`,
/// `max_handshakes`, `max_connections` and `max_connections_per_ip`.
#[derive(Debug, Default)]
struct Admission(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    handshakes: usize,
    /// Set at the first upgrade if there is a limit.
    upgrades: Option<Rate>,
    /// Empty unless there is a limit per address.
    by_client: PerClient,
}

/// The limit that was reached, and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AdmissionRefusal {
    Connections(usize),
    ConnectionsOfAddress(usize),
    Handshakes(usize),
    Upgrades(u32),
}

impl AdmissionRefusal {
    /// Returns the name of the limit.
    pub(crate) const fn limit(self) -> &'static str {
        match self {
            Self::Connections(_) => "max_connections",
            Self::ConnectionsOfAddress(_) => "max_connections_per_ip",
            Self::Handshakes(_) => "max_handshakes",
            Self::Upgrades(_) => "max_upgrades_per_second",
        }
    }

    /// Returns the value of the limit.
    pub(crate) const fn value(self) -> usize {
        match self {
            Self::Connections(value) | Self::ConnectionsOfAddress(value) | Self::Handshakes(value) => value,
            Self::Upgrades(value) => value as usize,
        }
    }
}

impl Counts {
    /// Returns an error if one more upgrade handler would exceed a limit.
    fn check_handshakes(&self, bounds: &Bounds) -> Result<(), AdmissionRefusal> {
        if self.handshakes >= bounds.max_handshakes {
            return Err(AdmissionRefusal::Handshakes(bounds.max_handshakes));
        }
        Ok(())
    }

    /// Returns an error if one more connection would exceed a limit.
    fn check(&self, address: Option<IpAddr>, bounds: &Bounds) -> Result<(), AdmissionRefusal> {
        if let Some(max) = bounds.max_connections.filter(|max| self.all >= *max) {
            return Err(AdmissionRefusal::Connections(max));
        }
        if let (Some(max), Some(address)) = (bounds.max_connections_per_ip, address)
            && self.by_client.count(address) >= max
        {
            return Err(AdmissionRefusal::ConnectionsOfAddress(max));
        }
        Ok(())
    }
}

/// Returns the address, if connections per address are limited.
fn counted(address: Option<IpAddr>, bounds: &Bounds) -> Option<IpAddr> {
    address.filter(|_| bounds.max_connections_per_ip.is_some())
}

impl Admission {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock()
    }

    /// Returns an error if a limit other than that of upgrades is reached.
    fn check(&self, address: Option<IpAddr>, runs_handler: bool, bounds: &Bounds) -> Result<(), AdmissionRefusal> {
        let counts = self.lock();
        counts.check(address, bounds)?;
        if runs_handler {
            counts.check_handshakes(bounds)?;
        }
        Ok(())
    }

    fn upgrade(&self, bounds: &Bounds) -> Result<(), AdmissionRefusal> {
        let Some(limit) = bounds.max_upgrades_per_second else {
            return Ok(());
        };
        let now = Moment::now();
        let mut counts = self.lock();
        let upgrades = counts.upgrades.get_or_insert_with(|| Rate::new(limit, now));
        let is_allowed = upgrades.allows(now);
        is_allowed.then_some(()).ok_or(AdmissionRefusal::Upgrades(limit))
    }

    /// Reverts [`Self::upgrade`].
    fn take_back_upgrade(&self) {
        if let Some(upgrades) = &mut self.lock().upgrades {
            upgrades.take_back();
        }
    }

    fn begin(self: &Arc<Self>, address: Option<IpAddr>, bounds: &Bounds) -> Result<Handshake, AdmissionRefusal> {
        let mut counts = self.lock();
        counts.check(address, bounds)?;
        counts.check_handshakes(bounds)?;
        counts.handshakes += 1;
        Ok(Handshake(self.clone()))
    }

    fn admit(&self, address: Option<IpAddr>, bounds: &Bounds) -> Result<(), AdmissionRefusal> {
        let mut counts = self.lock();
        counts.check(address, bounds)?;
        if let Some(address) = counted(address, bounds) {
            counts.by_client.add(address);
        }
        counts.all += 1;
        Ok(())
    }

    /// Reverts [`Self::admit`].
    fn release(&self, address: Option<IpAddr>, bounds: &Bounds) {
        let mut counts = self.lock();
        counts.all -= 1;
        if let Some(address) = counted(address, bounds) {
            counts.by_client.remove(address);
        }
    }
}

/// The counts and limits that apply to the connections of one endpoint: of the app, and of sub-routers with their own
/// limits. A connection counts for all of them, or for none if one refuses it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Admissions(Vec<(Arc<Admission>, Bounds)>);

impl Admissions {
    /// Adds a count with these limits.
    pub(crate) fn add(&mut self, bounds: &Bounds) {
        self.0.push((Arc::default(), bounds.clone()));
    }

    /// Counts an upgrade of this second, or returns the limit that was reached. An upgrade that another limit refuses is not
    /// counted: a client that tries again and again would keep all others out. With `runs_handler`, that is also the limit
    /// of upgrade handlers.
    pub(crate) fn upgrade(&self, address: Option<IpAddr>, runs_handler: bool) -> Result<(), AdmissionRefusal> {
        if self
            .0
            .iter()
            .all(|(_, bounds)| bounds.max_upgrades_per_second.is_none())
        {
            return Ok(());
        }
        for (admission, bounds) in &self.0 {
            admission.check(address, runs_handler, bounds)?;
        }
        for (index, (admission, bounds)) in self.0.iter().enumerate() {
            if let Err(refusal) = admission.upgrade(bounds) {
                self.0[..index].iter().for_each(|(outer, _)| outer.take_back_upgrade());
                return Err(refusal);
            }
        }
        Ok(())
    }

    /// Counts a handshake until the guards are dropped, or returns the limit that was reached. A handshake does not
    /// count as a connection, but is refused if there is no room for one.
    pub(crate) fn begin(&self, address: Option<IpAddr>) -> Result<Box<[Handshake]>, AdmissionRefusal> {
        let guards = self
            .0
            .iter()
            .map(|(admission, bounds)| admission.begin(address, bounds));
        guards.collect()
    }

    /// Counts a connection until the guard is dropped, or returns the limit that was reached.
    pub(crate) fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Admitted, AdmissionRefusal> {
        for (index, (admission, bounds)) in self.0.iter().enumerate() {
            if let Err(refusal) = admission.admit(address, bounds) {
                self.release(index, address);
                return Err(refusal);
            }
        }
        let counts_addresses = self.0.iter().any(|(_, bounds)| bounds.max_connections_per_ip.is_some());
        Ok(Admitted {
            admissions: self.clone(),
            address: address.filter(|_| counts_addresses).map(Box::new),
        })
    }

    /// Reverts [`Self::admit`] for the first `count` entries.
    fn release(&self, count: usize, address: Option<IpAddr>) {
        for (admission, bounds) in &self.0[..count] {
            admission.release(address, bounds);
        }
    }
}

/// Counts one handshake until it is dropped.
#[derive(Debug)]
pub(crate) struct Handshake(Arc<Admission>);

impl Drop for Handshake {
    fn drop(&mut self) {
        self.0.lock().handshakes -= 1;
    }
}

/// Counts one connection until it is dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    admissions: Arc<Admissions>,
    /// Set only if connections per address are limited. It is boxed because few apps limit them.
    address: Option<Box<IpAddr>>,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.admissions
            .release(self.admissions.0.len(), self.address.as_deref().copied());
    }
}
